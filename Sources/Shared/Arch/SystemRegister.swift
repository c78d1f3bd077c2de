/// A system register of the PE: its name in the architecture, and as raw value its encoding.
///
/// The identification registers (op0 = 3, op1 = 0, CRn = 0, CRm = 1…7) are here with all their names; encodings of that
/// space without a name read as zero.
/// Source: Arm ARM "AArch64 System register encoding".
// swift-format-ignore
package enum SystemRegister: UInt16, CaseIterable, Sendable {
    //                          op0 op1 CRn  CRm  op2
    // op0 = 2: debug.
    case OSDTRRX_EL1         = 0b10_000_0000_0000_010
    case DBGBVR0_EL1         = 0b10_000_0000_0000_100
    case DBGBVR1_EL1         = 0b10_000_0000_0001_100
    case DBGBVR2_EL1         = 0b10_000_0000_0010_100
    case DBGBVR3_EL1         = 0b10_000_0000_0011_100
    case DBGBVR4_EL1         = 0b10_000_0000_0100_100
    case DBGBVR5_EL1         = 0b10_000_0000_0101_100
    case DBGBCR0_EL1         = 0b10_000_0000_0000_101
    case DBGBCR1_EL1         = 0b10_000_0000_0001_101
    case DBGBCR2_EL1         = 0b10_000_0000_0010_101
    case DBGBCR3_EL1         = 0b10_000_0000_0011_101
    case DBGBCR4_EL1         = 0b10_000_0000_0100_101
    case DBGBCR5_EL1         = 0b10_000_0000_0101_101
    case DBGWVR0_EL1         = 0b10_000_0000_0000_110
    case DBGWVR1_EL1         = 0b10_000_0000_0001_110
    case DBGWVR2_EL1         = 0b10_000_0000_0010_110
    case DBGWVR3_EL1         = 0b10_000_0000_0011_110
    case DBGWCR0_EL1         = 0b10_000_0000_0000_111
    case DBGWCR1_EL1         = 0b10_000_0000_0001_111
    case DBGWCR2_EL1         = 0b10_000_0000_0010_111
    case DBGWCR3_EL1         = 0b10_000_0000_0011_111
    case MDCCINT_EL1         = 0b10_000_0000_0010_000
    case MDSCR_EL1           = 0b10_000_0000_0010_010
    case OSDTRTX_EL1         = 0b10_000_0000_0011_010
    case OSECCR_EL1          = 0b10_000_0000_0110_010
    case MDRAR_EL1           = 0b10_000_0001_0000_000
    case OSLAR_EL1           = 0b10_000_0001_0000_100
    case OSLSR_EL1           = 0b10_000_0001_0001_100
    case OSDLR_EL1           = 0b10_000_0001_0011_100
    case DBGPRCR_EL1         = 0b10_000_0001_0100_100
    case DBGCLAIMSET_EL1     = 0b10_000_0111_1000_110
    case DBGCLAIMCLR_EL1     = 0b10_000_0111_1001_110
    case DBGAUTHSTATUS_EL1   = 0b10_000_0111_1110_110
    case MDCCSR_EL0          = 0b10_011_0000_0001_000
    case DBGDTR_EL0          = 0b10_011_0000_0100_000
    case DBGDTRRX_EL0        = 0b10_011_0000_0101_000

    // op0 = 3, op1 = 0: EL1.
    case MIDR_EL1            = 0b11_000_0000_0000_000
    case MPIDR_EL1           = 0b11_000_0000_0000_101
    case REVIDR_EL1          = 0b11_000_0000_0000_110
    case ID_AA64PFR0_EL1     = 0b11_000_0000_0100_000
    case ID_AA64DFR0_EL1     = 0b11_000_0000_0101_000
    case ID_AA64ISAR0_EL1    = 0b11_000_0000_0110_000
    case ID_AA64ISAR1_EL1    = 0b11_000_0000_0110_001
    case ID_AA64MMFR0_EL1    = 0b11_000_0000_0111_000
    case ID_AA64MMFR1_EL1    = 0b11_000_0000_0111_001
    case ID_AA64MMFR2_EL1    = 0b11_000_0000_0111_010
    case SCTLR_EL1           = 0b11_000_0001_0000_000
    case ACTLR_EL1           = 0b11_000_0001_0000_001
    case CPACR_EL1           = 0b11_000_0001_0000_010
    case TTBR0_EL1           = 0b11_000_0010_0000_000
    case TTBR1_EL1           = 0b11_000_0010_0000_001
    case TCR_EL1             = 0b11_000_0010_0000_010
    case SPSR_EL1            = 0b11_000_0100_0000_000
    case ELR_EL1             = 0b11_000_0100_0000_001
    case SP_EL0              = 0b11_000_0100_0001_000
    case SPSel               = 0b11_000_0100_0010_000
    case CurrentEL           = 0b11_000_0100_0010_010
    case PAN                 = 0b11_000_0100_0010_011
    case UAO                 = 0b11_000_0100_0010_100
    case ICC_PMR_EL1         = 0b11_000_0100_0110_000
    case AFSR0_EL1           = 0b11_000_0101_0001_000
    case AFSR1_EL1           = 0b11_000_0101_0001_001
    case ESR_EL1             = 0b11_000_0101_0010_000
    case FAR_EL1             = 0b11_000_0110_0000_000
    case PAR_EL1             = 0b11_000_0111_0100_000
    case MAIR_EL1            = 0b11_000_1010_0010_000
    case AMAIR_EL1           = 0b11_000_1010_0011_000
    case VBAR_EL1            = 0b11_000_1100_0000_000
    case ISR_EL1             = 0b11_000_1100_0001_000
    case ICC_IAR0_EL1        = 0b11_000_1100_1000_000
    case ICC_EOIR0_EL1       = 0b11_000_1100_1000_001
    case ICC_HPPIR0_EL1      = 0b11_000_1100_1000_010
    case ICC_BPR0_EL1        = 0b11_000_1100_1000_011
    case ICC_AP0R0_EL1       = 0b11_000_1100_1000_100
    case ICC_AP1R0_EL1       = 0b11_000_1100_1001_000
    case ICC_DIR_EL1         = 0b11_000_1100_1011_001
    case ICC_RPR_EL1         = 0b11_000_1100_1011_011
    case ICC_SGI1R_EL1       = 0b11_000_1100_1011_101
    case ICC_ASGI1R_EL1      = 0b11_000_1100_1011_110
    case ICC_SGI0R_EL1       = 0b11_000_1100_1011_111
    case ICC_IAR1_EL1        = 0b11_000_1100_1100_000
    case ICC_EOIR1_EL1       = 0b11_000_1100_1100_001
    case ICC_HPPIR1_EL1      = 0b11_000_1100_1100_010
    case ICC_BPR1_EL1        = 0b11_000_1100_1100_011
    case ICC_CTLR_EL1        = 0b11_000_1100_1100_100
    case ICC_SRE_EL1         = 0b11_000_1100_1100_101
    case ICC_IGRPEN0_EL1     = 0b11_000_1100_1100_110
    case ICC_IGRPEN1_EL1     = 0b11_000_1100_1100_111
    case CONTEXTIDR_EL1      = 0b11_000_1101_0000_001
    case TPIDR_EL1           = 0b11_000_1101_0000_100
    case SCXTNUM_EL1         = 0b11_000_1101_0000_111
    case CNTKCTL_EL1         = 0b11_000_1110_0001_000

    // op1 = 1, 2: caches.
    case CCSIDR_EL1          = 0b11_001_0000_0000_000
    case CLIDR_EL1           = 0b11_001_0000_0000_001
    case AIDR_EL1            = 0b11_001_0000_0000_111
    case CSSELR_EL1          = 0b11_010_0000_0000_000

    // op1 = 3: EL0.
    case CTR_EL0             = 0b11_011_0000_0000_001
    case DCZID_EL0           = 0b11_011_0000_0000_111
    case NZCV                = 0b11_011_0100_0010_000
    case DAIF                = 0b11_011_0100_0010_001
    case FPCR                = 0b11_011_0100_0100_000
    case FPSR                = 0b11_011_0100_0100_001
    case TPIDR_EL0           = 0b11_011_1101_0000_010
    case TPIDRRO_EL0         = 0b11_011_1101_0000_011
    case SCXTNUM_EL0         = 0b11_011_1101_0000_111
    case CNTFRQ_EL0          = 0b11_011_1110_0000_000
    case CNTPCT_EL0          = 0b11_011_1110_0000_001
    case CNTVCT_EL0          = 0b11_011_1110_0000_010
    case CNTP_TVAL_EL0       = 0b11_011_1110_0010_000
    case CNTP_CTL_EL0        = 0b11_011_1110_0010_001
    case CNTP_CVAL_EL0       = 0b11_011_1110_0010_010
    case CNTV_TVAL_EL0       = 0b11_011_1110_0011_000
    case CNTV_CTL_EL0        = 0b11_011_1110_0011_001
    case CNTV_CVAL_EL0       = 0b11_011_1110_0011_010

    // op0 = 3, op1 = 0: identification of what the PE does not have. They read as zero.
    case ID_PFR0_EL1         = 0b11_000_0000_0001_000
    case ID_PFR1_EL1         = 0b11_000_0000_0001_001
    case ID_DFR0_EL1         = 0b11_000_0000_0001_010
    case ID_AFR0_EL1         = 0b11_000_0000_0001_011
    case ID_MMFR0_EL1        = 0b11_000_0000_0001_100
    case ID_MMFR1_EL1        = 0b11_000_0000_0001_101
    case ID_MMFR2_EL1        = 0b11_000_0000_0001_110
    case ID_MMFR3_EL1        = 0b11_000_0000_0001_111
    case ID_ISAR0_EL1        = 0b11_000_0000_0010_000
    case ID_ISAR1_EL1        = 0b11_000_0000_0010_001
    case ID_ISAR2_EL1        = 0b11_000_0000_0010_010
    case ID_ISAR3_EL1        = 0b11_000_0000_0010_011
    case ID_ISAR4_EL1        = 0b11_000_0000_0010_100
    case ID_ISAR5_EL1        = 0b11_000_0000_0010_101
    case ID_MMFR4_EL1        = 0b11_000_0000_0010_110
    case ID_ISAR6_EL1        = 0b11_000_0000_0010_111
    case MVFR0_EL1           = 0b11_000_0000_0011_000
    case MVFR1_EL1           = 0b11_000_0000_0011_001
    case MVFR2_EL1           = 0b11_000_0000_0011_010
    case ID_PFR2_EL1         = 0b11_000_0000_0011_100
    case ID_DFR1_EL1         = 0b11_000_0000_0011_101
    case ID_MMFR5_EL1        = 0b11_000_0000_0011_110
    case ID_AA64PFR1_EL1     = 0b11_000_0000_0100_001
    case ID_AA64PFR2_EL1     = 0b11_000_0000_0100_010
    case ID_AA64ZFR0_EL1     = 0b11_000_0000_0100_100
    case ID_AA64SMFR0_EL1    = 0b11_000_0000_0100_101
    case ID_AA64FPFR0_EL1    = 0b11_000_0000_0100_111
    case ID_AA64DFR1_EL1     = 0b11_000_0000_0101_001
    case ID_AA64DFR2_EL1     = 0b11_000_0000_0101_010
    case ID_AA64AFR0_EL1     = 0b11_000_0000_0101_100
    case ID_AA64AFR1_EL1     = 0b11_000_0000_0101_101
    case ID_AA64ISAR2_EL1    = 0b11_000_0000_0110_010
    case ID_AA64ISAR3_EL1    = 0b11_000_0000_0110_011
    case ID_AA64MMFR3_EL1    = 0b11_000_0000_0111_011
    case ID_AA64MMFR4_EL1    = 0b11_000_0000_0111_100
}

extension SystemRegister {
    /// The register with this encoding, if it has a name.
    package init?(_ encoding: SystemRegisterEncoding) { self.init(rawValue: encoding.rawValue) }

    package var name: String { String(describing: self) }
    package var encoding: SystemRegisterEncoding { SystemRegisterEncoding(rawValue: rawValue) }
}
