// A benchmark kernel: integer work with a known result.
#pragma once
#include "guest.h"

extern const char kernel_name[];
/// Does the work and returns a checksum of the result.
uint64_t kernel(void);

/// xorshift64*: the same pseudo-random numbers everywhere.
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1d;
}
