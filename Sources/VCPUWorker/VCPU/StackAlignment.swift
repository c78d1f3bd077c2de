import CHost
import Shared

// SP alignment checking, where it costs nothing while SP is aligned: an op that may misalign SP leaves the interpreter when it
// does, and from then on instructions are executed one at a time, until SP is aligned again.

extension VCPU {
    @inline(__always) var isSPAligned: Bool { x[Int(RegisterSlot.sp)] & 15 == 0 }

    /// SCTLR_EL1.SA at EL1, SA0 at EL0.
    var isSPAlignmentChecked: Bool { system.sctlr_EL1 >> (pstate.el == 0 ? 4 : 3) & 1 != 0 }

    /// Executes one instruction with a misaligned SP.
    mutating func stepWithMisalignedSP() -> Outcome {
        guard let ops = fetch() else { return raiseFetchFault() }
        return executeSingle(ops)
    }

    /// Executes the instruction at `pc` and no other, or takes the exception if its address comes from a misaligned SP.
    /// `ops` is the decoded page.
    ///
    /// Source: Arm ARM "CheckSPAlignment".
    mutating func executeSingle(_ ops: UnsafeMutablePointer<Op>) -> Outcome {
        let slot = Int(pc >> 2 & 1023)
        let page = CodeCache.header(ops).pointee.hostPage
        let op = Fusion.alone(at: slot, page: page, features.set)
        let word = armada_load_relaxed32(page + slot * 4)
        if !isSPAligned, isSPAlignmentChecked, Self.isAddressFromSP(word, op) {
            let isVector = word & 1 << 26 != 0
            return isVector && !fpAccessible ? takeFPAccessTrap() : spAlignmentFault()
        }
        // A jump must come back here instead of going on in a page that it finds at hand.
        code.flushTranslations()
        return interpret(code.single(op, slot: slot, of: ops))
    }

    /// Whether `word`, which decodes to `op`, is a load or store whose base is SP; a prefetch is none.
    static func isAddressFromSP(_ word: UInt32, _ op: Op) -> Bool {
        let isLoadOrStore = word & 0x0A00_0000 == 0x0800_0000
        let isLiteral = word & 0x3B00_0000 == 0x1800_0000
        return isLoadOrStore && !isLiteral && word >> 5 & 31 == 31 && op.code != .undefined && op.code != .noOperation
    }
}
