import Shared

// The synchronous exceptions that instructions ask for or deserve. Each is called with `pc` at the instruction.
extension VCPU {
    /// ISS.CV and COND of an AArch64 instruction: always.
    private static var conditionAlways: UInt32 { 1 << 24 | 0xE << 20 }

    /// Class Unknown: an UNDEFINED instruction or access, without a report.
    mutating func takeUndefined() -> Outcome { takeSynchronous(ExceptionSyndrome(.unknown), returnAddress: pc) }

    /// Class 0x18: an access to a system register or a system instruction that EL1 traps.
    mutating func takeSystemTrap(_ e: SystemRegisterEncoding, word: UInt32, isRead: Bool) -> Outcome {
        takeSynchronous(
            ExceptionSyndrome(.sys64, iss: e.iss(rt: Int(word & 31), isRead: isRead)), returnAddress: pc)
    }

    /// Class 0x07: an FP or Advanced SIMD instruction while CPACR_EL1.FPEN traps it.
    mutating func takeFPAccessTrap() -> Outcome {
        takeSynchronous(ExceptionSyndrome(.fpASIMD, iss: Self.conditionAlways), returnAddress: pc)
    }

    /// SVC: returns behind the instruction.
    mutating func supervisorCall(_ immediate: UInt16) -> Outcome {
        advanceStep()
        return takeSynchronous(ExceptionSyndrome(.svc64, iss: UInt32(immediate)), returnAddress: pc &+ 4)
    }

    /// HVC: leaves the guest, with `pc` already past the instruction.
    mutating func hypervisorCall(_ immediate: UInt16) -> Outcome {
        guard pstate.el != 0 else { return takeUndefined() }
        exit = PendingExit(code: .trap, esr: ExceptionSyndrome(.hvc64, iss: UInt32(immediate)))
        pc &+= 4
        advanceStep()
        return .exit
    }

    /// SMC: trapped as under HCR_EL2.TSC, so `pc` stays at the instruction.
    mutating func secureMonitorCall(_ immediate: UInt16) -> Outcome {
        guard pstate.el != 0 else { return takeUndefined() }
        exit = PendingExit(code: .trap, esr: ExceptionSyndrome(.smc64, iss: UInt32(immediate)))
        return .exit
    }

    /// BRK.
    mutating func breakpointInstruction(_ immediate: UInt16) -> Outcome {
        takeSynchronous(ExceptionSyndrome(.brk64, iss: UInt32(immediate)), returnAddress: pc)
    }

    /// A fetch from a `pc` that is not a multiple of 4.
    mutating func pcAlignmentFault() -> Outcome {
        takeSynchronous(ExceptionSyndrome(.pcAlignment), far: pc, returnAddress: pc)
    }

    /// An access with a base SP that is not a multiple of 16, where SCTLR_EL1.SA or SA0 checks it.
    mutating func spAlignmentFault() -> Outcome {
        takeSynchronous(ExceptionSyndrome(.spAlignment), returnAddress: pc)
    }

    /// An instruction under PSTATE.IL.
    mutating func illegalState() -> Outcome {
        takeSynchronous(ExceptionSyndrome(.illegalState), returnAddress: pc)
    }

    // MARK: Waiting

    /// WFI: goes on if an interrupt is pending, masked or not; otherwise it is the coordinator's to wait.
    mutating func waitForInterrupt(word: UInt32) -> Outcome {
        if pendingInterrupts != 0 { return .next }
        if pstate.el == 0, system.sctlr_EL1 & SCTLR.nTWI == 0 { return takeWaitTrap(isWFE: false) }
        exit = PendingExit(
            code: .trap, esr: ExceptionSyndrome(.wfx, iss: Self.conditionAlways), instruction: word)
        return .exit
    }

    /// WFE: consumes an event, or gives the processor to someone who may send one.
    mutating func waitForEvent(word: UInt32) -> Outcome {
        let isEvent = eventRegister || takeRemoteEvent()
        eventRegister = false
        if isEvent || pendingInterrupts & ~pstate.daif != 0 { return .next }
        if pstate.el == 0, system.sctlr_EL1 & SCTLR.nTWE == 0 { return takeWaitTrap(isWFE: true) }
        control.increment(.fastWFE)
        if lockstep.isOn { giveWaySoon() } else { yieldProcessor() }
        return .next
    }

    private mutating func takeWaitTrap(isWFE: Bool) -> Outcome {
        takeSynchronous(
            ExceptionSyndrome(.wfx, iss: Self.conditionAlways | (isWFE ? 1 : 0)), returnAddress: pc)
    }
}
