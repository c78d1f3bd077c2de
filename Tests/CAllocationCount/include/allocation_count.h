// Counts the calling thread's heap allocations: this test program's malloc stands before the C library's.
#ifndef ARMADA_ALLOCATION_COUNT_H
#define ARMADA_ALLOCATION_COUNT_H

#include <stdint.h>

/// Allocations that the calling thread has made so far.
uint64_t armada_allocation_count(void);

#endif
