// Addresses that are not aligned: every kind of access to every type of memory, with SCTLR_EL1.A off and on, and accesses
// that reach into a page that is not there.
#include "probe.h"
#include "tables.h"

enum { page_byte_count = 4096 };
#define window 0x2000000000ull

static const struct kind {
    const char *name;
    uint64_t attributes;
} kinds[] = {
    {"Normal", page_normal},
    {"Device-nGnRnE", page_device_nGnRnE},
    {"Device-GRE", page_device_GRE},
};
enum { kind_count = sizeof kinds / sizeof *kinds };

struct access {
    const char *name;
    uint64_t code;
};

/// Prints what the access made of each distance from an address aligned to 64 bytes: "ok", or ESR_EL1 and FAR_EL1's distance.
static void distances(const char *what, int checked, const struct access *access, uint64_t address) {
    static const uint64_t offsets[] = {0, 1, 2, 3, 4, 8, 12, 15};
    say("%s, A = %d: %s:", what, checked, access->name);
    for (uint32_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        const struct record *r = run_snippet(EL1h, access->code, (const uint64_t[8]){0, address + offsets[i], 0, 0, 0, 0, 0, address});
        if (ended(r)) print(" ok");
        else print(" %08lx@%ld", r->esr, (int64_t)(r->far - address));
    }
    console_putc('\n');
}

/// An access of each kind that ends in the next page, which is not there: where FAR_EL1 points.
static void crossing(const struct access *access, uint64_t end) {
    static const uint64_t offsets[] = {1, 4, 8, 12, 16, 24};
    say("into an unmapped page: %s:", access->name);
    for (uint32_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        const struct record *r = run_snippet(EL1h, access->code, (const uint64_t[8]){0, end - offsets[i], 0, 0, 0, 0, 0, end - 64});
        if (ended(r)) print(" ok");
        else print(" %08lx@%ld", r->esr, (int64_t)(r->far - end));
    }
    console_putc('\n');
}

int main(void) {
    probe_begin("alignment");
    write_register(cpacr_el1, 3 << 20);
    isb();
    // x1 is the address, x7 an aligned one nearby.
    const struct access accesses[] = {
        {"LDRB", snippet("ldrb w0, [x1]")},
        {"LDRH", snippet("ldrh w0, [x1]")},
        {"LDRSH", snippet("ldrsh x0, [x1]")},
        {"LDR W", snippet("ldr w0, [x1]")},
        {"LDRSW", snippet("ldrsw x0, [x1]")},
        {"LDR X", snippet("ldr x0, [x1]")},
        {"LDUR X", snippet("ldur x0, [x1, #0]")},
        {"LDR X, register offset", snippet("ldr x0, [x1, x2]")},
        {"LDR X, post-index", snippet("ldr x0, [x1], #8")},
        {"LDR X, pre-index", snippet("ldr x0, [x1, #0]!")},
        {"LDTR X", snippet("ldtr x0, [x1]")},
        {"STRH", snippet("strh w0, [x1]")},
        {"STR W", snippet("str w0, [x1]")},
        {"STR X", snippet("str x0, [x1]")},
        {"STR X, post-index", snippet("str x0, [x1], #8")},
        {"STTR X", snippet("sttr x0, [x1]")},
        {"LDP W", snippet("ldp w2, w3, [x1]")},
        {"LDPSW", snippet("ldpsw x2, x3, [x1]")},
        {"LDP X", snippet("ldp x2, x3, [x1]")},
        {"LDNP X", snippet("ldnp x2, x3, [x1]")},
        {"STP W", snippet("stp w2, w3, [x1]")},
        {"STP X", snippet("stp x2, x3, [x1]")},
        {"LDR B", snippet("ldr b0, [x1]")},
        {"LDR H", snippet("ldr h0, [x1]")},
        {"LDR S", snippet("ldr s0, [x1]")},
        {"LDR D", snippet("ldr d0, [x1]")},
        {"LDR Q", snippet("ldr q0, [x1]")},
        {"STR D", snippet("str d0, [x1]")},
        {"STR Q", snippet("str q0, [x1]")},
        {"LDP S", snippet("ldp s0, s1, [x1]")},
        {"LDP D", snippet("ldp d0, d1, [x1]")},
        {"LDP Q", snippet("ldp q0, q1, [x1]")},
        {"STP Q", snippet("stp q0, q1, [x1]")},
        {"LD1 16B", snippet("ld1 {v0.16b}, [x1]")},
        {"LD1 8H", snippet("ld1 {v0.8h}, [x1]")},
        {"LD1 4S", snippet("ld1 {v0.4s}, [x1]")},
        {"LD1 2D", snippet("ld1 {v0.2d}, [x1]")},
        {"LD1 2D, two", snippet("ld1 {v0.2d, v1.2d}, [x1]")},
        {"LD2 4S", snippet("ld2 {v0.4s, v1.4s}, [x1]")},
        {"LD4 2D", snippet("ld4 {v0.2d-v3.2d}, [x1]")},
        {"LD1R 4S", snippet("ld1r {v0.4s}, [x1]")},
        {"LD1 S, one lane", snippet("ld1 {v0.s}[1], [x1]")},
        {"ST1 8B", snippet("st1 {v0.8b}, [x1]")},
        {"ST1 2D", snippet("st1 {v0.2d}, [x1]")},
        {"ST3 4H", snippet("st3 {v0.4h-v2.4h}, [x1]")},
        {"ST1 D, one lane", snippet("st1 {v0.d}[1], [x1]")},
        {"LDXRB", snippet("ldxrb w0, [x1]")},
        {"LDXRH", snippet("ldxrh w0, [x1]")},
        {"LDXR W", snippet("ldxr w0, [x1]")},
        {"LDXR X", snippet("ldxr x0, [x1]")},
        {"LDAXR X", snippet("ldaxr x0, [x1]")},
        {"LDXP W", snippet("ldxp w2, w3, [x1]")},
        {"LDXP X", snippet("ldxp x2, x3, [x1]")},
        {"STXR X, monitor elsewhere", snippet("ldxr x0, [x7]\n stxr w2, x0, [x1]")},
        {"STXP X, monitor elsewhere", snippet("ldxp x0, x3, [x7]\n stxp w2, x0, x3, [x1]")},
        {"LDARH", snippet("ldarh w0, [x1]")},
        {"LDAR W", snippet("ldar w0, [x1]")},
        {"LDAR X", snippet("ldar x0, [x1]")},
        {"STLRB", snippet("stlrb w0, [x1]")},
        {"STLR W", snippet("stlr w0, [x1]")},
        {"STLR X", snippet("stlr x0, [x1]")},
        {"CAS W", snippet("cas w2, w3, [x1]")},
        {"CAS X", snippet("cas x2, x3, [x1]")},
        {"CASPAL X", snippet("caspal x2, x3, x4, x5, [x1]")},
        {"LDADDH", snippet("ldaddh w2, w3, [x1]")},
        {"LDADD W", snippet("ldadd w2, w3, [x1]")},
        {"LDADD X", snippet("ldadd x2, x3, [x1]")},
        {"SWP X", snippet("swp x2, x3, [x1]")},
        {"STSET X", snippet("stset x2, [x1]")},
        {"PRFM", snippet("prfm pldl1keep, [x1]")},
        {"DC ZVA", snippet("dc zva, x1")},
        {"DC CVAC", snippet("dc cvac, x1")},
        {"IC IVAU", snippet("ic ivau, x1")},
    };
    enum { access_count = sizeof accesses / sizeof *accesses };

    struct tables tables;
    tables_begin(&tables, granule_4K, 39);
    tables_map_machine(&tables);
    uint64_t memory = (uint64_t)tables_memory(0x10000);
    // A page of each type, with nothing behind it.
    for (uint32_t k = 0; k < kind_count; k++)
        tables_map(&tables, window + 2 * k * page_byte_count, memory + k * page_byte_count, page_byte_count, kinds[k].attributes);
    tables_activate(&tables);

    for (uint32_t k = 0; k < kind_count; k++)
        for (int checked = 0; checked < 2; checked++) {
            uint64_t sctlr = read_register(sctlr_el1);
            write_register(sctlr_el1, checked ? sctlr | 2 : sctlr & ~2ull);
            isb();
            for (uint32_t i = 0; i < access_count; i++)
                distances(kinds[k].name, checked, &accesses[i], window + 2 * k * page_byte_count + 64);
        }
    write_register(sctlr_el1, read_register(sctlr_el1) & ~2ull);
    isb();
    for (uint32_t i = 0; i < access_count; i++) crossing(&accesses[i], window + page_byte_count);
    attempt("within an unmapped page: DC ZVA", EL1h, "dc zva, x1", 0, window + page_byte_count + 69);
    attempt("within an unmapped page: DC CVAC", EL1h, "dc cvac, x1", 0, window + page_byte_count + 69);
    attempt("within an unmapped page: IC IVAU", EL1h, "ic ivau, x1", 0, window + page_byte_count + 69);
    attempt("within an unmapped page: DC IVAC", EL1h, "dc ivac, x1", 0, window + page_byte_count + 69);

    // With the MMU off all memory is Device-nGnRnE.
    uint64_t code = snippet("mrs x2, sctlr_el1\n bic x3, x2, #1\n msr sctlr_el1, x3\n isb\n ldr x0, [x1]\n msr sctlr_el1, x2\n isb");
    uint64_t on = read_register(sctlr_el1);
    for (uint64_t offset = 0; offset < 2; offset++) {
        const struct record *r = run_snippet(EL1h, code, (const uint64_t[8]){0, memory + offset});
        write_register(sctlr_el1, on);
        isb();
        say("MMU off, LDR X + %lu: ", offset);
        print_record(r, self()->pc);
    }
    // EL0 faults are reported as such.
    write_register(sctlr_el1, on | 2);
    isb();
    tables_deactivate();
    write_register(sctlr_el1, read_register(sctlr_el1) | 2);
    isb();
    attempt("EL0, A = 1: LDR X", EL0t, "ldr x0, [x1]", 0, memory + user_alias + 1);
    attempt("EL0, A = 1: STR W", EL0t, "str w0, [x1]", 0, memory + user_alias + 2);
    attempt("EL0: LDXR", EL0t, "ldxr x0, [x1]", 0, memory + user_alias + 4);
    probe_end();
    return 0;
}
