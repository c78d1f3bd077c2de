import CHost
import Shared

/// One EL1 timer: CTL and CVAL, and what its output line did.
struct GenericTimer {
    /// CTL.ENABLE in bit 0, CTL.IMASK in bit 1; ISTATUS is computed.
    var control: UInt64 = 0
    /// CVAL.
    var compare: UInt64 = 0
    /// The output line when it was last evaluated.
    var line = false
    /// The coordinator knows that the line is high, and decided.
    var isReported = false

    var isArmable: Bool { control & 3 == 1 }
    /// Neither has its line been high, nor can it be: as long as CTL is what it is, nothing comes of this timer.
    var isQuiet: Bool { !isArmable && !line && !isReported }

    func isConditionMet(at counter: UInt64) -> Bool { counter >= compare }
    func isLineHigh(at counter: UInt64) -> Bool { isArmable && isConditionMet(at: counter) }
    /// How far `counter` is from the strike; `UInt64.max` if none is to come.
    func distance(from counter: UInt64) -> UInt64 {
        isArmable && compare > counter ? compare &- counter : .max
    }
    /// CTL with ISTATUS, which only an enabled timer shows.
    func controlValue(at counter: UInt64) -> UInt64 {
        control & 1 != 0 && isConditionMet(at: counter) ? control | 1 << 2 : control
    }

    /// Evaluates the output line; true when it is high and neither a list register nor the coordinator has it.
    ///
    /// A line that falls takes its interrupt `intid` back while that is only pending: a level interrupt is not remembered.
    mutating func update(at counter: UInt64, intid: UInt32, interface: inout VirtualCPUInterface) -> Bool {
        let isHigh = isLineHigh(at: counter)
        if !isHigh {
            if line || isReported { interface.retirePending(intid) }
            isReported = false
        }
        line = isHigh
        return isHigh && !isReported && !interface.holds(intid)
    }
}

/// The generic timers of one PE: the virtual and the physical EL1 timer over one counter of 1 GHz.
///
/// Source: Arm ARM "The Generic Timer in AArch64 state".
struct GenericTimers {
    /// CNTFRQ_EL0.
    static let frequency: UInt64 = 1_000_000_000

    /// What the physical counter is behind the host's CLOCK_MONOTONIC.
    var counterOffset: UInt64 = 0
    /// The VM's owner has set `counterOffset`, and nobody sets a counter any more: KVM's KVM_ARCH_FLAG_VM_COUNTER_OFFSET.
    private(set) var hasVMCounterOffset = false
    /// What the virtual counter is behind the physical one.
    var virtualOffset: UInt64 = 0
    var virtual = GenericTimer()
    var physical = GenericTimer()
    /// A line is high, no list register holds its interrupt, and the coordinator has not been told.
    var isUndelivered = false
    /// The host time for which the host's timer is armed; 0 for none.
    private var armedFor: UInt64 = 0

    init(counterOffset: UInt64 = 0) { self.counterOffset = counterOffset }

    /// KVM_ARM_SET_COUNTER_OFFSET: takes the place of the virtual counter's own offset, too.
    mutating func setCounterOffset(_ offset: UInt64) {
        counterOffset = offset
        virtualOffset = 0
        hasVMCounterOffset = true
    }

    /// The host time of the next strike that matters, or nil: the earlier of the timers that wait.
    func deadline(after counter: UInt64) -> UInt64? {
        // The counters may be anything; only a distance means something to the host.
        let distance = min(virtual.distance(from: counter &- virtualOffset), physical.distance(from: counter))
        let (deadline, overflows) = (counter &+ counterOffset).addingReportingOverflow(distance)
        // A guest that sets "never" must not become a host time in the past.
        return overflows || deadline > UInt64(Int64.max) ? nil : deadline
    }

    /// Arms the host's timer for the next strike. One that is armed too early stays: its strike arms it again, which
    /// costs less than a call to the host at each write of CVAL.
    mutating func arm(after counter: UInt64) {
        guard let deadline = deadline(after: counter) else { return }
        let now = counter &+ counterOffset
        if armedFor > now, armedFor <= deadline { return }
        armedFor = deadline
        _ = armada_strike_arm(deadline)
    }

    /// The architectural reset: both timers off.
    mutating func reset() {
        virtual = GenericTimer()
        physical = GenericTimer()
        isUndelivered = false
    }
}
