// System registers: the fields of the identification registers, the bits that can be written of every register that can be
// written, and for each encoding of MRS, MSR, SYS and SYSL whether it is there, at EL1 and at EL0.
#include "probe.h"

// MARK: Identification registers

struct id_register {
    const char *name;
    uint64_t read;
    /// From bit 0; NULL for the rest.
    const char *fields[16];
};

static void identification(void) {
    const struct id_register registers[] = {
        {"ID_AA64PFR0_EL1", snippet("mrs x0, s3_0_c0_c4_0"),
         {"EL0", "EL1", "EL2", "EL3", "FP", "AdvSIMD", "GIC", "RAS", "SVE", "SEL2", "MPAM", "AMU", "DIT", "RME", "CSV2", "CSV3"}},
        {"ID_AA64PFR1_EL1", snippet("mrs x0, s3_0_c0_c4_1"), {"BT", "SSBS", "MTE", "RAS_frac", "MPAM_frac"}},
        {"ID_AA64ZFR0_EL1", snippet("mrs x0, s3_0_c0_c4_4"), {"SVEver"}},
        {"ID_AA64DFR0_EL1", snippet("mrs x0, s3_0_c0_c5_0"),
         {"DebugVer", "TraceVer", "PMUVer", "BRPs", "PMSS", "WRPs", "SEBEP", "CTX_CMPs", "PMSVer", "DoubleLock", "TraceFilt"}},
        {"ID_AA64DFR1_EL1", snippet("mrs x0, s3_0_c0_c5_1"), {0}},
        {"ID_AA64ISAR0_EL1", snippet("mrs x0, s3_0_c0_c6_0"),
         {"0", "AES", "SHA1", "SHA2", "CRC32", "Atomic", "TME", "RDM", "SHA3", "SM3", "SM4", "DP", "FHM", "TS", "TLB", "RNDR"}},
        {"ID_AA64ISAR1_EL1", snippet("mrs x0, s3_0_c0_c6_1"),
         {"DPB", "APA", "API", "JSCVT", "FCMA", "LRCPC", "GPA", "GPI", "FRINTTS", "SB", "SPECRES", "BF16", "DGH", "I8MM", "XS", "LS64"}},
        {"ID_AA64MMFR0_EL1", snippet("mrs x0, s3_0_c0_c7_0"),
         {"PARange", "ASIDBits", "BigEnd", "SNSMem", "BigEndEL0", "TGran16", "TGran64", "TGran4", "TGran16_2", "TGran64_2", "TGran4_2",
          "ExS", "12", "13", "FGT", "ECV"}},
        {"ID_AA64MMFR1_EL1", snippet("mrs x0, s3_0_c0_c7_1"),
         {"HAFDBS", "VMIDBits", "VH", "HPDS", "LO", "PAN", "SpecSEI", "XNX", "TWED", "ETS", "HCX", "AFP"}},
        {"ID_AA64MMFR2_EL1", snippet("mrs x0, s3_0_c0_c7_2"),
         {"CnP", "UAO", "LSM", "IESB", "VARange", "CCIDX", "NV", "ST", "AT", "IDS", "FWB", "11", "TTL", "BBM", "EVT", "E0PD"}},
        {"CLIDR_EL1", snippet("mrs x0, s3_1_c0_c0_1"), {0}},
        {"CTR_EL0", snippet("mrs x0, s3_3_c0_c0_1"), {"IminLine", "1", "2", "L1Ip", "DminLine", "ERG", "CWG", "IDC, DIC, RES1"}},
        {"DCZID_EL0", snippet("mrs x0, s3_3_c0_c0_7"), {"BS", "DZP"}},
        {"MIDR_EL1", snippet("mrs x0, s3_0_c0_c0_0"), {"Revision", "PartNum", "2", "3", "Architecture", "Variant", "Implementer", "7"}},
        {"MPIDR_EL1", snippet("mrs x0, s3_0_c0_c0_5"), {0}},
        {"REVIDR_EL1", snippet("mrs x0, s3_0_c0_c0_6"), {0}},
        {"AIDR_EL1", snippet("mrs x0, s3_1_c0_c0_7"), {0}},
        {"CNTFRQ_EL0", snippet("mrs x0, cntfrq_el0"), {0}},
    };
    static const uint64_t none[8];
    for (uint32_t i = 0; i < sizeof registers / sizeof *registers; i++) {
        const struct id_register *r = &registers[i];
        if (!ended(run_snippet(EL1h, r->read, none))) {
            say("%s: cannot be read\n", r->name);
            continue;
        }
        uint64_t value = self()->x[0];
        uint32_t field = 0;
        for (; field < 16 && r->fields[field]; field++)
            say("%s.%s = %lu\n", r->name, r->fields[field], value >> (4 * field) & 15);
        if (field < 16) say("%s, the rest: %lx\n", r->name, value >> (4 * field));
    }
    for (uint64_t level = 0; level < 4; level++)
        for (uint64_t instruction = 0; instruction < 2; instruction++) {
            quietly(EL1h, "msr csselr_el1, x1\n isb\n mrs x0, ccsidr_el1", 0, level << 1 | instruction);
            say("CCSIDR_EL1 of level %lu, %s: %lx\n", level + 1, instruction ? "instruction" : "data", self()->x[0]);
        }
}

// MARK: Writable bits

/// Writes ones and zeroes, and puts back what was there. Nothing in between depends on the register.
#define writable(name, safe) {                                                                                         \
    #name, safe, snippet("mrs x7, " #name "\n msr " #name ", x1\n isb\n mrs x0, " #name "\n msr " #name ", x2\n isb\n mrs x1, " #name "\n" \
                         " msr " #name ", x7\n isb")}

static void writable_bits(void) {
    const uint64_t all = ~0ull;
    // M and C of SCTLR_EL1 keep their value, and EE would turn the vectors' own accesses round.
    const uint64_t sctlr = ~(1ull | 1 << 25);
    const struct {
        const char *name;
        uint64_t mask, code;
    } registers[] = {
        writable(actlr_el1, all), writable(cpacr_el1, all), writable(ttbr0_el1, all), writable(ttbr1_el1, all),
        writable(tcr_el1, all), writable(spsr_el1, all), writable(elr_el1, all), writable(sp_el0, all), writable(afsr0_el1, all),
        writable(afsr1_el1, all), writable(esr_el1, all), writable(far_el1, all), writable(par_el1, all), writable(mair_el1, all),
        writable(amair_el1, all), writable(vbar_el1, all), writable(contextidr_el1, all), writable(tpidr_el1, all),
        writable(tpidr_el0, all), writable(tpidrro_el0, all), writable(cntkctl_el1, all), writable(csselr_el1, all),
        writable(sctlr_el1, sctlr),
        writable(mdscr_el1, all), writable(mdccint_el1, all), writable(osdlr_el1, all), writable(oseccr_el1, all),
        writable(dbgprcr_el1, all), writable(dbgbvr0_el1, all), writable(dbgbcr0_el1, all), writable(dbgbvr5_el1, all),
        writable(dbgbcr5_el1, all), writable(dbgwvr0_el1, all), writable(dbgwcr0_el1, all), writable(dbgwvr3_el1, all),
        writable(dbgwcr3_el1, all),
        writable(icc_pmr_el1, all), writable(icc_bpr0_el1, all), writable(icc_bpr1_el1, all), writable(icc_ctlr_el1, all),
        writable(icc_sre_el1, all), writable(icc_igrpen0_el1, all), writable(icc_igrpen1_el1, all), writable(icc_ap0r0_el1, all),
        writable(icc_ap1r0_el1, all),
        writable(cntp_ctl_el0, 3), writable(cntp_cval_el0, all), writable(cntv_ctl_el0, 3), writable(cntv_cval_el0, all),
        writable(fpcr, all), writable(fpsr, all), writable(nzcv, all), writable(daif, all), writable(spsel, 1),
        writable(s3_0_c4_c2_3, all), writable(s3_0_c4_c2_4, all),
    };
    write_register(cpacr_el1, 3 << 20);
    isb();
    // The MMU is off, so that nothing happens to fetches. Instructions and data stand at their physical addresses.
    write_register(sctlr_el1, read_register(sctlr_el1) & ~1ull);
    isb();
    for (uint32_t i = 0; i < sizeof registers / sizeof *registers; i++) {
        uint64_t mask = registers[i].mask, before = mask == sctlr ? read_register(sctlr_el1) : 0;
        const uint64_t x[8] = {0, mask | (before & ~mask), before & ~mask};
        const struct record *r = run_snippet(EL1h, registers[i].code, x);
        if (ended(r)) {
            say("%s: ones read as %016lx, zeroes as %016lx\n", registers[i].name, self()->x[0], self()->x[1]);
        } else {
            say("%s: ", registers[i].name);
            print_record(r, self()->pc);
        }
    }
    mmu_enable();
}

// MARK: Encodings

static uint32_t page[1024] __attribute__((aligned(4096)));

enum { word_SVC = 0xd4000001 | snippet_end_svc << 5 };
enum { word_SYS = 0xd5000000, word_read = 1 << 21 };

/// One letter for what came of an instruction: `allowed` if it was executed, - for UNDEFINED, t for a trap.
static char outcome(const struct record *record, char allowed) {
    if (ended(record)) return allowed;
    switch (record->esr) {
    case 0x02000000: return '-';
    default: return record->esr >> 26 == 0x18 ? 't' : record->esr >> 26 == 0x07 ? 'f' : '?';
    }
}

/// All 128 encodings of an op0, op1, CRn: reads and writes at EL1 and EL0, 16 bytes each. What can be read is written back.
static void encodings(uint32_t op0, uint32_t op1, uint32_t crn, uint64_t value) {
    for (uint32_t i = 0; i < 128; i++) {
        uint32_t word = word_SYS | op0 << 19 | op1 << 16 | crn << 12 | i << 5;
        page[4 * i] = word | word_read;
        page[4 * i + 1] = word_SVC;
        page[4 * i + 2] = word;
        page[4 * i + 3] = word_SVC;
    }
    for (uint32_t i = 0; i < sizeof page; i += 64) __asm__ volatile("dc cvau, %0" : : "r"((uint64_t)page + i) : "memory");
    __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" : : : "memory");

    for (uint32_t i = 0; i < 128; i++) {
        char letters[2][2] = {{'-', '-'}, {'-', '-'}};
        bool is_there = false;
        // What EL1 has not is not asked for at EL0 too, but where EL0's own registers are.
        for (uint32_t level = 0; level < (is_there || op1 == 3 ? 2 : 1); level++) {
            uint64_t spsr = level == 0 ? EL1h : EL0t, alias = level == 0 ? 0 : user_alias;
            uint64_t pc = (uint64_t)&page[4 * i] + alias;
            self()->x[0] = value + alias;
            letters[level][0] = outcome(run(spsr, pc), 'r');
            if (letters[level][0] != 'r' || op0 == 1) self()->x[0] = op0 == 1 ? value + alias : 0;
            letters[level][1] = outcome(run(spsr, pc + 8), 'w');
            is_there |= letters[level][0] != '-' || letters[level][1] != '-';
        }
        if (is_there)
            say("s%u_%u_c%u_c%u_%u: EL1 %c%c EL0 %c%c\n", op0, op1, crn, i >> 3, i & 7, letters[0][0], letters[0][1], letters[1][0],
                letters[1][1]);
    }
}

/// MSR (immediate): for each op1 and op2 the values of CRm that are executed at EL1 and EL0.
static void pstate_fields(void) {
    for (uint32_t op1 = 0; op1 < 8; op1++)
        for (uint32_t op2 = 0; op2 < 8; op2++) {
            uint32_t allowed[2] = {0}, trapped[2] = {0};
            for (uint32_t crm = 0; crm < 16; crm++)
                for (uint32_t level = 0; level < 2; level++) {
                    const struct record *r = run_word(level == 0 ? EL1h : EL0t, 0xd500401f | op1 << 16 | crm << 8 | op2 << 5);
                    if (ended(r)) allowed[level] |= 1u << crm;
                    else if (r->esr >> 26 == 0x18) trapped[level] |= 1u << crm;
                }
            if (allowed[0] | allowed[1] | trapped[0] | trapped[1])
                say("MSR immediate, op1 %u op2 %u: EL1 %04x EL0 %04x, traps from EL0 %04x\n", op1, op2, allowed[0], allowed[1],
                    trapped[1]);
        }
}

static uint8_t target[256] __attribute__((aligned(256)));

int main(void) {
    probe_begin("sysregs");
    identification();
    writable_bits();
    write_register(cpacr_el1, 3 << 20);
    write_register(cntkctl_el1, 0x303);
    // EL0 may do everything that SCTLR_EL1 can allow: UMA, DZE, UCT, UCI.
    write_register(sctlr_el1, read_register(sctlr_el1) | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 26 | 1 << 23);
    isb();
    for (uint32_t op0 = 2; op0 < 4; op0++)
        for (uint32_t op1 = 0; op1 < 8; op1++)
            for (uint32_t crn = 0; crn < 16; crn++) encodings(op0, op1, crn, 0);
    for (uint32_t op1 = 0; op1 < 8; op1++)
        for (uint32_t crn = 0; crn < 16; crn++) encodings(1, op1, crn, (uint64_t)target);
    write_register(sctlr_el1, read_register(sctlr_el1) & ~(1ull << 9));
    isb();
    pstate_fields();
    probe_end();
    return 0;
}
