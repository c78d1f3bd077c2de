// Counts a program's calls to malloc and its relatives: to be preloaded. At the end of the process the count goes to a file
// of the process's number in the directory that ARMADA_ALLOCATIONS names.
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ulong count;

void *malloc(size_t size) {
    count++;
    return __libc_malloc(size);
}
void *calloc(size_t number, size_t size) {
    count++;
    return __libc_calloc(number, size);
}
void *realloc(void *block, size_t size) {
    count++;
    return __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    count++;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
    count++;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : 12;
}

__attribute__((destructor)) static void report(void) {
    unsigned long total = count;
    const char *directory = getenv("ARMADA_ALLOCATIONS");
    if (!directory) return;
    char path[512];
    snprintf(path, sizeof path, "%s/%d", directory, getpid());
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "%lu\n", total);
    fclose(file);
}
