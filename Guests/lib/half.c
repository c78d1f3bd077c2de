// Halves of the address space; see half.h.
#include "half.h"

/// From an address of the program to the same in TTBR1's half.
#define high_offset 0xffffff8000000000ull
/// 39 bits, 4 KiB, write-back, inner shareable, for TTBR0 and for TTBR1; 40 bits of output.
#define own_lower (25ull | 1ull << 8 | 1ull << 10 | 3ull << 12)
#define own_upper (own_lower << 16 | 2ull << 30)
#define output_40_bits (2ull << 32)

static uint64_t own_ttbr;

struct half half_make(bool is_upper, enum granule granule, uint32_t txsz) {
    struct half half = {.is_upper = is_upper};
    tables_begin(&half.tables, granule, 64 - txsz);
    return half;
}

uint64_t half_base(const struct half *half) { return half->is_upper ? ~0ull << half->tables.address_bits : 0; }

bool has_leaf(const struct half *half, uint32_t level) { return level >= (half->tables.granule == granule_4K ? 1 : 2); }

uint64_t half_address(const struct half *half, uint32_t level, uint64_t physical) {
    uint64_t within = physical & (tables_span(&half->tables, level) - 1), indexes = 0;
    for (uint32_t l = half->tables.first_level; l <= level; l++) {
        uint64_t index = (l * 37 + 5) & ((1u << (half->tables.granule - 3)) - 1);
        indexes |= index * tables_span(&half->tables, l);
    }
    return half_base(half) | (indexes & ((1ull << half->tables.address_bits) - 1)) | within;
}

uint64_t *half_map(struct half *half, uint64_t address, uint32_t level, uint64_t physical, uint64_t attributes) {
    uint64_t *entry = tables_entry(&half->tables, address, level);
    uint64_t span = tables_span(&half->tables, level);
    *entry = tables_leaf(&half->tables, physical & ~(span - 1), level, attributes);
    return entry;
}

// MARK: Using them

uint64_t half_tcr(const struct half *half) {
    uint64_t own = (64 - half->tables.address_bits) | 1ull << 8 | 1ull << 10 | 3ull << 12;
    enum granule granule = half->tables.granule;
    if (half->is_upper)
        return own_lower | own << 16 | (granule == granule_4K ? 2ull : granule == granule_16K ? 1 : 3) << 30 | output_40_bits;
    return own_upper | own | (granule == granule_4K ? 0ull : granule == granule_16K ? 2 : 1) << 14 | output_40_bits;
}

static void install(uint64_t tcr, uint64_t ttbr0, uint64_t ttbr1) {
    dsb();
    write_register(ttbr0_el1, ttbr0);
    write_register(ttbr1_el1, ttbr1);
    write_register(tcr_el1, tcr);
    isb();
    tlbi_all();
}

void half_enter(const struct half *half, uint64_t tcr, uint64_t ttbr_bits) {
    uint64_t ttbr = (uint64_t)half->tables.root | ttbr_bits;
    install(tcr, half->is_upper ? own_ttbr : ttbr, half->is_upper ? ttbr : own_ttbr);
}

void half_leave(void) {
    if (own_ttbr == 0) {
        own_ttbr = read_register(ttbr0_el1);
        write_register(mair_el1, tables_mair);
    }
    install(own_lower | own_upper | output_40_bits, own_ttbr, own_ttbr);
}

/// Calls `function` with an argument and with x2 added to SP and to its address.
__attribute__((naked)) static void call_elsewhere(__attribute__((unused)) void (*function)(void (*)(void)),
                                                  __attribute__((unused)) void (*argument)(void),
                                                  __attribute__((unused)) uint64_t offset) {
    __asm__("stp x29, x30, [sp, #-32]!\n str x2, [sp, #16]\n mov x9, sp\n add x9, x9, x2\n mov sp, x9\n"
            "add x9, x0, x2\n mov x0, x1\n blr x9\n"
            "ldr x2, [sp, #16]\n mov x9, sp\n sub x9, x9, x2\n mov sp, x9\n ldp x29, x30, [sp], #32\n ret");
}

static void begin_high(void (*function)(void)) {
    probe_init(0);
    ((void (*)(void))((uint64_t)function + high_offset))();
    half_leave();
}

void call_high(void (*function)(void)) {
    // So that what is allocated later is at its physical address, whoever asks.
    tables_memory(1 << 16);
    half_leave();
    call_elsewhere(begin_high, function, high_offset);
    probe_init(0);
}

void sctlr_change(uint64_t clear, uint64_t set) {
    dsb();
    write_register(sctlr_el1, (read_register(sctlr_el1) & ~clear) | set);
    isb();
    tlbi_all();
}

// MARK: Memory and accesses

void memory_prepare(uint32_t count) {
    for (uint64_t a = memory_page(0); a < memory_page(count); a += 4096) {
        *(uint32_t *)(a + memory_code) = 0xd4000001 | snippet_end_svc << 5;
        *(uint64_t *)(a + memory_value) = a + memory_value;
    }
    __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" : : : "memory");
}

const struct record *try_access(enum access access, uint64_t va, uint64_t pstate) {
    const uint64_t x[8] = {0, va, va};
    switch (access) {
    case EL1_read: return run_snippet(EL1h | pstate, snippet("ldr x0, [x1]"), x);
    case EL1_write: return run_snippet(EL1h | pstate, snippet("str x2, [x1]"), x);
    case EL0_read: return run_snippet(EL1h | pstate, snippet("ldtr x0, [x1]"), x);
    case EL0_write: return run_snippet(EL1h | pstate, snippet("sttr x2, [x1]"), x);
    case EL1_execute: return run(EL1h | pstate, va);
    default: return run(EL0t, va);
    }
}

struct result result_of(enum access access, uint64_t va, uint64_t pstate) {
    const struct record *record = try_access(access, va, pstate);
    if (ended(record)) return (struct result){.value = self()->x[0]};
    return (struct result){.esr = record->esr, .far = record->far, .elr = record->elr};
}

void print_result(enum access access, uint64_t va, struct result result) {
    bool is_execute = access == EL1_execute || access == EL0_execute;
    if (result.esr == 0) {
        if (access == EL1_read || access == EL0_read) print("=%lx", result.value);
        else print("ok");
        return;
    }
    print("%08lx", result.esr);
    if (result.far != va) print(" FAR %lx", result.far);
    if (is_execute && result.elr != va) print(" ELR %lx", result.elr);
}

const char *granule_name(enum granule granule) {
    return granule == granule_4K ? "4k" : granule == granule_16K ? "16k" : "64k";
}
