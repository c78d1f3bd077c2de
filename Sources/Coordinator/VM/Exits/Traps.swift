import Shared

extension VirtualMachine {
    // The system registers that workers trap.
    /// While ICH_HCR_EL2.TDIR is set, for interrupts without a list register.
    private static let icc_DIR_EL1 = SystemRegisterEncoding(3, 0, 12, 11, 1)
    /// HCR_EL2.TACR.
    private static let actlr_EL1 = SystemRegisterEncoding(3, 0, 1, 0, 1)

    /// WFI and WFE. KVM's `kvm_handle_wfx`: WFE yields and goes on, WFI waits for an interrupt.
    func handleWFx(_ vcpu: VCPU) -> ExitAction {
        if let tracer { tracer.kvmWFx(vcpu) }
        vcpu.advancePC()
        if vcpu.exit.esr.isWFE {
            vcpu.reason = .wfe
            return .resume
        }
        vcpu.reason = .wfi
        return .block
    }

    /// The few system registers that workers trap. Any other, and any system instruction: UNDEF, and once for each a
    /// row to add.
    func handleSystemRegister(_ vcpu: VCPU) -> ExitAction {
        let esr = vcpu.exit.esr
        let register = esr.systemRegister
        if register == Self.icc_DIR_EL1, !esr.isSystemRead {
            vgic.deactivate(vcpu: vcpu.index, intid: UInt32(truncatingIfNeeded: vcpu.exit.registers[0]))
            vcpu.advancePC()
            return .resume
        }
        if let action = handlePhysicalTimer(vcpu, register) { return action }
        if register == Self.actlr_EL1 {
            // KVM's `access_actlr`: nothing is there to be controlled, and writes are ignored.
            if esr.isSystemRead { vcpu.write(register: esr.systemTransferRegister, 0) }
            vcpu.advancePC()
            return .resume
        }
        if unknownRegisters.insert(register.rawValue).inserted {
            logger.warning(
                """
                unknown system register: UNDEF for \(esr.isSystemRead ? "MRS" : "MSR") \(register) at PC \
                \(hexadecimal(vcpu.exit.pc)). Row: \
                (\(register.op0), \(register.op1), \(register.crn), \(register.crm), \(register.op2), "\(register)"),
                """)
        }
        vcpu.injectUndefined()
        return .resume
    }

    /// PC is past the HVC already.
    func handleHVC(_ vcpu: VCPU) -> ExitAction {
        if let tracer { tracer.kvmHVC(vcpu) }
        return hypercall(vcpu)
    }

    /// A trapped SMC leaves PC at the instruction. There is no EL3: a nonzero immediate is nobody's.
    func handleSMC(_ vcpu: VCPU) -> ExitAction {
        vcpu.advancePC()
        guard vcpu.exit.esr.immediate == 0 else {
            vcpu.write(register: 0, .max)
            return .resume
        }
        return hypercall(vcpu)
    }

    /// KVM's `kvm_smccc_call_handler`.
    private func hypercall(_ vcpu: VCPU) -> ExitAction {
        switch Hypercall.call(vcpu.exit.registers, self) {
        case .result(let value):
            vcpu.write(register: 0, value)
            return .resume
        case .suspend:
            vcpu.write(register: 0, PSCI.Result.success)
            return .block
        case .off:
            // Seen only if it is made runnable from outside: what KVM answers then.
            vcpu.write(register: 0, PSCI.Result.success)
            powerOff(vcpu)
            return .leave
        case .on(let target, let reset):
            powerOn(vcpus[target], reset)
            vcpu.write(register: 0, PSCI.Result.success)
            return .resume
        case .systemOff:
            end(.poweredOff)
            return .leave
        case .systemReset:
            end(.reset)
            return .leave
        case .stolenTime:
            vcpu.write(register: 0, beginStolenTime(vcpu)?.rawValue ?? SMCCCResult.notSupported)
            return .resume
        }
    }
}

extension VirtualMachine: PSCI.Machine {
    var vcpuCount: Int { vcpus.count }
    func isPoweredOff(_ vcpu: Int) -> Bool { vcpus[vcpu].state == .poweredOff || isLost(vcpu) }
    func isLost(_ vcpu: Int) -> Bool { vcpus[vcpu].state == .lost }
    var countsStolenTime: Bool { stolenTimeMemory != nil }
}
