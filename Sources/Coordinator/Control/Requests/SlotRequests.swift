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
            let isDue = { [dvm] in ticket.map(dvm.isComplete) ?? true }
            return .whenDue(
                LaterReply(reply: .dirtyPages(log), isDue: isDue) { [unowned self] in
                    slots.restore(pages, slot: id)
                })
        }
    }

    func slotPages(_ id: Int, _ operation: SlotPageOperation) -> ControlAnswer {
        slotAnswer(id) { () throws(MemorySlots.Failure) in
            let (visit, ticket) = try change(pagesOf: id, operation)
            return after(ticket, .pageVisit(visit))
        }
    }

    private func after(_ ticket: UInt64?, _ reply: ControlReply) -> ControlAnswer {
        guard let ticket, !dvm.isComplete(ticket) else { return .now(reply) }
        return .whenDue(LaterReply(reply: reply, isDue: { [dvm] in dvm.isComplete(ticket) }))
    }

    private func slotAnswer(
        _ id: Int, _ body: () throws(MemorySlots.Failure) -> ControlAnswer
    ) -> ControlAnswer {
        guard schedule == nil else {
            return .now(.failure("in lock-step the seed alone says what happens: slots cannot be changed"))
        }
        do throws(MemorySlots.Failure) { return try body() } catch {
            return .now(.failure("slot \(id): \(error)"))
        }
    }
}
