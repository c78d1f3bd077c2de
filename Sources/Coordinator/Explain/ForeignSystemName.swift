import Shared

/// A system register or instruction that the architecture has and the PE has not: its name, and as raw value its
/// encoding. Those that a person is likely to meet; the architecture has more.
///
/// Source: Arm ARM "AArch64 System register encoding", "A64 System instructions"; GICv3 "AArch64 System register
/// descriptions".
// swift-format-ignore
enum ForeignSystemName: UInt16, CaseIterable {
    //                        op0 op1 CRn  CRm  op2
    // EL1 and EL0.
    case SCTLR2_EL1        = 0b11_000_0001_0000_011
    case RGSR_EL1          = 0b11_000_0001_0000_101
    case GCR_EL1           = 0b11_000_0001_0000_110
    case ZCR_EL1           = 0b11_000_0001_0010_000
    case TRFCR_EL1         = 0b11_000_0001_0010_001
    case SMPRI_EL1         = 0b11_000_0001_0010_100
    case SMCR_EL1          = 0b11_000_0001_0010_110
    case TCR2_EL1          = 0b11_000_0010_0000_011
    case APIAKeyLo_EL1     = 0b11_000_0010_0001_000
    case APIAKeyHi_EL1     = 0b11_000_0010_0001_001
    case APIBKeyLo_EL1     = 0b11_000_0010_0001_010
    case APIBKeyHi_EL1     = 0b11_000_0010_0001_011
    case APDAKeyLo_EL1     = 0b11_000_0010_0010_000
    case APDAKeyHi_EL1     = 0b11_000_0010_0010_001
    case APDBKeyLo_EL1     = 0b11_000_0010_0010_010
    case APDBKeyHi_EL1     = 0b11_000_0010_0010_011
    case APGAKeyLo_EL1     = 0b11_000_0010_0011_000
    case APGAKeyHi_EL1     = 0b11_000_0010_0011_001
    case GCSCR_EL1         = 0b11_000_0010_0101_000
    case GCSPR_EL1         = 0b11_000_0010_0101_001
    case GCSCRE0_EL1       = 0b11_000_0010_0101_010
    case ALLINT            = 0b11_000_0100_0011_000
    case ERRIDR_EL1        = 0b11_000_0101_0011_000
    case ERRSELR_EL1       = 0b11_000_0101_0011_001
    case ERXFR_EL1         = 0b11_000_0101_0100_000
    case ERXCTLR_EL1       = 0b11_000_0101_0100_001
    case ERXSTATUS_EL1     = 0b11_000_0101_0100_010
    case ERXADDR_EL1       = 0b11_000_0101_0100_011
    case ERXMISC0_EL1      = 0b11_000_0101_0101_000
    case ERXMISC1_EL1      = 0b11_000_0101_0101_001
    case TFSR_EL1          = 0b11_000_0101_0110_000
    case TFSRE0_EL1        = 0b11_000_0101_0110_001
    case PMSCR_EL1         = 0b11_000_1001_1001_000
    case PMSIDR_EL1        = 0b11_000_1001_1001_111
    case PMBLIMITR_EL1     = 0b11_000_1001_1010_000
    case PMBPTR_EL1        = 0b11_000_1001_1010_001
    case PMBSR_EL1         = 0b11_000_1001_1010_011
    case PMBIDR_EL1        = 0b11_000_1001_1010_111
    case TRBLIMITR_EL1     = 0b11_000_1001_1011_000
    case TRBPTR_EL1        = 0b11_000_1001_1011_001
    case TRBBASER_EL1      = 0b11_000_1001_1011_010
    case TRBSR_EL1         = 0b11_000_1001_1011_011
    case TRBIDR_EL1        = 0b11_000_1001_1011_111
    case PMINTENSET_EL1    = 0b11_000_1001_1110_001
    case PMINTENCLR_EL1    = 0b11_000_1001_1110_010
    case PMMIR_EL1         = 0b11_000_1001_1110_110
    case MAIR2_EL1         = 0b11_000_1010_0010_001
    case PIRE0_EL1         = 0b11_000_1010_0010_010
    case PIR_EL1           = 0b11_000_1010_0010_011
    case POR_EL1           = 0b11_000_1010_0010_100
    case LORSA_EL1         = 0b11_000_1010_0100_000
    case LOREA_EL1         = 0b11_000_1010_0100_001
    case LORN_EL1          = 0b11_000_1010_0100_010
    case LORC_EL1          = 0b11_000_1010_0100_011
    case LORID_EL1         = 0b11_000_1010_0100_111
    case DISR_EL1          = 0b11_000_1100_0001_001
    case ICC_AP0R1_EL1     = 0b11_000_1100_1000_101
    case ICC_AP0R2_EL1     = 0b11_000_1100_1000_110
    case ICC_AP0R3_EL1     = 0b11_000_1100_1000_111
    case ICC_AP1R1_EL1     = 0b11_000_1100_1001_001
    case ICC_AP1R2_EL1     = 0b11_000_1100_1001_010
    case ICC_AP1R3_EL1     = 0b11_000_1100_1001_011
    case ICC_NMIAR1_EL1    = 0b11_000_1100_1001_101
    case ACCDATA_EL1       = 0b11_000_1101_0000_101
    case CCSIDR2_EL1       = 0b11_001_0000_0000_010
    case GMID_EL1          = 0b11_001_0000_0000_100
    case SMIDR_EL1         = 0b11_001_0000_0000_110
    case RNDR              = 0b11_011_0010_0100_000
    case RNDRRS            = 0b11_011_0010_0100_001
    case GCSPR_EL0         = 0b11_011_0010_0101_001
    case SVCR              = 0b11_011_0100_0010_010
    case DIT               = 0b11_011_0100_0010_101
    case SSBS              = 0b11_011_0100_0010_110
    case TCO               = 0b11_011_0100_0010_111
    case DSPSR_EL0         = 0b11_011_0100_0101_000
    case DLR_EL0           = 0b11_011_0100_0101_001
    case PMCR_EL0          = 0b11_011_1001_1100_000
    case PMCNTENSET_EL0    = 0b11_011_1001_1100_001
    case PMCNTENCLR_EL0    = 0b11_011_1001_1100_010
    case PMOVSCLR_EL0      = 0b11_011_1001_1100_011
    case PMSWINC_EL0       = 0b11_011_1001_1100_100
    case PMSELR_EL0        = 0b11_011_1001_1100_101
    case PMCEID0_EL0       = 0b11_011_1001_1100_110
    case PMCEID1_EL0       = 0b11_011_1001_1100_111
    case PMCCNTR_EL0       = 0b11_011_1001_1101_000
    case PMXEVTYPER_EL0    = 0b11_011_1001_1101_001
    case PMXEVCNTR_EL0     = 0b11_011_1001_1101_010
    case PMUSERENR_EL0     = 0b11_011_1001_1110_000
    case PMOVSSET_EL0      = 0b11_011_1001_1110_011
    case POR_EL0           = 0b11_011_1010_0010_100
    case TPIDR2_EL0        = 0b11_011_1101_0000_101
    case AMCR_EL0          = 0b11_011_1101_0010_000
    case AMCFGR_EL0        = 0b11_011_1101_0010_001
    case AMUSERENR_EL0     = 0b11_011_1101_0010_011
    case CNTPCTSS_EL0      = 0b11_011_1110_0000_101
    case CNTVCTSS_EL0      = 0b11_011_1110_0000_110
    case PMCCFILTR_EL0     = 0b11_011_1110_1111_111

    // EL2.
    case VPIDR_EL2         = 0b11_100_0000_0000_000
    case VMPIDR_EL2        = 0b11_100_0000_0000_101
    case SCTLR_EL2         = 0b11_100_0001_0000_000
    case ACTLR_EL2         = 0b11_100_0001_0000_001
    case HCR_EL2           = 0b11_100_0001_0001_000
    case MDCR_EL2          = 0b11_100_0001_0001_001
    case CPTR_EL2          = 0b11_100_0001_0001_010
    case HSTR_EL2          = 0b11_100_0001_0001_011
    case HFGRTR_EL2        = 0b11_100_0001_0001_100
    case HFGWTR_EL2        = 0b11_100_0001_0001_101
    case HFGITR_EL2        = 0b11_100_0001_0001_110
    case HACR_EL2          = 0b11_100_0001_0001_111
    case HCRX_EL2          = 0b11_100_0001_0010_010
    case TTBR0_EL2         = 0b11_100_0010_0000_000
    case TTBR1_EL2         = 0b11_100_0010_0000_001
    case TCR_EL2           = 0b11_100_0010_0000_010
    case VTTBR_EL2         = 0b11_100_0010_0001_000
    case VTCR_EL2          = 0b11_100_0010_0001_010
    case VNCR_EL2          = 0b11_100_0010_0010_000
    case SPSR_EL2          = 0b11_100_0100_0000_000
    case ELR_EL2           = 0b11_100_0100_0000_001
    case SP_EL1            = 0b11_100_0100_0001_000
    case AFSR0_EL2         = 0b11_100_0101_0001_000
    case AFSR1_EL2         = 0b11_100_0101_0001_001
    case ESR_EL2           = 0b11_100_0101_0010_000
    case VSESR_EL2         = 0b11_100_0101_0010_011
    case FAR_EL2           = 0b11_100_0110_0000_000
    case HPFAR_EL2         = 0b11_100_0110_0000_100
    case MAIR_EL2          = 0b11_100_1010_0010_000
    case AMAIR_EL2         = 0b11_100_1010_0011_000
    case VBAR_EL2          = 0b11_100_1100_0000_000
    case VDISR_EL2         = 0b11_100_1100_0001_001
    case ICH_AP0R0_EL2     = 0b11_100_1100_1000_000
    case ICH_AP1R0_EL2     = 0b11_100_1100_1001_000
    case ICC_SRE_EL2       = 0b11_100_1100_1001_101
    case ICH_HCR_EL2       = 0b11_100_1100_1011_000
    case ICH_VTR_EL2       = 0b11_100_1100_1011_001
    case ICH_MISR_EL2      = 0b11_100_1100_1011_010
    case ICH_EISR_EL2      = 0b11_100_1100_1011_011
    case ICH_ELRSR_EL2     = 0b11_100_1100_1011_101
    case ICH_VMCR_EL2      = 0b11_100_1100_1011_111
    case ICH_LR0_EL2       = 0b11_100_1100_1100_000
    case ICH_LR1_EL2       = 0b11_100_1100_1100_001
    case ICH_LR2_EL2       = 0b11_100_1100_1100_010
    case ICH_LR3_EL2       = 0b11_100_1100_1100_011
    case ICH_LR4_EL2       = 0b11_100_1100_1100_100
    case ICH_LR5_EL2       = 0b11_100_1100_1100_101
    case ICH_LR6_EL2       = 0b11_100_1100_1100_110
    case ICH_LR7_EL2       = 0b11_100_1100_1100_111
    case ICH_LR8_EL2       = 0b11_100_1100_1101_000
    case ICH_LR9_EL2       = 0b11_100_1100_1101_001
    case ICH_LR10_EL2      = 0b11_100_1100_1101_010
    case ICH_LR11_EL2      = 0b11_100_1100_1101_011
    case ICH_LR12_EL2      = 0b11_100_1100_1101_100
    case ICH_LR13_EL2      = 0b11_100_1100_1101_101
    case ICH_LR14_EL2      = 0b11_100_1100_1101_110
    case ICH_LR15_EL2      = 0b11_100_1100_1101_111
    case CONTEXTIDR_EL2    = 0b11_100_1101_0000_001
    case TPIDR_EL2         = 0b11_100_1101_0000_010
    case CNTVOFF_EL2       = 0b11_100_1110_0000_011
    case CNTPOFF_EL2       = 0b11_100_1110_0000_110
    case CNTHCTL_EL2       = 0b11_100_1110_0001_000
    case CNTHP_TVAL_EL2    = 0b11_100_1110_0010_000
    case CNTHP_CTL_EL2     = 0b11_100_1110_0010_001
    case CNTHP_CVAL_EL2    = 0b11_100_1110_0010_010
    case CNTHV_TVAL_EL2    = 0b11_100_1110_0011_000
    case CNTHV_CTL_EL2     = 0b11_100_1110_0011_001
    case CNTHV_CVAL_EL2    = 0b11_100_1110_0011_010

    // EL1's registers under their names for EL2 (FEAT_VHE).
    case SCTLR_EL12        = 0b11_101_0001_0000_000
    case CPACR_EL12        = 0b11_101_0001_0000_010
    case TTBR0_EL12        = 0b11_101_0010_0000_000
    case TTBR1_EL12        = 0b11_101_0010_0000_001
    case TCR_EL12          = 0b11_101_0010_0000_010
    case SPSR_EL12         = 0b11_101_0100_0000_000
    case ELR_EL12          = 0b11_101_0100_0000_001
    case AFSR0_EL12        = 0b11_101_0101_0001_000
    case AFSR1_EL12        = 0b11_101_0101_0001_001
    case ESR_EL12          = 0b11_101_0101_0010_000
    case FAR_EL12          = 0b11_101_0110_0000_000
    case MAIR_EL12         = 0b11_101_1010_0010_000
    case AMAIR_EL12        = 0b11_101_1010_0011_000
    case VBAR_EL12         = 0b11_101_1100_0000_000
    case CONTEXTIDR_EL12   = 0b11_101_1101_0000_001
    case CNTKCTL_EL12      = 0b11_101_1110_0001_000
    case CNTP_TVAL_EL02    = 0b11_101_1110_0010_000
    case CNTP_CTL_EL02     = 0b11_101_1110_0010_001
    case CNTP_CVAL_EL02    = 0b11_101_1110_0010_010
    case CNTV_TVAL_EL02    = 0b11_101_1110_0011_000
    case CNTV_CTL_EL02     = 0b11_101_1110_0011_001
    case CNTV_CVAL_EL02    = 0b11_101_1110_0011_010

    // EL3.
    case SCTLR_EL3         = 0b11_110_0001_0000_000
    case ACTLR_EL3         = 0b11_110_0001_0000_001
    case SCR_EL3           = 0b11_110_0001_0001_000
    case SDER32_EL3        = 0b11_110_0001_0001_001
    case CPTR_EL3          = 0b11_110_0001_0001_010
    case MDCR_EL3          = 0b11_110_0001_0011_001
    case TTBR0_EL3         = 0b11_110_0010_0000_000
    case TCR_EL3           = 0b11_110_0010_0000_010
    case SPSR_EL3          = 0b11_110_0100_0000_000
    case ELR_EL3           = 0b11_110_0100_0000_001
    case SP_EL2            = 0b11_110_0100_0001_000
    case ESR_EL3           = 0b11_110_0101_0010_000
    case FAR_EL3           = 0b11_110_0110_0000_000
    case MAIR_EL3          = 0b11_110_1010_0010_000
    case VBAR_EL3          = 0b11_110_1100_0000_000
    case ICC_CTLR_EL3      = 0b11_110_1100_1100_100
    case ICC_SRE_EL3       = 0b11_110_1100_1100_101
    case ICC_IGRPEN1_EL3   = 0b11_110_1100_1100_111
    case TPIDR_EL3         = 0b11_110_1101_0000_010
    case CNTPS_TVAL_EL1    = 0b11_111_1110_0010_000
    case CNTPS_CTL_EL1     = 0b11_111_1110_0010_001
    case CNTPS_CVAL_EL1    = 0b11_111_1110_0010_010

    // System instructions.
    case DC_IGVAC          = 0b01_000_0111_0110_011
    case TLBI_VMALLE1OS    = 0b01_000_1000_0001_000
    case TLBI_VAE1OS       = 0b01_000_1000_0001_001
    case TLBI_ASIDE1OS     = 0b01_000_1000_0001_010
    case TLBI_VAAE1OS      = 0b01_000_1000_0001_011
    case TLBI_VALE1OS      = 0b01_000_1000_0001_101
    case TLBI_VAALE1OS     = 0b01_000_1000_0001_111
    case TLBI_RVAE1IS      = 0b01_000_1000_0010_001
    case TLBI_RVAAE1IS     = 0b01_000_1000_0010_011
    case TLBI_RVALE1IS     = 0b01_000_1000_0010_101
    case TLBI_RVAALE1IS    = 0b01_000_1000_0010_111
    case TLBI_RVAE1OS      = 0b01_000_1000_0101_001
    case TLBI_RVAAE1OS     = 0b01_000_1000_0101_011
    case TLBI_RVALE1OS     = 0b01_000_1000_0101_101
    case TLBI_RVAALE1OS    = 0b01_000_1000_0101_111
    case TLBI_RVAE1        = 0b01_000_1000_0110_001
    case TLBI_RVAAE1       = 0b01_000_1000_0110_011
    case TLBI_RVALE1       = 0b01_000_1000_0110_101
    case TLBI_RVAALE1      = 0b01_000_1000_0110_111
    case CFP_RCTX          = 0b01_011_0111_0011_100
    case DVP_RCTX          = 0b01_011_0111_0011_101
    case CPP_RCTX          = 0b01_011_0111_0011_111
    case DC_GVA            = 0b01_011_0111_0100_011
    case DC_GZVA           = 0b01_011_0111_0100_100
    case DC_CGVAC          = 0b01_011_0111_1010_011
    case DC_CVADP          = 0b01_011_0111_1101_001
    case AT_S1E2R          = 0b01_100_0111_1000_000
    case AT_S1E2W          = 0b01_100_0111_1000_001
    case AT_S12E1R         = 0b01_100_0111_1000_100
    case AT_S12E1W         = 0b01_100_0111_1000_101
    case AT_S12E0R         = 0b01_100_0111_1000_110
    case AT_S12E0W         = 0b01_100_0111_1000_111
    case TLBI_IPAS2E1IS    = 0b01_100_1000_0000_001
    case TLBI_IPAS2LE1IS   = 0b01_100_1000_0000_101
    case TLBI_ALLE2OS      = 0b01_100_1000_0001_000
    case TLBI_VAE2OS       = 0b01_100_1000_0001_001
    case TLBI_ALLE1OS      = 0b01_100_1000_0001_100
    case TLBI_VALE2OS      = 0b01_100_1000_0001_101
    case TLBI_VMALLS12E1OS = 0b01_100_1000_0001_110
    case TLBI_ALLE2IS      = 0b01_100_1000_0011_000
    case TLBI_VAE2IS       = 0b01_100_1000_0011_001
    case TLBI_ALLE1IS      = 0b01_100_1000_0011_100
    case TLBI_VALE2IS      = 0b01_100_1000_0011_101
    case TLBI_VMALLS12E1IS = 0b01_100_1000_0011_110
    case TLBI_IPAS2E1      = 0b01_100_1000_0100_001
    case TLBI_IPAS2LE1     = 0b01_100_1000_0100_101
    case TLBI_ALLE2        = 0b01_100_1000_0111_000
    case TLBI_VAE2         = 0b01_100_1000_0111_001
    case TLBI_ALLE1        = 0b01_100_1000_0111_100
    case TLBI_VALE2        = 0b01_100_1000_0111_101
    case TLBI_VMALLS12E1   = 0b01_100_1000_0111_110
}

extension ForeignSystemName {
    init?(_ encoding: SystemRegisterEncoding) { self.init(rawValue: encoding.rawValue) }

    var encoding: SystemRegisterEncoding { SystemRegisterEncoding(rawValue: rawValue) }

    /// As it is written: "PMCR_EL0", "TLBI VAE2".
    var name: String {
        let name = String(describing: self)
        return encoding.op0 == 1 ? String(name.map { $0 == "_" ? " " : $0 }) : name
    }
}
