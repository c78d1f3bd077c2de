import CHost
import Shared

// Software step. Three states: inactive; active-not-pending (PSTATE.SS = 1: one instruction executes); active-pending
// (PSTATE.SS = 0: the exception is due before the next one).
//
// Source: Arm ARM "Software Step exceptions", "SSAdvance", "DebugExceptionReturnSS".
extension VCPU {
    /// Not inactive.
    var isStepActive: Bool { debug.isStepSet && generatesDebugExceptions }

    /// Executes one instruction of the page `ops` in the active-not-pending state.
    mutating func step(_ ops: UnsafeMutablePointer<Op>) -> Outcome {
        let start = pc
        let word = armada_load_relaxed32(CodeCache.header(ops).pointee.hostPage + Int(pc & 0xFFC))
        debug.lastStep = .inProgress
        let outcome = executeSingle(ops)
        // An exception that was taken instead, or the instruction's own advance.
        guard debug.lastStep == .inProgress else { return outcome }
        // Left for the coordinator, or a DSB that gave way to a kick: it is still to be done.
        let isDSB = word & 0xFFFF_F0FF == 0xD503_309F
        if outcome == .exit || isDSB && pc == start {
            debug.lastStep = .none
            return outcome
        }
        pstate.ss = false
        debug.lastStep = !isStepActive ? .none : Self.isLoadExclusive(word) ? .loadExclusive : .instruction
        return outcome
    }

    /// The current instruction is done, and an exception or an exit of the guest stands between it and what follows. A
    /// step that is still due then says that it did not step.
    mutating func advanceStep() {
        guard pstate.ss else { return }
        pstate.ss = false
        debug.lastStep = .none
    }

    mutating func softwareStepException() -> Outcome {
        var iss = UInt32(FaultStatus.debug.rawValue)
        switch debug.lastStep {
        case .none, .inProgress: break
        case .instruction: iss |= 1 << 24
        case .loadExclusive: iss |= 1 << 24 | 1 << 6
        }
        return takeSynchronous(
            ExceptionSyndrome(pstate.el == 0 ? .softStepLow : .softStepCurrent, iss: iss), returnAddress: pc)
    }

    /// PSTATE.SS after an exception return to `el` with this SPSR_EL1: a step begins only on the way out of a debugger,
    /// from where debug exceptions are disabled to where they are enabled.
    func stepAfterReturn(to el: UInt8, _ spsr: UInt64) -> Bool {
        guard debug.isStepSet, spsr & SPSR.ss != 0, !generatesDebugExceptions else { return false }
        return generatesDebugExceptions(el: el, isMasked: spsr & UInt64(PSTATE.d) != 0)
    }

    /// LDXR, LDAXR, LDXP, LDAXP.
    static func isLoadExclusive(_ word: UInt32) -> Bool {
        // o2 = 0, L = 1; with o1 = 1 the sizes below 32 bits are CASP.
        word & 0x3FC0_0000 == 0x0840_0000 && (word & 1 << 21 == 0 || word & 1 << 31 != 0)
    }
}
