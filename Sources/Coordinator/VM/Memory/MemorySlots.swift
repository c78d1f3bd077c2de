import Shared

/// A range of guest physical memory that is backed by the RAM file: KVM's `struct kvm_memory_slot`.
struct MemorySlot: Equatable {
    /// The number by which it is named.
    var id = 0
    var base: IPA
    var byteCount: UInt64
    /// Where the slot's first byte stands in the RAM file.
    var output: HostOffset
    /// A write is not memory's business: it goes to the bus, as to a ROM.
    var isReadOnly = false
    /// The pages written since logging began, or since they were asked for; nil: no logging.
    var dirtyPages: DirtyPages?

    var end: UInt64 { base.rawValue + byteCount }
    /// Its IPAs.
    var range: Range<UInt64> { base.rawValue..<end }
    /// Where it ends in the RAM file.
    var outputEnd: UInt64 { output.rawValue + byteCount }
    func holds(_ ipa: IPA) -> Bool { ipa >= base && ipa.rawValue < end }
    func output(of ipa: IPA) -> HostOffset { HostOffset(output.rawValue + (ipa.rawValue - base.rawValue)) }
}

/// The memory of the guest, in ascending order and without overlaps. Two slots may show the same part of the RAM file.
struct MemorySlots {
    static let maximumCount = 512

    /// Why a slot cannot be as asked. The description is a clause for the user.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case badNumber
        case exists
        case missing
        case empty
        case unaligned(pageByteCount: UInt64)
        case overlaps(slot: Int, IPA, IPA)
        case outsideAddressSpace(bits: Int)
        case outsideFile(byteCount: UInt64)
        case noMemory(fileByteCount: UInt64)
        case logged
        case notLogged
        case noTables

        var description: String {
            switch self {
            case .badNumber: "this number is not possible: give 0 to \(maximumCount - 1)"
            case .exists: "it exists already: remove it first, or take another number"
            case .missing: "there is none; armada ctl slots lists them"
            case .empty: "a slot of 0 bytes is none"
            case .unaligned(let pageByteCount):
                "address, size and offset of a slot must be multiples of \(pageByteCount) bytes"
            case .overlaps(let slot, let first, let last): "it overlaps slot \(slot) at \(first)-\(last)"
            case .outsideAddressSpace(let bits):
                "it reaches beyond the guest's \(bits)-bit physical address space"
            case .outsideFile(let byteCount):
                "it reaches beyond the RAM file, which has \(hexadecimal(byteCount)) bytes"
            case .noMemory(let byteCount):
                "no piece of the RAM file of \(hexadecimal(byteCount)) bytes is free for it: remove a slot, or give an offset"
            case .logged: "it logs dirty pages, which needs pages: stop that first"
            case .notLogged: "it does not log dirty pages: start that first (armada ctl slot log)"
            case .noTables: "the stage-2 tables are full: some blocks are not split"
            }
        }
    }

    private(set) var slots: [MemorySlot] = []
    /// The size of a page, and where the IPAs end.
    private let geometry: Stage2Geometry
    /// Of the RAM file.
    private let fileByteCount: UInt64

    init(_ geometry: Stage2Geometry, fileByteCount: UInt64) {
        self.geometry = geometry
        self.fileByteCount = fileByteCount
    }

    var pageByteCount: UInt64 { geometry.pageByteCount }

    // MARK: Changing

    mutating func insert(_ slot: MemorySlot) throws(Failure) {
        guard 0..<Self.maximumCount ~= slot.id else { throw .badNumber }
        guard !slots.contains(where: { $0.id == slot.id }) else { throw .exists }
        try check(slot)
        slots.insert(slot, at: slots.firstIndex { $0.base > slot.base } ?? slots.count)
    }

    @discardableResult
    mutating func remove(id: Int) throws(Failure) -> MemorySlot { slots.remove(at: try index(id: id)) }

    /// Gives the slot another place in the guest's address space. Nothing of it is dirty there.
    mutating func move(id: Int, to base: IPA) throws(Failure) {
        var slot = try remove(id: id)
        let old = slot
        slot.base = base
        if slot.dirtyPages != nil { slot.dirtyPages = noPages(of: slot) }
        do throws(Failure) { try insert(slot) } catch {
            try insert(old)
            throw error
        }
    }

    private func check(_ slot: MemorySlot) throws(Failure) {
        guard slot.byteCount > 0 else { throw .empty }
        let bits = slot.base.rawValue | slot.byteCount | slot.output.rawValue
        guard bits & geometry.pageMask == 0 else { throw .unaligned(pageByteCount: pageByteCount) }
        let (end, wraps) = slot.base.rawValue.addingReportingOverflow(slot.byteCount)
        guard !wraps, end <= geometry.ipaLimit else { throw .outsideAddressSpace(bits: geometry.ipaBits) }
        let (outputEnd, outputWraps) = slot.output.rawValue.addingReportingOverflow(slot.byteCount)
        guard !outputWraps, outputEnd <= fileByteCount else { throw .outsideFile(byteCount: fileByteCount) }
        for other in slots where other.base.rawValue < end && slot.base.rawValue < other.end {
            throw .overlaps(slot: other.id, other.base, IPA(other.end - 1))
        }
    }

    // MARK: Finding

    /// The index of the slot that holds `ipa`.
    func index(of ipa: IPA) -> Int? {
        var range = 0..<slots.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if slots[middle].holds(ipa) { return middle }
            range = slots[middle].base > ipa ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return nil
    }

    /// The parts of `byteCount` bytes from `ipa` on, each within one slot and with its offset into the RAM file; nil if any byte
    /// has no slot.
    func pieces(_ ipa: IPA, byteCount: UInt64) -> [(ipa: IPA, offset: HostOffset, byteCount: UInt64)]? {
        var pieces: [(ipa: IPA, offset: HostOffset, byteCount: UInt64)] = []
        var (address, left) = (ipa, byteCount)
        while left > 0 {
            guard let slot = index(of: address) else { return nil }
            let count = min(left, slots[slot].end - address.rawValue)
            pieces.append((address, slots[slot].output(of: address), count))
            address = address + count
            left -= count
        }
        return pieces
    }

    func index(id: Int) throws(Failure) -> Int {
        guard let index = slots.firstIndex(where: { $0.id == id }) else { throw .missing }
        return index
    }

    subscript(index: Int) -> MemorySlot {
        _read { yield slots[index] }
    }

    /// The lowest part of the RAM file that no slot shows and none of `others` touches, aligned as `base` is within the blocks
    /// of level 2, so that these can map it.
    func freeOutput(base: IPA, byteCount: UInt64, avoiding others: [Range<UInt64>]) -> HostOffset? {
        let block = geometry.blockByteCount(level: 2)
        // A slot without a whole block needs no such alignment.
        let first = byteCount < block ? 0 : base.rawValue % block
        let step = byteCount < block ? pageByteCount : block
        let taken = slots.map { $0.output.rawValue..<$0.outputEnd } + others
        let candidates = taken.map { ($0.upperBound &+ step &- 1 &- first) / step &* step &+ first }
        return ([first] + candidates).sorted().first { start in
            let (end, wraps) = start.addingReportingOverflow(byteCount)
            return !wraps && end <= fileByteCount && !taken.contains { $0.lowerBound < end && start < $0.upperBound }
        }.map { HostOffset($0) }
    }

    // MARK: Dirty logging

    private func noPages(of slot: MemorySlot) -> DirtyPages {
        DirtyPages(pageCount: Int(slot.byteCount / pageByteCount))
    }

    /// The number of the page of `ipa` in a slot that holds it.
    func page(of ipa: IPA, slot index: Int) -> Int { Int((ipa.rawValue - slots[index].base.rawValue) / pageByteCount) }

    mutating func startLogging(slot index: Int) { slots[index].dirtyPages = noPages(of: slots[index]) }

    mutating func stopLogging(slot index: Int) { slots[index].dirtyPages = nil }

    /// Notes a write to the page of `ipa`, if that slot is logged.
    mutating func markDirty(slot index: Int, _ ipa: IPA) { markDirty(slot: index, page: page(of: ipa, slot: index)) }

    mutating func markDirty(slot index: Int, page: Int) { slots[index].dirtyPages?.insert(page) }

    /// What has been written since the last time; from now on nothing has. Empty without logging.
    mutating func takeDirtyPages(slot index: Int) -> DirtyPages {
        slots[index].dirtyPages?.takeAll() ?? DirtyPages(pageCount: 0)
    }

    /// Puts back what was taken, for somebody who did not get it.
    mutating func restore(_ pages: DirtyPages, slot id: Int) {
        guard let index = try? index(id: id) else { return }
        slots[index].dirtyPages?.formUnion(pages)
    }
}
