/// The second-level TLB: 4096 entries in 1024 sets of four, each for 4 KiB of VA, with both stages combined.
///
/// It keeps what walks found while address spaces come and go, so that a context switch costs only the fast TLBs. An entry
/// of a larger block remembers the block's size, and goes when any address of the block is invalidated; it may be one of
/// many that the block filled.
///
/// Every fast TLB slot and every translation that was handed out for fetching has its entry here. Whoever removes
/// entries, by invalidation or by replacement, is called with each.
struct TLB: ~Copyable {
    struct Entry {
        /// The VA page without its tag byte, or `invalid`.
        var page: UInt64
        /// The offset into guest RAM.
        var offset: UInt64
        var asid: UInt16
        var rights: AccessRights
        var blockBits: UInt8
        var flags: UInt8

        static let invalid: UInt64 = ~0
        static let empty = Entry(page: invalid, offset: 0, asid: 0, rights: [], blockBits: 0, flags: 0)

        static let global: UInt8 = 1 << 0
        static let device: UInt8 = 1 << 1
        static let userAccessible: UInt8 = 1 << 2
        /// The fetch side knows this translation.
        static let fetched: UInt8 = 1 << 3

        var isGlobal: Bool { flags & Self.global != 0 }
        var isDevice: Bool { flags & Self.device != 0 }
        var isUserAccessible: Bool { flags & Self.userAccessible != 0 }
        var isFetched: Bool { flags & Self.fetched != 0 }

        @inline(__always)
        func matches(_ page: UInt64, asid: UInt16) -> Bool {
            self.page == page && (isGlobal || self.asid == asid)
        }
    }

    /// Which entries an invalidation is for.
    enum Scope {
        case page(UInt64, asid: UInt16)
        case pageOfAllASIDs(UInt64)
        case asid(UInt16)
    }

    static let setCount = 1024
    static let wayCount = 4
    static let entryCount = setCount * wayCount

    private let entries: UnsafeMutablePointer<Entry>
    /// Round-robin replacement.
    private var nextWay = 0
    /// Bit n: entries with `blockBits` = n may be here.
    private var blockSizes: UInt64 = 0
    /// A filter of the blocks too large to look for page by page: 1024 bits.
    private let blockFilter: UnsafeMutablePointer<UInt64>
    private static let filterWordCount = 16
    /// Blocks up to 64 KiB are invalidated page by page.
    private static let largestProbedBlockBits: UInt8 = 16

    init() {
        entries = .allocate(capacity: Self.entryCount)
        entries.initialize(repeating: .empty, count: Self.entryCount)
        blockFilter = .allocate(capacity: Self.filterWordCount)
        blockFilter.initialize(repeating: 0, count: Self.filterWordCount)
    }

    deinit {
        entries.deallocate()
        blockFilter.deallocate()
    }

    // MARK: Looking up and filling

    @inline(__always)
    private func set(of page: UInt64) -> UnsafeMutablePointer<Entry> {
        let hash = page &>> 12 ^ page &>> 22 ^ page &>> 32
        return entries + Int(truncatingIfNeeded: hash & UInt64(Self.setCount - 1)) &* Self.wayCount
    }

    /// The entry for `page` under `asid`. The pointer is good until the next change.
    @inline(__always)
    func find(_ page: UInt64, asid: UInt16) -> UnsafeMutablePointer<Entry>? {
        let set = set(of: page)
        for way in 0..<Self.wayCount where set[way].matches(page, asid: asid) { return set + way }
        return nil
    }

    /// Puts `entry` in, in the place of what it supersedes; calls `removed` with a valid entry that had to go.
    mutating func insert(_ entry: Entry, removed: (Entry) -> Void) {
        let set = set(of: entry.page)
        var victim: UnsafeMutablePointer<Entry>?
        for way in 0..<Self.wayCount {
            let candidate = set + way
            let isSuperseded =
                candidate.pointee.page == entry.page
                && (candidate.pointee.isGlobal || entry.isGlobal || candidate.pointee.asid == entry.asid)
            if isSuperseded {
                removed(candidate.pointee)
                candidate.pointee.page = Entry.invalid
            }
            if victim == nil, candidate.pointee.page == Entry.invalid { victim = candidate }
        }
        let place: UnsafeMutablePointer<Entry>
        if let victim {
            place = victim
        } else {
            place = set + nextWay
            nextWay = (nextWay &+ 1) & (Self.wayCount &- 1)
            removed(place.pointee)
        }
        place.pointee = entry
        blockSizes |= 1 &<< UInt64(entry.blockBits)
        if entry.blockBits > Self.largestProbedBlockBits { addToFilter(entry) }
    }

    // MARK: Invalidating

    /// Forgets everything, without a word about each.
    mutating func removeAll() {
        guard blockSizes != 0 else { return }
        entries.update(repeating: .empty, count: Self.entryCount)
        clearFilter()
    }

    /// Removes the entries in `scope`, calling `removed` with each.
    mutating func remove(_ scope: Scope, removed: (Entry) -> Void) {
        switch scope {
        case .page(let page, let asid):
            removeBlocks(holding: page, removed: removed) { $0.isGlobal || $0.asid == asid }
        case .pageOfAllASIDs(let page):
            removeBlocks(holding: page, removed: removed) { _ in true }
        case .asid(let asid):
            scan(removed: removed) { !$0.isGlobal && $0.asid == asid }
        }
    }

    @inline(__always)
    private mutating func removeBlocks(
        holding va: UInt64, removed: (Entry) -> Void, where belongs: (Entry) -> Bool
    ) {
        var sizes = blockSizes
        while sizes != 0 {
            let bits = UInt8(truncatingIfNeeded: sizes.trailingZeroBitCount)
            sizes &= sizes &- 1
            guard bits <= Self.largestProbedBlockBits else {
                if filterHolds(va, blockBits: bits) {
                    scan(removed: removed) { (va ^ $0.page) &>> UInt64($0.blockBits) == 0 && belongs($0) }
                    return
                }
                continue
            }
            var page = va & ~((1 &<< UInt64(bits)) &- 1)
            for _ in 0..<(1 &<< Int(bits &- 12)) {
                let set = set(of: page)
                for way in 0..<Self.wayCount {
                    let entry = set[way]
                    guard entry.page == page, (va ^ page) &>> UInt64(entry.blockBits) == 0, belongs(entry) else {
                        continue
                    }
                    removed(entry)
                    set[way].page = Entry.invalid
                }
                page &+= 0x1000
            }
        }
    }

    /// Goes through all entries, and makes the filter exact again while at it.
    @inline(__always)
    private mutating func scan(removed: (Entry) -> Void, where belongs: (Entry) -> Bool) {
        guard blockSizes != 0 else { return }
        clearFilter()
        for index in 0..<Self.entryCount {
            let entry = entries[index]
            guard entry.page != Entry.invalid else { continue }
            if belongs(entry) {
                removed(entry)
                entries[index].page = Entry.invalid
            } else {
                blockSizes |= 1 &<< UInt64(entry.blockBits)
                if entry.blockBits > Self.largestProbedBlockBits { addToFilter(entry) }
            }
        }
    }

    // MARK: The filter of large blocks

    @inline(__always)
    private func filterBit(_ va: UInt64, blockBits: UInt8) -> (word: Int, mask: UInt64) {
        let product = (va &>> UInt64(blockBits) &+ UInt64(blockBits)) &* 0x9E37_79B9_7F4A_7C15
        let hash = product &>> 54
        return (Int(truncatingIfNeeded: hash &>> 6), 1 &<< (hash & 63))
    }

    @inline(__always)
    private func addToFilter(_ entry: Entry) {
        let (word, mask) = filterBit(entry.page, blockBits: entry.blockBits)
        blockFilter[word] |= mask
    }

    @inline(__always)
    private func filterHolds(_ va: UInt64, blockBits: UInt8) -> Bool {
        let (word, mask) = filterBit(va, blockBits: blockBits)
        return blockFilter[word] & mask != 0
    }

    private mutating func clearFilter() {
        blockSizes = 0
        blockFilter.update(repeating: 0, count: Self.filterWordCount)
    }
}
