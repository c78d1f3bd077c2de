// Source: Arm ARM "VMSAv8-64 translation table format descriptors".
#include "tables.h"

enum { descriptor_valid = 1, descriptor_table = 3, descriptor_page = 3, descriptor_block = 1 };
enum { attribute_inner_shareable = 3 << 8, attribute_accessed = 1 << 10 };
#define address_mask 0x0000fffffffff000ull

static uint64_t memory_used;

void *tables_memory(uint64_t byte_count) {
    const uint64_t unit = 0x10000;
    if (memory_used == 0) memory_used = ((uint64_t)image_end + unit - 1) & ~(unit - 1);
    uint64_t address = memory_used, size = (byte_count + unit - 1) & ~(unit - 1);
    memory_used += size;
    memset((void *)address, 0, size);
    return (void *)address;
}

/// A table fills a granule; several of the small ones share what `tables_memory` gives.
static uint64_t *new_table(const struct tables *tables) {
    static uint64_t next, left;
    uint64_t size = 1ull << tables->granule;
    if (left < size) {
        next = (uint64_t)tables_memory(0x10000);
        left = 0x10000;
    }
    // Cut from the end, so that what is left is aligned for smaller granules; a larger one wastes what is between.
    left = (left - size) & ~(size - 1);
    return (uint64_t *)(next + left);
}

static uint32_t index_bits(const struct tables *tables) { return tables->granule - 3; }
static uint32_t shift(const struct tables *tables, uint32_t level) {
    return tables->granule + (3 - level) * index_bits(tables);
}

uint64_t tables_span(const struct tables *tables, uint32_t level) { return 1ull << shift(tables, level); }

void tables_begin(struct tables *tables, enum granule granule, uint32_t address_bits) {
    *tables = (struct tables){.granule = granule, .address_bits = address_bits};
    // The first level is the last one whose single table resolves all address bits.
    tables->first_level = 3;
    while (shift(tables, tables->first_level) + index_bits(tables) < address_bits) tables->first_level--;
    tables->root = new_table(tables);
}

uint64_t *tables_entry(struct tables *tables, uint64_t address, uint32_t level) {
    uint64_t *table = tables->root;
    address &= (1ull << tables->address_bits) - 1;
    for (uint32_t at = tables->first_level;; at++) {
        uint64_t *entry = &table[address >> shift(tables, at) & ((1u << index_bits(tables)) - 1)];
        if (at == level) return entry;
        if ((*entry & descriptor_valid) == 0) *entry = (uint64_t)new_table(tables) | descriptor_table;
        else if ((*entry & 3) != descriptor_table) panic("%lx is a block at level %u", address, at);
        table = (uint64_t *)(*entry & address_mask & ~((1ull << tables->granule) - 1));
    }
}

uint64_t tables_leaf(const struct tables *tables, uint64_t physical, uint32_t level, uint64_t attributes) {
    (void)tables;
    uint64_t flipped = attributes ^ (attribute_inner_shareable | attribute_accessed);
    return physical | flipped | (level == 3 ? descriptor_page : descriptor_block);
}

/// Whether `level` may hold blocks or pages.
static bool has_leaves(const struct tables *tables, uint32_t level) {
    return level == 3 || level == 2 || (level == 1 && tables->granule == granule_4K);
}

void tables_map(struct tables *tables, uint64_t address, uint64_t physical, uint64_t byte_count, uint64_t attributes) {
    while (byte_count != 0) {
        uint32_t level = tables->first_level;
        uint64_t span = tables_span(tables, level);
        while (level < 3 && (!has_leaves(tables, level) || span > byte_count || ((address | physical) & (span - 1)) != 0))
            span = tables_span(tables, ++level);
        *tables_entry(tables, address, level) = tables_leaf(tables, physical, level, attributes);
        address += span;
        physical += span;
        byte_count -= span;
    }
}

void tables_map_machine(struct tables *tables) {
    const uint64_t large = 512 << 20;
    tables_map(tables, 0, 0, large, page_device_nGnRnE | page_execute_never | page_privileged_execute_never);
    tables_map(tables, machine.memory.base, machine.memory.base, large, page_normal);
    if (tables->address_bits > 36)
        tables_map(tables, machine.memory.base + user_alias, machine.memory.base, large, page_normal | page_user);
    dsb();
}

uint64_t tables_tcr(const struct tables *tables) {
    uint64_t granule = tables->granule == granule_4K ? 0 : tables->granule == granule_64K ? 1 : 2;
    // T0SZ, inner shareable write-back walks, TG0, EPD1, IPS 40 bits.
    return (64 - tables->address_bits) | 1 << 8 | 1 << 10 | 3 << 12 | granule << 14 | 1 << 23 | 2ull << 32;
}

/// Off in between, so that no walk sees the registers half changed. This code is identity-mapped.
static void mmu_disable(void) {
    dsb();
    write_register(sctlr_el1, read_register(sctlr_el1) & ~1ull);
    isb();
}

void tables_activate(const struct tables *tables) {
    mmu_disable();
    write_register(mair_el1, tables_mair);
    write_register(tcr_el1, tables_tcr(tables));
    write_register(ttbr0_el1, tables->root);
    isb();
    __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
    write_register(sctlr_el1, read_register(sctlr_el1) | 1);
    isb();
}

void tables_deactivate(void) {
    mmu_disable();
    mmu_enable();
}
