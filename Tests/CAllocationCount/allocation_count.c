#include "allocation_count.h"

#include <stddef.h>

// glibc's own names for what this file overrides.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static __thread uint64_t count __attribute__((tls_model("initial-exec")));

void *malloc(size_t byte_count)
{
    count++;
    return __libc_malloc(byte_count);
}

void *calloc(size_t element_count, size_t byte_count)
{
    count++;
    return __libc_calloc(element_count, byte_count);
}

void *realloc(void *old, size_t byte_count)
{
    count++;
    return __libc_realloc(old, byte_count);
}

void *aligned_alloc(size_t alignment, size_t byte_count)
{
    count++;
    return __libc_memalign(alignment, byte_count);
}

int posix_memalign(void **result, size_t alignment, size_t byte_count)
{
    count++;
    void *memory = __libc_memalign(alignment, byte_count);
    if (memory == NULL)
        return 12;
    *result = memory;
    return 0;
}

uint64_t armada_allocation_count(void) { return count; }
