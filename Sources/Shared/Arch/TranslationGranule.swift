/// A translation granule: the size of tables and pages.
///
/// ```
///  granule  page bits  index bits   blocks at
///   4 KiB      12          9        level 1 (1 GiB), level 2 (2 MiB)
///  16 KiB      14         11        level 2 (32 MiB)
///  64 KiB      16         13        level 2 (512 MiB)
/// ```
public struct TranslationGranule: Equatable, Sendable {
    public let pageBits: UInt8

    public static let size4K = Self(pageBits: 12)
    public static let size16K = Self(pageBits: 14)
    public static let size64K = Self(pageBits: 16)
    public static let all = [size4K, size16K, size64K]

    /// TCR_EL1.TG0 and VTCR_EL2.TG0. The reserved value acts as 4 KiB.
    @inlinable public init(tg0: UInt64) {
        switch tg0 & 3 {
        case 1: self.init(pageBits: 16)
        case 2: self.init(pageBits: 14)
        default: self.init(pageBits: 12)
        }
    }

    /// TCR_EL1.TG1. The reserved value acts as 4 KiB.
    @inlinable public init(tg1: UInt64) {
        switch tg1 & 3 {
        case 1: self.init(pageBits: 14)
        case 3: self.init(pageBits: 16)
        default: self.init(pageBits: 12)
        }
    }

    @usableFromInline init(pageBits: UInt8) { self.pageBits = pageBits }

    /// What `init(tg0:)` takes.
    @inlinable public var tg0: UInt64 { pageBits == 12 ? 0 : pageBits == 14 ? 2 : 1 }

    /// Bits of the address that one level resolves.
    @inlinable public var indexBits: UInt8 { pageBits &- 3 }

    /// Bits of the address below what `level` resolves: the size of a block or page there.
    @inlinable public func blockBits(level: UInt8) -> UInt8 { pageBits &+ (3 &- level) &* indexBits }

    @inlinable public func allowsBlock(level: UInt8) -> Bool { level == 2 || (level == 1 && pageBits == 12) }

    /// The level at which a walk of `inputBits` bits starts without concatenation.
    @inlinable public func startLevel(inputBits: UInt8) -> UInt8 {
        let levels = (inputBits &- pageBits &+ indexBits &- 1) / indexBits
        return 4 &- levels
    }
    /// The start level that VTCR_EL2.SL0 names; nil: a machine of so many bits has none. The highest level of a granule is for
    /// addresses that can fill it.
    ///
    /// Source: Arm ARM "VTCR_EL2", SL0; `AArch64.S2InvalidSL`.
    @inlinable public func startLevel(sl0: UInt8, physicalAddressBits: UInt8) -> UInt8? {
        guard sl0 < 3 else { return nil }
        let least: UInt8 = self == .size16K ? 42 : 44
        guard sl0 < 2 || physicalAddressBits >= least else { return nil }
        return (self == .size4K ? 2 : 3) &- sl0
    }
}
