// One half of the address space to try things in: TTBR0's or TTBR1's, with any granule and size.
//
// The program stays in the other half. It runs in TTBR0's, so that it tests TTBR1 as it is; `call_high` lets it test TTBR0
// from TTBR1's. Printing and changing tables is possible only outside of `half_enter` … `half_leave`, or within TTBR1's.
#pragma once
#include "probe.h"
#include "tables.h"

struct half {
    struct tables tables;
    bool is_upper;
};

/// Descriptor bits that `tables.h` does not name.
enum { descriptor_type = 3, descriptor_valid = 1, descriptor_table = 3, descriptor_block = 1, descriptor_AF = 1 << 10 };
#define table_privileged_execute_never (1ull << 59)
#define table_execute_never (1ull << 60)
#define table_no_user (1ull << 61)
#define table_read_only (1ull << 62)

#define TCR_EPD0 (1ull << 7)
#define TCR_A1 (1ull << 22)
#define TCR_EPD1 (1ull << 23)
#define TCR_IPS (7ull << 32)
#define TCR_AS (1ull << 36)
#define TCR_TBI0 (1ull << 37)
#define TCR_TBI1 (1ull << 38)
enum { SCTLR_M = 1 << 0, SCTLR_A = 1 << 1, SCTLR_WXN = 1 << 19 };

/// Empty tables for 64 - `txsz` bits.
struct half half_make(bool is_upper, enum granule granule, uint32_t txsz);
/// The first address of the half.
uint64_t half_base(const struct half *half);
bool has_leaf(const struct half *half, uint32_t level);
/// An address that a leaf at `level` can map to `physical`; its indexes differ from level to level.
uint64_t half_address(const struct half *half, uint32_t level, uint64_t physical);
/// Makes `address` a leaf at `level` for `physical`, with attributes as `tables_map` has them. Returns the descriptor.
uint64_t *half_map(struct half *half, uint64_t address, uint32_t level, uint64_t physical, uint64_t attributes);

/// TCR_EL1 with `half` in its place, and the program in the other one.
uint64_t half_tcr(const struct half *half);
/// Installs the half, with bits added to its TTBR (an ASID), and invalidates the TLB.
void half_enter(const struct half *half, uint64_t tcr, uint64_t ttbr_bits);
/// The program in both halves, as it also is at first within `call_high`. Needed once at the beginning.
void half_leave(void);
/// Calls `function` with the program in TTBR1's half, exceptions included.
void call_high(void (*function)(void));
/// Changes SCTLR_EL1 and invalidates the TLB.
void sctlr_change(uint64_t clear, uint64_t set);

// MARK: Memory to map

/// Physical memory that nothing else uses, 64 KiB for each number up to 1023.
#define memory_page(number) (0x48000000ull + ((uint64_t)(number) << 16))
/// What `memory_prepare` writes into each 4 KiB: an instruction that ends a `run`, and their physical address + 8.
enum { memory_code = 0x40, memory_value = 0x48 };
void memory_prepare(uint32_t count);

// MARK: Accesses

enum access { EL1_read, EL1_write, EL1_execute, EL0_read, EL0_write, EL0_execute };
/// Attempts one access at `va`, EL0's reads and writes with LDTR and STTR. `pstate` adds PSTATE.PAN and UAO at EL1.
const struct record *try_access(enum access access, uint64_t va, uint64_t pstate);
/// What came of the last `try_access`: 0 for success, or the syndrome.
struct result {
    uint64_t value, esr, far, elr;
};
struct result result_of(enum access access, uint64_t va, uint64_t pstate);
/// Prints "ok", "=value" for a read, or the syndrome; FAR and ELR only if they are not `va`.
void print_result(enum access access, uint64_t va, struct result result);

const char *granule_name(enum granule granule);
