/// KVM's `kvm_mp_state`, as far as arm64 has it.
enum MPState: UInt32, CaseIterable, Sendable {
    /// It runs, is in WFI, or will run when it is resumed.
    case runnable = 0
    /// Off: PSCI CPU_ON starts it.
    case stopped = 1
    /// Waits as by WFI until something wakes it, and is runnable from then on.
    case suspended = 2

    /// KVM_MP_STATE_…
    var name: String { "\(self)".uppercased() }
}

extension VCPU {
    /// KVM_GET_MP_STATE.
    var mpState: MPState { state == .poweredOff ? .stopped : isSuspended ? .suspended : .runnable }
}

extension VirtualMachine {
    /// KVM_SET_MP_STATE of a vCPU that is paused or off.
    func set(_ mpState: MPState, of vcpu: VCPU) {
        switch mpState {
        case .runnable: makeRunnable(vcpu)
        case .stopped: stop(vcpu)
        case .suspended:
            vcpu.requests.insert(.suspend)
            leave(vcpu)
            vcpu.isSuspended = true
            enter(vcpu)
        }
        if !wakes.isEmpty { wakeKicked() }
    }

    private func makeRunnable(_ vcpu: VCPU) {
        guard vcpu.mpState != .runnable else { return }
        vcpu.requests.remove(.suspend)
        leave(vcpu)
        enter(vcpu)
    }

    private func stop(_ vcpu: VCPU) {
        guard vcpu.state != .poweredOff else { return }
        // CPU_ON must not find it.
        vcpu.requests.remove(.suspend)
        vcpu.isSuspended = false
        timers.remove(vcpu.index)
        powerOff(vcpu)
    }

    /// Takes the vCPU out of where it stands, so that it can enter the guest, or be parked on its way.
    private func leave(_ vcpu: VCPU) {
        timers.remove(vcpu.index)
        vcpu.isSuspended = false
        vcpu.state = .inCoordinator
        updatePhysicalTimer(vcpu)
        if let tracer { tracer.unblocked(vcpu) }
    }

    /// Its request SUSPEND: KVM's `kvm_vcpu_suspend`. A VMM answers its KVM_SYSTEM_EVENT_WAKEUP by making it runnable.
    func suspend(_ vcpu: VCPU) {
        block(vcpu)
        if vcpu.state != .blocked { vcpu.isSuspended = false }
    }
}
