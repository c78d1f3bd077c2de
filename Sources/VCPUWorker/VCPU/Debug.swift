import Shared

// Self-hosted debug: breakpoints, watchpoints and software step that EL1 sets up for itself and for EL0.
//
// Whatever may fire is found out when a debug register is written, never while instructions run: a page with a
// breakpoint is not entered in the fetch TLB, a page with a watchpoint not in the fast TLB, and the way around those
// looks at the conditions of the moment (EL, PSTATE.D, CONTEXTIDR_EL1). With debug off nothing is asked anywhere.
//
// Source: Arm ARM "Self-hosted Debug".

/// What of self-hosted debug can happen, whatever EL, PSTATE.D and CONTEXTIDR_EL1 will be.
struct DebugState {
    static let breakpointCount = 6
    static let watchpointCount = 4
    /// The last ones can compare CONTEXTIDR_EL1.
    static let firstContextAwareBreakpoint = 4

    /// Bit n: breakpoint n may match an instruction of EL0, of EL1.
    var breakpointsEL0: UInt8 = 0
    var breakpointsEL1: UInt8 = 0
    /// One of the breakpoints compares the context alone, so that every instruction may match.
    var isContextBreakpointSet = false
    /// Bit n: watchpoint n may match an unprivileged, a privileged access.
    var watchpointsUnprivileged: UInt8 = 0
    var watchpointsPrivileged: UInt8 = 0
    /// MDSCR_EL1.SS, and nothing is locked.
    var isStepSet = false
    var lastStep = LastStep.none

    /// Instructions must be looked at before they execute.
    var isExecutionWatched: Bool { isStepSet || breakpointsEL0 | breakpointsEL1 != 0 }
    var isDataWatched: Bool { watchpointsUnprivileged | watchpointsPrivileged != 0 }

    /// What the pending Software Step exception will say about the instruction before it.
    enum LastStep: UInt8 {
        /// It was not stepped.
        case none
        /// It is being executed.
        case inProgress
        case instruction, loadExclusive
    }
}

extension VCPU {
    /// Takes over MDSCR_EL1, the OS locks, the breakpoint and watchpoint registers after a write to any of them, and
    /// ends the instruction: `.next` if it makes no difference to what runs.
    mutating func debugRegisterWritten() -> Outcome {
        updateDebug() ? retireAndLookAgain() : .next
    }

    /// True if anything was set up or is now.
    @discardableResult
    mutating func updateDebug() -> Bool {
        let wasSet = debug.isExecutionWatched || debug.isDataWatched
        var new = DebugState()
        if !isDebugLocked {
            new.isStepSet = system.mdscr_EL1 & MDSCR.ss != 0
            if system.mdscr_EL1 & MDSCR.mde != 0 {
                for n in 0..<DebugState.breakpointCount { setUpBreakpoint(n, &new) }
                for n in 0..<DebugState.watchpointCount { setUpWatchpoint(n, &new) }
            }
        }
        new.lastStep = debug.lastStep
        debug = new
        guard wasSet || debug.isExecutionWatched || debug.isDataWatched else { return false }
        code.flushTranslations()
        code.forgetGuarded()
        mmu.fast.forgetAll()
        return true
    }

    private mutating func setUpBreakpoint(_ n: Int, _ new: inout DebugState) {
        let control = BreakpointControl(rawValue: system.dbgbcr_EL1[n])
        guard control.isEnabled else { return }
        switch control.type {
        case BreakpointControl.address, BreakpointControl.linkedAddress: break
        case BreakpointControl.context where n >= DebugState.firstContextAwareBreakpoint:
            new.isContextBreakpointSet = true
        // A linked context is the condition of others; the rest is reserved and acts as disabled.
        default: return
        }
        if control.conditions.includesEL0 { new.breakpointsEL0 |= 1 << UInt8(n) }
        if control.conditions.includesEL1, isKernelDebugEnabled { new.breakpointsEL1 |= 1 << UInt8(n) }
    }

    private mutating func setUpWatchpoint(_ n: Int, _ new: inout DebugState) {
        let control = WatchpointControl(rawValue: system.dbgwcr_EL1[n])
        guard control.isEnabled else { return }
        if control.conditions.includesEL0 { new.watchpointsUnprivileged |= 1 << UInt8(n) }
        if control.conditions.includesEL1, isKernelDebugEnabled { new.watchpointsPrivileged |= 1 << UInt8(n) }
    }

    // MARK: Conditions

    /// OSLSR_EL1.OSLK or the OS double lock: no debug exception is generated.
    var isDebugLocked: Bool {
        system.osLock || system.osdlr_EL1 & 1 != 0 && system.dbgprcr_EL1 & 1 == 0
    }

    private var isKernelDebugEnabled: Bool { system.mdscr_EL1 & MDSCR.kde != 0 }

    /// Whether instructions of `el` generate debug exceptions, PSTATE.D being `isMasked`.
    ///
    /// Source: Arm ARM "AArch64.GenerateDebugExceptionsFrom".
    func generatesDebugExceptions(el: UInt8, isMasked: Bool) -> Bool {
        !isDebugLocked && (el == 0 || isKernelDebugEnabled && !isMasked)
    }

    /// The same at this moment.
    var generatesDebugExceptions: Bool {
        generatesDebugExceptions(el: pstate.el, isMasked: pstate.daif & PSTATE.d != 0)
    }

    /// Whether the context that breakpoint `n` holds is the current one.
    mutating func isContext(ofBreakpoint n: Int) -> Bool {
        UInt32(truncatingIfNeeded: system.contextidr_EL1) == UInt32(truncatingIfNeeded: system.dbgbvr_EL1[n])
    }

    /// Whether a breakpoint or watchpoint that is linked to breakpoint `n` may match now. A link to one that is not
    /// enabled, or has no context to compare, never does.
    mutating func isLinkedContext(_ n: Int) -> Bool {
        guard n >= DebugState.firstContextAwareBreakpoint, n < DebugState.breakpointCount else { return false }
        let control = BreakpointControl(rawValue: system.dbgbcr_EL1[n])
        return control.isEnabled && control.type == BreakpointControl.linkedContext && isContext(ofBreakpoint: n)
    }
}

/// Masks of PSTATE.DAIF.
enum PSTATE {
    static let d: UInt32 = 1 << 9
}
