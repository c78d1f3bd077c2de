import Shared

// The fields of ICH_VMCR_EL2 as the guest's ICC registers show them.
extension VirtualCPUInterface {
    /// The registers that read without a side effect.
    mutating func read(_ rule: SystemRegisterRule) -> UInt64 {
        switch rule {
        case .iccPMR: state.vmcr >> ICH_VMCR.vpmrShift & 0xFF
        case .iccHPPIR0: UInt64(highestPendingINTID(isGroup1: false))
        case .iccHPPIR1: UInt64(highestPendingINTID(isGroup1: true))
        case .iccBPR0: state.vmcr >> ICH_VMCR.vbpr0Shift & 7
        case .iccBPR1: binaryPoint1
        case .iccAP0R0: UInt64(state.ap0r0)
        case .iccAP1R0: UInt64(state.ap1r0)
        case .iccRPR: UInt64(runningPriority)
        case .iccCTLR: controlValue
        // SRE, DFB, DIB: there is no other interface.
        case .iccSRE: 7
        case .iccIGRPEN0: state.vmcr & ICH_VMCR.veng0 != 0 ? 1 : 0
        case .iccIGRPEN1: state.vmcr & ICH_VMCR.veng1 != 0 ? 1 : 0
        default: 0
        }
    }

    /// The registers whose write only changes a field.
    mutating func write(_ rule: SystemRegisterRule, _ value: UInt64) {
        switch rule {
        case .iccPMR: setField(ICH_VMCR.vpmrShift, mask: 0xFF, value & 0xF8)
        case .iccBPR0: setField(ICH_VMCR.vbpr0Shift, mask: 7, max(value & 7, 2))
        case .iccBPR1 where state.vmcr & ICH_VMCR.vcbpr == 0: setField(ICH_VMCR.vbpr1Shift, mask: 7, max(value & 7, 3))
        case .iccAP0R0: state.ap0r0 = UInt32(truncatingIfNeeded: value)
        case .iccAP1R0: state.ap1r0 = UInt32(truncatingIfNeeded: value)
        case .iccCTLR:
            setFlag(ICH_VMCR.vcbpr, value & 1 << 0 != 0)
            setFlag(ICH_VMCR.veoim, value & 1 << 1 != 0)
        case .iccIGRPEN0:
            setFlag(ICH_VMCR.veng0, value & 1 != 0)
            noteGroupEnables()
        case .iccIGRPEN1:
            setFlag(ICH_VMCR.veng1, value & 1 != 0)
            noteGroupEnables()
        default: return
        }
        refresh()
    }

    /// ICC_CTLR_EL1: CBPR, EOImode, PRIbits, 16-bit INTIDs, A3V, RSS.
    private var controlValue: UInt64 {
        (state.vmcr & ICH_VMCR.vcbpr != 0 ? 1 << 0 : 0) | (state.vmcr & ICH_VMCR.veoim != 0 ? 1 << 1 : 0)
            | Self.priorityBits << 8 | 1 << 15 | 1 << 18
    }

    private mutating func setField(_ shift: UInt64, mask: UInt64, _ value: UInt64) {
        state.vmcr = state.vmcr & ~(mask << shift) | value << shift
    }

    private mutating func setFlag(_ flag: UInt64, _ isSet: Bool) {
        state.vmcr = isSet ? state.vmcr | flag : state.vmcr & ~flag
    }
}

// The ICC registers of the PE: all of them fast exits, which KVM answers inside EL2 or hardware without any.
extension VCPU {
    mutating func readCPUInterface(_ rule: SystemRegisterRule) -> UInt64 {
        control.increment(.fastCPUInterface)
        return cpuInterface.read(rule)
    }

    mutating func writeCPUInterface(_ rule: SystemRegisterRule, _ value: UInt64) -> Outcome {
        control.increment(.fastCPUInterface)
        cpuInterface.write(rule, value)
        return retireAndTakeInterrupts()
    }

    mutating func acknowledgeInterrupt(isGroup1: Bool, into value: inout UInt64) -> Outcome {
        control.increment(.fastInterruptAcknowledge)
        value = UInt64(cpuInterface.acknowledge(isGroup1: isGroup1))
        if mustLeaveGuest { leaveGuestSoon() }
        return .next
    }

    mutating func endInterrupt(_ value: UInt64, isGroup1: Bool) -> Outcome {
        control.increment(.fastEndOfInterrupt)
        let intid = UInt32(truncatingIfNeeded: value)
        if cpuInterface.end(intid, isGroup1: isGroup1) { timerInterruptEnded(intid & 0xFF_FFFF) }
        return retireAndTakeInterrupts()
    }

    mutating func deactivateInterrupt(_ value: UInt64, word: UInt32) -> Outcome {
        let intid = UInt32(truncatingIfNeeded: value)
        if cpuInterface.trapsDeactivation(intid) {
            return trapSystemRegister(SystemRegisterEncoding(instruction: word), word: word, isRead: false)
        }
        control.increment(.fastEndOfInterrupt)
        if cpuInterface.deactivate(intid) { timerInterruptEnded(intid & 0xFF_FFFF) }
        return retireAndTakeInterrupts()
    }
}
