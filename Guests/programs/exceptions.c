// Exceptions: every vector that something can reach, every class of ESR_EL1 that the PE raises, what PSTATE, SP, ELR_EL1,
// SPSR_EL1 and FAR_EL1 are on entry, and what ERET makes of each SPSR_EL1.
#include "probe.h"

enum { sgi_group1 = 1, sgi_group0 = 2 };

static const struct state {
    const char *name;
    uint64_t spsr;
} states[] = {{"EL1t", EL1t}, {"EL1h", EL1h}, {"EL0t", EL0t}};
#define each_state(s) for (const struct state *s = states; s < states + 3; s++)

#define SCTLR_SA (1ull << 3)
#define SCTLR_SA0 (1ull << 4)
#define SCTLR_UMA (1ull << 9)
#define SCTLR_DZE (1ull << 14)
#define SCTLR_UCT (1ull << 15)
#define SCTLR_nTWI (1ull << 16)
#define SCTLR_nTWE (1ull << 18)
#define SCTLR_SPAN (1ull << 23)
#define SCTLR_UCI (1ull << 26)

static void set_sctlr(uint64_t bits, bool value) {
    uint64_t sctlr = read_register(sctlr_el1);
    write_register(sctlr_el1, value ? sctlr | bits : sctlr & ~bits);
    isb();
}

/// Prints `state: name: record` for a snippet in each state.
#define in_each_state(what, code, ...)                                                                                 \
    each_state(s) {                                                                                                    \
        const struct record *r = quietly(s->spsr, code, __VA_ARGS__);                                                  \
        say("%s: %s: ", s->name, what);                                                                                \
        print_record(r, self()->pc);                                                                                   \
    }

// MARK: Vectors

static void interrupts(void) {
    gic_init_distributor();
    gic_init_cpu(0);
    uint64_t redistributor_sgi = machine.redistributors[0].base + 0x10000;
    mmio_write32(redistributor_sgi + 0x80, 0xffffffff & ~(1u << sgi_group0));
    mmio_write32(machine.distributor.base, mmio_read32(machine.distributor.base) | 1);
    write_register(icc_igrpen0_el1, 1);
    isb();
    each_state(s) {
        write_register(esr_el1, 0x123);
        write_register(far_el1, 0x456);
        write_register(icc_sgi1r_el1, 1 | (uint64_t)sgi_group1 << 24);
        isb();
        while (read_register(isr_el1) == 0) {}
        say("%s: IRQ pending, ISR %03lx: ", s->name, read_register(isr_el1));
        print_record(quietly(s->spsr, "nop"), self()->pc);
        say("%s: IRQ taken: ", s->name);
        print_record(quietly(s->spsr & ~(uint64_t)PSR_I, "nop"), self()->pc);
        say("%s: ESR %lx FAR %lx, as they were\n", s->name, self()->last.esr, self()->last.far);
        uint64_t intid = read_register(icc_iar1_el1);
        say("%s: acknowledged %lu, ISR %03lx\n", s->name, intid, read_register(isr_el1));
        write_register(icc_eoir1_el1, intid);

        write_register(icc_sgi0r_el1, 1 | (uint64_t)sgi_group0 << 24);
        isb();
        while (read_register(isr_el1) == 0) {}
        say("%s: FIQ pending, ISR %03lx: ", s->name, read_register(isr_el1));
        print_record(quietly(s->spsr & ~(uint64_t)PSR_I, "nop"), self()->pc);
        say("%s: FIQ taken: ", s->name);
        print_record(quietly(s->spsr & ~(uint64_t)PSR_F, "nop"), self()->pc);
        say("%s: entry state %08x\n", s->name, self()->last.entry);
        intid = read_register(icc_iar0_el1);
        say("%s: acknowledged %lu, ISR %03lx\n", s->name, intid, read_register(isr_el1));
        write_register(icc_eoir0_el1, intid);
    }
    // DAIFClr unmasks what waits: taken before the next instruction.
    write_register(icc_sgi1r_el1, 1 | (uint64_t)sgi_group1 << 24);
    isb();
    while (read_register(isr_el1) == 0) {}
    attempt("MSR DAIFClr with an IRQ pending", EL1h, "mov x0, #1\n msr daifclr, #2\n mov x0, #2");
    say("x0 is then %lu\n", self()->x[0]);
    attempt("MSR DAIF with an IRQ pending", EL1h, "mov x0, #0\n msr daif, x0\n mov x0, #2");
    attempt("ERET with an IRQ pending", EL1h, "adr x0, 1f\n msr elr_el1, x0\n mov x0, #4\n msr spsr_el1, x0\n eret\n 1: nop");
    // WFI ends at once, since a masked interrupt is enough.
    attempt("WFI with a masked IRQ pending", EL1h, "wfi");
    attempt("WFI at EL0 with a masked IRQ pending", EL0t, "wfi");
    write_register(icc_eoir1_el1, read_register(icc_iar1_el1));
    write_register(icc_igrpen0_el1, 0);
    isb();
}

// MARK: Exception-generating and undefined instructions

static void generated(void) {
    in_each_state("SVC #0", "svc #0");
    in_each_state("SVC #0xfffe", "svc #0xfffe");
    in_each_state("BRK #0", "brk #0");
    in_each_state("BRK #0xffff", "brk #0xffff");
    in_each_state("HLT #1", "hlt #1");
    in_each_state("UDF #0", ".inst 0");
    in_each_state("unallocated", ".inst 0x03ffffff");
    in_each_state("DCPS1", "dcps1");
    in_each_state("DRPS", "drps");
    in_each_state("SMC #0", "smc #0", 0x84000000);
    in_each_state("SMC #1", "smc #1", 0x84000000);
    in_each_state("HVC #0", "hvc #0", 0x84000000);
    in_each_state("HVC #1", "hvc #1", 0x84000000);
    attempt("ERET at EL0", EL0t, "eret");
    in_each_state("MSR DAIFSet", "msr daifset, #15");
    in_each_state("MSR DAIFClr", "msr daifset, #15");
    in_each_state("MSR SPSel", "msr spsel, #1");
    in_each_state("MRS of an EL1 register", "mrs x0, sctlr_el1");
    in_each_state("MRS of an EL2 register", "mrs x0, hcr_el2");
    in_each_state("MRS of an EL3 register", "mrs x0, scr_el3");
    in_each_state("MSR of a read-only register", "msr s3_0_c0_c0_0, x0");
    in_each_state("MRS of a write-only register", "mrs x0, s3_0_c12_c12_1");
    in_each_state("SYS that is not allocated", "sys #3, c7, c15, #7, x0");
    in_each_state("SYSL that is not allocated", "sysl x0, #3, c7, c15, #7");
    in_each_state("AT S1E1R", "at s1e1r, x0");
    in_each_state("TLBI VMALLE1", "tlbi vmalle1");
    in_each_state("IC IALLU", "ic iallu");
    in_each_state("DC ISW", "dc isw, x0");
}

/// What HVC answers to the calls of PSCI and SMCCC.
static void hypercalls(void) {
    static const struct {
        const char *name;
        uint64_t x0, x1, x2, x3;
    } calls[] = {
        {"PSCI_VERSION", 0x84000000, 0, 0, 0},
        {"PSCI_VERSION, 64-bit", 0xc4000000, 0, 0, 0},
        {"PSCI_VERSION, high half of x0 set", 0xffffffff84000000, 0, 0, 0},
        {"CPU_ON of itself", 0xc4000003, 0, 0x40200000, 0},
        {"CPU_ON of itself, 32-bit", 0x84000003, 0, 0x40200000, 0},
        {"CPU_ON of nobody", 0xc4000003, 0xff, 0x40200000, 0},
        {"CPU_ON of nobody, Aff1", 0xc4000003, 0x100, 0x40200000, 0},
        {"AFFINITY_INFO of itself", 0xc4000004, 0, 0, 0},
        {"AFFINITY_INFO of itself, 32-bit", 0x84000004, 0, 0, 0},
        {"AFFINITY_INFO of nobody", 0xc4000004, 0xff, 0, 0},
        {"MIGRATE", 0xc4000005, 0, 0, 0},
        {"MIGRATE_INFO_TYPE", 0x84000006, 0, 0, 0},
        {"MIGRATE_INFO_UP_CPU", 0xc4000007, 0, 0, 0},
        {"FEATURES of PSCI_VERSION", 0x8400000a, 0x84000000, 0, 0},
        {"FEATURES of CPU_SUSPEND", 0x8400000a, 0xc4000001, 0, 0},
        {"FEATURES of CPU_OFF", 0x8400000a, 0x84000002, 0, 0},
        {"FEATURES of CPU_ON", 0x8400000a, 0xc4000003, 0, 0},
        {"FEATURES of AFFINITY_INFO", 0x8400000a, 0xc4000004, 0, 0},
        {"FEATURES of MIGRATE", 0x8400000a, 0xc4000005, 0, 0},
        {"FEATURES of MIGRATE_INFO_TYPE", 0x8400000a, 0x84000006, 0, 0},
        {"FEATURES of SYSTEM_OFF", 0x8400000a, 0x84000008, 0, 0},
        {"FEATURES of SYSTEM_RESET", 0x8400000a, 0x84000009, 0, 0},
        {"FEATURES of FEATURES", 0x8400000a, 0x8400000a, 0, 0},
        {"FEATURES of an unknown call", 0x8400000a, 0x8400001f, 0, 0},
        {"FEATURES of SMCCC_VERSION", 0x8400000a, 0x80000000, 0, 0},
        {"an unknown call of PSCI", 0x8400001f, 0, 0, 0},
        {"an unknown call of SMCCC", 0x8600ff01, 0, 0, 0},
        {"SMCCC_VERSION", 0x80000000, 0, 0, 0},
        {"SMCCC_ARCH_FEATURES of itself", 0x80000001, 0x80000001, 0, 0},
        {"SMCCC_ARCH_FEATURES of workaround 1", 0x80000001, 0x80008000, 0, 0},
    };
    for (uint32_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        quietly(EL1h, "hvc #0", calls[i].x0, calls[i].x1, calls[i].x2, calls[i].x3, 4, 5, 6, 7);
        const uint64_t *x = self()->x;
        bool are_kept = x[1] == calls[i].x1 && x[2] == calls[i].x2 && x[3] == calls[i].x3 && x[4] == 4 && x[5] == 5 &&
                        x[6] == 6 && x[7] == 7;
        say("HVC, %s: %lx, x1 to x7 are %s\n", calls[i].name, x[0], are_kept ? "kept" : "changed");
    }
}

// MARK: Traps

static void floating_point(void) {
    uint64_t target = (uint64_t)self()->x;
    for (uint64_t fpen = 0; fpen < 4; fpen++) {
        write_register(cpacr_el1, fpen << 20);
        isb();
        each_state(s) {
            uint64_t address = target + (s->spsr == EL0t ? user_alias : 0);
            const struct {
                const char *name;
                uint64_t code;
            } cases[] = {
                {"FMOV", snippet("fmov s0, #2.0")},     {"FMOV X, D", snippet("fmov x0, d0")},
                {"FADD", snippet("fadd d0, d1, d2")},     {"MOVI V.2D", snippet("movi v0.2d, #0")},
                {"LDR Q", snippet("ldr q0, [x1]")},    {"STR D", snippet("str d0, [x1]")},
                {"LDP Q", snippet("ldp q0, q1, [x1]")},    {"LD1", snippet("ld1 {v0.16b}, [x1]")},
                {"AESE", snippet("aese v0.16b, v1.16b")},     {"MRS FPCR", snippet("mrs x0, fpcr")},
                {"MSR FPSR", snippet("msr fpsr, xzr")},    {"PRFM", snippet("prfm pldl1keep, [x1]")},
            };
            for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct record *r = run_snippet(s->spsr, cases[i].code, (const uint64_t[8]){0, address});
                say("%s: FPEN %lu: %s: ", s->name, fpen, cases[i].name);
                print_record(r, self()->pc);
            }
        }
    }
}

#define at_EL0_with(bit, name, code, ...)                                                                              \
    for (int value = 0; value < 2; value++) {                                                                          \
        set_sctlr(bit, value);                                                                                         \
        const struct record *r = quietly(EL0t, code, __VA_ARGS__);                                                     \
        say(#bit " = %d: " name ": ", value);                                                                          \
        print_record(r, self()->pc);                                                                                   \
    }

static uint8_t zeroed[256] __attribute__((aligned(256)));

static void traps_from_EL0(void) {
    uint64_t address = (uint64_t)zeroed + user_alias;
    at_EL0_with(SCTLR_UCT, "MRS CTR_EL0", "mrs x5, ctr_el0");
    at_EL0_with(SCTLR_UCT, "MRS XZR, CTR_EL0", "mrs xzr, ctr_el0");
    at_EL0_with(SCTLR_UMA, "MRS DAIF", "mrs x0, daif");
    at_EL0_with(SCTLR_UMA, "MSR DAIF", "msr daif, x30");
    at_EL0_with(SCTLR_UMA, "MSR DAIFSet", "msr daifset, #3");
    at_EL0_with(SCTLR_UMA, "MSR DAIFClr", "msr daifclr, #12");
    at_EL0_with(SCTLR_DZE, "DC ZVA", "dc zva, x1", 0, address);
    at_EL0_with(SCTLR_UCI, "DC CVAU", "dc cvau, x1", 0, address);
    at_EL0_with(SCTLR_UCI, "DC CVAC", "dc cvac, x1", 0, address);
    at_EL0_with(SCTLR_UCI, "DC CIVAC", "dc civac, x7", 0, 0, 0, 0, 0, 0, 0, address);
    at_EL0_with(SCTLR_UCI, "IC IVAU", "ic ivau, x1", 0, address);
    at_EL0_with(SCTLR_UCI, "DC IVAC", "dc ivac, x1", 0, address);
    at_EL0_with(SCTLR_UCI, "DC ISW", "dc isw, x1", 0, address);
    for (int value = 0; value < 2; value++) {
        set_sctlr(SCTLR_DZE, value);
        quietly(EL0t, "mrs x0, dczid_el0");
        say("SCTLR_DZE = %d: DCZID_EL0.DZP is %lu at EL0", value, self()->x[0] >> 4 & 1);
        quietly(EL1h, "mrs x0, dczid_el0");
        print(" and %lu at EL1\n", self()->x[0] >> 4 & 1);
    }
    // With nothing pending and nothing that could wake it, a WFI that is not trapped would not come back.
    set_sctlr(SCTLR_nTWI, false);
    attempt("SCTLR_nTWI = 0: WFI at EL0", EL0t, "wfi");
    set_sctlr(SCTLR_nTWI, true);
    // Twice: the first takes the event that is there.
    at_EL0_with(SCTLR_nTWE, "SEVL, WFE", "sevl\n wfe");
    at_EL0_with(SCTLR_nTWE, "SEVL, WFE, WFE", "sevl\n wfe\n wfe");

    for (uint64_t bits = 0; bits < 16; bits++) {
        // EL0PCTEN, EL0VCTEN, EL0VTEN, EL0PTEN
        write_register(cntkctl_el1, (bits & 3) | (bits & 12) << 6);
        isb();
        const struct {
            const char *name;
            uint64_t code;
        } cases[] = {
            {"MRS CNTFRQ_EL0", snippet("mrs x0, cntfrq_el0")},       {"MSR CNTFRQ_EL0", snippet("msr cntfrq_el0, x0")},
            {"MRS CNTPCT_EL0", snippet("mrs x1, cntpct_el0")},       {"MRS CNTVCT_EL0", snippet("mrs x2, cntvct_el0")},
            {"MRS CNTP_CTL_EL0", snippet("mrs x3, cntp_ctl_el0")},   {"MSR CNTP_CVAL_EL0", snippet("msr cntp_cval_el0, x4")},
            {"MRS CNTP_TVAL_EL0", snippet("mrs x5, cntp_tval_el0")}, {"MSR CNTV_CTL_EL0", snippet("msr cntv_ctl_el0, x6")},
            {"MRS CNTV_CVAL_EL0", snippet("mrs x7, cntv_cval_el0")}, {"MSR CNTV_TVAL_EL0", snippet("msr cntv_tval_el0, x8")},
        };
        for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct record *r = run_snippet(EL0t, cases[i].code, (const uint64_t[8]){0});
            say("CNTKCTL_EL1 %03lx: %s: ", read_register(cntkctl_el1), cases[i].name);
            print_record(r, self()->pc);
        }
    }
}

// MARK: Entry and return

/// PSTATE in SPSR_EL1 and in the handler, from every state and with every bit that software can set.
static void entry_state(void) {
    static const struct {
        const char *name;
        uint64_t bits;
    } changes[] = {
        {"NZCV", 0xf0000000}, {"N", 0x80000000}, {"Z", 0x40000000}, {"C", 0x20000000}, {"V", 0x10000000},
        {"PAN", PSR_PAN},     {"UAO", PSR_UAO},  {"-D", 1 << 9},    {"-A", 1 << 8},    {"-I", 1 << 7},
        {"-F", 1 << 6},       {"-DAIF", 0x3c0},
    };
    for (int span = 0; span < 2; span++) {
        set_sctlr(SCTLR_SPAN, span);
        each_state(s) {
            for (uint32_t i = 0; i < sizeof changes / sizeof *changes; i++) {
                const struct record *r = quietly(s->spsr ^ changes[i].bits, "svc #1");
                say("%s %s, SPAN = %d: vector %03x ESR %08lx SPSR %08lx, in the handler %08x\n", s->name, changes[i].name,
                    span, r->vector, r->esr, r->spsr, r->entry);
            }
        }
    }
}

static void stack_pointers(void) {
    each_state(s) {
        self()->sp_el0 = 0x111111111110;
        self()->sp_el1 = s->spsr == EL1h ? (uint64_t)(zeroed + 256) : 0;
        const struct record *r = quietly(s->spsr, "mov x0, sp\n mov x1, #16\n sub sp, sp, x1");
        say("%s: SP reads as %s, SP_EL0 %lx after SP = SP - 16\n", s->name,
            self()->x[0] == 0x111111111110 ? "SP_EL0" : self()->x[0] == (uint64_t)(zeroed + 256) ? "SP_EL1" : "neither",
            r->sp_el0);
    }
    self()->sp_el0 = 0x222222222220;
    quietly(EL1h, "mrs x0, sp_el0\n mrs x1, spsel\n msr spsel, #0\n mov x2, sp\n mrs x3, spsel\n msr spsel, #1\n mov x4, sp\n"
                  " mrs x5, spsel\n mov x6, #0x330\n msr sp_el0, x6\n msr spsel, #0\n mov x6, sp\n mov x7, #1\n msr spsel, x7\n"
                  " mov x7, sp\n sub x7, x7, x4");
    const uint64_t *x = self()->x;
    say("SPSel: SP_EL0 %lx, %lu; SP %lx, %lu; %s, %lu; written SP_EL0 %lx; SP_EL1 moved by %lu\n", x[0], x[1], x[2], x[3],
        x[4] > 0x40000000 ? "SP_EL1" : "?", x[5], x[6], x[7]);
    attempt("MRS SP_EL0 with SPSel = 0", EL1t, "mrs x0, sp_el0");
    attempt("MSR SP_EL0 with SPSel = 0", EL1t, "msr sp_el0, x0");
    attempt("MRS SP_EL1", EL1h, "mrs x0, sp_el1");
    attempt("MRS SP_EL0 at EL0", EL0t, "mrs x0, sp_el0");
    quietly(EL1h, "mrs x0, currentel\n mrs x1, daif\n mrs x2, nzcv");
    say("EL1h: CurrentEL %lx DAIF %lx NZCV %lx\n", x[0], x[1], x[2]);
    quietly(EL1t ^ 0x50000280, "mrs x0, currentel\n mrs x1, daif\n mrs x2, nzcv");
    say("EL1t: CurrentEL %lx DAIF %lx NZCV %lx\n", x[0], x[1], x[2]);
    attempt("MRS CurrentEL at EL0", EL0t, "mrs x0, currentel");
    attempt("MRS SPSel at EL0", EL0t, "mrs x0, spsel");
}

/// ERET with each value of SPSR_EL1.M from EL1h and EL1t. An illegal one leaves EL and SP and sets IL.
static void returns(void) {
    bool has_AArch32 = id_field(id_aa64pfr0_el1, 0) == 2;
    static const uint64_t others[] = {0x3c0, 0x3c0 | PSR_IL, 0xf0000000 | 0x240, PSR_PAN | 0x3c0, PSR_UAO | 0x3c0};
    for (const struct state *s = states; s < states + 2; s++) {
        for (uint64_t mode = 0; mode < 32; mode++) {
            for (uint32_t i = 0; i < sizeof others / sizeof *others; i++) {
                uint64_t spsr = mode | others[i];
                if (mode == 0x10 && has_AArch32) {
                    if (i == 0) say("%s: ERET with %08lx: AArch32 is there\n", s->name, spsr);
                    continue;
                }
                // At EL0 the code goes on in the user alias.
                uint64_t alias = mode == 0 ? user_alias : 0;
                const struct record *r = quietly(s->spsr, "adr x3, 1f\n add x3, x3, x2\n msr elr_el1, x3\n msr spsr_el1, x1\n"
                                                          " eret\n 1: nop", 0, spsr, alias);
                say("%s: ERET with %08lx: ", s->name, spsr);
                if (ended(r)) print("ok, vector %03x SPSR %08lx\n", r->vector, r->spsr);
                else print_record(r, self()->pc + alias);
            }
        }
    }
    // The illegal state stays until an exception is taken, and NZCV and DAIF come from SPSR_EL1 all the same.
    attempt("illegal return, then SVC", EL1h, "adr x3, 1f\n msr elr_el1, x3\n msr spsr_el1, x1\n eret\n 1: svc #1", 0, 0xa00003cf);
    attempt("illegal return to a misaligned PC", EL1h, "adr x3, 1f\n add x3, x3, #2\n msr elr_el1, x3\n msr spsr_el1, x1\n eret\n"
                                                       " 1: svc #1", 0, 0x3cf);
}

// MARK: PC and SP alignment

static void alignment(void) {
    each_state(s) {
        for (uint64_t offset = 1; offset < 4; offset++) {
            say("%s: BR to PC + %lu: ", s->name, offset);
            print_record(quietly(s->spsr, "adr x0, 1f\n add x0, x0, x1\n br x0\n 1: nop\n nop", 0, offset), self()->pc);
            say("%s: RET to PC + %lu: ", s->name, offset);
            print_record(quietly(s->spsr, "adr x30, 1f\n add x30, x30, x1\n ret\n 1: nop\n nop", 0, offset), self()->pc);
        }
        uint64_t code = snippet("nop\n nop") + (s->spsr == EL0t ? user_alias : 0);
        say("%s: ERET to PC + 2: ", s->name);
        print_record(run(s->spsr, code + 2), code);
        say("%s: BR to an unmapped, misaligned PC: ", s->name);
        print_record(quietly(s->spsr, "br x0", 0x700000000001), self()->pc);
    }
    for (int on = 0; on < 2; on++) {
        set_sctlr(SCTLR_SA | SCTLR_SA0, on);
        each_state(s) {
            static const uint64_t offsets[] = {0, 1, 4, 8};
            const struct {
                const char *name;
                uint64_t code;
            } cases[] = {
                {"LDR", snippet("ldr x0, [sp]")},            {"STR", snippet("str w0, [sp, #4]")},
                {"LDRB", snippet("ldrb w0, [sp, x1]")},      {"LDP", snippet("ldp x0, x1, [sp, #-16]")},
                {"STP", snippet("stp x0, x1, [sp, #-16]!")}, {"PRFM", snippet("prfm pldl1keep, [sp]")},
                {"ADD", snippet("add x0, sp, #1")},          {"LDUR", snippet("ldur x0, [sp, #-8]")},
                {"LDR D", snippet("ldr d0, [sp], #16")},     {"LD1", snippet("ld1 {v0.16b}, [sp]")},
                {"LDXRB", snippet("ldxrb w0, [sp]")},        {"LDADDAB", snippet("ldaddab w0, w1, [sp]")},
                {"STLRB", snippet("stlrb w0, [sp]")},        {"SWPALB", snippet("swpalb w0, w1, [sp]")},
                {"LDR, literal", snippet("ldr x0, 1f\n 1:")}, {"unallocated", snippet(".inst 0xf8c003e0")},
            };
            for (uint32_t c = 0; c < sizeof cases / sizeof *cases; c++) {
                say("%s: SA, SA0 = %d: %s at SP + 0, 1, 4, 8:", s->name, on, cases[c].name);
                for (uint32_t i = 0; i < 4; i++) {
                    uint64_t sp = (uint64_t)zeroed + 128 + offsets[i] + (s->spsr == EL0t ? user_alias : 0);
                    if (s->spsr == EL1h) self()->sp_el1 = sp;
                    else self()->sp_el0 = sp;
                    const struct record *r = run_snippet(s->spsr, cases[c].code, (const uint64_t[8]){0});
                    if (ended(r)) print(" ok");
                    else print(" %03x %08lx", r->vector, r->esr);
                }
                console_putc('\n');
            }
        }
    }
}

// MARK: Aborts

static void aborts(void) {
    const uint64_t unmapped = 0x7000000000, beyond = 0x700000000000, device = 0x09000000;
    each_state(s) {
        uint64_t own = s->spsr == EL0t ? user_alias : 0;
        struct {
            const char *name;
            uint64_t address;
        } places[] = {
            {"beyond the tables", beyond},           {"beyond physical memory", unmapped},
            {"negative", 0xffffff8000000000},        {"not canonical", 0x0080000000000000},
            {"a device", device},                    {"the other's RAM", (uint64_t)zeroed + (user_alias - own)},
            {"own RAM", (uint64_t)zeroed + own},
        };
        for (uint32_t i = 0; i < sizeof places / sizeof *places; i++) {
            uint64_t a = places[i].address;
            if (a != unmapped && !(a == device && s->spsr != EL0t)) {
                say("%s: load, %s: ", s->name, places[i].name);
                print_record(quietly(s->spsr, "ldr x0, [x1]", 0, a), self()->pc);
                say("%s: store, %s: ", s->name, places[i].name);
                print_record(quietly(s->spsr, "strb w0, [x1, #1]", 0, a), self()->pc);
                say("%s: atomic, %s: ", s->name, places[i].name);
                print_record(quietly(s->spsr, "ldxr x0, [x1]", 0, a), self()->pc);
            }
            if (a != unmapped && i != 6) {
                say("%s: fetch, %s: ", s->name, places[i].name);
                print_record(quietly(s->spsr, "br x1", 0, a), a);
            }
        }
    }
    // A hole in the physical address map.
    attempt("load from nowhere", EL1h, "ldr w0, [x1]", 0, 0x0a800000);
    attempt("store to nowhere", EL1h, "str w0, [x1]", 0, 0x0a800000);
}

// MARK: Several reasons at once

static void priorities(void) {
    uint64_t unmapped = 0x700000000000;
    set_sctlr(SCTLR_SA | SCTLR_SA0 | 2, true);
    write_register(cpacr_el1, 0);
    isb();
    self()->sp_el0 = (uint64_t)zeroed + 8;
    attempt("FP trap, SP alignment", EL1t, "ldr d0, [sp]");
    attempt("FP trap, alignment", EL1h, "ldr d0, [x1]", 0, (uint64_t)zeroed + 1);
    attempt("FP trap, translation", EL1h, "ldr q0, [x1]", 0, unmapped);
    attempt("FP trap, unallocated", EL1h, ".inst 0x1ea22820");
    attempt("FP trap, MRS FPCR at EL0", EL0t, "mrs x0, fpcr");
    write_register(cpacr_el1, 3 << 20);
    isb();
    self()->sp_el0 = (uint64_t)zeroed + 8;
    attempt("SP alignment, unallocated", EL1t, ".inst 0xf8c003e0");
    attempt("alignment, translation", EL1h, "ldr x0, [x1]", 0, unmapped + 1);
    attempt("alignment, permission", EL1h, "ldtr x0, [x1]", 0, (uint64_t)zeroed + 1);
    attempt("exclusive alignment, translation", EL1h, "ldxr x0, [x1]", 0, unmapped + 1);
    set_sctlr(SCTLR_SA | SCTLR_SA0 | 2 | SCTLR_DZE | SCTLR_UCI | SCTLR_UMA, false);
    attempt("DC ZVA trap, translation", EL0t, "dc zva, x1", 0, unmapped);
    attempt("DC CVAU trap, translation", EL0t, "dc cvau, x1", 0, unmapped);
    attempt("IC IVAU trap, translation", EL0t, "ic ivau, x1", 0, unmapped);
    attempt("CNTVCT trap, no write", EL0t, "msr s3_3_c14_c0_2, x0");
    attempt("DAIF trap, EL1 only", EL0t, "msr spsel, #0");
    // An exclusive's mark does not outlive an exception return.
    attempt("ERET clears the monitor", EL1h, "ldxr x0, [x1]\n adr x2, 1f\n msr elr_el1, x2\n mov x2, #0x3c5\n msr spsr_el1, x2\n eret\n"
                                             " 1: stxr w3, x0, [x1]", 0, (uint64_t)zeroed);
    say("STXR after it: %lu\n", self()->x[3]);
    quietly(EL1h, "ldxr x0, [x1]\n clrex\n stxr w3, x0, [x1]\n ldxr x0, [x1]\n stxr w4, x0, [x1]\n stxr w5, x0, [x1]", 0, (uint64_t)zeroed);
    say("STXR after CLREX %lu, after LDXR %lu, once more %lu\n", self()->x[3], self()->x[4], self()->x[5]);
}

/// Addresses with a tag byte: what PC, ELR_EL1 and FAR_EL1 make of it with TCR_EL1.TBI0 off and on.
static void tags(void) {
    for (int on = 0; on < 2; on++) {
        uint64_t tcr = read_register(tcr_el1) & ~(1ull << 37);
        write_register(tcr_el1, tcr | (uint64_t)on << 37);
        isb();
        __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
        each_state(s) {
            uint64_t own = s->spsr == EL0t ? user_alias : 0, tag = 0xa5ull << 56;
            uint64_t code = snippet("nop\n nop") + own, data = (uint64_t)zeroed + own;
            const struct {
                const char *name;
                uint64_t code, address;
            } cases[] = {
                {"load", snippet("ldr x0, [x1]"), data | tag},
                {"load, unmapped", snippet("ldr x0, [x1]"), 0x7000000000000 | tag},
                {"load, tag of ones", snippet("ldr x0, [x1]"), data | 0xffull << 56},
                {"BR", snippet("br x1"), code | tag},
                {"RET", snippet("mov x30, x1\n ret"), code | tag},
                {"BR, bit 55", snippet("br x1"), code | 1ull << 55},
                {"BR, unmapped", snippet("br x1"), 0x7000000000000 | tag},
            };
            for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct record *r = run_snippet(s->spsr, cases[i].code, (const uint64_t[8]){0, cases[i].address});
                say("%s: TBI0 = %d: %s: ", s->name, on, cases[i].name);
                if (ended(r)) print("ok, ELR %s\n", r->elr >> 56 ? "with tag" : "without tag");
                else print_record(r, self()->pc);
            }
            const struct record *r = run(s->spsr, code | tag);
            say("%s: TBI0 = %d: ERET: ", s->name, on);
            if (ended(r)) print("ok, ELR %s\n", r->elr >> 56 ? "with tag" : "without tag");
            else print_record(r, code);
        }
        write_register(tcr_el1, tcr);
        isb();
        __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
    }
}

// MARK: Nested

static struct record nested_records[4];
static uint32_t nested_count;

/// At the first exception takes two more, and goes on behind the instruction that raised it.
static bool nest(struct probe_frame *frame, const struct record *record) {
    if (nested_count >= 4) return false;
    nested_records[nested_count++] = *record;
    switch (nested_count) {
    case 1:
        __asm__ volatile("svc #0x31" : : : "memory");
        frame->elr += 4;
        return true;
    case 2:
        __asm__ volatile(".inst 0" : : : "memory");
        return true;
    case 3:
        frame->elr += 4;
        return true;
    default: return false;
    }
}

static void nested(void) {
    each_state(s) {
        nested_count = 0;
        self()->handler = nest;
        const struct record *r = quietly(s->spsr | 0x60000000, "mov x0, #7\n brk #0x30\n add x0, x0, #1");
        self()->handler = NULL;
        for (uint32_t i = 0; i < nested_count; i++) {
            const struct record *n = &nested_records[i];
            say("%s: nested %u: vector %03x ESR %08lx SPSR %08lx entry %08x\n", s->name, i, n->vector, n->esr, n->spsr, n->entry);
        }
        say("%s: nested, end: vector %03x SPSR %08lx x0 %lu\n", s->name, r->vector, r->spsr, self()->x[0]);
    }
}

int main(void) {
    probe_begin("exceptions");
    write_register(cntkctl_el1, 0);
    write_register(cpacr_el1, 3 << 20);
    set_sctlr(SCTLR_SPAN | SCTLR_nTWE | SCTLR_nTWI, true);
    generated();
    hypercalls();
    entry_state();
    set_sctlr(SCTLR_SPAN, true);
    stack_pointers();
    returns();
    alignment();
    set_sctlr(SCTLR_SA | SCTLR_SA0, false);
    aborts();
    priorities();
    tags();
    nested();
    floating_point();
    traps_from_EL0();
    interrupts();
    probe_end();
    return 0;
}
