// Quicksort with insertion sort below 16 elements: unpredictable branches, recursion.
#include "kernel.h"

enum { count = 200000, rounds = 10 };
const char kernel_name[] = "sort";
static uint32_t values[count];

static void swap(uint32_t *a, uint32_t *b) {
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

static __attribute__((noinline)) void sort(int32_t low, int32_t high) {
    while (high - low > 16) {
        uint32_t pivot = values[low + (high - low) / 2];
        int32_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i <= j) swap(&values[i++], &values[j--]);
        }
        // Recurses into the smaller part, so that the stack stays small.
        if (j - low < high - i) {
            sort(low, j);
            low = i;
        } else {
            sort(i, high);
            high = j;
        }
    }
    for (int32_t i = low + 1; i <= high; i++)
        for (int32_t j = i; j > low && values[j - 1] > values[j]; j--) swap(&values[j], &values[j - 1]);
}

uint64_t kernel(void) {
    uint64_t state = 7, sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < count; i++) values[i] = (uint32_t)(next_random(&state) >> 32);
        sort(0, count - 1);
        for (uint32_t i = 1; i < count; i++)
            if (values[i - 1] > values[i]) panic("sort: out of order at %u", i);
        for (uint32_t i = 0; i < count; i += 997) sum = sum * 31 + values[i];
    }
    return sum;
}
