// Stage-1 translation tables, built on purpose.
//
//     struct tables tables;
//     tables_begin(&tables, granule_16K, 39);
//     tables_map_machine(&tables);
//     tables_map(&tables, 0x80000000, physical, 16384, page_normal | page_user);
//     tables_activate(&tables);
#pragma once
#include "guest.h"

/// The bits of an address within a page.
enum granule { granule_4K = 12, granule_16K = 14, granule_64K = 16 };

/// Attributes of a block or page, as its descriptor has them. Every one that is mapped has AF = 1 and is inner shareable
/// unless `page_no_access_flag` or `page_non_shareable` say otherwise.
enum {
    /// AttrIndx, in the order of `tables_mair`.
    page_normal = 0 << 2, page_device_nGnRnE = 1 << 2, page_device_nGnRE = 2 << 2, page_device_nGRE = 3 << 2,
    page_device_GRE = 4 << 2, page_normal_non_cacheable = 5 << 2, page_normal_write_through = 6 << 2,
    page_user = 1 << 6, page_read_only = 1 << 7, page_not_global = 1 << 11,
    page_no_access_flag = 1 << 10, page_non_shareable = 3 << 8,
};
#define page_contiguous (1ull << 52)
#define page_privileged_execute_never (1ull << 53)
#define page_execute_never (1ull << 54)

/// MAIR_EL1 in that order.
#define tables_mair 0x00bb440c080400ffull

struct tables {
    uint64_t *root;
    enum granule granule;
    /// 64 - T0SZ.
    uint32_t address_bits;
    uint32_t first_level;
};

/// An empty set of tables for the low (TTBR0) half of addresses. 16 KiB granules need `address_bits` in 26…47, the others
/// 25…48.
void tables_begin(struct tables *tables, enum granule granule, uint32_t address_bits);
/// The descriptor for `address` at `level`, with the tables above it made where there are none; they must not be blocks.
uint64_t *tables_entry(struct tables *tables, uint64_t address, uint32_t level);
/// Bytes that one descriptor of `level` maps.
uint64_t tables_span(const struct tables *tables, uint32_t level);
/// What `tables_map` writes for a block or page.
uint64_t tables_leaf(const struct tables *tables, uint64_t physical, uint32_t level, uint64_t attributes);
/// Maps a range with the largest blocks that fit. All three numbers are multiples of the granule.
void tables_map(struct tables *tables, uint64_t address, uint64_t physical, uint64_t byte_count, uint64_t attributes);
/// What a program needs to go on: the devices, RAM with identical addresses, and the user alias.
void tables_map_machine(struct tables *tables);
/// TCR_EL1 for these tables in TTBR0, with TTBR1 off.
uint64_t tables_tcr(const struct tables *tables);
/// Makes the calling vCPU use these tables, with ASID 0.
void tables_activate(const struct tables *tables);
/// Back to the tables of `mmu_enable`.
void tables_deactivate(void);
/// Memory that is zero, for tables and tests: a multiple of 64 KiB, aligned to 64 KiB, never given back.
void *tables_memory(uint64_t byte_count);

static inline void tlbi_all(void) { __asm__ volatile("dsb ish\n tlbi vmalle1is\n dsb ish\n isb" : : : "memory"); }
