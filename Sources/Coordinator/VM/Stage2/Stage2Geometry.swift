import Shared

/// The shape of the stage-2 tables: 4 KiB granule, 40-bit intermediate physical addresses, first lookup at level 1 in two
/// concatenated tables.
///
/// ```
///  IPA  39        30 29      21 20      12 11        0
///      | level 1    | level 2  | level 3  | offset    |
///        1024 x 1 GiB  512 x 2 MiB  512 x 4 KiB
/// ```
/// Source: Arm ARM "Translation using the 4KB granule", "Concatenated translation tables for the initial stage 2 lookup".
enum Stage2Geometry {
    static let startLevel = 1
    static let lastLevel = 3
    static let tableByteCount: UInt64 = 4096
    static let rootByteCount: UInt64 = 2 * tableByteCount

    /// VTCR_EL2: T0SZ 24, SL0 01 (level 1), write-back inner-shareable walks, TG0 4 KiB, PS 40 bits; bit 31 is RES1.
    static let vtcr: UInt64 = 1 << 31 | 2 << 16 | 3 << 12 | 1 << 10 | 1 << 8 | 1 << 6 | UInt64(64 - PhysicalMap.ipaBits)

    /// log2 of the bytes that one descriptor of `level` maps.
    @inline(__always) static func shift(level: Int) -> UInt64 { 39 - 9 * UInt64(truncatingIfNeeded: level) }
    @inline(__always) static func blockByteCount(level: Int) -> UInt64 { 1 << shift(level: level) }
    @inline(__always) static func index(_ ipa: IPA, level: Int) -> UInt64 {
        ipa.rawValue >> shift(level: level) & (entryCount(level: level) - 1)
    }
    /// How many descriptors a table of `level` has.
    @inline(__always) static func entryCount(level: Int) -> UInt64 { level == startLevel ? 1024 : 512 }

    /// Size of a file that holds the tables of `memoryByteCount` bytes of RAM in 4 KiB pages, wherever as many slots as there
    /// may be begin and end, with an eighth more for tables that are being replaced. The host backs only what is touched.
    static func fileByteCount(memoryByteCount: UInt64) -> UInt64 {
        let level3 = memoryByteCount >> 21 + 2
        let level2 = memoryByteCount >> 30 + 2
        // Each end of a slot may need a table of its own at both levels.
        let tables = level2 + level3 + 4 * UInt64(MemorySlots.maximumCount)
        return rootByteCount + (tables + tables / 8 + 16) * tableByteCount
    }
}

/// What stage 2 lets the guest do.
struct Stage2Permissions: OptionSet, Hashable {
    let rawValue: UInt8
    static let read = Self(rawValue: 1)
    static let write = Self(rawValue: 2)
    static let execute = Self(rawValue: 4)
    static let all: Self = [.read, .write, .execute]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ descriptor: UInt64) {
        var value: Self = []
        if descriptor & Stage2Descriptor.read != 0 { value.insert(.read) }
        if descriptor & Stage2Descriptor.write != 0 { value.insert(.write) }
        if descriptor & Stage2Descriptor.executeNever == 0 { value.insert(.execute) }
        self = value
    }

    var descriptorBits: UInt64 {
        (contains(.read) ? Stage2Descriptor.read : 0) | (contains(.write) ? Stage2Descriptor.write : 0)
            | (contains(.execute) ? 0 : Stage2Descriptor.executeNever)
    }
}
