import Shared

/// A range of guest physical memory that is backed by the RAM file: KVM's `struct kvm_memory_slot`.
struct MemorySlot: Equatable {
    var base: IPA
    var byteCount: UInt64
    /// Where the slot's first byte stands in the RAM file.
    var output: HostOffset
    /// A write is not memory's business: it goes to the bus, as to a ROM.
    var isReadOnly = false
    /// One bit for each 4 KiB page written since logging began; nil: no logging.
    var dirtyPages: [UInt64]?

    var end: UInt64 { base.rawValue + byteCount }
    func holds(_ ipa: IPA) -> Bool { ipa >= base && ipa.rawValue < end }
    func output(of ipa: IPA) -> HostOffset { HostOffset(output.rawValue + (ipa.rawValue - base.rawValue)) }
}

/// The memory of the guest, in ascending order and without overlaps.
struct MemorySlots {
    enum Failure: Error, Equatable { case empty, unaligned, overlaps, outsideAddressSpace }

    private(set) var slots: [MemorySlot] = []

    mutating func insert(_ slot: MemorySlot) throws(Failure) {
        guard slot.byteCount > 0 else { throw .empty }
        guard (slot.base.rawValue | slot.byteCount | slot.output.rawValue) & 0xFFF == 0 else { throw .unaligned }
        let (end, wraps) = slot.base.rawValue.addingReportingOverflow(slot.byteCount)
        guard !wraps, end <= 1 << UInt64(PhysicalMap.ipaBits) else { throw .outsideAddressSpace }
        let index = slots.firstIndex { $0.base > slot.base } ?? slots.count
        if index > 0, slots[index - 1].end > slot.base.rawValue { throw .overlaps }
        if index < slots.count, end > slots[index].base.rawValue { throw .overlaps }
        slots.insert(slot, at: index)
    }

    /// The index of the slot that holds `ipa`.
    func index(of ipa: IPA) -> Int? {
        for index in slots.indices where slots[index].holds(ipa) { return index }
        return nil
    }

    /// The parts of `byteCount` bytes from `ipa` on, each within one slot and with its offset into the RAM file; nil if any byte
    /// has no slot.
    func pieces(_ ipa: IPA, byteCount: UInt64) -> [(slot: Int, ipa: IPA, offset: HostOffset, byteCount: UInt64)]? {
        var pieces: [(slot: Int, ipa: IPA, offset: HostOffset, byteCount: UInt64)] = []
        var (address, left) = (ipa, byteCount)
        while left > 0 {
            guard let slot = index(of: address) else { return nil }
            let count = min(left, slots[slot].end - address.rawValue)
            pieces.append((slot, address, slots[slot].output(of: address), count))
            address = address + count
            left -= count
        }
        return pieces
    }

    subscript(index: Int) -> MemorySlot { slots[index] }

    // MARK: Dirty logging

    mutating func startLogging(slot index: Int) {
        slots[index].dirtyPages = Array(repeating: 0, count: Int((slots[index].byteCount >> 12 + 63) / 64))
    }

    mutating func stopLogging(slot index: Int) { slots[index].dirtyPages = nil }

    /// Notes a write to the page of `ipa`, if that slot is logged.
    mutating func markDirty(slot index: Int, _ ipa: IPA) {
        guard slots[index].dirtyPages != nil else { return }
        let page = Int((ipa.rawValue - slots[index].base.rawValue) >> 12)
        slots[index].dirtyPages?[page / 64] |= 1 << UInt64(page % 64)
    }
}
