// AT S1E1R, S1E1W, S1E0R, S1E0W, and S1E1RP, S1E1WP where FEAT_PAN2 is: PAR_EL1 of every attribute, permission and fault.
#include "half.h"

static struct half half;

enum operation { S1E1R, S1E1W, S1E0R, S1E0W, S1E1RP, S1E1WP, operation_count };

static uint64_t translate(enum operation operation, uint64_t va) {
    // What a failing instruction would leave behind.
    write_register(par_el1, 0xbad);
    switch (operation) {
    case S1E1R: __asm__ volatile("at s1e1r, %0" : : "r"(va) : "memory"); break;
    case S1E1W: __asm__ volatile("at s1e1w, %0" : : "r"(va) : "memory"); break;
    case S1E0R: __asm__ volatile("at s1e0r, %0" : : "r"(va) : "memory"); break;
    case S1E0W: __asm__ volatile("at s1e0w, %0" : : "r"(va) : "memory"); break;
    case S1E1RP: __asm__ volatile("sys #0, c7, c9, #0, %0" : : "r"(va) : "memory"); break;
    default: __asm__ volatile("sys #0, c7, c9, #1, %0" : : "r"(va) : "memory"); break;
    }
    isb();
    return read_register(par_el1);
}

static void set_pan(bool value) {
    if (value) __asm__ volatile(".inst 0xd500419f");
    else __asm__ volatile(".inst 0xd500409f");
}

/// PAR_EL1 for each instruction, without and with PSTATE.PAN.
static void print_all(uint64_t va) {
    bool has_pan2 = id_field(id_aa64mmfr1_el1, 20) >= 2;
    for (uint32_t pan = 0; pan < (has_pan() ? 2 : 1); pan++) {
        print(pan ? " PAN" : "");
        for (uint32_t operation = S1E1R; operation < (has_pan2 ? operation_count : S1E1RP); operation++) {
            if (pan) set_pan(true);
            uint64_t par = translate(operation, va);
            if (pan) set_pan(false);
            print(" %lx", par);
        }
    }
    console_putc('\n');
}

static void attributes(void) {
    // Device of each kind; Non-cacheable; write-through and write-back with each hint; inner and outer differing.
    static const uint8_t kinds[] = {0x00, 0x04, 0x08, 0x0c, 0x44, 0xff, 0xbb, 0xaa, 0xee, 0xdd, 0x4f, 0xf4, 0x77, 0x33, 0xcf, 0xa4};
    uint64_t va = half_address(&half, 3, memory_page(1)), mair = read_register(mair_el1);
    for (uint32_t k = 0; k < sizeof kinds; k++) {
        write_register(mair_el1, (mair & 0xffffff) | (uint64_t)kinds[k] << 32);
        isb();
        say("attributes %02x shareability 0, 2, 3:", kinds[k]);
        for (uint64_t sh = 0; sh < 4; sh++) {
            if (sh == 1) continue;  // reserved
            uint64_t *entry = half_map(&half, va, 3, memory_page(1), 4 << 2);
            *entry = (*entry & ~(3ull << 8)) | sh << 8;
            tlbi_all();
            print(" %lx", translate(S1E1R, va + 0x123));
        }
        console_putc('\n');
    }
    write_register(mair_el1, mair);
    isb();
}

static void permissions(void) {
    uint64_t va = half_address(&half, 3, memory_page(1));
    for (uint64_t ap = 0; ap < 4; ap++) {
        for (uint64_t tables = 0; tables < 4; tables++) {
            half_map(&half, va, 3, memory_page(1), ap << 6);
            uint64_t *table = tables_entry(&half.tables, va, 2), before = *table;
            *table |= tables << 61;
            tlbi_all();
            say("AP %lu APTable %lu:", ap, tables);
            print_all(va + 0x123);
            *table = before;
        }
    }
}

static void levels_and_faults(void) {
    for (uint32_t level = half.tables.first_level; level <= 3; level++) {
        uint64_t va = half_address(&half, 3, memory_page(2));
        half_map(&half, va, 3, memory_page(2), 0);
        if (has_leaf(&half, level)) {
            uint64_t at = half_address(&half, level, memory_page(2) + 0xabc);
            if (level < 3) at ^= tables_span(&half.tables, level);
            uint64_t *entry = half_map(&half, at, level, memory_page(2), page_user);
            tlbi_all();
            say("%s level %u:", granule_name(half.tables.granule), level);
            print_all(at);
            *entry &= ~(uint64_t)descriptor_AF;
            tlbi_all();
            say("%s level %u access flag:", granule_name(half.tables.granule), level);
            print_all(at);
            half_map(&half, at, level, memory_page(2) | 1ull << 41, 0);
            tlbi_all();
            say("%s level %u address size:", granule_name(half.tables.granule), level);
            print_all(at);
            *entry = 0;
        }
        uint64_t *entry = tables_entry(&half.tables, va, level), before = *entry;
        *entry = 0;
        tlbi_all();
        say("%s level %u translation:", granule_name(half.tables.granule), level);
        print_all(va);
        *entry = before;
    }
    say("%s outside:", granule_name(half.tables.granule));
    print_all(half_base(&half) - 0x1000);
}

int main(void) {
    probe_begin("at");
    memory_prepare(4);
    half_leave();
    static const enum granule granules[] = {granule_4K, granule_16K, granule_64K};
    for (uint32_t g = 0; g < 3; g++) {
        half = half_make(true, granules[g], 17);
        half_enter(&half, half_tcr(&half), 0);
        if (g == 0) {
            say("S1E1R S1E1W S1E0R S1E0W S1E1RP S1E1WP\n");
            attributes();
            permissions();
        }
        levels_and_faults();
        half_leave();
    }
    // A tag is not part of the address that PAR_EL1 speaks of.
    half = half_make(true, granule_4K, 25);
    uint64_t va = half_address(&half, 3, memory_page(3));
    half_map(&half, va, 3, memory_page(3), 0);
    half_enter(&half, half_tcr(&half) | TCR_TBI1, 0);
    say("tagged:");
    print_all((va & ~(0xffull << 56)) | 0x12ull << 56);
    half_leave();

    sctlr_change(SCTLR_M, 0);
    uint64_t flat = translate(S1E1R, 0x48012345), user = translate(S1E0W, 0x48012345), beyond = translate(S1E1R, 1ull << 45);
    sctlr_change(0, SCTLR_M);
    say("MMU off: %lx %lx beyond 40 bits %lx\n", flat, user, beyond);
    probe_end();
    return 0;
}
