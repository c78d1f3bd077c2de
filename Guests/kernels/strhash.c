// FNV-1a over words of changing length: byte loads, multiplication, a serial dependency.
#include "kernel.h"

enum { text_size = 65536, rounds = 1000 };
const char kernel_name[] = "strhash";
static uint8_t text[text_size];

uint64_t kernel(void) {
    uint64_t state = 88172645463325252ull, result = 0;
    for (uint32_t i = 0; i < text_size; i++) {
        uint64_t r = next_random(&state) >> 32;
        text[i] = r % 7 == 0 ? ' ' : (uint8_t)('a' + r % 26);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        uint64_t hash = 0xcbf29ce484222325;
        for (uint32_t i = 0; i < text_size; i++) {
            if (text[i] == ' ') {
                result ^= hash + (result << 6) + (result >> 2);
                hash = 0xcbf29ce484222325;
            } else {
                hash = (hash ^ text[i]) * 0x100000001b3;
            }
        }
        text[round] = (uint8_t)('a' + result % 26);
    }
    return result;
}
