import Shared

// The timer registers, and the way from a timer's line to the coordinator.
extension VCPU {
    /// CNTPCT_EL0.
    mutating func readCounter() -> UInt64 {
        control.increment(.fastCounterRead)
        return counter
    }

    /// CNTVCT_EL0.
    mutating func readVirtualCounter() -> UInt64 { readCounter() &- timers.virtualOffset }

    /// CNTHCTL_EL2.EL1PCEN is 0 with nvhe: the physical timer's registers trap, its counter does not.
    var isPhysicalTimerTrapped: Bool { movesContext }

    mutating func readTimer(_ rule: SystemRegisterRule) -> UInt64 {
        control.increment(.fastTimer)
        let counter = counter
        let virtualCounter = counter &- timers.virtualOffset
        return switch rule {
        case .cntpCtl: timers.physical.controlValue(at: counter)
        case .cntpCval: timers.physical.compare
        case .cntpTval: UInt64(UInt32(truncatingIfNeeded: timers.physical.compare &- counter))
        case .cntvCtl: timers.virtual.controlValue(at: virtualCounter)
        case .cntvCval: timers.virtual.compare
        default: UInt64(UInt32(truncatingIfNeeded: timers.virtual.compare &- virtualCounter))
        }
    }

    mutating func writeTimer(_ rule: SystemRegisterRule, _ value: UInt64) -> Outcome {
        control.increment(.fastTimer)
        let counter = counter
        // TVAL is a signed 32-bit distance from now.
        let relative = counter &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        switch rule {
        case .cntpCtl: timers.physical.control = value & 3
        case .cntpCval: timers.physical.compare = value
        case .cntpTval: timers.physical.compare = relative
        case .cntvCtl: timers.virtual.control = value & 3
        case .cntvCval: timers.virtual.compare = value
        default: timers.virtual.compare = relative &- timers.virtualOffset
        }
        updateTimers(at: counter)
        let outcome = retireAndTakeInterrupts()
        // The slice may end elsewhere from here on.
        return outcome == .next && lockstep.isOn ? retireAndLookAgain() : outcome
    }

    /// Evaluates both output lines at `counter`, arms the host's timer or the slice's end, and notes whether the
    /// coordinator must hear of it.
    @inline(__always)
    mutating func updateTimers(at counter: UInt64) {
        if timers.virtual.isQuiet, timers.physical.isQuiet {
            timers.isUndelivered = false
            if lockstep.isOn { lockstep.deadline = .max }
            return
        }
        evaluateTimers(at: counter)
    }

    @inline(never)
    private mutating func evaluateTimers(at counter: UInt64) {
        let isVirtualWaiting = timers.virtual.update(
            at: counter &- timers.virtualOffset, intid: PhysicalMap.virtualTimerINTID, interface: &cpuInterface)
        let isPhysicalWaiting = timers.physical.update(
            at: counter, intid: PhysicalMap.physicalTimerINTID, interface: &cpuInterface)
        timers.isUndelivered = isVirtualWaiting || isPhysicalWaiting
        if lockstep.isOn {
            lockstep.deadline = timers.deadline(after: counter) ?? .max
        } else {
            timers.arm(after: counter)
        }
    }

    /// The interrupt of a timer was deactivated: a line that is still high asks again, as level interrupts do.
    mutating func timerInterruptEnded(_ intid: UInt32) {
        switch intid {
        case PhysicalMap.virtualTimerINTID: timers.virtual.isReported = false
        case PhysicalMap.physicalTimerINTID: timers.physical.isReported = false
        default: return
        }
        updateTimers(at: counter)
    }

    /// What the Exit frame says of the timers. From here on the coordinator knows the lines,
    /// as they are at `time`: see `now`.
    mutating func timerState(at time: UInt64) -> TimerState {
        updateTimers(at: time &- timers.counterOffset)
        timers.virtual.isReported = timers.virtual.line
        timers.physical.isReported = timers.physical.line
        timers.isUndelivered = false
        var state = TimerState()
        state.virtualControl = UInt32(truncatingIfNeeded: timers.virtual.control)
        state.physicalControl = UInt32(truncatingIfNeeded: timers.physical.control)
        state.virtualCompare = timers.virtual.compare
        state.physicalCompare = timers.physical.compare
        state.virtualLine = timers.virtual.line
        state.physicalLine = timers.physical.line
        return state
    }
}
