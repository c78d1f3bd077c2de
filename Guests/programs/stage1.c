// Stage 1 of translation: granules, sizes, levels, both halves, every fault of a walk, tags, ASIDs, hints, the MMU off.
#include "half.h"

static const char *half_name(const struct half *half) { return half->is_upper ? "TTBR1" : "TTBR0"; }
static const enum granule granules[] = {granule_4K, granule_16K, granule_64K};
#define for_each_granule(g) for (uint32_t g##_index = 0; g##_index < 3; g##_index++)
#define granule_of(g) granules[g##_index]

/// Tries one access within a half and prints after it is left.
static void one(struct half *half, uint64_t tcr, enum access access, uint64_t va, const char *what) {
    half_enter(half, tcr, 0);
    struct result result = result_of(access, va, 0);
    half_leave();
    print(" %s ", what);
    print_result(access, va, result);
}

/// Three kinds of access at one address.
static void several(struct half *half, uint64_t tcr, uint64_t va) {
    one(half, tcr, EL1_read, va + memory_value, "read");
    one(half, tcr, EL1_write, va + memory_value + 8, "write");
    one(half, tcr, EL1_execute, va + memory_code, "execute");
    one(half, tcr, EL0_execute, va + memory_code, "EL0");
}

// MARK: Sizes

/// A page at the first and at the last address that TxSZ allows, and what is just outside.
static void size(bool is_upper, enum granule granule, uint32_t txsz) {
    struct half half = half_make(is_upper, granule, txsz);
    uint64_t page = 1ull << granule, first = half_base(&half), last = first + (1ull << (64 - txsz)) - page;
    half_map(&half, first, 3, memory_page(1), 0);
    half_map(&half, last, 3, memory_page(2), 0);
    uint64_t tcr = half_tcr(&half);
    say("%s %s size %u: start level %u:", half_name(&half), granule_name(granule), 64 - txsz, half.tables.first_level);
    one(&half, tcr, EL1_read, first + memory_value, "first");
    one(&half, tcr, EL1_read, last + memory_value, "last");
    one(&half, tcr, EL1_read, is_upper ? first - page : last + page, "outside");
    one(&half, tcr, EL1_execute, is_upper ? first - page : last + page, "fetch");
    console_putc('\n');
}

static void sizes(bool is_upper) {
    for_each_granule(g) {
        for (uint32_t txsz = 16; txsz <= 39; txsz++) size(is_upper, granule_of(g), txsz);
    }
}

// MARK: Levels

/// A leaf at each level that may have one, and an address in the middle of it.
static void leaves(bool is_upper) {
    for_each_granule(g) {
        for (uint32_t level = 1; level <= 3; level++) {
            struct half half = half_make(is_upper, granule_of(g), granule_of(g) == granule_16K ? 17 : 16);
            if (!has_leaf(&half, level)) continue;
            uint64_t va = half_address(&half, level, memory_page(3) + 0x3000 % (1ull << granule_of(g)));
            half_map(&half, va, level, memory_page(3), 0);
            say("%s %s leaf at level %u, %lx:", half_name(&half), granule_name(granule_of(g)), level, va);
            several(&half, half_tcr(&half), va);
            console_putc('\n');
        }
    }
}

/// One descriptor for `va` at `level`, tried and taken back.
static void descriptor(struct half *half, uint64_t va, uint32_t level, const char *what, uint64_t tcr, uint64_t value) {
    uint64_t *entry = tables_entry(&half->tables, va, level), before = *entry;
    *entry = value;
    say("%s %s level %u %s:", half_name(half), granule_name(half->tables.granule), level, what);
    several(half, tcr, va);
    console_putc('\n');
    *entry = before;
}

/// Every fault that a walk can end with, at every level.
static void faults(bool is_upper) {
    for_each_granule(g) {
        enum granule granule = granule_of(g);
        struct half half = half_make(is_upper, granule, granule == granule_16K ? 16 : granule == granule_64K ? 20 : 17);
        uint64_t tcr = half_tcr(&half), small = tcr & ~TCR_IPS;
        for (uint32_t level = half.tables.first_level; level <= 3; level++) {
            uint64_t va = half_address(&half, 3, memory_page(4));
            half_map(&half, va, 3, memory_page(4), 0);
            uint64_t valid = *tables_entry(&half.tables, va, level);
            descriptor(&half, va, level, "invalid, 0", tcr, 0);
            descriptor(&half, va, level, "invalid, all else set", tcr, ~3ull);
            descriptor(&half, va, level, "invalid, 2", tcr, (valid & ~3ull) | 2);
            if (level < 3) {
                descriptor(&half, va, level, "table beyond 32 bits", small, valid | 1ull << 33);
                descriptor(&half, va, level, "table beyond 40 bits", tcr, valid | 1ull << 41);
                descriptor(&half, va, level, "table without AF, read-only, device", tcr, (valid & ~(1ull << 10)) | 1 << 7);
            }
            // At level 3 all blocks are reserved, above it those of some levels.
            if (level == 3) descriptor(&half, va, level, "reserved, 1", tcr, (valid & ~3ull) | descriptor_block);
            else if (!has_leaf(&half, level))
                descriptor(&half, va, level, "no block here", tcr, (valid & ~3ull) | descriptor_block);
            if (!has_leaf(&half, level)) continue;
            uint64_t span = tables_span(&half.tables, level);
            uint64_t at = half_address(&half, level, memory_page(4)), physical = memory_page(4) & ~(span - 1);
            if (level < 3) at = half_address(&half, level, memory_page(4)) ^ tables_span(&half.tables, level);
            uint64_t good = tables_leaf(&half.tables, physical, level, 0);
            descriptor(&half, at, level, "good", tcr, good);
            descriptor(&half, at, level, "access flag", tcr, good & ~(uint64_t)descriptor_AF);
            descriptor(&half, at, level, "access flag and read-only", tcr, (good & ~(uint64_t)descriptor_AF) | page_read_only);
            descriptor(&half, at, level, "read-only, never executed", tcr,
                       good | page_read_only | page_execute_never | page_privileged_execute_never);
            descriptor(&half, at, level, "beyond 32 bits", small, good | 1ull << 33);
            descriptor(&half, at, level, "beyond 40 bits", tcr, good | 1ull << 41);
            descriptor(&half, at, level, "beyond 32 bits, no access flag", small, (good | 1ull << 33) & ~(uint64_t)descriptor_AF);
            descriptor(&half, at, level, "software bits and DBM", tcr, good | 15ull << 55 | 1ull << 51);
        }
    }
}

/// Walks that end before they begin.
static void no_walk(bool is_upper) {
    for_each_granule(g) {
        struct half half = half_make(is_upper, granule_of(g), 25);
        uint64_t va = half_address(&half, 3, memory_page(5)), tcr = half_tcr(&half), root = (uint64_t)half.tables.root;
        half_map(&half, va, 3, memory_page(5), 0);
        say("%s %s walks disabled:", half_name(&half), granule_name(granule_of(g)));
        several(&half, tcr | (is_upper ? TCR_EPD1 : TCR_EPD0), va);
        print("\n");
        say("%s %s table base beyond 32 bits:", half_name(&half), granule_name(granule_of(g)));
        half.tables.root = (uint64_t *)(root | 1ull << 33);
        several(&half, tcr & ~TCR_IPS, va);
        print("\n");
        say("%s %s table base beyond 40 bits:", half_name(&half), granule_name(granule_of(g)));
        half.tables.root = (uint64_t *)(root | 1ull << 41);
        several(&half, tcr, va);
        print("\n");
    }
}

/// Addresses whose bits 63:55 are not all alike.
static void tags(bool is_upper) {
    struct half half = half_make(is_upper, granule_4K, 25);
    uint64_t va = half_address(&half, 3, memory_page(6)), tcr = half_tcr(&half), tbi = is_upper ? TCR_TBI1 : TCR_TBI0;
    half_map(&half, va, 3, memory_page(6), 0);
    static const uint64_t flips[] = {0, 0x5a, 0x80, 0xff, 0x01};
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t tagged = va ^ flips[i] << 56;
        say("%s tag %02lx, not ignored:", half_name(&half), tagged >> 56);
        several(&half, tcr, tagged);
        console_putc('\n');
        say("%s tag %02lx, ignored:", half_name(&half), tagged >> 56);
        several(&half, tcr | tbi, tagged);
        print(" fault");
        one(&half, tcr | tbi, EL1_read, tagged + 0x1000, "read");
        one(&half, tcr | tbi, EL1_execute, tagged + 0x1000, "execute");
        one(&half, tcr | tbi, EL0_execute, tagged + 0x1000, "EL0");
        console_putc('\n');
    }
    say("%s bit 55 the other half's:", half_name(&half));
    one(&half, tcr | tbi, EL1_read, (va ^ 1ull << 54) + memory_value, "read");
    console_putc('\n');
}

// MARK: ASIDs

/// Two address spaces that differ in a page that is not global, used in turns without invalidation in between.
static void asids(bool is_upper) {
    static const struct {
        uint64_t tcr;
        uint16_t first, second;
    } cases[] = {{0, 0x01, 0x02}, {TCR_AS, 0x0001, 0x0101}, {TCR_AS, 0x8001, 0x0001}, {TCR_A1, 0x01, 0x02},
                 {TCR_A1 | TCR_AS, 0xff00, 0x00ff}};
    for (uint32_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct half a = half_make(is_upper, granule_4K, 25), b = half_make(is_upper, granule_4K, 25);
        uint64_t va = half_address(&a, 3, memory_page(7)), global = va + 0x200000;
        half_map(&a, va, 3, memory_page(7), page_not_global);
        half_map(&b, va, 3, memory_page(8), page_not_global);
        half_map(&a, global, 3, memory_page(9), 0);
        half_map(&b, global, 3, memory_page(9), 0);
        // The ASID's register: the half's own, or the other half's with the program's tables.
        bool is_in_upper = cases[c].tcr & TCR_A1, is_own = is_in_upper == is_upper;
        half_leave();
        uint64_t own = is_upper ? read_register(ttbr0_el1) : read_register(ttbr1_el1);
        uint64_t values[9];
        half_enter(&a, half_tcr(&a) | cases[c].tcr, 0);
        for (uint32_t turn = 0; turn < 4; turn++) {
            struct half *half = turn % 2 ? &b : &a;
            uint64_t asid = (uint64_t)(turn % 2 ? cases[c].second : cases[c].first) << 48;
            uint64_t mine = (uint64_t)half->tables.root | (is_own ? asid : 0), other = own | (is_own ? 0 : asid);
            write_register(ttbr0_el1, is_upper ? other : mine);
            write_register(ttbr1_el1, is_upper ? mine : other);
            isb();
            values[2 * turn] = result_of(EL1_read, va + memory_value, 0).value;
            values[2 * turn + 1] = result_of(EL1_read, global + memory_value, 0).value;
        }
        half_leave();
        say("%s AS %u A1 %u ASIDs %04x %04x:", half_name(&a), (cases[c].tcr & TCR_AS) != 0, is_in_upper, cases[c].first,
            cases[c].second);
        for (uint32_t i = 0; i < 8; i++) print(" %lx", values[i]);
        console_putc('\n');
    }
}

/// Runs of pages with the contiguous hint.
static void contiguous(bool is_upper) {
    for_each_granule(g) {
        enum granule granule = granule_of(g);
        struct half half = half_make(is_upper, granule, 28);
        uint32_t count = granule == granule_4K ? 16 : granule == granule_16K ? 128 : 32;
        // Aligned to the run's size in both address spaces.
        uint64_t va = half_base(&half) + 0x40000000, physical = memory_page(0);
        for (uint32_t i = 0; i < count; i++)
            half_map(&half, va + ((uint64_t)i << granule), 3, physical + ((uint64_t)i << granule), page_contiguous);
        half_enter(&half, half_tcr(&half), 0);
        uint32_t good = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t offset = ((uint64_t)i << granule) + memory_value;
            good += result_of(EL1_read, va + offset, 0).value == physical + offset;
        }
        struct result past = result_of(EL1_read, va + ((uint64_t)count << granule), 0);
        half_leave();
        say("%s %s contiguous run: %u of %u, past it ", half_name(&half), granule_name(granule), good, count);
        print_result(EL1_read, va + ((uint64_t)count << granule), past);
        console_putc('\n');
    }
}

// MARK: The MMU off

static void mmu_off(void) {
    sctlr_change(SCTLR_M, 0);
    struct result read = result_of(EL1_read, memory_page(1) + memory_value, 0);
    struct result execute = result_of(EL1_execute, memory_page(1) + memory_code, 0);
    struct result user = result_of(EL0_execute, memory_page(1) + memory_code, 0);
    struct result misaligned = result_of(EL1_read, memory_page(1) + 1, 0);
    struct result beyond[4];
    static const uint64_t addresses[] = {1ull << 40, 1ull << 47, 1ull << 52, 0xffffff8048010048};
    for (uint32_t i = 0; i < 4; i++) beyond[i] = result_of(EL1_read, addresses[i], 0);
    struct result fetch = result_of(EL1_execute, 1ull << 40, 0);
    sctlr_change(0, SCTLR_M);
    say("MMU off: read ");
    print_result(EL1_read, memory_page(1) + memory_value, read);
    print(" execute ");
    print_result(EL1_execute, memory_page(1) + memory_code, execute);
    print(" EL0 ");
    print_result(EL0_execute, memory_page(1) + memory_code, user);
    for (uint32_t i = 0; i < 4; i++) {
        print(" %lx ", addresses[i]);
        print_result(EL1_read, addresses[i], beyond[i]);
    }
    print(" fetch ");
    print_result(EL1_execute, 1ull << 40, fetch);
    console_putc('\n');
    say("MMU off, misaligned: ");
    print_result(EL1_read, memory_page(1) + 1, misaligned);
    console_putc('\n');
}

static void all(bool is_upper) {
    sizes(is_upper);
    leaves(is_upper);
    faults(is_upper);
    no_walk(is_upper);
    tags(is_upper);
    asids(is_upper);
    contiguous(is_upper);
}

static void all_lower(void) { all(false); }

int main(void) {
    probe_begin("stage1");
    uint64_t features = read_register(id_aa64mmfr0_el1);
    say("PARange %lu ASIDBits %lu TGran16 %lu TGran64 %lu TGran4 %lu\n", features & 15, features >> 4 & 15,
        features >> 20 & 15, features >> 24 & 15, features >> 28 & 15);
    memory_prepare(32);
    half_leave();
    all(true);
    call_high(all_lower);
    mmu_off();
    probe_end();
    return 0;
}
