// Who may do what to a page: AP, UXN and PXN of leaves and tables, WXN, PAN, UAO, LDTR and STTR, and EL0 itself.
//
// An access is "r", "w" or "x" when it is permitted, "-" when it takes a permission fault of level 3 with the right FAR and
// syndrome, and the syndrome in full when anything else happens.
#include "half.h"

enum { level_of_table = 2 };

static struct half half;
static uint64_t va;
static uint64_t *table, table_before;

static uint64_t expected_esr(enum access access) {
    switch (access) {
    case EL1_write: case EL0_write: return 0x9600004f;
    case EL1_execute: return 0x8600000f;
    case EL0_execute: return 0x8200000f;
    default: return 0x9600000f;
    }
}

static void letter(enum access access, uint64_t pstate) {
    bool is_execute = access == EL1_execute || access == EL0_execute;
    uint64_t address = va + (is_execute ? memory_code : memory_value);
    struct result result = result_of(access, address, pstate);
    if (result.esr == 0) console_putc("rwx"[access % 3]);
    else if (result.esr == expected_esr(access) && result.far == address) console_putc('-');
    else {
        console_putc('[');
        print_result(access, address, result);
        console_putc(']');
    }
}

/// What EL1 and EL0 may do, and what EL1's data accesses and LDTR, STTR may with PAN, with UAO and with both.
static void rights(uint64_t leaf_bits, uint64_t table_bits) {
    half_map(&half, va, 3, memory_page(1), leaf_bits);
    *table = table_before | table_bits;
    tlbi_all();
    say("AP %lu PXN %lu UXN %lu APTable %lu PXNTable %lu UXNTable %lu: ", leaf_bits >> 6 & 3, leaf_bits >> 53 & 1,
        leaf_bits >> 54 & 1, table_bits >> 61 & 3, table_bits >> 59 & 1, table_bits >> 60 & 1);
    for (uint32_t access = EL1_read; access <= EL0_execute; access++) letter(access, 0);
    if (has_pan()) {
        console_putc(' ');
        for (uint32_t access = EL1_read; access <= EL0_write; access++) letter(access, PSR_PAN);
    }
    if (has_uao()) {
        console_putc(' ');
        for (uint32_t access = EL1_read; access <= EL0_write; access++)
            if (access != EL1_execute) letter(access, PSR_UAO);
        console_putc(' ');
        for (uint32_t access = EL1_read; access <= EL0_write; access++)
            if (access != EL1_execute) letter(access, PSR_UAO | PSR_PAN);
    }
    console_putc('\n');
}

static void matrix(void) {
    for (uint64_t tables = 0; tables < 16; tables++)
        for (uint64_t bits = 0; bits < 16; bits++) rights((bits & 3) << 6 | (bits >> 2) << 53, tables << 59);
}

/// EL0's own loads and stores, which come from the user alias, and what exceptions leave in PSTATE.PAN.
static void user(void) {
    for (uint64_t ap = 0; ap < 4; ap++) {
        half_map(&half, va, 3, memory_page(1), ap << 6);
        tlbi_all();
        attempt("EL0 read", EL0t, "ldr x0, [x1]", 0, va + memory_value);
        attempt("EL0 write", EL0t, "str x2, [x1]", 0, va + memory_value, va);
        attempt("EL0 LDTR", EL0t, "ldtr x0, [x1]", 0, va + memory_value);
        attempt("EL0 LDP", EL0t, "ldp x3, x4, [x1]", 0, va + memory_value);
        attempt("EL0 read-modify-write", EL0t, ".arch_extension lse\n ldadd x3, x4, [x1]", 0, va + memory_value);
        attempt("EL0 load-exclusive", EL0t, "ldxr x3, [x1]", 0, va + memory_value);
        attempt("EL1 read-modify-write", EL1h, ".arch_extension lse\n ldadd x3, x4, [x1]", 0, va + memory_value);
        attempt("EL1 compare-and-swap", EL1h, ".arch_extension lse\n cas x3, x4, [x1]", 0, va + memory_value);
    }
}

/// The program's own mapping with its code read-only, for EL1 and in the user alias, so that it still executes under WXN.
static void protect_code(void) {
    static struct tables own;
    const uint64_t ram = machine.memory.base, code = (uint64_t)image_start, writable = (uint64_t)writable_start;
    tables_begin(&own, granule_4K, 39);
    tables_map_machine(&own);
    for (uint64_t alias = 0; alias <= user_alias; alias += user_alias) {
        uint64_t user = alias ? page_user : 0;
        for (uint64_t block = ram; block < ram + (4 << 20); block += 2 << 20) *tables_entry(&own, alias + block, 2) = 0;
        tables_map(&own, alias + ram, ram, code - ram, page_normal | user);
        tables_map(&own, alias + code, code, writable - code, page_normal | page_read_only | user);
        tables_map(&own, alias + writable, writable, ram + (4 << 20) - writable, page_normal | user);
    }
    tables_activate(&own);
}

int main(void) {
    probe_begin("permissions");
    memory_prepare(4);
    protect_code();
    half_leave();
    half = half_make(true, granule_4K, 25);
    va = half_address(&half, 3, memory_page(1));
    half_map(&half, va, 3, memory_page(1), 0);
    table = tables_entry(&half.tables, va, level_of_table);
    table_before = *table;
    half_enter(&half, half_tcr(&half), 0);

    say("EL1 EL0, with PAN, with UAO, with both\n");
    matrix();
    user();
    sctlr_change(0, SCTLR_WXN);
    say("WXN\n");
    matrix();
    sctlr_change(SCTLR_WXN, 0);
    half_leave();
    probe_end();
    return 0;
}
