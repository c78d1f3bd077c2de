/// One slot of a fast TLB: all that a load or store needs on its straight path.
///
/// 32 bytes. A tag is a VA page (bits 63:12, with the tag byte as the guest wrote it; low 12 bits zero), or `empty` when
/// that kind of access must take the slow path.
struct FastTLBEntry {
    var readTag: UInt64 = Self.empty
    var writeTag: UInt64 = Self.empty
    /// Host pointer bits − VA, wrapping.
    var addend: UInt64 = 0
    var reserved: UInt64 = 0

    static let empty: UInt64 = ~0

    /// Slots of one fast TLB; the index is VA bits 19:12.
    static let count = 256

    @inline(__always)
    static func index(_ va: UInt64) -> Int { Int(truncatingIfNeeded: va &>> 12 & 0xFF) }
}

/// A set of fast TLB slots: a bit for each, at a fixed address.
struct FastTLBSlotSet {
    private let words: UnsafeMutablePointer<UInt64>

    static let wordCount = FastTLBEntry.count / 64

    /// `words` has room for `wordCount` words of zero.
    init(words: UnsafeMutablePointer<UInt64>) { self.words = words }

    @inline(__always)
    func insert(_ index: Int) { words[index &>> 6] |= 1 &<< UInt64(index & 63) }

    /// Empties the set, calling `body` with each slot that was in it.
    @inline(__always)
    func drain(_ body: (Int) -> Void) {
        for word in 0..<Self.wordCount {
            var bits = words[word]
            guard bits != 0 else { continue }
            words[word] = 0
            while bits != 0 {
                body(word &<< 6 | bits.trailingZeroBitCount)
                bits &= bits &- 1
            }
        }
    }
}

/// The two fast TLBs and the sets by which they are emptied without going through all of them. A handle: its owner is
/// `MMU`.
struct FastTLBs {
    let privileged: UnsafeMutablePointer<FastTLBEntry>
    let unprivileged: UnsafeMutablePointer<FastTLBEntry>
    private let words: UnsafeMutablePointer<UInt64>
    /// Slots that hold something, in either array.
    private let filled: FastTLBSlotSet
    /// Slots that hold something that belongs to an ASID, in either array.
    private let nonGlobal: FastTLBSlotSet
    /// Slots of `privileged` that PAN takes away.
    private let user: FastTLBSlotSet

    init() {
        privileged = .allocate(capacity: 2 * FastTLBEntry.count)
        privileged.initialize(repeating: FastTLBEntry(), count: 2 * FastTLBEntry.count)
        unprivileged = privileged + FastTLBEntry.count
        let wordCount = FastTLBSlotSet.wordCount
        words = .allocate(capacity: 3 * wordCount)
        words.initialize(repeating: 0, count: 3 * wordCount)
        filled = FastTLBSlotSet(words: words)
        nonGlobal = FastTLBSlotSet(words: words + wordCount)
        user = FastTLBSlotSet(words: words + 2 * wordCount)
    }

    func deallocate() {
        privileged.deallocate()
        words.deallocate()
    }

    /// Enters what `entry` permits for accesses at `va` (tag byte included). With `isPAN`, EL1 gets no user page.
    func fill(va: UInt64, unprivileged isUnprivileged: Bool, isPAN: Bool, entry: TLB.Entry, ram: UInt64) {
        let page = va & ~0xFFF
        let index = FastTLBEntry.index(va)
        var allowed = isUnprivileged ? entry.rights.rawValue &>> 3 : entry.rights.rawValue
        if !isUnprivileged, entry.isUserAccessible {
            if isPAN { allowed = 0 } else { user.insert(index) }
        }
        let slot = (isUnprivileged ? unprivileged : privileged) + index
        slot.pointee.readTag = allowed & 1 != 0 ? page : FastTLBEntry.empty
        slot.pointee.writeTag = allowed & 2 != 0 ? page : FastTLBEntry.empty
        slot.pointee.addend = ram &+ entry.offset &- page
        filled.insert(index)
        if !entry.isGlobal { nonGlobal.insert(index) }
    }

    /// Empties the slots that translations of `page` may be in.
    func forget(page: UInt64) { clear(FastTLBEntry.index(page)) }

    func forgetAll() {
        filled.drain(clear)
        nonGlobal.drain { _ in }
        user.drain { _ in }
    }

    /// Empties what belongs to an ASID.
    func forgetNonGlobal() { nonGlobal.drain(clear) }

    /// Empties what EL1 may not touch under PAN.
    func forgetUser() {
        user.drain { index in
            privileged[index].readTag = FastTLBEntry.empty
            privileged[index].writeTag = FastTLBEntry.empty
        }
    }

    @inline(__always)
    private func clear(_ index: Int) {
        privileged[index].readTag = FastTLBEntry.empty
        privileged[index].writeTag = FastTLBEntry.empty
        unprivileged[index].readTag = FastTLBEntry.empty
        unprivileged[index].writeTag = FastTLBEntry.empty
    }
}
