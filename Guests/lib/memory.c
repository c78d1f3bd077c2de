// The functions that the compiler calls by itself.
#include "guest.h"

void *memset(void *destination, int value, size_t count) {
    uint8_t *p = destination;
    for (; count >= 8 && ((uint64_t)p & 7) == 0; p += 8, count -= 8)
        *(uint64_t *)p = (uint8_t)value * 0x0101010101010101ull;
    while (count-- > 0) *p++ = (uint8_t)value;
    return destination;
}

void *memcpy(void *restrict destination, const void *restrict source, size_t count) {
    uint8_t *p = destination;
    const uint8_t *q = source;
    if ((((uint64_t)p | (uint64_t)q) & 7) == 0)
        for (; count >= 8; p += 8, q += 8, count -= 8) *(uint64_t *)p = *(const uint64_t *)q;
    while (count-- > 0) *p++ = *q++;
    return destination;
}
