// Stage 1: an identity map of 1 GiB blocks, 39 bits, built at each use of the same constant table.
#include "guest.h"

enum { attribute_normal = 0, attribute_device = 1 };
enum { block = 1, inner_shareable = 3 << 8, user = 1 << 6, accessed = 1 << 10 };

static uint64_t table[512] __attribute__((aligned(4096)));
/// A table in the place of a block; 0: none.
static uint64_t own_table, own_index;

void mmu_map_table(uint32_t index, const uint64_t *next) {
    own_index = index;
    own_table = (uint64_t)next | 3;
    table[index] = own_table;
    __asm__ volatile("dsb ish\n tlbi vmalle1is\n dsb ish\n isb" : : : "memory");
}

/// Turns the calling vCPU's MMU and caches on. Device memory: the first GiB, and 256 GiB and up, where redistributors and
/// PCI windows stand; all else is Normal write-back memory. The first GiB of RAM stands once more in the user alias.
void mmu_enable(void) {
    // Every vCPU writes the same values, so it does not matter who is first.
    for (uint64_t i = 0; i < 512; i++) {
        bool is_device = i == 0 || i >= 256, is_alias = i == (user_alias >> 30) + 1;
        uint64_t attributes = is_device ? (attribute_device << 2 | 1ull << 53 | 1ull << 54) : attribute_normal << 2;
        table[i] = own_table && i == own_index
                       ? own_table
                       : (is_alias ? 1 << 30 | user : i << 30) | attributes | inner_shareable | accessed | block;
    }
    dsb();
    write_register(mair_el1, 0x00ff);  // 0: write-back, allocating; 1: Device-nGnRnE
    // 39-bit TTBR0, 4 KiB granule, inner shareable write-back walks, TTBR1 off, 40-bit output.
    write_register(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2ull << 32);
    write_register(ttbr0_el1, table);
    isb();
    __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
    write_register(sctlr_el1, read_register(sctlr_el1) | 1 << 0 | 1 << 2 | 1 << 12);
    isb();
}
