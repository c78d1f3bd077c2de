import Shared

// The registers that are more than a field: what a read yields and what a write does once it is permitted.
extension VCPU {
    mutating func readByRule(
        _ rule: SystemRegisterRule, _ e: SystemRegisterEncoding, into value: inout UInt64, word: UInt32
    ) -> Outcome {
        switch rule {
        case .breakpointValue: value = system.dbgbvr_EL1[Int(e.crm) % 6]
        case .breakpointControl: value = system.dbgbcr_EL1[Int(e.crm) % 6]
        case .watchpointValue: value = system.dbgwvr_EL1[Int(e.crm) % 4]
        case .watchpointControl: value = system.dbgwcr_EL1[Int(e.crm) % 4]
        case .mdscr: value = system.mdscr_EL1
        // OSLM = 0b10: the OS lock is there.
        case .oslsr: value = 1 << 3 | (system.osLock ? 1 << 1 : 0)
        case .mpidr: value = system.mpidr.registerValue
        case .aa64mmfr0:
            value = IDRegisters.id_AA64MMFR0_EL1(physicalAddressBits: mmu.regime.stage2.physicalAddressBits)
        case .sctlr: value = system.sctlr_EL1
        case .tcr: value = system.tcr_EL1
        case .ccsidr: value = IDRegisters.ccsidr(csselr: system.csselr_EL1)
        case .isr: value = UInt64(pendingInterrupts)
        case .dczid:
            let isProhibited = pstate.el == 0 && system.sctlr_EL1 & SCTLR.dze == 0
            value = IDRegisters.dczidBlockSize | (isProhibited ? 1 << 4 : 0)
        case .currentEL: value = UInt64(pstate.el) << 2
        case .spSel: value = UInt64(pstate.sp)
        case .pan: value = pstate.pan ? 1 << 22 : 0
        case .uao: value = pstate.uao ? 1 << 23 : 0
        case .nzcv: value = UInt64(nzcv)
        case .daif: value = UInt64(pstate.daif)
        case .fpcr, .fpsr:
            guard fpAccessible else { return takeFPAccessTrap() }
            value = UInt64(rule == .fpcr ? fpcr : fpsr)
        case .sp_EL0:
            // With SP_EL0 selected it has no other name than SP.
            guard pstate.sp != 0 else { return takeUndefined() }
            value = system.sp_EL0
        case .counter: value = e == SystemRegister.CNTVCT_EL0.encoding ? readVirtualCounter() : readCounter()
        case .cntpTval, .cntpCtl, .cntpCval:
            if isPhysicalTimerTrapped { return trapSystemRegister(e, word: word, isRead: true) }
            value = readTimer(rule)
        case .cntvTval, .cntvCtl, .cntvCval: value = readTimer(rule)
        case .iccPMR, .iccHPPIR0, .iccBPR0, .iccAP0R0, .iccAP1R0, .iccRPR, .iccHPPIR1, .iccBPR1, .iccCTLR, .iccSRE,
            .iccIGRPEN0, .iccIGRPEN1:
            value = readCPUInterface(rule)
        case .iccIAR0: return acknowledgeInterrupt(isGroup1: false, into: &value)
        case .iccIAR1: return acknowledgeInterrupt(isGroup1: true, into: &value)
        case .hypervisor: return trapSystemRegister(e, word: word, isRead: true)
        case .oslar, .iccEOIR0, .iccEOIR1, .iccDIR, .iccSGI0R, .iccSGI1R, .iccASGI1R: return takeUndefined()
        }
        return .next
    }

    mutating func writeByRule(
        _ rule: SystemRegisterRule, _ e: SystemRegisterEncoding, _ value: UInt64, word: UInt32
    ) -> Outcome {
        switch rule {
        case .breakpointValue:
            // A context has all bits.
            system.dbgbvr_EL1[Int(e.crm) % 6] = value
            return debugRegisterWritten()
        case .breakpointControl:
            system.dbgbcr_EL1[Int(e.crm) % 6] = value & BreakpointControl.writable
            return debugRegisterWritten()
        case .watchpointValue:
            system.dbgwvr_EL1[Int(e.crm) % 4] = value & ~3
            return debugRegisterWritten()
        case .watchpointControl:
            system.dbgwcr_EL1[Int(e.crm) % 4] = value & WatchpointControl.writable
            return debugRegisterWritten()
        case .mdscr:
            let mask = MDSCR.writable | (system.osLock ? MDSCR.writableWhileLocked : 0)
            system.mdscr_EL1 = system.mdscr_EL1 & ~mask | value & mask
            return debugRegisterWritten()
        case .oslar:
            system.osLock = value & 1 != 0
            return debugRegisterWritten()
        case .sctlr:
            let mask = SCTLR.writable & ~features.absent.sctlr_EL1
            system.sctlr_EL1 = system.sctlr_EL1 & ~mask | value & mask
            translationRegimeChanged()
        case .tcr:
            system.tcr_EL1 = value & TCR.writable & ~features.absent.tcr_EL1
            translationRegimeChanged()
        case .spSel: selectStack(el: pstate.el, sp: UInt8(value & 1))
        case .pan: setPAN(value & 1 << 22 != 0)
        case .uao: setUAO(value & 1 << 23 != 0)
        case .nzcv: nzcv = UInt32(truncatingIfNeeded: value) & 0xF000_0000
        case .daif:
            pstate.daif = UInt32(truncatingIfNeeded: value) & 0x3C0
            return retireAndTakeInterrupts()
        case .fpcr:
            guard fpAccessible else { return takeFPAccessTrap() }
            fpcr = UInt32(truncatingIfNeeded: value & FPCR.writable & ~features.absent.fpcr)
        case .fpsr:
            guard fpAccessible else { return takeFPAccessTrap() }
            fpsr = UInt32(truncatingIfNeeded: value & FPSR.writable)
        case .sp_EL0:
            guard pstate.sp != 0 else { return takeUndefined() }
            system.sp_EL0 = value
        case .cntpTval, .cntpCtl, .cntpCval:
            if isPhysicalTimerTrapped { return trapSystemRegister(e, word: word, isRead: false) }
            return writeTimer(rule, value)
        case .cntvTval, .cntvCtl, .cntvCval: return writeTimer(rule, value)
        case .iccPMR, .iccBPR0, .iccAP0R0, .iccAP1R0, .iccBPR1, .iccCTLR, .iccSRE, .iccIGRPEN0, .iccIGRPEN1:
            return writeCPUInterface(rule, value)
        case .iccEOIR0: return endInterrupt(value, isGroup1: false)
        case .iccEOIR1: return endInterrupt(value, isGroup1: true)
        case .iccDIR: return deactivateInterrupt(value, word: word)
        case .hypervisor: return trapSystemRegister(e, word: word, isRead: false)
        case .iccSGI1R: return sendSGI(value, group: 1)
        case .iccSGI0R, .iccASGI1R: return sendSGI(value, group: 0)
        case .oslsr, .mpidr, .aa64mmfr0, .ccsidr, .isr, .dczid, .currentEL, .counter, .iccIAR0, .iccIAR1, .iccHPPIR0,
            .iccHPPIR1, .iccRPR:
            return takeUndefined()
        }
        return .next
    }
}

enum FPCR {
    static let fz16: UInt64 = 1 << 19
    /// AHP DN FZ RMode FZ16; the trap enables are RAZ/WI, since no FP exception traps.
    static let writable: UInt64 = 0x07C8_0000
}

enum FPSR {
    /// QC and the cumulative bits IDC IXC UFC OFC DZC IOC.
    static let writable: UInt64 = 0x0800_009F
}
