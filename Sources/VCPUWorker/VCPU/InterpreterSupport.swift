import CHost
import Shared

// What the interpreter's cases share: leaving, entering another page, decoding in place, faults.

extension VCPU {
    /// Writes the cursor back: the next instruction is at `address`; `retiring` counts the current one.
    @inline(__always)
    mutating func leave(_ c: Cursor, at address: UInt64, retiring: Int = 0) {
        var c = c
        c.count(through: retiring)
        pc = address
        nzcv = c.nzcv
        retiredInstructions = retiredInstructions &+ c.retired
    }

    @inline(__always)
    mutating func leave(_ c: Cursor, at address: UInt64, retiring: Int, _ outcome: Outcome) -> Outcome {
        leave(c, at: address, retiring: retiring)
        return outcome
    }

    /// The ops of the page of `target` if it can be gone to at once: known, aligned, and nobody rings.
    @inline(__always)
    func enter(
        _ target: UInt64, _ fetch: UnsafeMutablePointer<FetchEntry>, _ doorbell: UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<Op>? {
        let entry = fetch + Int(truncatingIfNeeded: target &>> 12 & UInt64(CodeCache.fetchEntryCount - 1))
        // The low two bits stay in the comparison, so that a misaligned target misses.
        guard entry.pointee.tag == target & ~0xFFC, armada_load_relaxed32(doorbell) == 0 else { return nil }
        return entry.pointee.ops
    }

    /// Whether a context synchronization event may be passed without a look at the world: the page is translated to the
    /// same ops as before, nobody rings, and `run` would come straight back. Guests put an ISB before each look at the counter.
    @inline(__always)
    func isUnchanged(
        _ c: Cursor, _ fetch: UnsafeMutablePointer<FetchEntry>, _ doorbell: UnsafeMutableRawPointer
    ) -> Bool {
        enter(c.page, fetch, doorbell) == c.base && !debug.isExecutionWatched && pendingInterrupts == 0 && !pstate.il
            && (isSPAligned || !isSPAlignmentChecked)
    }

    /// Whether a condition, as a mask over NZCV, holds.
    @inline(__always)
    func holds(_ mask: UInt16, _ nzcv: UInt32) -> Bool { UInt32(mask) &>> (nzcv &>> 28) & 1 != 0 }

    /// Decodes the op under the cursor in place.
    @inline(never)
    mutating func decode(_ c: Cursor) {
        let slot = c.slot
        guard slot < CodeCache.opsPerPage else {
            c.op.pointee = Op(lockstep.isOn ? .stop : .pageEnd)
            return
        }
        let header = CodeCache.header(c.base).pointee
        decodedInstructions &+= 1
        c.op.pointee =
            lockstep.isOn
            ? Fusion.alone(at: slot, page: header.hostPage, features.set)
            : header.isGuarded
                ? Fusion.single(at: slot, page: header.hostPage, features.set)
                : Fusion.op(at: slot, page: header.hostPage, features.set)
    }

    /// The word of the current instruction, as memory has it.
    func instructionWord(_ c: Cursor) -> UInt32 {
        armada_load_relaxed32(CodeCache.header(c.base).pointee.hostPage + c.slot * 4)
    }

    /// A load or store of the current instruction faulted.
    @inline(never)
    mutating func dataAbort(_ c: Cursor) -> Outcome {
        leave(c, at: c.pc)
        return raise(mmu.fault, instruction: instructionWord(c))
    }

    @inline(never)
    mutating func fpAccessTrap(_ c: Cursor) -> Outcome {
        leave(c, at: c.pc)
        return takeFPAccessTrap()
    }

    /// DC ZVA of the 64 bytes around `va`, if the page is one that may be written without further questions.
    func zeroBlockAtHand(_ va: UInt64, _ tlb: UnsafeMutablePointer<FastTLBEntry>) -> Bool {
        let entry = tlb + Int(truncatingIfNeeded: va >> 12 & 255)
        guard entry.pointee.writeTag == va & ~0xFFF else { return false }
        let host = hostPointer((va & ~63) &+ entry.pointee.addend)
        host.assumingMemoryBound(to: SIMD8<UInt64>.self).pointee = .zero
        return true
    }
}
