import Shared

// SYS, SYSL and MSR (immediate).
extension VCPU {
    /// SYS and SYSL: cache and TLB maintenance, address translation. Called with `pc` at the instruction.
    mutating func executeSystemInstruction(word: UInt32) -> Outcome {
        let e = SystemRegisterEncoding(instruction: word)
        let isRead = word & 1 << 21 != 0
        // EL0 has DC ZVA and the operations to the points of unification and coherency, which SCTLR_EL1.DZE and UCI permit.
        if pstate.el == 0, isRead || e.op1 != 3 || e.crn != 7 { return takeUndefined() }
        let rt = Int(word & 31)
        if !isRead, let outcome = executeMaintenance(e, rt == 31 ? 0 : x[rt], rt: rt) {
            // Code that was dropped took the slice's stop with it.
            return outcome == .next && lockstep.isOn ? retireAndLookAgain() : outcome
        }
        return unknownSystemRegister(e, word: word, isRead: isRead)
    }

    /// MSR (immediate): SPSel, DAIFSet, DAIFClr, PAN, UAO. Called with `pc` at the instruction.
    mutating func writePSTATEField(word: UInt32) -> Outcome {
        let immediate = word >> 8 & 0xF
        switch (word >> 16 & 7, word >> 5 & 7) {
        case (3, 6):
            if isTrappedDAIF {
                return takeSystemTrap(SystemRegisterEncoding(instruction: word), word: word, isRead: false)
            }
            pstate.daif |= immediate << 6
            return .next
        case (3, 7):
            if isTrappedDAIF {
                return takeSystemTrap(SystemRegisterEncoding(instruction: word), word: word, isRead: false)
            }
            pstate.daif &= ~(immediate << 6)
            return retireAndTakeInterrupts()
        case (0, 5) where pstate.el != 0: selectStack(el: pstate.el, sp: UInt8(immediate & 1))
        case (0, 4) where pstate.el != 0: setPAN(immediate & 1 != 0)
        case (0, 3) where pstate.el != 0: setUAO(immediate & 1 != 0)
        case (0, 3), (0, 4), (0, 5): return takeUndefined()
        default: return undefinedInstruction(word)
        }
        return .next
    }

    private var isTrappedDAIF: Bool { pstate.el == 0 && system.sctlr_EL1 & SCTLR.uma == 0 }
}
