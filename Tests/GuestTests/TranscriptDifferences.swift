extension TranscriptDifference {
    /// Every line in which Armada and QEMU 7.2 differ, and why. A line belongs here only if the architecture leaves the choice,
    /// if the two announce different features, or if QEMU is wrong.
    static let all: [TranscriptDifference] = exceptions + sysregs + debug + alignment + gic + memory

    private static let exceptions: [TranscriptDifference] = [
        TranscriptDifference(
            "exceptions", armada: #"EL1[th]: SMC #[01]: ok"#, qemu: #"EL1[th]: SMC #[01]: vector .00 ESR 02000000 .*"#,
            "QEMU's machine has no EL3, so that SMC is UNDEFINED; a hypervisor traps it, as KVM does"),
        TranscriptDifference(
            "exceptions", armada: #".*MSR DAIF(Set|Clr): vector 400 ESR 620[ce]d3.*"#,
            qemu: #".*MSR DAIF(Set|Clr): vector 400 ESR 6207[9d]3.*"#,
            "QEMU exchanges op1 and op2 in the syndrome of a trapped MSR (immediate)"),
        TranscriptDifference(
            "exceptions", armada: #"HVC, PSCI_VERSION, high half of x0 set: 10001, .*"#,
            qemu: #"HVC, PSCI_VERSION, high half of x0 set: ffffffffffffffff, .*"#,
            "the function is in W0 (SMC Calling Convention); QEMU compares X0"),
        TranscriptDifference(
            "exceptions", armada: #"HVC, (FEATURES of SMCCC_VERSION|SMCCC_.*): (0|1|10001), .*"#,
            qemu: #"HVC, (FEATURES of SMCCC_VERSION|SMCCC_.*): ffffffffffffffff, .*"#, "QEMU has PSCI without SMCCC 1.1"
        ),
        TranscriptDifference(
            "exceptions", armada: #"EL1[th]: ERET with 004003..: .* SPSR 005003c[45]"#,
            qemu: #"EL1[th]: ERET with 004003..: .* SPSR 001003c[45]"#,
            "an illegal return takes PAN from SPSR_EL1 too (SetPSTATEFromPSR); QEMU leaves it out"),
        TranscriptDifference(
            "exceptions", armada: #"EL1[th]: ERET with .*[5d]0: vector .00 ESR 3a000000 .*"#,
            qemu: #"EL1[th]: ERET with 000003d0: AArch32 is there"#, "a Cortex-A76 has AArch32 at EL0, we have not"),
        TranscriptDifference(
            "exceptions", armada: #"EL..: BR to an unmapped, misaligned PC: vector .00 ESR 8a000000 .*"#,
            qemu: #"EL..: BR to an unmapped, misaligned PC: vector .00 ESR 8[26]000004 .*"#,
            "a PC alignment fault comes before an instruction abort; QEMU fetches first"),
        TranscriptDifference(
            "exceptions", armada: #"SCTLR_nTWE = 0: SEVL, WFE, WFE: vector 400 ESR 07e00001 .*"#,
            qemu: #"SCTLR_nTWE = 0: SEVL, WFE, WFE: ok"#, "WFE never waits in QEMU, and so does not trap"),
        TranscriptDifference(
            "exceptions", armada: #"EL..: SA, SA0 = 1: .* at SP \+ 0, 1, 4, 8: ok( .00 9a000000){3}"#,
            qemu: #"EL..: SA, SA0 = 1: .* at SP \+ 0, 1, 4, 8: ok ok ok ok"#, "QEMU does not check the alignment of SP"),
    ]

    /// One row for each register whose fields or writable bits differ.
    private static let sysregs: [TranscriptDifference] = [
        identification("ID_AA64PFR0_EL1", "EL0|RAS|CSV2"),
        identification("ID_AA64PFR1_EL1", "SSBS"),
        identification("ID_AA64DFR0_EL1", "DebugVer|PMUVer"),
        identification("ID_AA64ISAR0_EL1", "TS"),
        identification("ID_AA64MMFR0_EL1", "BigEnd|SNSMem"),
        identification("ID_AA64MMFR1_EL1", "HAFDBS|VMIDBits|VH|HPDS|LO|XNX"),
        identification("ID_AA64MMFR2_EL1", "CnP|IESB|E0PD"),
        TranscriptDifference(
            "sysregs", armada: #"(MIDR_EL1\.\w+|CLIDR_EL1, the rest|CCSIDR_EL1 of .*)( =|:) .*"#,
            qemu: #"(MIDR_EL1\.\w+|CLIDR_EL1, the rest|CCSIDR_EL1 of .*)( =|:) .*"#, "another processor, other caches"),
        TranscriptDifference(
            "sysregs", armada: "CNTFRQ_EL0, the rest: 3b9aca00", qemu: "CNTFRQ_EL0, the rest: 3b9aca0",
            "Armada's counter runs at 1 GHz, QEMU's at 62.5 MHz"),

        // Bits that can be written.
        TranscriptDifference(
            "sysregs",
            armada: "(\(withReservedBits))_el1: ones read as .*", qemu: "(\(withReservedBits))_el1: ones read as .*",
            "QEMU keeps what is written to reserved bits; here they read as zero or one, as they must be for later use"),
        TranscriptDifference(
            "sysregs", armada: #"(afsr[01]|amair)_el1: ones read as f{16}, zeroes as 0{16}"#,
            qemu: #"(afsr[01]|amair)_el1: ones read as 0{16}, zeroes as 0{16}"#, "implementation defined content"),
        TranscriptDifference(
            "sysregs", armada: #"(mdccint|oseccr|dbgprcr)_el1: ones read as 0{15}[01], zeroes as 0{16}"#,
            qemu: #"(mdccint|oseccr|dbgprcr)_el1: .*"#,
            "external debug: reads as zero without a debugger; QEMU lacks some and keeps bits of others"),
        TranscriptDifference(
            "sysregs", armada: #"icc_pmr_el1: ones read as 0{14}f8, .*"#,
            qemu: #"icc_pmr_el1: ones read as 0{8}f{7}8, .*"#,
            "QEMU keeps bits above the priority"),
        TranscriptDifference(
            "sysregs", armada: #"icc_ctlr_el1: ones read as .*"#, qemu: #"icc_ctlr_el1: ones read as .*"#,
            "IDbits and RSS: 16 bits of INTID and range selectors here, 24 bits and none there"),
        TranscriptDifference(
            "sysregs", armada: #"fp[cs]r: ones read as .*"#, qemu: #"fp[cs]r: ones read as .*"#,
            "QEMU keeps the fields Stride, Len and NZCV, which are reserved without AArch32"),

        // Encodings.
        encodings("s2_0_c0_c[036]_2", only: "armada", "OSDTRRX, OSDTRTX, OSECCR: debug registers that QEMU lacks"),
        encodings(
            "s2_0_c(1_c4_4|7_c8_6|7_c9_6|7_c14_6)", only: "armada", "DBGPRCR, DBGCLAIM, DBGAUTHSTATUS: QEMU lacks them"),
        encodings("s2_3_c0_c[45]_0", only: "armada", "DBGDTR: QEMU lacks the debug communications channel"),
        encodings("s3_[03]_c13_c0_7", only: "armada", "SCXTNUM: FEAT_CSV2_2, which a Cortex-A76 has not"),
        encodings("s3_(0_c5_c3_0|0_c12_c1_1)", only: "qemu", "ERRIDR, DISR: FEAT_RAS"),
        encodings("s3_0_c12_c0_1", only: "qemu", "RVBAR_EL1: EL1 is the highest level there"),
        encodings("s3_(0_c9_c14_[12]|3_c9_c1[234]_.|3_c14_c(8|12|15)_.)", only: "qemu", "the performance monitors"),
        encodings("s3_0_c10_c4_[01237]", only: "qemu", "FEAT_LOR"),
        encodings("s3_1_c15_c3_0", only: "qemu", "CBAR: of the Cortex-A76's own"),
        encodings("s3_3_c4_c2_6", only: "qemu", "FEAT_SSBS"),
        TranscriptDifference(
            "sysregs", armada: "s3_3_c14_c0_0: EL1 r- EL0 r-", qemu: "s3_3_c14_c0_0: EL1 rw EL0 r-",
            "CNTFRQ_EL0 can be written at the highest level: EL1 in QEMU, the hypervisor's here"),
        TranscriptDifference("sysregs", qemu: "MSR immediate, op1 3 op2 1: .*", "FEAT_SSBS"),
        TranscriptDifference(
            "sysregs", armada: "MSR immediate, op1 0 op2 0: EL1 0001 EL0 0001, .*",
            "CFINV: FEAT_FlagM, which a Cortex-A76 has not"),
    ]

    private static let withReservedBits =
        "cpacr|ttbr[01]|tcr|spsr|esr|vbar|contextidr|cntkctl|sctlr|mdscr|dbg[bw][cv]r[0-9]"

    private static func identification(_ register: String, _ fields: String) -> TranscriptDifference {
        let pattern = #"\#(register)\.(\#(fields)) = \d+"#
        return TranscriptDifference(
            "sysregs", armada: pattern, qemu: pattern, "other features are announced than a Cortex-A76 has")
    }

    private static func encodings(_ pattern: String, only side: String, _ reason: String) -> TranscriptDifference {
        let line = "(\(pattern)): EL1 .. EL0 .."
        return TranscriptDifference(
            "sysregs", armada: side == "armada" ? line : nil, qemu: side == "qemu" ? line : nil, reason)
    }

    private static let debug: [TranscriptDifference] = [
        TranscriptDifference(
            "debug", armada: "with the OS lock: ok", qemu: "with the OS lock: vector 400 ESR c2000022 .*",
            "no debug exception under the OS lock; QEMU looks at bit 0 of OSLSR_EL1, where OSLK is bit 1"),
        TranscriptDifference(
            "debug", armada: "with the OS lock: x0 is then 3", qemu: "with the OS lock: x0 is then 1",
            "what follows from that"),
        TranscriptDifference(
            "debug", armada: "where nothing is mapped: vector 400 ESR 82000004 .*",
            qemu: "where nothing is mapped: vector 400 ESR c2000022 .*",
            "an instruction abort comes before a breakpoint; QEMU compares before it fetches"),
        TranscriptDifference(
            "debug", armada: #"dc ivac: vector 200 ESR d6000162 .* FAR area \+ 40"#, qemu: "dc ivac: ok",
            "DC IVAC counts as a store to its line; in QEMU it does nothing"),
        TranscriptDifference(
            "debug", armada: ".*, an unaligned (load (before|behind) them|store behind it): ok",
            qemu: ".*, an unaligned (load (before|behind) them|store behind it): vector .*",
            "no watched byte is accessed; QEMU makes aligned loads of an unaligned one, and looks at the page's start at stores"
        ),
        TranscriptDifference(
            "debug", armada: #".*, an unaligned load in them: .* FAR area \+ 104"#,
            qemu: #".*, an unaligned load in them: .* FAR area \+ 102"#,
            "FAR_EL1 is not below the accessed bytes; for QEMU see above"),
        TranscriptDifference(
            "debug", qemu: #"at EL1, D set on the way: class 33 ESR cf000022 ELR \+8 SPSR 000003c5 x0 0"#,
            "PSTATE.D, set by MSR, masks the step of that very MSR; QEMU has made up its mind before"),
        TranscriptDifference(
            "debug", qemu: #"MDSCR.SS cleared on the way: class 33 ESR cf000022 ELR \+4 SPSR 000001c5 x0 0"#,
            "MDSCR_EL1.SS, cleared by MSR, counts at once; up to the next context synchronization either is right"),
    ]

    private static let alignment: [TranscriptDifference] = [
        TranscriptDifference(
            "alignment", armada: #"Device-.*, A = 0: .*( 960000[26]1@\d+)+.*"#,
            qemu: #"Device-.*, A = 0: .*( (ok|960000[04]f@\d+))+"#,
            "QEMU 7.2 lets Device memory be accessed at any address"),
        TranscriptDifference(
            "alignment", armada: "Device-.*: DC ZVA:( 96000061@[0-9]+)+", qemu: "Device-.*: DC ZVA:( ok)+",
            "DC ZVA of Device memory may give an alignment fault (DC ZVA), and does so here"),
        TranscriptDifference(
            "alignment", armada: ".*: STX[RP] X, monitor elsewhere:( ok| 96000061@-?[0-9]+)+",
            qemu: ".*: STX[RP] X, monitor elsewhere:( ok)+",
            "a store-exclusive checks its address before the monitor (ExclusiveMonitorsPass), QEMU after it"),
        TranscriptDifference(
            "alignment", armada: "within an unmapped page: (DC|IC) [A-Z]*: vector 200 ESR 96000147 .*",
            qemu: "within an unmapped page: (DC|IC) [A-Z]*: ok",
            "QEMU has no caches, so that maintenance looks at no address"),
        TranscriptDifference(
            "alignment", armada: "MMU off, LDR X [+] 1: vector 200 ESR 96000021 .*", qemu: "MMU off, LDR X [+] 1: ok",
            "with the MMU off memory is Device-nGnRnE, see above"),
    ]

    private static let gic: [TranscriptDifference] = [
        TranscriptDifference(
            "gic", armada: #"priority (ff|01|87): SGI (f8|00|80) SPI (f8|00|80)"#,
            qemu: #"priority (..): SGI \1 SPI \1"#,
            "five bits of priority here; QEMU's distributor keeps eight, of which its CPU interface looks at five"),
        TranscriptDifference(
            "gic", armada: "to a range that is not there from vCPU 1:",
            qemu: "to a range that is not there from vCPU 1: .*",
            "GICD_TYPER.RSS is 0 in QEMU, which ignores the range selector"),
    ]
}
