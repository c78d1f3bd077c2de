import Glibc
import Shared

/// A change to a memory slot while the VM runs: what KVM_SET_USER_MEMORY_REGION says with its arguments.
enum SlotChange: Equatable, Sendable {
    /// KVM_MR_CREATE. Without an offset the slot gets a part of the RAM file that no other slot shows, full of zeros.
    case create(base: IPA, byteCount: UInt64, output: HostOffset?, isReadOnly: Bool)
    /// KVM_MR_DELETE. What was in it stays in the RAM file until a slot without an offset gets that part.
    case delete
    /// KVM_MR_MOVE.
    case move(to: IPA)
    /// KVM_MR_FLAGS_ONLY, with KVM_MEM_LOG_DIRTY_PAGES.
    case logDirtyPages(Bool)
}

/// What can be done to a slot's translations, which changes nothing but the faults that the guest takes.
enum SlotPageOperation: UInt32, CaseIterable, Sendable {
    /// Clear the access flags.
    case age = 0
    /// Blocks become pages.
    case split = 1
    /// Pages become blocks.
    case merge = 2
}

/// Parts of the RAM file that were taken from the guest, until no vCPU can reach them any more.
struct RetiringMemory {
    private var parts: [(part: Range<UInt64>, ticket: UInt64)] = []

    mutating func add(_ part: Range<UInt64>, until ticket: UInt64) { parts.append((part, ticket)) }

    mutating func current(_ broadcast: some Stage2Broadcast) -> [Range<UInt64>] {
        parts.removeAll { broadcast.isComplete($0.ticket) }
        return parts.map(\.part)
    }
}

// The invalidation that a change needs is broadcast, and not waited for: each function returns the ticket after which the change
// is true for every vCPU. A fault that was on its way is handled by the slots as they are when it arrives; the guest then
// tries its access again.

extension VirtualMachine {
    /// Returns nil when there is nothing to wait for.
    func change(slot id: Int, _ change: SlotChange) throws(MemorySlots.Failure) -> UInt64? {
        switch change {
        case .create(let base, let byteCount, let output, let isReadOnly):
            try createSlot(id, base, byteCount, output, isReadOnly)
            return nil
        case .delete:
            let slot = try slots.remove(id: id)
            return takeAway(slot)
        case .move(let base):
            let old = slots[try slots.index(id: id)]
            try slots.move(id: id, to: base)
            return takeAway(old)
        case .logDirtyPages(let isOn):
            let index = try slots.index(id: id)
            guard isOn != (slots[index].dirtyPages != nil) else { return nil }
            guard isOn else {
                // The pages become blocks again with the next write to each block, or with `merge`.
                slots.stopLogging(slot: index)
                return nil
            }
            slots.startLogging(slot: index)
            return stage2.writeProtect(slots[index].range)
        }
    }

    private func createSlot(
        _ id: Int, _ base: IPA, _ byteCount: UInt64, _ output: HostOffset?, _ isReadOnly: Bool
    ) throws(MemorySlots.Failure) {
        var slot = MemorySlot(
            id: id, base: base, byteCount: byteCount, output: output ?? HostOffset(0), isReadOnly: isReadOnly)
        guard output == nil else { return try slots.insert(slot) }
        let retiring = retiringMemory.current(dvm)
        guard let free = slots.freeOutput(base: base, byteCount: byteCount, avoiding: retiring) else {
            throw .noMemory(fileByteCount: UInt64(ram.byteCount))
        }
        slot.output = free
        try slots.insert(slot)
        let memory = ram.base + Int(free.rawValue)
        // Gives the pages back to the host; reading them yields zeros.
        if madvise(memory, Int(byteCount), MADV_REMOVE) != 0 { memset(memory, 0, Int(byteCount)) }
        dvm.invalidateInstructions(free, byteCount: byteCount)
    }

    private func takeAway(_ slot: MemorySlot) -> UInt64? {
        guard let ticket = stage2.unmap(slot.base, byteCount: slot.byteCount) else {
            end(.failed("the stage-2 tables are full while slot \(slot.id) is taken away"))
            return nil
        }
        retiringMemory.add(slot.output.rawValue..<slot.outputEnd, until: ticket)
        return ticket
    }

    // MARK: Dirty logging

    /// The pages of the slot that were written since the last call, and the ticket after which each further write will be
    /// noted: KVM_GET_DIRTY_LOG. Until then a vCPU may still write to one of these pages, as it may under KVM before
    /// the call returns.
    func takeDirtyPages(slot id: Int) throws(MemorySlots.Failure) -> (pages: DirtyPages, ticket: UInt64?) {
        let index = try slots.index(id: id)
        guard slots[index].dirtyPages != nil else { throw .notLogged }
        let pages = slots.takeDirtyPages(slot: index)
        return (pages, stage2.writeProtect(pages, from: slots[index].base))
    }

    /// The coordinator has written to guest memory.
    func markDirty(_ ipa: IPA, byteCount: UInt64) {
        guard byteCount > 0, let index = slots.index(of: ipa), slots[index].dirtyPages != nil else { return }
        let last = ipa.rawValue + min(byteCount, slots[index].end - ipa.rawValue) - 1
        for page in slots.page(of: ipa, slot: index)...slots.page(of: IPA(last), slot: index) {
            slots.markDirty(slot: index, page: page)
        }
    }

    // MARK: Pages and blocks

    /// nil: there is nothing to wait for.
    func change(
        pagesOf id: Int, _ operation: SlotPageOperation
    ) throws(MemorySlots.Failure) -> (visit: Stage2.Visit, ticket: UInt64?) {
        let slot = slots[try slots.index(id: id)]
        switch operation {
        case .age: return stage2.age(slot.range)
        case .split:
            guard let visit = stage2.split(slot.range) else { throw .noTables }
            return (visit, nil)
        case .merge:
            guard slot.dirtyPages == nil else { throw .logged }
            return (merge(slot), nil)
        }
    }

    /// Replaces by a block each table of pages that lies in the slot as a block might.
    private func merge(_ slot: MemorySlot) -> Stage2.Visit {
        var visit = Stage2.Visit()
        let permissions: Stage2Permissions = slot.isReadOnly ? [.read, .execute] : .all
        var address = slot.base.rawValue
        while address < slot.end {
            let level = blockLevel(slot, IPA(address))
            // Nothing is a block around a page at the slot's edges; the next one may be.
            let step = stage2.geometry.blockByteCount(level: min(level, Stage2Geometry.lastLevel - 1))
            if level < Stage2Geometry.lastLevel {
                visit.leaves += 1
                if stage2.merge(IPA(address), to: slot.output(of: IPA(address)), level: level, permissions) {
                    visit.changed += 1
                }
            }
            address = (address | (step - 1)) + 1
        }
        return visit
    }
}
