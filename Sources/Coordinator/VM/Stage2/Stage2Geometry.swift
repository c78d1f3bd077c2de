import Shared

/// The shape of the stage-2 tables: granule, size of the intermediate physical addresses, and the level at which a walk
/// starts, in up to 16 concatenated tables.
///
/// The start level is KVM's: as many levels as `ipaBits − 4` bits need, and at least two. So whenever concatenation can
/// save a level, it does. With 40 bits and 4 KiB:
///
/// ```
///  IPA  39        30 29      21 20      12 11        0
///      | level 1    | level 2  | level 3  | offset    |
///        1024 x 1 GiB  512 x 2 MiB  512 x 4 KiB
/// ```
/// Source: Arm ARM "Translation granules", "Concatenated translation tables for the initial stage 2 lookup"; KVM's
/// `kvm_get_vtcr`.
struct Stage2Geometry: Equatable, Sendable {
    static let lastLevel = 3
    static let legalIPABits = 32...48

    let granule: TranslationGranule
    let ipaBits: Int
    /// 0 to 2.
    let startLevel: Int

    /// `ipaBits` is one of `legalIPABits`.
    init(granule: TranslationGranule = .size4K, ipaBits: Int = 40) {
        self.granule = granule
        self.ipaBits = ipaBits
        startLevel = min(Int(granule.startLevel(inputBits: UInt8(truncatingIfNeeded: ipaBits &- 4))), 2)
    }

    /// The first IPA that is none.
    var ipaLimit: UInt64 { 1 << UInt64(ipaBits) }

    // MARK: Pages and blocks

    /// Bytes of a page, and of a table.
    @inline(__always) var pageByteCount: UInt64 { 1 << UInt64(granule.pageBits) }
    @inline(__always) var pageMask: UInt64 { pageByteCount &- 1 }

    /// log2 of the bytes that one descriptor of `level` maps.
    @inline(__always) func shift(level: Int) -> UInt64 {
        UInt64(granule.blockBits(level: UInt8(truncatingIfNeeded: level)))
    }
    @inline(__always) func blockByteCount(level: Int) -> UInt64 { 1 << shift(level: level) }

    /// The level of the largest block: 1 or 2.
    var largestBlockLevel: Int { max(startLevel, granule.allowsBlock(level: 1) ? 1 : 2) }

    // MARK: Tables

    @inline(__always) func index(_ ipa: IPA, level: Int) -> UInt64 {
        ipa.rawValue >> shift(level: level) & (entryCount(level: level) &- 1)
    }

    /// Descriptors of a table of `level`; at the start level, of all its tables.
    @inline(__always) func entryCount(level: Int) -> UInt64 {
        level == startLevel ? 1 << (UInt64(ipaBits) &- shift(level: level)) : tableEntryCount
    }

    @inline(__always) var tableEntryCount: UInt64 { 1 << UInt64(granule.indexBits) }

    /// How many tables are concatenated at the start level: 1 to 16.
    var rootTableCount: UInt64 { max(1, entryCount(level: startLevel) / tableEntryCount) }

    /// The root is aligned to its size, too.
    var rootByteCount: UInt64 { rootTableCount * pageByteCount }

    /// Size of a file that holds the tables of `memoryByteCount` bytes of RAM in pages, wherever as many slots as there may be
    /// begin and end, with an eighth more for tables that are being replaced. The host backs only what is touched.
    func fileByteCount(memoryByteCount: UInt64) -> UInt64 {
        var tables: UInt64 = 0
        for level in startLevel..<Self.lastLevel {
            // Each end of a slot may need a table of its own.
            tables += memoryByteCount >> shift(level: level) + 2 * UInt64(MemorySlots.maximumCount)
        }
        return rootByteCount + (tables + tables / 8 + 16) * pageByteCount
    }

    // MARK: VTCR_EL2

    /// T0SZ, SL0, write-back inner-shareable walks, TG0, PS; bit 31 is RES1. PS is the machine's size of physical addresses: the
    /// smallest that holds every IPA.
    var vtcr: UInt64 {
        let sl0 = UInt64((granule == .size4K ? 2 : 3) - startLevel)
        let ps = PhysicalAddressSize.encoding(bits: UInt8(truncatingIfNeeded: ipaBits))
        return 1 << 31 | ps << 16 | granule.tg0 << 14 | 3 << 12 | 1 << 10 | 1 << 8 | sl0 << 6 | UInt64(64 - ipaBits)
    }
}
