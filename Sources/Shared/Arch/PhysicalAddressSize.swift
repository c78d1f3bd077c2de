/// Sizes of physical addresses as ID_AA64MMFR0_EL1.PARange, TCR_EL1.IPS and VTCR_EL2.PS encode them: 32, 36, 40, 42, 44 and
/// 48 bits.
public enum PhysicalAddressSize {
    /// The bits of an encoding; 52 bits (FEAT_LPA is not there) and the reserved value act as 48.
    @inlinable public static func bits(encoded: UInt64) -> UInt8 {
        switch encoded & 7 {
        case 0: 32
        case 1: 36
        case 2: 40
        case 3: 42
        case 4: 44
        default: 48
        }
    }

    /// The encoding of the smallest size that has at least `bits` bits.
    @inlinable public static func encoding(bits: UInt8) -> UInt64 {
        switch bits {
        case ...32: 0
        case ...36: 1
        case ...40: 2
        case ...42: 3
        case ...44: 4
        default: 5
        }
    }
}
