import CHost
import Shared

// Asynchronous exceptions: virtual IRQ, FIQ and SError, the doorbell, and what the coordinator injects.
extension VCPU {
    /// What is pending, as ISR_EL1 shows it: A in bit 8, I in bit 7, F in bit 6; the places of PSTATE's masks.
    var pendingInterrupts: UInt32 {
        (system.serrorPending ? 1 << 8 : 0) | (cpuInterface.irqPending ? 1 << 7 : 0)
            | (cpuInterface.fiqPending ? 1 << 6 : 0)
    }

    /// Something is pending that PSTATE does not mask.
    @inline(__always) var hasUnmaskedInterrupt: Bool { pendingInterrupts & ~pstate.daif != 0 }

    /// The guest must be left for the coordinator: a maintenance interrupt, or a timer's interrupt to inject.
    @inline(__always) var mustLeaveGuest: Bool { cpuInterface.maintenancePending || timers.isUndelivered }

    /// Takes the first of SError, IRQ and FIQ that is pending and unmasked, to return to `pc`. False if there is none.
    mutating func takePendingInterrupt() -> Bool {
        let unmasked = pendingInterrupts & ~pstate.daif
        if unmasked == 0 { return false }
        if unmasked & 1 << 8 != 0 {
            system.serrorPending = false
            system.esr_EL1 = UInt64(ExceptionSyndrome(.serror, iss: system.serrorSyndrome).rawValue)
            enterVector(ExceptionVector.serror, returnAddress: pc)
        } else if unmasked & 1 << 7 != 0 {
            enterVector(ExceptionVector.irq, returnAddress: pc)
        } else {
            enterVector(ExceptionVector.fiq, returnAddress: pc)
        }
        return true
    }

    /// Ends an instruction that may have unmasked or changed interrupts: `.next` when nothing came of it; otherwise `pc`
    /// is past the instruction, or at the vector of the interrupt.
    mutating func retireAndTakeInterrupts() -> Outcome {
        if mustLeaveGuest {
            pc &+= 4
            advanceStep()
            exit = PendingExit()
            return .exit
        }
        if hasUnmaskedInterrupt {
            pc &+= 4
            advanceStep()
            _ = takePendingInterrupt()
            return .redirect
        }
        // PSTATE.D may have been cleared.
        return debug.isStepSet ? retireAndLookAgain() : .next
    }

    /// Ends an instruction after which the interpreter must not go on by itself.
    mutating func retireAndLookAgain() -> Outcome {
        pc &+= 4
        retiredInstructions &+= 1
        return .redirect
    }

    /// Rings the own doorbell, so that the interpreter comes out at the next opportunity. For an instruction that has a
    /// result to write: it cannot end with `.exit` itself.
    mutating func leaveGuestSoon() { _ = armada_fetch_or32(control.doorbell, Doorbell.timer) }

    /// Answers the doorbell, with `pc` exact. True if the guest must be left; `exit` says so then.
    mutating func handleDoorbell() -> Bool {
        let reasons = armada_exchange32(control.doorbell, 0)
        if reasons & Doorbell.dvm != 0 { drainDVM() }
        if reasons & Doorbell.timer != 0 { updateTimers(at: counter) }
        guard reasons & Doorbell.kick != 0 || mustLeaveGuest || lockstep.givesWay else { return false }
        exit = PendingExit()
        return true
    }

    /// After the CPU interface has what an Entry frame brought: evaluates the timers. True if the guest must be left again
    /// at once, because a timer fired that the coordinator cannot know.
    mutating func resumeInterrupts(at time: UInt64) -> Bool {
        cpuInterface.enter()
        updateTimers(at: time &- timers.counterOffset)
        guard mustLeaveGuest else { return false }
        exit = PendingExit()
        return true
    }

    /// Applies the injection of an Entry frame, with `pc` where the exception is to return to.
    mutating func inject(_ exception: InjectedException) {
        let isLow = pstate.el == 0
        switch exception.kind {
        case .none: break
        case .undefined: _ = takeUndefined()
        case .dataAbort, .instructionAbort:
            let isData = exception.kind == .dataAbort
            let exceptionClass: ExceptionClass =
                isData ? (isLow ? .dabtLow : .dabtCurrent) : (isLow ? .iabtLow : .iabtCurrent)
            let writeNotRead = isData ? UInt32(truncatingIfNeeded: exception.syndrome) & 1 << 6 : 0
            let iss = UInt32(FaultStatus.externalAbort.rawValue) | writeNotRead
            _ = takeSynchronous(
                ExceptionSyndrome(exceptionClass, iss: iss), far: exception.address, returnAddress: pc)
        case .serror:
            system.serrorPending = true
            system.serrorSyndrome = UInt32(truncatingIfNeeded: exception.syndrome) & 0x1FF_FFFF
        }
    }

    /// The architectural reset, as PSCI CPU_ON and the first entry start a PE: EL1h, everything masked, MMU off.
    mutating func reset(_ state: ResetState) {
        for slot in 0..<RegisterSlot.count { x[slot] = 0 }
        for word in 0..<64 { v[word] = 0 }
        x[0] = state.x0
        pc = state.pc
        nzcv = 0
        fpcr = 0
        fpsr = 0
        pstate = ProcessState()
        system.reset()
        debug.lastStep = .none
        updateDebug()
        timers.reset()
        eventRegister = false
        clearExclusiveMonitor()
        updateFPAccess()
        translationRegimeChanged()
        panChanged()
    }
}
