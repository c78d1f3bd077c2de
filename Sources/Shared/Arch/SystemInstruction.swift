/// A system instruction of the PE in the space of SYS (op0 = 1): its name in the architecture, and as raw value its encoding.
///
/// Source: Arm ARM "System instructions", "A64 instructions for TLB maintenance".
// swift-format-ignore
package enum SystemInstruction: UInt16, CaseIterable, Sendable {
    //                       op0 op1 CRn  CRm  op2
    case IC_IALLUIS       = 0b01_000_0111_0001_000
    case IC_IALLU         = 0b01_000_0111_0101_000
    case DC_IVAC          = 0b01_000_0111_0110_001
    case DC_ISW           = 0b01_000_0111_0110_010
    case AT_S1E1R         = 0b01_000_0111_1000_000
    case AT_S1E1W         = 0b01_000_0111_1000_001
    case AT_S1E0R         = 0b01_000_0111_1000_010
    case AT_S1E0W         = 0b01_000_0111_1000_011
    case AT_S1E1RP        = 0b01_000_0111_1001_000
    case AT_S1E1WP        = 0b01_000_0111_1001_001
    case DC_CSW           = 0b01_000_0111_1010_010
    case DC_CISW          = 0b01_000_0111_1110_010
    case TLBI_VMALLE1IS   = 0b01_000_1000_0011_000
    case TLBI_VAE1IS      = 0b01_000_1000_0011_001
    case TLBI_ASIDE1IS    = 0b01_000_1000_0011_010
    case TLBI_VAAE1IS     = 0b01_000_1000_0011_011
    case TLBI_VALE1IS     = 0b01_000_1000_0011_101
    case TLBI_VAALE1IS    = 0b01_000_1000_0011_111
    case TLBI_VMALLE1     = 0b01_000_1000_0111_000
    case TLBI_VAE1        = 0b01_000_1000_0111_001
    case TLBI_ASIDE1      = 0b01_000_1000_0111_010
    case TLBI_VAAE1       = 0b01_000_1000_0111_011
    case TLBI_VALE1       = 0b01_000_1000_0111_101
    case TLBI_VAALE1      = 0b01_000_1000_0111_111
    case DC_ZVA           = 0b01_011_0111_0100_001
    case IC_IVAU          = 0b01_011_0111_0101_001
    case DC_CVAC          = 0b01_011_0111_1010_001
    case DC_CVAU          = 0b01_011_0111_1011_001
    case DC_CVAP          = 0b01_011_0111_1100_001
    case DC_CIVAC         = 0b01_011_0111_1110_001
}

extension SystemInstruction {
    /// The instruction with this encoding, if the PE has it.
    package init?(_ encoding: SystemRegisterEncoding) { self.init(rawValue: encoding.rawValue) }

    /// What a PE without it lacks.
    package var requirement: CPUFeatureSet {
        switch self {
        case .DC_CVAP: CPUFeatureSet(.DPB)
        case .AT_S1E1RP, .AT_S1E1WP: CPUFeatureSet(.PAN2)
        default: []
        }
    }

    /// As it is written: "DC CIVAC".
    package var name: String { String(String(describing: self).map { $0 == "_" ? " " : $0 }) }
    package var encoding: SystemRegisterEncoding { SystemRegisterEncoding(rawValue: rawValue) }
}
