import CHost
import Shared

extension VCPU {
    /// Executes guest code from `start` on until the guest must be left. `exit` then says why and `pc` is where it goes on.
    /// Returns when that was; both are nanoseconds of CLOCK_MONOTONIC.
    @discardableResult
    mutating func run(from start: UInt64) -> UInt64 {
        beginGuestExecution()
        loop: while true {
            if armada_load_relaxed32(control.doorbell) != 0, handleDoorbell() { break }
            if debug.isExecutionWatched {
                if executeWatched() == .exit { break loop }
                continue
            }
            _ = takePendingInterrupt()
            // In the order of Arm ARM "Synchronous exception prioritization": the fetch, the state, the stack pointer.
            guard let ops = fetch() else {
                if raiseFetchFault() == .exit { break loop }
                continue
            }
            if pstate.il {
                _ = illegalState()
                continue
            }
            guard isSPAligned || !isSPAlignmentChecked else {
                if stepWithMisalignedSP() == .exit { break loop }
                continue
            }
            if interpret(ops) == .exit { break loop }
        }
        endGuestExecution()
        control.setCounter(.retiredInstructions, retiredInstructions)
        control.setCounter(.decodedInstructions, decodedInstructions)
        let end = armada_monotonic()
        guestNanoseconds &+= end &- start
        control.setCounter(.guestNanoseconds, guestNanoseconds)
        return end
    }

    /// The decoded page of `pc`; nil when the instruction cannot be fetched (`mmu.fault`).
    mutating func fetch() -> UnsafeMutablePointer<Op>? {
        let fetch = pstate.el == 0 ? code.fetchEL0 : code.fetchEL1
        let entry = fetch + Int(truncatingIfNeeded: pc >> 12 & UInt64(CodeCache.fetchEntryCount - 1))
        if entry.pointee.tag == pc & ~0xFFC, let ops = entry.pointee.ops { return ops }
        guard pc & 3 == 0 else {
            mmu.fault = MemoryFault(status: .alignment, address: pc, isFetch: true)
            return nil
        }
        guard let translation = translateFetch(pc) else { return nil }
        let ops = code.ops(offset: translation.offset, hostPage: translation.hostPage)
        if !debug.isExecutionWatched || !isBreakpointPage(pc) { entry.pointee = FetchEntry(tag: pc & ~0xFFF, ops: ops) }
        return ops
    }

    mutating func raiseFetchFault() -> Outcome {
        pc & 3 != 0 ? pcAlignmentFault() : raise(mmu.fault, instruction: 0)
    }

    // MARK: Hooks of the MMU

    /// Forgets the decoded form of `byteCount` bytes of RAM from `offset`.
    mutating func invalidateCode(offset: UInt64, byteCount: UInt64) {
        lockstep.clearStop()
        code.invalidate(offset: offset, byteCount: byteCount)
    }

    mutating func invalidateAllCode() {
        lockstep.clearStop()
        code.removeAll()
    }

    mutating func flushFetchTranslations() { code.flushTranslations() }
}
