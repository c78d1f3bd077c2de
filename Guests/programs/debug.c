// Self-hosted debug: hardware breakpoints, watchpoints and software step, condition by condition.
#include "probe.h"

#define MDSCR_SS (1ull << 0)
#define MDSCR_KDE (1ull << 13)
#define MDSCR_MDE (1ull << 15)
#define PSR_D (1ull << 9)
/// EL1h with PSTATE.D clear.
#define EL1h_unmasked (EL1h & ~PSR_D)

// MARK: Registers

/// Calls `with(n)` for the n that is `number`, since registers have no index.
#define numbered(number, with)                                                                                         \
    switch (number) {                                                                                                  \
    case 0: with(0); break;                                                                                            \
    case 1: with(1); break;                                                                                            \
    case 2: with(2); break;                                                                                            \
    case 3: with(3); break;                                                                                            \
    case 4: with(4); break;                                                                                            \
    default: with(5); break;                                                                                           \
    }
#define numbered_watchpoint(number, with)                                                                              \
    switch (number) {                                                                                                  \
    case 0: with(0); break;                                                                                            \
    case 1: with(1); break;                                                                                            \
    case 2: with(2); break;                                                                                            \
    default: with(3); break;                                                                                           \
    }

static void set_breakpoint(uint32_t n, uint64_t value, uint64_t control) {
#define write_breakpoint(n)                                                                                            \
    write_register(dbgbcr##n##_el1, 0);                                                                                \
    write_register(dbgbvr##n##_el1, value);                                                                            \
    write_register(dbgbcr##n##_el1, control)
    numbered(n, write_breakpoint);
    isb();
}

/// What DBGWVR and DBGWCR hold.
static uint64_t watchpoints[4][2];

static void set_watchpoint(uint32_t n, uint64_t value, uint64_t control) {
    watchpoints[n][0] = value;
    watchpoints[n][1] = control;
#define write_watchpoint(n)                                                                                            \
    write_register(dbgwcr##n##_el1, 0);                                                                                \
    write_register(dbgwvr##n##_el1, value);                                                                            \
    write_register(dbgwcr##n##_el1, control)
    numbered_watchpoint(n, write_watchpoint);
    isb();
}

static void set_mdscr(uint64_t value) {
    write_register(mdscr_el1, value);
    isb();
}

static void reset_all(void) {
    set_mdscr(0);
    for (uint32_t n = 0; n < 6; n++) set_breakpoint(n, 0, 0);
    for (uint32_t n = 0; n < 4; n++) set_watchpoint(n, 0, 0);
    write_register(contextidr_el1, 0);
    isb();
}

static void registers(void) {
    say("%lu breakpoints, %lu of them context-aware, %lu watchpoints\n", id_field(id_aa64dfr0_el1, 12) + 1,
        id_field(id_aa64dfr0_el1, 28) + 1, id_field(id_aa64dfr0_el1, 20) + 1);
    say("OSLSR at reset %lx\n", read_register(oslsr_el1));
    write_register(oslar_el1, 0);
    isb();
    say("OSLSR unlocked %lx\n", read_register(oslsr_el1));
    for (uint32_t n = 0; n < 6; n++) {
        set_breakpoint(n, 0x1234567890 + n * 4, 0xf << 5 | 3 << 1 | n << 16);
#define show_breakpoint(n)                                                                                             \
    say("breakpoint %d: %lx %lx\n", n, read_register(dbgbvr##n##_el1), read_register(dbgbcr##n##_el1))
        numbered(n, show_breakpoint);
    }
    for (uint32_t n = 0; n < 4; n++) {
        set_watchpoint(n, 0x9876543210 + n * 4, 0xff << 5 | 3 << 3 | 3 << 1 | n << 16);
#define show_watchpoint(n)                                                                                             \
    say("watchpoint %d: %lx %lx\n", n, read_register(dbgwvr##n##_el1), read_register(dbgwcr##n##_el1))
        numbered_watchpoint(n, show_watchpoint);
    }
    reset_all();
}

// MARK: Breakpoints

enum { break_all = 0xf << 5 | 3 << 1 | 1 };

/// Runs three instructions with a breakpoint at the second one.
static void attempt_break(const char *name, uint32_t n, uint64_t control, uint64_t mdscr, uint64_t spsr) {
    uint64_t code = snippet("add x0, x0, #1\n add x0, x0, #1\n add x0, x0, #1");
    uint64_t alias = (spsr & 0x1f) == 0 ? user_alias : 0;
    set_breakpoint(n, code + alias + 4, control);
    set_mdscr(mdscr);
    attempt_snippet(name, spsr, code, (const uint64_t[8]){0});
    say("%s: x0 is then %lu\n", name, self()->x[0]);
    reset_all();
}

static void breakpoints(void) {
    for (uint32_t n = 0; n < 6; n++) {
        say("breakpoint %u\n", n);
        attempt_break("at EL0", n, break_all, MDSCR_MDE, EL0t);
    }
    attempt_break("at EL0, off in DBGBCR", 0, break_all & ~1, MDSCR_MDE, EL0t);
    attempt_break("at EL0, off in MDSCR", 0, break_all, 0, EL0t);
    attempt_break("at EL0, with KDE and D", 0, break_all, MDSCR_MDE | MDSCR_KDE, EL0t | PSR_D);
    attempt_break("at EL0, with KDE and without D", 0, break_all, MDSCR_MDE | MDSCR_KDE, EL0t & ~PSR_D);
    attempt_break("at EL1, without KDE", 0, break_all, MDSCR_MDE, EL1h_unmasked);
    attempt_break("at EL1, with KDE and D", 0, break_all, MDSCR_MDE | MDSCR_KDE, EL1h);
    attempt_break("at EL1, with KDE", 0, break_all, MDSCR_MDE | MDSCR_KDE, EL1h_unmasked);
    attempt_break("at EL1t, with KDE", 0, break_all, MDSCR_MDE | MDSCR_KDE, EL1t & ~PSR_D);
    for (uint64_t pmc = 0; pmc < 4; pmc++) {
        say("PMC %lu\n", pmc);
        attempt_break("EL0", 1, 0xf << 5 | pmc << 1 | 1, MDSCR_MDE | MDSCR_KDE, EL0t);
        attempt_break("EL1", 1, 0xf << 5 | pmc << 1 | 1, MDSCR_MDE | MDSCR_KDE, EL1h_unmasked);
    }
    for (uint64_t ssc = 0; ssc < 4; ssc++) {
        say("SSC %lu\n", ssc);
        attempt_break("at EL0", 1, break_all | ssc << 14, MDSCR_MDE, EL0t);
        attempt_break("at EL0 with HMC", 1, break_all | ssc << 14 | 1 << 13, MDSCR_MDE, EL0t);
    }
    attempt_break("address mismatch, which is reserved", 1, break_all | 4ull << 20, MDSCR_MDE, EL0t);
    attempt_break("a context where there is none to compare", 1, break_all | 2ull << 20, MDSCR_MDE, EL0t);
    attempt_break("a linked context by itself", 5, break_all | 3ull << 20, MDSCR_MDE, EL0t);

    write_register(oslar_el1, 1);
    attempt_break("with the OS lock", 0, break_all, MDSCR_MDE, EL0t);
    write_register(oslar_el1, 0);
    write_register(osdlr_el1, 1);
    attempt_break("with the OS double lock", 0, break_all, MDSCR_MDE, EL0t);
    write_register(osdlr_el1, 0);

    // The state that comes back: IL and flags stay, and breakpoints go before what the instruction deserves.
    attempt_break("flags", 0, break_all, MDSCR_MDE, EL0t | 0xa0000000);
    uint64_t code = snippet(".inst 0\n");
    set_breakpoint(0, code + user_alias, break_all);
    set_mdscr(MDSCR_MDE);
    attempt_snippet("on an undefined instruction", EL0t, code, (const uint64_t[8]){0});
    attempt_snippet("with illegal state", EL0t | PSR_IL, code, (const uint64_t[8]){0});
    set_breakpoint(0, 0xf000000000, break_all);
    run(EL0t, 0xf000000000);
    say("where nothing is mapped: ");
    print_record(&self()->last, self()->pc);
    reset_all();
}

static void contexts(void) {
    static const struct {
        const char *name;
        uint64_t link, type, enabled, context;
    } cases[] = {
        {"the same context", 4, 3, 1, 0x12345677}, {"the same context, the other one", 5, 3, 1, 0x12345677},
        {"another context", 4, 3, 1, 0x12345678},  {"off", 4, 3, 0, 0x12345677},
        {"an address", 4, 0, 1, 0x12345677},       {"an unlinked context", 4, 2, 1, 0x12345677},
        {"not context-aware", 3, 3, 1, 0x12345677}, {"one that does not exist", 11, 3, 1, 0x12345677},
    };
    static uint64_t datum;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t control = cases[i].type << 20 | 0xf << 5 | cases[i].enabled;
        if (cases[i].link < 6) set_breakpoint((uint32_t)cases[i].link, 0x12345677, control);
        write_register(contextidr_el1, cases[i].context);
        say("linked to: ");
        print("%s\n", cases[i].name);
        uint64_t address = (uint64_t)&datum + user_alias;
        set_watchpoint(2, address, 0xff << 5 | 3 << 3 | 3 << 1 | 1 | 1 << 20 | cases[i].link << 16);
        set_mdscr(MDSCR_MDE);
        say("watchpoint: %s\n", ended(quietly(EL0t, "ldr x1, [x0]", address)) ? "silent" : "fires");
        attempt_break("breakpoint", 0, break_all | 1 << 20 | cases[i].link << 16, MDSCR_MDE, EL0t);
    }
}

/// Reached in every way that a program goes: a loop that runs often before, a branch from elsewhere, a page's end.
static void ways(void) {
    uint64_t code = snippet("1: add x0, x0, #1\n subs x1, x1, #1\n b.ne 1b\n mov x2, #7");
    for (uint64_t at = 0; at < 16; at += 4) {
        reset_all();
        run_snippet(EL0t, code, (const uint64_t[8]){0, 10000});
        say("a loop without breakpoint: %lu\n", self()->x[0]);
        set_breakpoint(3, code + user_alias + at, break_all);
        set_mdscr(MDSCR_MDE);
        attempt_snippet("the same loop", EL0t, code, (const uint64_t[8]){0, 10000});
        say("x0 %lu x1 %lu\n", self()->x[0], self()->x[1]);
    }
    reset_all();
    uint64_t far = snippet(".balign 4096\n .skip 4092\n nop\n nop\n ret");
    far += 4095;
    far &= ~4095ull;
    set_breakpoint(3, far + user_alias + 4096, break_all);
    set_mdscr(MDSCR_MDE);
    attempt_snippet("falling into a page", EL0t, far + 4092, (const uint64_t[8]){0});
    uint64_t call = snippet("blr x0");
    attempt_snippet("called", EL0t, call, (const uint64_t[8]){far + 4096 + user_alias});
    say("x0 is still that: %d\n", self()->x[0] == far + 4096 + user_alias);
    set_breakpoint(3, far + user_alias + 8192, break_all);
    attempt_snippet("a breakpoint elsewhere", EL0t, snippet("mov x1, #5"), (const uint64_t[8]){0});
    reset_all();
}

// MARK: Watchpoints

enum { watch_all = 0xff << 5 | 3 << 3 | 3 << 1 | 1, watch_loads = 1 << 3, watch_stores = 2 << 3, watch_both = 3 << 3 };
static uint8_t area[16384] __attribute__((aligned(16384)));

struct access {
    const char *name;
    uint64_t code;
    uint32_t byte_count;
};

/// What an access at `address` comes to: `.` nothing; `r`, `w` a hit of the watched byte; `x` one with another FAR; `?`
/// else.
static char outcome_of(const struct access *access, uint64_t spsr, uint64_t address, uint64_t watched) {
    const struct record *record = run_snippet(spsr, access->code, (const uint64_t[8]){address});
    uint32_t class = (uint32_t)record->esr >> 26;
    if (ended(record)) return '.';
    if (class != 0x34 && class != 0x35) return '?';
    return record->far != watched ? 'x' : record->esr & 1 << 6 ? 'w' : 'r';
}

/// Prints a character for the aligned access that ends before the watched byte, for each distance at which the access
/// touches it, and for the aligned one behind it.
static void print_accesses(const struct access *access, uint64_t spsr, uint64_t watched) {
    uint64_t size = access->byte_count;
    console_putc(outcome_of(access, spsr, (watched - size + 1) & ~(size - 1), watched));
    for (uint64_t distance = 0; distance < size; distance++)
        console_putc(outcome_of(access, spsr, watched - distance, watched));
    console_putc(outcome_of(access, spsr, (watched + size) & ~(size - 1), watched));
}

static void watch_accesses(void) {
    write_register(cpacr_el1, 3 << 20);
    isb();
    const struct access accesses[] = {
        {"ldrb", snippet("ldrb w1, [x0]"), 1},
        {"strb", snippet("strb w1, [x0]"), 1},
        {"ldrsh", snippet("ldrsh x1, [x0]"), 2},
        {"strh", snippet("strh w1, [x0]"), 2},
        {"ldr w", snippet("ldr w1, [x0]"), 4},
        {"str w", snippet("str w1, [x0]"), 4},
        {"ldr x", snippet("ldr x1, [x0]"), 8},
        {"str x", snippet("str x1, [x0]"), 8},
        {"ldr x, post", snippet("ldr x1, [x0], #8"), 8},
        {"str x, pre", snippet("sub x0, x0, #8\n str x1, [x0, #8]!"), 8},
        {"ldr x, register", snippet("ldr x1, [x0, x2]"), 8},
        {"ldp w", snippet("ldp w1, w2, [x0]"), 8},
        {"stp w", snippet("stp w1, w2, [x0]"), 8},
        {"ldp x", snippet("ldp x1, x2, [x0]"), 16},
        {"stp x", snippet("stp x1, x2, [x0]"), 16},
        {"ldr s", snippet("ldr s1, [x0]"), 4},
        {"str d", snippet("str d1, [x0]"), 8},
        {"ldr q", snippet("ldr q1, [x0]"), 16},
        {"str q", snippet("str q1, [x0]"), 16},
        {"ldp q", snippet("ldp q1, q2, [x0]"), 32},
        {"stp q", snippet("stp q1, q2, [x0]"), 32},
        {"ld1 16b", snippet("ld1 {v0.16b}, [x0]"), 16},
        {"st2 8h", snippet("st2 {v0.8h, v1.8h}, [x0]"), 32},
        {"ld4 4s", snippet("ld4 {v0.4s-v3.4s}, [x0]"), 64},
        {"st1 lane", snippet("st1 {v0.s}[2], [x0]"), 4},
        {"ldtr", snippet("ldtr x1, [x0]"), 8},
        {"sttrb", snippet("sttrb w1, [x0]"), 1},
    };
    // In the middle of a page, and on both sides of a page's end.
    const uint32_t places[] = {0x803, 0xfff, 0x1000};
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        for (size_t place = 0; place < 3; place++) {
            uint64_t watched = (uint64_t)area + places[place] + user_alias;
            set_watchpoint(0, watched & ~7ull, 1ull << (5 + (watched & 7)) | 3 << 3 | 3 << 1 | 1);
            set_mdscr(MDSCR_MDE);
            say("%s around %03x: ", accesses[i].name, places[place]);
            print_accesses(&accesses[i], EL0t, watched);
            print("\n");
        }
    }
    reset_all();
}

/// Prints what came of an access, with FAR relative to the area.
static void print_watch(const char *name, const struct record *record) {
    say("%s: ", name);
    if (ended(record)) {
        print("ok\n");
        return;
    }
    uint64_t origin = (uint64_t)area + (record->far >= user_alias ? user_alias : 0);
    print("vector %03x ESR %08lx ELR +%lu SPSR %08lx FAR area + %lx\n", record->vector, record->esr,
          record->elr - self()->pc, record->spsr, record->far - origin);
}
/// Each time with watchpoints written anew: QEMU forgets only then that one was hit by a store.
#define attempt_watch(name, state, code, address) ({                                                                   \
    for (uint32_t n = 0; n < 4; n++) set_watchpoint(n, watchpoints[n][0], watchpoints[n][1]);                          \
    print_watch(name, quietly(state, code, address));                                                                  \
})

static void watch_forms(void) {
    uint64_t user = (uint64_t)area + user_alias, kernel = (uint64_t)area;
    static const char *const names[] = {"nothing", "loads", "stores", "both"};
    for (uint64_t lsc = 0; lsc < 4; lsc++) {
        say("watching %s\n", names[lsc]);
        set_watchpoint(0, user + 64, 0xff << 5 | lsc << 3 | 3 << 1 | 1);
        set_mdscr(MDSCR_MDE);
        attempt_watch("ldr", EL0t, "ldr x1, [x0]", user + 64);
        attempt_watch("str", EL0t, "str x1, [x0]", user + 64);
        attempt_watch("ldxr", EL0t, "ldxr x1, [x0]", user + 64);
        attempt_watch("ldaxp", EL0t, "ldaxp x1, x2, [x0]", user + 64);
        attempt_watch("ldxr, stxr", EL0t, "ldxr x1, [x0]\n stxr w2, x1, [x0]", user + 64);
        attempt_watch("ldar", EL0t, "ldar w1, [x0]", user + 64);
        attempt_watch("stlr", EL0t, "stlr w1, [x0]", user + 64);
        attempt_watch("prfm", EL0t, "prfm pldl1keep, [x0]", user + 64);
        attempt_watch("prfm for store", EL0t, "prfm pstl1keep, [x0]", user + 64);
        set_watchpoint(0, kernel + 64, 0xff << 5 | lsc << 3 | 3 << 1 | 1);
        set_mdscr(MDSCR_MDE | MDSCR_KDE);
        attempt_watch("dc zva", EL1h_unmasked, "dc zva, x0", kernel + 64);
        attempt_watch("dc zva, from within", EL1h_unmasked, "dc zva, x0", kernel + 0x7f);
        attempt_watch("dc zva, the next", EL1h_unmasked, "dc zva, x0", kernel + 0x80);
        attempt_watch("dc ivac", EL1h_unmasked, "dc ivac, x0", kernel + 64);
        attempt_watch("dc civac", EL1h_unmasked, "dc civac, x0", kernel + 64);
        attempt_watch("dc cvac", EL1h_unmasked, "dc cvac, x0", kernel + 64);
        attempt_watch("ic ivau", EL1h_unmasked, "ic ivau, x0", kernel + 64);
        attempt_watch("at s1e1w", EL1h_unmasked, "at s1e1w, x0", kernel + 64);
    }
    reset_all();

    // Which byte FAR names.
    set_watchpoint(1, user + 0x100, 0x3cull << 5 | watch_both | 3 << 1 | 1);
    set_mdscr(MDSCR_MDE);
    for (uint32_t i = 0; i < 8; i++) attempt_watch("bytes 2 to 5, ldrb", EL0t, "ldrb w1, [x0]", user + 0x100 + i);
    for (uint32_t i = 0; i < 8; i += 2) attempt_watch("bytes 2 to 5, ldrh", EL0t, "ldrh w1, [x0]", user + 0x100 + i);
    for (uint32_t i = 0; i < 8; i += 4) attempt_watch("bytes 2 to 5, str w", EL0t, "str w1, [x0]", user + 0x100 + i);
    attempt_watch("bytes 2 to 5, ldr x", EL0t, "ldr x1, [x0]", user + 0x100);
    for (uint32_t i = 0; i < 8; i++) attempt_watch("bytes 2 to 5, str x", EL0t, "str x1, [x0]", user + 0xfb + i);
    attempt_watch("bytes 2 to 5, an unaligned load before them", EL0t, "ldr x1, [x0]", user + 0xfa);
    attempt_watch("bytes 2 to 5, an unaligned load in them", EL0t, "ldr x1, [x0]", user + 0x104);
    attempt_watch("bytes 2 to 5, an unaligned load behind them", EL0t, "ldr w1, [x0]", user + 0x106);
    set_watchpoint(1, user + 0x1000, 1 << 5 | watch_both | 3 << 1 | 1);
    attempt_watch("a page's first byte, an unaligned store behind it", EL0t, "str w1, [x0]", user + 0x1001);
    // A word's address takes only the low half of BAS.
    set_watchpoint(1, user + 0x104, 0xfcull << 5 | watch_both | 3 << 1 | 1);
    for (uint32_t i = 0; i < 8; i++)
        attempt_watch("a word address, bytes 2 and 3", EL0t, "ldrb w1, [x0]", user + 0x102 + i);
    set_watchpoint(1, user + 0x100, watch_both | 3 << 1 | 1);
    attempt_watch("no bytes", EL0t, "ldr x1, [x0]", user + 0x100);
    reset_all();
}

static void watch_masks(void) {
    uint64_t user = (uint64_t)area + user_alias;
    for (uint64_t mask = 0; mask < 14; mask++) {
        uint64_t span = mask < 3 ? 8 : 1ull << mask;
        set_watchpoint(3, user, watch_all | mask << 24);
        set_mdscr(MDSCR_MDE);
        say("MASK %lu\n", mask);
        attempt_watch("first byte", EL0t, "ldrb w1, [x0]", user);
        attempt_watch("last byte", EL0t, "strb w1, [x0]", user + span - 1);
        attempt_watch("one further", EL0t, "ldrb w1, [x0]", user + span);
    }
    set_watchpoint(3, (uint64_t)machine.memory.base + user_alias, watch_all | 29ull << 24);
    attempt_watch("512 MiB", EL0t, "strb w1, [x0]", user + 0x55);
    reset_all();
}

static void watch_conditions(void) {
    uint64_t user = (uint64_t)area + user_alias, kernel = (uint64_t)area;
    for (uint64_t pac = 0; pac < 4; pac++) {
        say("PAC %lu\n", pac);
        set_watchpoint(0, user, 0xff << 5 | watch_both | pac << 1 | 1);
        set_watchpoint(1, kernel, 0xff << 5 | watch_both | pac << 1 | 1);
        set_mdscr(MDSCR_MDE);
        attempt_watch("EL0", EL0t, "ldr x1, [x0]", user);
        attempt_watch("EL0, ldtr", EL0t, "ldtr x1, [x0]", user);
        attempt_watch("EL1, without KDE", EL1h_unmasked, "ldr x1, [x0]", kernel);
        attempt_watch("EL1, ldtr, without KDE", EL1h_unmasked, "ldtr x1, [x0]", user);
        set_mdscr(MDSCR_MDE | MDSCR_KDE);
        attempt_watch("EL1, with D", EL1h, "ldr x1, [x0]", kernel);
        attempt_watch("EL1", EL1h_unmasked, "ldr x1, [x0]", kernel);
        attempt_watch("EL1, ldtr", EL1h_unmasked, "ldtr x1, [x0]", user);
        attempt_watch("EL1, sttr", EL1h_unmasked, "sttr x1, [x0]", user);
        attempt_watch("EL1, ldtr, with D", EL1h, "ldtr x1, [x0]", user);
        attempt_watch("EL1, D cleared between", EL1h, "ldr x1, [x0]\n msr daifclr, #8\n ldr x1, [x0]", kernel);
    }
    set_watchpoint(1, 0, 0);
    for (uint64_t ssc = 0; ssc < 4; ssc++) {
        say("SSC %lu\n", ssc);
        set_watchpoint(0, user, watch_all | ssc << 14);
        attempt_watch("without HMC", EL0t, "ldr x1, [x0]", user);
        set_watchpoint(0, user, watch_all | ssc << 14 | 1 << 13);
        attempt_watch("with HMC", EL0t, "ldr x1, [x0]", user);
    }
    set_watchpoint(0, user, watch_all & ~1);
    attempt_watch("off in DBGWCR", EL0t, "ldr x1, [x0]", user);
    set_watchpoint(0, user, watch_all);
    set_mdscr(0);
    attempt_watch("off in MDSCR", EL0t, "ldr x1, [x0]", user);
    set_mdscr(MDSCR_MDE);
    set_watchpoint(0, 0xf000000000, watch_all);
    const struct record *r = quietly(EL0t, "ldr x1, [x0]", 0xf000000000);
    say("where nothing is mapped: ESR %08lx FAR %lx\n", r->esr, r->far);
    // A store that hits is not done, a base that would move has not moved.
    set_watchpoint(0, user + 8, watch_all);
    area[8] = 0x5a;
    quietly(EL0t, "str xzr, [x0, #8]!", user);
    say("memory %02x, base + %lu\n", area[8], self()->x[0] - user);
    quietly(EL0t, "ldp x1, x2, [x0], #16", user, 11, 22);
    say("x1 %lu x2 %lu, base + %lu\n", self()->x[1], self()->x[2], self()->x[0] - user);
    reset_all();

    // A loop that runs often, before and with a watchpoint in its way.
    uint64_t loop = snippet("1: str x1, [x0], #8\n subs x1, x1, #1\n b.ne 1b");
    run_snippet(EL0t, loop, (const uint64_t[8]){user, 1500});
    say("a loop without watchpoint: %lu\n", self()->x[1]);
    set_watchpoint(2, user + 8000, watch_all);
    set_mdscr(MDSCR_MDE);
    run_snippet(EL0t, loop, (const uint64_t[8]){user, 1500});
    say("the same loop: x1 %lu, FAR area + %lu\n", self()->x[1], self()->last.far - user);
    reset_all();
}

// MARK: Software step

static uint32_t steps_left;
static uint64_t step_origin;
static const char *step_name;

/// Prints a step and lets the next one happen, until enough have.
static bool on_step(struct probe_frame *frame, const struct record *record) {
    uint32_t class = (uint32_t)record->esr >> 26;
    say("%s: class %02x ESR %08lx", step_name, class, record->esr);
    uint64_t distance = record->elr - step_origin;
    if (distance < 4096) print(" ELR +%lu", distance);
    else print(" ELR far");
    print(" SPSR %08lx x0 %lu\n", record->spsr, frame->x[0]);
    if (steps_left == 0 || record->vector % 0x200 != 0 || ended(record)) return false;
    steps_left--;
    // What a debugger would do about the others.
    if (class == 0x3c || class == 0) frame->elr += 4;
    if (class == 0x24 || class == 0x25) frame->x[1] = (uint64_t)area + user_alias;
    if (class == 0x32 || class == 0x33) frame->spsr |= PSR_SS;
    return true;
}

static void attempt_steps_of(const char *name, uint32_t count, uint64_t mdscr, uint64_t spsr, uint64_t code,
                             const uint64_t *x) {
    step_name = name;
    steps_left = count;
    step_origin = code + ((spsr & 0x1f) == 0 ? user_alias : 0);
    set_mdscr(mdscr);
    self()->handler = on_step;
    run_snippet(spsr, code, x);
    self()->handler = 0;
    set_mdscr(0);
}
#define attempt_steps(name, count, mdscr, spsr, code, ...)                                                             \
    attempt_steps_of(name, count, mdscr, spsr, snippet(code), (const uint64_t[8]){__VA_ARGS__})

static void steps(void) {
    const uint64_t ss = PSR_SS, on = MDSCR_SS, kernel = MDSCR_SS | MDSCR_KDE;
    uint64_t datum = (uint64_t)area + user_alias;
#define three "add x0, x0, #1\n add x0, x0, #1\n add x0, x0, #1"
    attempt_steps("three instructions", 4, on, EL0t | ss, three);
    attempt_steps("without SPSR.SS", 4, on, EL0t, three);
    attempt_steps("without MDSCR.SS", 4, 0, EL0t | ss, three);
    attempt_steps("with PSTATE.D at EL0", 4, on, EL0t | ss | PSR_D, three);
    attempt_steps("at EL1 without KDE", 4, on, EL1h_unmasked | ss, three);
    attempt_steps("at EL1 with D", 4, kernel, EL1h | ss, three);
    attempt_steps("at EL1", 3, kernel, EL1h_unmasked | ss, three);
    attempt_steps("at EL1, D cleared on the way", 3, kernel, EL1h | ss, "nop\n msr daifclr, #8\n add x0, x0, #1\n nop");
    attempt_steps("at EL1, D set on the way", 3, kernel, EL1h_unmasked | ss,
                  "nop\n msr daifset, #8\n add x0, x0, #1\n nop");
    attempt_steps("branches", 6, on, EL0t | ss,
                  "b 1f\n nop\n 1: cbz x0, 2f\n nop\n"
                  " 2: adr x3, 3f\n br x3\n nop\n 3: tbnz x0, #0, 1b\n bl 4f\n 4: nop");
    attempt_steps("a branch to itself", 3, on, EL0t | ss, "b .");
    attempt_steps("compare and branch", 4, on, EL0t | ss,
                  "subs x0, x0, #1\n b.eq 1f\n nop\n 1: movz x0, #0x1234\n movk x0, #1, lsl #16", 1);
    attempt_steps("load-exclusive", 8, on, EL0t | ss,
                  "ldxr x2, [x1]\n stxr w3, x2, [x1]\n ldaxr w2, [x1]\n ldxp x2, x3, [x1]\n"
                  " ldaxp w2, w3, [x1]\n ldxrb w2, [x1]\n ldar x2, [x1]\n clrex", 0, datum);
    attempt_steps("vectors and pairs", 5, on, EL0t | ss,
                  "ldp x2, x3, [x1]\n ldr q0, [x1]\n add v0.4s, v0.4s, v0.4s\n st1 {v0.16b}, [x1]\n dmb ish", 0, datum);
    attempt_steps("a fault, mended", 4, on, EL0t | ss, "ldr x2, [x1]\n add x0, x0, #1\n nop", 0, 0xf000000000);
    attempt_steps("an undefined instruction", 3, on, EL0t | ss, "add x0, x0, #1\n .inst 0\n add x0, x0, #1");
    attempt_steps("BRK", 3, on, EL0t | ss, "add x0, x0, #1\n brk #5\n add x0, x0, #1");
    attempt_steps("SVC on the way", 4, on, EL0t | ss, "add x0, x0, #1\n svc #3\n add x0, x0, #1\n nop");
    attempt_steps("HVC at EL1", 3, kernel, EL1h_unmasked | ss, "hvc #0\n add x1, x1, #1", 0x84000000);
    attempt_steps("system registers", 5, kernel, EL1h_unmasked | ss,
                  "mrs x0, currentel\n msr tpidr_el0, x0\n isb\n dsb sy\n mrs x0, daif");
    attempt_steps("MDSCR.SS cleared on the way", 3, kernel, EL1h_unmasked | ss,
                  "msr mdscr_el1, xzr\n isb\n add x0, x0, #1");
    attempt_steps("MDSCR.SS set on the way", 2, MDSCR_KDE, EL1h_unmasked,
                  "mov x1, #0x2001\n msr mdscr_el1, x1\n isb\n add x0, x0, #1\n nop");
    attempt_steps("illegal state", 1, on, EL0t | ss | PSR_IL, "nop");

    // With breakpoints: the step that is due goes first, then the breakpoint, then the step of its instruction.
    uint64_t code = snippet(three);
    set_breakpoint(0, code + user_alias + 4, break_all);
    attempt_steps_of("with a breakpoint at the second", 2, MDSCR_SS | MDSCR_MDE, EL0t | ss, code,
                     (const uint64_t[8]){0});
    reset_all();
    set_watchpoint(0, datum, watch_all);
    attempt_steps("with a watchpoint", 1, MDSCR_SS | MDSCR_MDE, EL0t | ss, "nop\n ldr x2, [x1]\n nop", 0, datum);
    reset_all();
}

int main(void) {
    probe_begin("debug");
    registers();
    breakpoints();
    contexts();
    ways();
    watch_accesses();
    watch_forms();
    watch_masks();
    watch_conditions();
    steps();
    probe_end();
    return 0;
}
