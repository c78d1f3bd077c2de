import Shared

// The guest's compare values as times of the host.

/// When a counter that counts nanoseconds, and shows `counter` at `now`, shows `compare`: in CLOCK_MONOTONIC nanoseconds, 0 if that
/// was before the clock began, `UInt64.max` if it comes after the clock's end.
///
/// A counter may show anything, whatever its offset: only its distance from `compare` means something to the host.
/// Source: Arm ARM "The Generic Timer in AArch64 state": the two are compared as unsigned numbers.
func strike(of compare: UInt64, counter: UInt64, at now: UInt64) -> UInt64 {
    if counter >= compare {
        let (time, overflows) = now.subtractingReportingOverflow(counter &- compare)
        return overflows ? 0 : time
    }
    let (time, overflows) = now.addingReportingOverflow(compare &- counter)
    return overflows ? .max : time
}

extension TimerState {
    /// When each timer's condition is met, as `strike`; `UInt64.max` for a timer that is off or masked.
    func deadlines(
        at now: UInt64, counterOffset: UInt64, virtualOffset: UInt64
    ) -> (virtual: UInt64, physical: UInt64) {
        let counter = now &- counterOffset
        // CNT*_CTL: ENABLE is bit 0, IMASK bit 1.
        return (
            virtualControl & 3 == 1 ? strike(of: virtualCompare, counter: counter &- virtualOffset, at: now) : .max,
            physicalControl & 3 == 1 ? strike(of: physicalCompare, counter: counter, at: now) : .max
        )
    }
}
