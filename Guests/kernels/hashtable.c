// Open addressing in a table of 32 MiB: every access is a miss of caches and TLBs.
#include "kernel.h"

enum { slots = 1 << 22, insertions = 1500000, lookups = 3000000 };
const char kernel_name[] = "hashtable";
static uint64_t table[slots];

static uint32_t slot_of(uint64_t key) { return (uint32_t)(key * 0x9e3779b97f4a7c15 >> 42); }

uint64_t kernel(void) {
    uint64_t state = 1, sum = 0, found = 0;
    for (uint32_t i = 0; i < insertions; i++) {
        uint64_t key = next_random(&state) | 1;
        uint32_t slot = slot_of(key);
        while (table[slot] != 0 && table[slot] != key) slot = (slot + 1) % slots;
        table[slot] = key;
    }
    // The first half of the look-ups repeats the keys, the second finds other ones.
    state = 1;
    for (uint32_t i = 0; i < lookups; i++) {
        uint64_t key = next_random(&state) | 1;
        uint32_t slot = slot_of(key);
        while (table[slot] != 0 && table[slot] != key) slot = (slot + 1) % slots;
        if (table[slot] == key) {
            found++;
            sum += slot;
        }
    }
    return found << 40 ^ sum;
}
