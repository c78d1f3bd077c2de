// CRC-32 by table: a load whose address depends on the last one.
#include "kernel.h"

enum { buffer_size = 1 << 20, rounds = 48 };
const char kernel_name[] = "crc";
static uint32_t table[256];
static uint8_t buffer[buffer_size];

uint64_t kernel(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t r = i;
        for (uint32_t bit = 0; bit < 8; bit++) r = r & 1 ? r >> 1 ^ 0xedb88320 : r >> 1;
        table[i] = r;
    }
    uint64_t state = 42;
    for (uint32_t i = 0; i < buffer_size; i++) buffer[i] = (uint8_t)(next_random(&state) >> 56);
    uint32_t crc = ~0u;
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < buffer_size; i++) crc = crc >> 8 ^ table[(crc ^ buffer[i]) & 0xff];
    return ~crc;
}
