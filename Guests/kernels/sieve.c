// Eratosthenes: byte stores at a stride, short loops.
#include "kernel.h"

enum { limit = 2000000, rounds = 12 };
const char kernel_name[] = "sieve";
static uint8_t composite[limit];

uint64_t kernel(void) {
    uint64_t count = 0, sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < limit; i++) composite[i] = 0;
        count = sum = 0;
        for (uint32_t i = 2; i < limit; i++) {
            if (composite[i]) continue;
            count++;
            sum += i;
            for (uint64_t j = (uint64_t)i * i; j < limit; j += i) composite[j] = 1;
        }
    }
    return count << 48 ^ sum;
}
