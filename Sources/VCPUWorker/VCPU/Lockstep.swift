import CHost
import Shared

// Lock-step: the guest runs for exactly as many instructions as the Entry says, and its clock is what it retires.
//
// Where to stop is found at no cost to a free run. In lock-step every op is decoded by itself, a page's last op stops,
// every branch goes through `enter`, and every target counts as hot: so the way through `runNative` sees each jump, puts
// an `Op(.stop)` where the budget ends if that is before the page's end, and lets the interpreter go on. Nothing is
// translated.

/// What a worker knows of the slice that it executes. Off, `isOn` is all that anyone looks at.
struct LockstepState {
    var isOn = false
    /// The virtual time at which nothing had been retired yet, were it always in lock-step: the time is this and
    /// `VCPU.retiredInstructions` together.
    private(set) var origin: UInt64 = 0
    /// When the budget is used up.
    private(set) var end: UInt64 = 0
    /// When the next timer fires.
    var deadline = UInt64.max
    /// The guest waits for another vCPU: the slice is over.
    var givesWay = false
    /// The place that has been made to stop, and what stands there otherwise.
    private var stop: (op: UnsafeMutablePointer<Op>, original: Op)?

    /// A slice begins at `time`, with `retired` instructions so far.
    mutating func begin(at time: UInt64, budget: UInt64, retired: UInt64) {
        origin = time &- retired
        let (sum, overflows) = time.addingReportingOverflow(budget)
        end = overflows ? .max : sum
        givesWay = false
    }

    func time(_ retired: UInt64) -> UInt64 { origin &+ retired }

    /// How many instructions may be retired before something is due.
    func rest(_ retired: UInt64) -> UInt64 {
        let now = time(retired)
        let limit = min(end, deadline)
        return limit > now ? limit &- now : 0
    }

    /// Something that retires no instruction takes the time of one all the same: an exception at the vector of an
    /// exception would otherwise take no time for ever.
    mutating func countOne() { origin &+= 1 }

    /// Makes the page of `ops` stop before the instruction that is `rest` behind `slot`, if it is there.
    mutating func setStop(_ ops: UnsafeMutablePointer<Op>, slot: Int, rest: UInt64) {
        clearStop()
        guard rest < UInt64(CodeCache.opsPerPage &- slot) else { return }
        let op = ops + (slot &+ Int(truncatingIfNeeded: rest))
        stop = (op, op.pointee)
        op.pointee = Op(.stop)
    }

    mutating func clearStop() {
        guard let stop else { return }
        stop.op.pointee = stop.original
        self.stop = nil
    }
}

extension VCPU {
    /// Turns lock-step on, before anything is executed.
    mutating func enableLockstep() {
        lockstep.isOn = true
        code.stopsAtEveryTarget = true
        native.isEnabled = false
    }

    /// Nanoseconds: virtual ones in lock-step, of CLOCK_MONOTONIC otherwise.
    var now: UInt64 { lockstep.isOn ? lockstep.time(retiredInstructions) : armada_monotonic() }

    /// CNTPCT and CNTVCT.
    var counter: UInt64 { now &- timers.counterOffset }

    /// The next Entry is likely to go to another vCPU.
    var isSliceOver: Bool { lockstep.isOn && exit.code == .irq }

    /// Executes guest code until the slice ends or the guest must be left, and returns when that was. As `run` otherwise.
    mutating func runSlice() -> UInt64 {
        let start = now
        beginGuestExecution()
        while true {
            if armada_load_relaxed32(control.doorbell) != 0, handleDoorbell() { break }
            if lockstep.rest(retiredInstructions) == 0 {
                updateTimers(at: counter)
                if mustLeaveGuest || now >= lockstep.end {
                    exit = PendingExit()
                    break
                }
            }
            let before = retiredInstructions
            let outcome = executeTurn()
            lockstep.clearStop()
            if outcome == .exit { break }
            if retiredInstructions == before { lockstep.countOne() }
        }
        endGuestExecution()
        // What the coordinator emulates takes the time of an instruction.
        if exit.code.withoutSError == .trap { lockstep.countOne() }
        control.setCounter(.retiredInstructions, retiredInstructions)
        control.setCounter(.decodedInstructions, decodedInstructions)
        guestNanoseconds &+= now &- start
        control.setCounter(.guestNanoseconds, guestNanoseconds)
        return now
    }

    /// A turn of `run`.
    private mutating func executeTurn() -> Outcome {
        if debug.isExecutionWatched { return executeWatched() }
        _ = takePendingInterrupt()
        guard let ops = fetch() else { return raiseFetchFault() }
        if pstate.il { return illegalState() }
        guard isSPAligned || !isSPAlignmentChecked else { return stepWithMisalignedSP() }
        lockstep.setStop(ops, slot: Int(pc >> 2 & 1023), rest: lockstep.rest(retiredInstructions))
        return interpret(ops)
    }

    /// The interpreter has jumped to the cursor's op: it goes on as far as the slice does. If that is nowhere, it
    /// leaves, and `nativeHasLeft` tells.
    @inline(never)
    mutating func stayInSlice(_ c: Cursor) {
        let rest = lockstep.rest(retiredInstructions &+ c.retired)
        if rest != 0 { return lockstep.setStop(c.base, slot: c.slot, rest: rest) }
        leave(c, at: c.pc)
        nativeHasLeft = true
    }

    /// Leaves the guest behind the current instruction, which is done and has told the coordinator something.
    mutating func retireAndLeave() -> Outcome {
        pc &+= 4
        retiredInstructions &+= 1
        advanceStep()
        exit = PendingExit()
        return .exit
    }

    /// Ends the slice at the next opportunity: the guest waits for another vCPU, which cannot run before that.
    mutating func giveWaySoon() {
        lockstep.givesWay = true
        leaveGuestSoon()
    }
}
