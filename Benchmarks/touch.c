// Writes one word of each page of a new memfd, as a guest's worker has its RAM, and prints how many nanoseconds that took.
// Usage: touch BYTES STRIDE
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(int count, char **words) {
    if (count != 3) return 64;
    size_t size = strtoull(words[1], NULL, 0), stride = strtoull(words[2], NULL, 0);
    int file = memfd_create("touch", 0);
    if (stride == 0 || file < 0 || ftruncate(file, (off_t)size) != 0) return 1;
    volatile uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) return 1;
    uint64_t start = nanoseconds();
    for (size_t offset = 0; offset < size; offset += stride) memory[offset / sizeof *memory] = offset;
    printf("%llu\n", (unsigned long long)(nanoseconds() - start));
}
