/// A translation granule: the size of tables and pages.
///
/// ```
///  granule  page bits  index bits   blocks at
///   4 KiB      12          9        level 1 (1 GiB), level 2 (2 MiB)
///  16 KiB      14         11        level 2 (32 MiB)
///  64 KiB      16         13        level 2 (512 MiB)
/// ```
struct TranslationGranule: Equatable {
    let pageBits: UInt8

    static let size4K = Self(pageBits: 12)
    static let size16K = Self(pageBits: 14)
    static let size64K = Self(pageBits: 16)

    /// TCR_EL1.TG0 and VTCR_EL2.TG0. The reserved value acts as 4 KiB.
    init(tg0: UInt64) {
        switch tg0 & 3 {
        case 1: self = .size64K
        case 2: self = .size16K
        default: self = .size4K
        }
    }

    /// TCR_EL1.TG1. The reserved value acts as 4 KiB.
    init(tg1: UInt64) {
        switch tg1 & 3 {
        case 1: self = .size16K
        case 3: self = .size64K
        default: self = .size4K
        }
    }

    private init(pageBits: UInt8) { self.pageBits = pageBits }

    /// Bits of the address that one level resolves.
    var indexBits: UInt8 { pageBits &- 3 }

    /// Bits of the address below what `level` resolves: the size of a block or page there.
    func blockBits(level: UInt8) -> UInt8 { pageBits &+ (3 &- level) &* indexBits }

    func allowsBlock(level: UInt8) -> Bool { level == 2 || (level == 1 && pageBits == 12) }

    /// The level at which a walk of `inputBits` bits starts without concatenation.
    func startLevel(inputBits: UInt8) -> UInt8 {
        let levels = (inputBits &- pageBits &+ indexBits &- 1) / indexBits
        return 4 &- levels
    }
}

/// Output sizes as TCR_EL1.IPS and VTCR_EL2.PS encode them.
enum OutputSize {
    /// Bits of a physical address: ID_AA64MMFR0_EL1.PARange = 2.
    static let physicalAddressBits: UInt8 = 40

    /// The bits that an encoded size allows, never more than the machine has.
    static func bits(encoded: UInt64) -> UInt8 {
        switch encoded & 7 {
        case 0: 32
        case 1: 36
        default: physicalAddressBits
        }
    }
}
