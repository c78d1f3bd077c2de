import Shared

// Exception entry and return, and PSTATE.
//
// Source: Arm ARM "AArch64.TakeException", "AArch64.ExceptionReturn", "SetPSTATEFromPSR".

/// Offsets into the vector table of the four kinds of exceptions.
enum ExceptionVector {
    static let synchronous: UInt64 = 0x000
    static let irq: UInt64 = 0x080
    static let fiq: UInt64 = 0x100
    static let serror: UInt64 = 0x180
}

/// Bits of SPSR_EL1, beside NZCV and DAIF, which stand where PSTATE has them.
enum SPSR {
    static let ss: UInt64 = 1 << 21
    static let il: UInt64 = 1 << 20
    static let pan: UInt64 = 1 << 22
    static let uao: UInt64 = 1 << 23
    /// M[4]: AArch32 state.
    static let nRW: UInt64 = 1 << 4
}

extension VCPU {
    // MARK: PSTATE

    /// PSTATE as SPSR_EL1 and SPSR_EL2 hold it.
    var savedProgramStatus: UInt64 {
        var value = UInt64(nzcv | pstate.daif) | UInt64(pstate.el) << 2 | UInt64(pstate.sp)
        if pstate.ss { value |= SPSR.ss }
        if pstate.il { value |= SPSR.il }
        if pstate.pan { value |= SPSR.pan }
        if pstate.uao { value |= SPSR.uao }
        return value
    }

    /// Changes EL and SPSel, with what depends on them: the bank of the stack pointer, the access to FP.
    mutating func selectStack(el: UInt8, sp: UInt8) {
        let wasSP1 = pstate.el != 0 && pstate.sp != 0
        let isSP1 = el != 0 && sp != 0
        if wasSP1 != isSP1 {
            if wasSP1 {
                system.sp_EL1 = x[31]
                x[31] = system.sp_EL0
            } else {
                system.sp_EL0 = x[31]
                x[31] = system.sp_EL1
            }
        }
        pstate.sp = sp
        if pstate.el != el {
            pstate.el = el
            updateFPAccess()
        }
    }

    mutating func setPAN(_ value: Bool) {
        guard pstate.pan != value else { return }
        pstate.pan = value
        panChanged()
    }

    mutating func setUAO(_ value: Bool) { pstate.uao = value }

    /// FP and Advanced SIMD instructions may execute at the current EL: CPACR_EL1.FPEN.
    @inline(__always) var fpAccessible: Bool { system.fpAccessible }

    mutating func updateFPAccess() {
        switch system.cpacr_EL1 >> 20 & 3 {
        case 3: system.fpAccessible = true
        case 1: system.fpAccessible = pstate.el != 0
        default: system.fpAccessible = false
        }
    }

    /// Where a branch or an exception return to `address` goes: a tag byte is replaced where TCR_EL1 ignores it.
    func branchTarget(_ address: UInt64) -> UInt64 {
        if address & 1 << 55 != 0 {
            return system.tcr_EL1 & 1 << 38 != 0 ? address | 0xFF << 56 : address
        }
        return system.tcr_EL1 & 1 << 37 != 0 ? address & ~(0xFF << 56) : address
    }

    // MARK: Entry

    /// Enters EL1 through the vector at `offset` of the current EL's part of the table.
    mutating func enterVector(_ offset: UInt64, returnAddress: UInt64) {
        let part: UInt64 = pstate.el == 0 ? 0x400 : pstate.sp != 0 ? 0x200 : 0x000
        system.spsr_EL1 = savedProgramStatus
        system.elr_EL1 = returnAddress
        debug.lastStep = .none
        selectStack(el: 1, sp: 1)
        pstate.daif = 0x3C0
        pstate.ss = false
        pstate.il = false
        pstate.uao = false
        if system.sctlr_EL1 & SCTLR.span == 0 { setPAN(true) }
        pc = system.vbar_EL1 &+ part &+ offset
    }

    /// Takes a synchronous exception to EL1. `far` nil leaves FAR_EL1 alone.
    mutating func takeSynchronous(
        _ syndrome: ExceptionSyndrome, far: UInt64? = nil, returnAddress: UInt64
    ) -> Outcome {
        system.esr_EL1 = UInt64(syndrome.rawValue)
        if let far { system.far_EL1 = far }
        enterVector(ExceptionVector.synchronous, returnAddress: returnAddress)
        return .redirect
    }

    // MARK: Return

    /// ERET. An illegal return sets PSTATE.IL, so that the next instruction takes the illegal-state exception.
    mutating func exceptionReturn() -> Outcome {
        guard pstate.el != 0 else { return takeUndefined() }
        let spsr = system.spsr_EL1 & ~features.absent.spsr_EL1
        clearExclusiveMonitor()
        eventRegister = true
        nzcv = UInt32(truncatingIfNeeded: spsr) & 0xF000_0000
        let isLegal = Self.isLegalReturn(spsr)
        pstate.ss = stepAfterReturn(to: isLegal ? UInt8(spsr >> 2 & 1) : pstate.el, spsr)
        pstate.daif = UInt32(truncatingIfNeeded: spsr) & 0x3C0
        pstate.il = !isLegal || spsr & SPSR.il != 0
        if isLegal {
            pstate.uao = spsr & SPSR.uao != 0
            selectStack(el: UInt8(spsr >> 2 & 1), sp: UInt8(spsr & 1))
        }
        setPAN(spsr & SPSR.pan != 0)
        pc = branchTarget(system.elr_EL1)
        return .redirect
    }

    /// Whether SPSR_EL1.M names a state of this PE that EL1 may return to: EL0t, EL1t or EL1h in AArch64.
    private static func isLegalReturn(_ spsr: UInt64) -> Bool {
        guard spsr & SPSR.nRW == 0 else { return false }
        switch spsr & 0xF {
        case 0b0000, 0b0100, 0b0101: return true
        default: return false
        }
    }
}
