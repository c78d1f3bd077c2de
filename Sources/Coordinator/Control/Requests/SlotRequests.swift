import Shared

/// What was written to a slot.
struct DirtyLog: Equatable, Sendable {
    var base: IPA
    var pageByteCount: UInt64
    var pages: DirtyPages
}

// Slots and their pages: what KVM has ioctls for.

extension VirtualMachine {
    func changeSlot(_ id: Int, _ change: SlotChange) -> ControlAnswer {
        slotAnswer(id) { () throws(MemorySlots.Failure) in
            after(try self.change(slot: id, change), .done)
        }
    }

    func dirtyLog(slot id: Int) -> ControlAnswer {
        slotAnswer(id) { () throws(MemorySlots.Failure) in
            let base = slots[try slots.index(id: id)].base
            let (pages, ticket) = try takeDirtyPages(slot: id)
            let log = DirtyLog(base: base, pageByteCount: slots.pageByteCount, pages: pages)
            return after(ticket, .dirtyPages(log)) { [unowned self] in slots.restore(pages, slot: id) }
        }
    }

    func slotPages(_ id: Int, _ operation: SlotPageOperation) -> ControlAnswer {
        slotAnswer(id) { () throws(MemorySlots.Failure) in
            let (visit, ticket) = try change(pagesOf: id, operation)
            return after(ticket, .pageVisit(visit))
        }
    }

    /// With the invalidation of `ticket` complete; nil: there is none.
    private func after(
        _ ticket: UInt64?, _ reply: ControlReply, undelivered: @escaping () -> Void = {}
    ) -> ControlAnswer {
        let isDue = { [dvm] in ticket.map(dvm.isComplete) ?? true }
        return .whenDue(LaterReply(reply: reply, isDue: isDue, undelivered: undelivered))
    }

    private func slotAnswer(
        _ id: Int, _ body: () throws(MemorySlots.Failure) -> ControlAnswer
    ) -> ControlAnswer {
        if let refusal = refusal(nil, "slots cannot be changed") { return .now(.failure(refusal)) }
        do throws(MemorySlots.Failure) { return try body() } catch {
            return .now(.failure("slot \(id): \(error)"))
        }
    }
}
