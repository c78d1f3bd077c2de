import Shared

// Hardware breakpoints, and the way around the interpreter's straight path while they or software step are set up.
//
// A page with a breakpoint is executed from a decoded copy of its own that stops at the breakpoints and is never
// translated. At a stop the conditions are looked at: the exception is taken, or the instruction executed alone.
extension VCPU {
    /// Executes from `pc` on as far as debug allows: a turn of `run`.
    ///
    /// Source: Arm ARM "Synchronous exception prioritization": software step, PC alignment, instruction abort,
    /// breakpoint, illegal execution state, and then what the instruction itself deserves.
    mutating func executeWatched() -> Outcome {
        let isStepping = isStepActive
        if isStepping, !pstate.ss { return softwareStepException() }
        if takePendingInterrupt() { return .redirect }
        guard let ops = fetch() else { return raiseFetchFault() }
        if isBreakpointHit() { return breakpointException() }
        if pstate.il { return illegalState() }
        if isStepping { return step(ops) }
        // The stops of a slice stand in no page of these.
        if lockstep.isOn || isSPAlignmentChecked && !isSPAligned { return executeSingle(ops) }
        guard isBreakpointPage(pc) else { return interpret(ops) }
        if debug.isContextBreakpointSet || isStop(pc) { return executeSingle(ops) }
        return interpret(guardedPage(of: ops))
    }

    /// Whether a breakpoint matches the instruction at `pc` now.
    ///
    /// Source: Arm ARM "AArch64.BreakpointMatch". DBGBCR<n>_EL1.BAS does not matter where there is no AArch32.
    private mutating func isBreakpointHit() -> Bool {
        var candidates = pstate.el == 0 ? debug.breakpointsEL0 : debug.breakpointsEL1
        guard candidates != 0, generatesDebugExceptions else { return false }
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let control = BreakpointControl(rawValue: system.dbgbcr_EL1[n])
            switch control.type {
            case BreakpointControl.context:
                if isContext(ofBreakpoint: n) { return true }
            case BreakpointControl.linkedAddress:
                if breakpointAddress(n) == pc, isLinkedContext(control.conditions.linkedBreakpoint) { return true }
            default:
                if breakpointAddress(n) == pc { return true }
            }
        }
        return false
    }

    private mutating func breakpointException() -> Outcome {
        takeSynchronous(
            ExceptionSyndrome(
                pstate.el == 0 ? .breakpointLow : .breakpointCurrent, iss: UInt32(FaultStatus.debug.rawValue)),
            returnAddress: pc)
    }

    private mutating func breakpointAddress(_ n: Int) -> UInt64 {
        mmu.regime.stage1.untagged(system.dbgbvr_EL1[n] & ~3)
    }

    /// Whether instructions on the page of `va` may match a breakpoint, so that the fetch TLB must not know it.
    mutating func isBreakpointPage(_ va: UInt64) -> Bool {
        debug.isContextBreakpointSet || isBreakpointNear(va, mask: ~0xFFF)
    }

    private mutating func isStop(_ va: UInt64) -> Bool { isBreakpointNear(va, mask: ~0) }

    /// Whether a breakpoint that is set up for either EL has `va` for its address, but for the bits that `mask` leaves
    /// out.
    private mutating func isBreakpointNear(_ va: UInt64, mask: UInt64) -> Bool {
        var candidates = debug.breakpointsEL0 | debug.breakpointsEL1
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            if (breakpointAddress(n) ^ va) & mask == 0 { return true }
        }
        return false
    }

    /// The copy of the page of `pc`, whose decoded form is `ops`, that stops at breakpoints.
    private mutating func guardedPage(of ops: UnsafeMutablePointer<Op>) -> UnsafeMutablePointer<Op> {
        let page = pc & ~0xFFF
        if let guarded = code.guardedPage(of: ops, at: page) { return guarded }
        let guarded = code.makeGuardedPage(of: ops, at: page)
        var candidates = debug.breakpointsEL0 | debug.breakpointsEL1
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let address = breakpointAddress(n)
            if address & ~0xFFF == page { guarded[Int(address >> 2 & 1023)] = Op(.stop) }
        }
        return guarded
    }
}
