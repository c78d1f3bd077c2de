import Shared

/// Who may access a system register.
struct SystemRegisterPermissions: OptionSet, Sendable {
    let rawValue: UInt8

    static let el1Read = Self(rawValue: 1)
    static let el1Write = Self(rawValue: 2)
    static let el0Read = Self(rawValue: 4)
    static let el0Write = Self(rawValue: 8)
    static let el1: Self = [.el1Read, .el1Write]
    /// Readable by both, writable by EL1.
    static let readByEL0: Self = [.el1Read, .el1Write, .el0Read]
    /// Readable by both, writable by neither.
    static let constant: Self = [.el1Read, .el0Read]
    static let all: Self = [.el1Read, .el1Write, .el0Read, .el0Write]
}

/// What sends a permitted access from EL0 to EL1 all the same (exception class 0x18).
enum EL0Trap: UInt8, Sendable {
    case none
    /// SCTLR_EL1.UCT, SCTLR_EL1.UMA, SCTLR_EL1.TSCXT.
    case uct, uma, tscxt
    /// CNTKCTL_EL1: EL0PCTEN, EL0VCTEN, either of them, EL0PTEN, EL0VTEN.
    case el0pcten, el0vcten, el0pctenAndVcten, el0pten, el0vten
    /// MDSCR_EL1.TDCC.
    case tdcc
}

/// What a write does beside storing.
enum SystemRegisterEffect: UInt8, Sendable {
    case none
    case translation
    case floatingPointAccess
    case debug
}

/// What stands behind a register.
enum SystemRegisterMeaning: Sendable {
    /// A field of `SystemRegisters`; a write replaces the bits of `mask`, the others keep their reset value.
    case state(
        WritableKeyPath<SystemRegisters, UInt64> & Sendable, mask: UInt64 = ~0, effect: SystemRegisterEffect = .none)
    /// Reads as this; writes, where permitted, are ignored.
    case constant(UInt64)
    /// Reads as the VM's identification registers say.
    case identification(IDRegister)
    case rule(SystemRegisterRule)
}

/// Registers with a behaviour of their own: see `readByRule` and `writeByRule`.
enum SystemRegisterRule: UInt8, Sendable {
    case breakpointValue, breakpointControl, watchpointValue, watchpointControl
    case mdscr, oslar, oslsr
    case mpidr, aa64mmfr0, ccsidr, isr, dczid
    /// Some of their bits come with features.
    case sctlr, tcr
    case currentEL, spSel, pan, uao, nzcv, daif, fpcr, fpsr, sp_EL0
    case counter
    case cntpTval, cntpCtl, cntpCval, cntvTval, cntvCtl, cntvCval
    case iccPMR, iccIAR0, iccEOIR0, iccHPPIR0, iccBPR0, iccAP0R0, iccAP1R0, iccDIR, iccRPR
    case iccSGI1R, iccASGI1R, iccSGI0R
    /// The access leaves the guest.
    case hypervisor
    case iccIAR1, iccEOIR1, iccHPPIR1, iccBPR1, iccCTLR, iccSRE, iccIGRPEN0, iccIGRPEN1
}

/// One system register.
struct SystemRegisterRow: Sendable {
    let register: SystemRegister
    let encoding: SystemRegisterEncoding
    let permissions: SystemRegisterPermissions
    let meaning: SystemRegisterMeaning
    let trap: EL0Trap
    /// Without it there is no such register.
    let requirement: CPUFeatureSet

    init(
        _ register: SystemRegister, _ permissions: SystemRegisterPermissions, _ meaning: SystemRegisterMeaning,
        trap: EL0Trap = .none, requires requirement: CPUFeatureSet = []
    ) {
        self.register = register
        encoding = register.encoding
        self.permissions = permissions
        self.meaning = meaning
        self.trap = trap
        self.requirement = requirement
    }

    var name: String { register.name }
}

/// Every system register of the PE, in the order of the encodings. `SystemRegister` has names and encodings.
///
/// Not here: the identification registers of op0 = 3, op1 = 0, CRn = 0, CRm = 1…7 that no row names. They read as zero.
/// Source: Arm ARM "AArch64 System register encoding".
enum SystemRegisterTable {
    private typealias Row = SystemRegisterRow

    /// The reset values are those of `SystemRegisters`.
    // swift-format-ignore
    static let rows: [SystemRegisterRow] = [
        // op0 = 2: debug. The debug communications channel has nobody at its other end.
        Row(.OSDTRRX_EL1,        .el1,       .constant(0)),
        Row(.DBGBVR0_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBVR1_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBVR2_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBVR3_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBVR4_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBVR5_EL1,        .el1,       .rule(.breakpointValue)),
        Row(.DBGBCR0_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGBCR1_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGBCR2_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGBCR3_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGBCR4_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGBCR5_EL1,        .el1,       .rule(.breakpointControl)),
        Row(.DBGWVR0_EL1,        .el1,       .rule(.watchpointValue)),
        Row(.DBGWVR1_EL1,        .el1,       .rule(.watchpointValue)),
        Row(.DBGWVR2_EL1,        .el1,       .rule(.watchpointValue)),
        Row(.DBGWVR3_EL1,        .el1,       .rule(.watchpointValue)),
        Row(.DBGWCR0_EL1,        .el1,       .rule(.watchpointControl)),
        Row(.DBGWCR1_EL1,        .el1,       .rule(.watchpointControl)),
        Row(.DBGWCR2_EL1,        .el1,       .rule(.watchpointControl)),
        Row(.DBGWCR3_EL1,        .el1,       .rule(.watchpointControl)),
        Row(.MDCCINT_EL1,        .el1,       .constant(0)),
        Row(.MDSCR_EL1,          .el1,       .rule(.mdscr)),
        Row(.OSDTRTX_EL1,        .el1,       .constant(0)),
        Row(.OSECCR_EL1,         .el1,       .constant(0)),
        Row(.MDRAR_EL1,          .el1Read,   .constant(0)),
        Row(.OSLAR_EL1,          .el1Write,  .rule(.oslar)),
        Row(.OSLSR_EL1,          .el1Read,   .rule(.oslsr)),
        Row(.OSDLR_EL1,          .el1,       .state(\.osdlr_EL1, mask: 1, effect: .debug)),
        Row(.DBGPRCR_EL1,        .el1,       .state(\.dbgprcr_EL1, mask: 1, effect: .debug)),
        Row(.DBGCLAIMSET_EL1,    .el1,       .constant(0)),
        Row(.DBGCLAIMCLR_EL1,    .el1,       .constant(0)),
        Row(.DBGAUTHSTATUS_EL1,  .el1Read,   .constant(0)),
        Row(.MDCCSR_EL0,         .constant,  .constant(0), trap: .tdcc),
        Row(.DBGDTR_EL0,         .all,       .constant(0), trap: .tdcc),
        Row(.DBGDTRRX_EL0,       .all,       .constant(0), trap: .tdcc),

        // op0 = 3, op1 = 0: EL1.
        Row(.MIDR_EL1,           .el1Read,   .constant(IDRegisters.midr_EL1)),
        Row(.MPIDR_EL1,          .el1Read,   .rule(.mpidr)),
        Row(.REVIDR_EL1,         .el1Read,   .constant(0)),
        Row(.ID_AA64PFR0_EL1,    .el1Read,   .identification(.pfr0)),
        Row(.ID_AA64DFR0_EL1,    .el1Read,   .constant(IDRegisters.id_AA64DFR0_EL1)),
        Row(.ID_AA64ISAR0_EL1,   .el1Read,   .identification(.isar0)),
        Row(.ID_AA64ISAR1_EL1,   .el1Read,   .identification(.isar1)),
        Row(.ID_AA64MMFR0_EL1,   .el1Read,   .rule(.aa64mmfr0)),
        Row(.ID_AA64MMFR1_EL1,   .el1Read,   .identification(.mmfr1)),
        Row(.ID_AA64MMFR2_EL1,   .el1Read,   .identification(.mmfr2)),
        Row(.SCTLR_EL1,          .el1,       .rule(.sctlr)),
        // Trapped, as under HCR_EL2.TACR: the hypervisor's to answer.
        Row(.ACTLR_EL1,          .el1,       .rule(.hypervisor)),
        // FPEN
        Row(.CPACR_EL1,          .el1,       .state(\.cpacr_EL1, mask: 3 << 20, effect: .floatingPointAccess)),
        Row(.TTBR0_EL1,          .el1,       .state(\.ttbr0_EL1, mask: ~1, effect: .translation)),
        Row(.TTBR1_EL1,          .el1,       .state(\.ttbr1_EL1, mask: ~1, effect: .translation)),
        Row(.TCR_EL1,            .el1,       .rule(.tcr)),
        Row(.SPSR_EL1,           .el1,       .state(\.spsr_EL1, mask: 0xFFFF_FFFF)),
        Row(.ELR_EL1,            .el1,       .state(\.elr_EL1)),
        Row(.SP_EL0,             .el1,       .rule(.sp_EL0)),
        Row(.SPSel,              .el1,       .rule(.spSel)),
        Row(.CurrentEL,          .el1Read,   .rule(.currentEL)),
        Row(.PAN,                .el1,       .rule(.pan), requires: .init(.PAN)),
        Row(.UAO,                .el1,       .rule(.uao), requires: .init(.UAO)),
        Row(.ICC_PMR_EL1,        .el1,       .rule(.iccPMR)),
        Row(.AFSR0_EL1,          .el1,       .state(\.afsr0_EL1)),
        Row(.AFSR1_EL1,          .el1,       .state(\.afsr1_EL1)),
        Row(.ESR_EL1,            .el1,       .state(\.esr_EL1, mask: 0xFFFF_FFFF)),
        Row(.FAR_EL1,            .el1,       .state(\.far_EL1)),
        Row(.PAR_EL1,            .el1,       .state(\.par_EL1)),
        Row(.MAIR_EL1,           .el1,       .state(\.mair_EL1, effect: .translation)),
        Row(.AMAIR_EL1,          .el1,       .state(\.amair_EL1)),
        Row(.VBAR_EL1,           .el1,       .state(\.vbar_EL1, mask: ~0x7FF)),
        Row(.ISR_EL1,            .el1Read,   .rule(.isr)),
        Row(.ICC_IAR0_EL1,       .el1Read,   .rule(.iccIAR0)),
        Row(.ICC_EOIR0_EL1,      .el1Write,  .rule(.iccEOIR0)),
        Row(.ICC_HPPIR0_EL1,     .el1Read,   .rule(.iccHPPIR0)),
        Row(.ICC_BPR0_EL1,       .el1,       .rule(.iccBPR0)),
        Row(.ICC_AP0R0_EL1,      .el1,       .rule(.iccAP0R0)),
        Row(.ICC_AP1R0_EL1,      .el1,       .rule(.iccAP1R0)),
        Row(.ICC_DIR_EL1,        .el1Write,  .rule(.iccDIR)),
        Row(.ICC_RPR_EL1,        .el1Read,   .rule(.iccRPR)),
        Row(.ICC_SGI1R_EL1,      .el1Write,  .rule(.iccSGI1R)),
        Row(.ICC_ASGI1R_EL1,     .el1Write,  .rule(.iccASGI1R)),
        Row(.ICC_SGI0R_EL1,      .el1Write,  .rule(.iccSGI0R)),
        Row(.ICC_IAR1_EL1,       .el1Read,   .rule(.iccIAR1)),
        Row(.ICC_EOIR1_EL1,      .el1Write,  .rule(.iccEOIR1)),
        Row(.ICC_HPPIR1_EL1,     .el1Read,   .rule(.iccHPPIR1)),
        Row(.ICC_BPR1_EL1,       .el1,       .rule(.iccBPR1)),
        Row(.ICC_CTLR_EL1,       .el1,       .rule(.iccCTLR)),
        Row(.ICC_SRE_EL1,        .el1,       .rule(.iccSRE)),
        Row(.ICC_IGRPEN0_EL1,    .el1,       .rule(.iccIGRPEN0)),
        Row(.ICC_IGRPEN1_EL1,    .el1,       .rule(.iccIGRPEN1)),
        Row(.CONTEXTIDR_EL1,     .el1,       .state(\.contextidr_EL1, mask: 0xFFFF_FFFF)),
        Row(.TPIDR_EL1,          .el1,       .state(\.tpidr_EL1)),
        Row(.SCXTNUM_EL1,        .el1,       .state(\.scxtnum_EL1), requires: .init(.CSV2_2)),
        // EL0PCTEN EL0VCTEN EVNTEN EVNTDIR EVNTI EL0VTEN EL0PTEN
        Row(.CNTKCTL_EL1,        .el1,       .state(\.cntkctl_EL1, mask: 0x3FF)),

        // op1 = 1, 2: caches.
        Row(.CCSIDR_EL1,         .el1Read,   .rule(.ccsidr)),
        Row(.CLIDR_EL1,          .el1Read,   .constant(IDRegisters.clidr_EL1)),
        Row(.AIDR_EL1,           .el1Read,   .constant(0)),
        Row(.CSSELR_EL1,         .el1,       .state(\.csselr_EL1, mask: 0xF)),

        // op1 = 3: EL0.
        Row(.CTR_EL0,            .constant,  .constant(IDRegisters.ctr_EL0), trap: .uct),
        Row(.DCZID_EL0,          .constant,  .rule(.dczid)),
        Row(.NZCV,               .all,       .rule(.nzcv)),
        Row(.DAIF,               .all,       .rule(.daif), trap: .uma),
        Row(.FPCR,               .all,       .rule(.fpcr)),
        Row(.FPSR,               .all,       .rule(.fpsr)),
        Row(.TPIDR_EL0,          .all,       .state(\.tpidr_EL0)),
        Row(.TPIDRRO_EL0,        .readByEL0, .state(\.tpidrro_EL0)),
        Row(.SCXTNUM_EL0,        .all,       .state(\.scxtnum_EL0), trap: .tscxt, requires: .init(.CSV2_2)),
        Row(.CNTFRQ_EL0,         .constant,  .constant(GenericTimers.frequency), trap: .el0pctenAndVcten),
        Row(.CNTPCT_EL0,         .constant,  .rule(.counter), trap: .el0pcten),
        Row(.CNTVCT_EL0,         .constant,  .rule(.counter), trap: .el0vcten),
        Row(.CNTP_TVAL_EL0,      .all,       .rule(.cntpTval), trap: .el0pten),
        Row(.CNTP_CTL_EL0,       .all,       .rule(.cntpCtl), trap: .el0pten),
        Row(.CNTP_CVAL_EL0,      .all,       .rule(.cntpCval), trap: .el0pten),
        Row(.CNTV_TVAL_EL0,      .all,       .rule(.cntvTval), trap: .el0vten),
        Row(.CNTV_CTL_EL0,       .all,       .rule(.cntvCtl), trap: .el0vten),
        Row(.CNTV_CVAL_EL0,      .all,       .rule(.cntvCval), trap: .el0vten),
    ]

    /// Stands for each of the identification registers that no row names.
    static let reservedID = SystemRegisterRow(.ID_PFR0_EL1, .el1Read, .constant(0))

    /// 1 + row number by encoding less 2 << 14 (op0 is 2 or 3); 0 for none.
    private nonisolated(unsafe) static let index: UnsafeMutablePointer<UInt8> = {
        let index = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 15)
        index.initialize(repeating: 0, count: 1 << 15)
        for (number, row) in rows.enumerated() {
            index[Int(row.encoding.rawValue & 0x7FFF)] = UInt8(truncatingIfNeeded: number + 1)
        }
        return index
    }()

    /// The row of `e`, or nil where nothing is allocated.
    static func row(_ e: SystemRegisterEncoding) -> SystemRegisterRow? {
        guard e.op0 >= 2 else { return nil }
        let number = Int(index[Int(e.rawValue & 0x7FFF)])
        if number != 0 { return rows[number - 1] }
        if e.op0 == 3, e.op1 == 0, e.crn == 0, 1...7 ~= e.crm { return reservedID }
        return nil
    }
}
