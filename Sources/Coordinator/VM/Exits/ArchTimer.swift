import Shared

// The EL1 physical timer with the world switch nvhe: its registers trap (CNTHCTL_EL2.EL1PCEN = 0), and the coordinator
// is the timer, for a vCPU in the guest as for a blocked one. With vhe the worker has it.

/// KVM's `struct arch_timer_context` of the physical timer.
struct PhysicalTimer {
    /// CNTP_CTL_EL0.{IMASK, ENABLE}.
    var control: UInt64 = 0
    /// CNTP_CVAL_EL0.
    var compare: UInt64 = 0

    /// The register's value for the guest: KVM's `kvm_arm_timer_read`.
    func read(_ register: Register, at counter: UInt64) -> UInt64 {
        switch register {
        // ISTATUS, which only an enabled timer shows.
        case .ctl: control & 1 != 0 && counter >= compare ? control | 1 << 2 : control
        case .cval: compare
        case .tval: UInt64(UInt32(truncatingIfNeeded: compare &- counter))
        }
    }

    /// KVM's `kvm_arm_timer_write`.
    mutating func write(_ register: Register, _ value: UInt64, at counter: UInt64) {
        switch register {
        case .ctl: control = value & 3
        case .cval: compare = value
        // A signed 32-bit distance from now.
        case .tval: compare = counter &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        }
    }

    enum Register {
        case tval, ctl, cval

        /// CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0.
        init?(_ encoding: SystemRegisterEncoding) {
            switch encoding {
            case SystemRegisterEncoding(3, 3, 14, 2, 0): self = .tval
            case SystemRegisterEncoding(3, 3, 14, 2, 1): self = .ctl
            case SystemRegisterEncoding(3, 3, 14, 2, 2): self = .cval
            default: return nil
            }
        }
    }
}

extension VirtualMachine {
    /// A trapped access to the physical timer: KVM's `access_arch_timer`. nil: the register is another one, or it is
    /// the worker's.
    func handlePhysicalTimer(_ vcpu: VCPU, _ encoding: SystemRegisterEncoding) -> ExitAction? {
        guard movesContext, let register = PhysicalTimer.Register(encoding) else { return nil }
        let esr = vcpu.exit.esr
        if esr.isSystemRead {
            let value = vcpu.physicalTimer.read(register, at: clock.now &- counterOffset)
            vcpu.write(register: esr.systemTransferRegister, value)
        } else {
            writePhysicalTimer(vcpu, register, vcpu.exit.registers[0])
        }
        vcpu.advancePC()
        return .resume
    }

    func writePhysicalTimer(_ vcpu: VCPU, _ register: PhysicalTimer.Register, _ value: UInt64) {
        let now = clock.now
        vcpu.physicalTimer.write(register, value, at: now &- counterOffset)
        updatePhysicalTimer(vcpu, at: now)
    }

    /// The counter or the vCPU's power has changed, which with vhe is nothing to the coordinator.
    func updatePhysicalTimer(_ vcpu: VCPU) { if movesContext { updatePhysicalTimer(vcpu, at: clock.now) } }

    /// Sets the line, and arms the background timer for a line that is to rise: KVM's `timer_emulate`. While the vCPU is off
    /// nothing rises.
    private func updatePhysicalTimer(_ vcpu: VCPU, at now: UInt64) {
        let timer = vcpu.physicalTimer
        let counter = now &- counterOffset
        let isArmed = timer.control & 3 == 1 && vcpu.state != .poweredOff
        let isHigh = isArmed && counter >= timer.compare
        vgic.setPPI(PhysicalMap.physicalTimerINTID, vcpu: vcpu.index, level: isHigh)
        let deadline = strike(of: timer.compare, counter: counter, at: now)
        physicalTimers.set(vcpu.index, isArmed && !isHigh ? deadline : .max)
    }

    /// Raises the lines of the physical timers that are due: KVM's `kvm_phys_timer_expire`.
    func physicalTimersExpired(at now: UInt64) {
        while let index = physicalTimers.popExpired(at: now) { updatePhysicalTimer(vcpus[index], at: now) }
        if !wakes.isEmpty { wakeKicked() }
    }

    /// The vCPU starts over: KVM's `kvm_timer_vcpu_reset`.
    func resetPhysicalTimer(_ vcpu: VCPU) {
        vcpu.physicalTimer = PhysicalTimer()
        updatePhysicalTimer(vcpu)
    }

    /// What else an Exit brings with nvhe: the registers, of which the next Entry gives back this copy.
    func syncContext(_ vcpu: VCPU) { vcpu.entry.context = vcpu.channel.exit.context }
}
