// Pausing vCPUs: KVM's `kvm_arm_halt_guest` and `kvm_arm_resume_guest`.
//
// A paused vCPU stays out of the guest, whatever it has been doing: one that runs is kicked and parked on its way back in, one in
// WFI is parked when it is woken, one that is off when it is switched on. Time goes on for the guest, as under KVM.

extension VirtualMachine {
    /// Some that are to be paused are still in the guest.
    var isPausing: Bool { vcpus.contains { $0.isPaused && $0.state == .running } }

    func pause(_ indices: Range<Int>) {
        for vcpu in vcpus[indices] {
            vcpu.resumesAfterOperations = false
            guard !vcpu.isPaused else { continue }
            vcpu.isPaused = true
            if vcpu.state == .running { kick(vcpu, .unblock) }
        }
    }

    func resume(_ indices: Range<Int>) {
        for vcpu in vcpus[indices] where vcpu.isPaused {
            guard vcpu.registerOperations.isEmpty else {
                vcpu.resumesAfterOperations = true
                continue
            }
            vcpu.isPaused = false
            guard vcpu.state == .paused else { continue }
            vcpu.state = .inCoordinator
            enter(vcpu)
        }
        if !wakes.isEmpty { wakeKicked() }
    }

    /// Instead of an entry.
    func park(_ vcpu: VCPU) {
        vcpu.state = .paused
        // How long an exit took says nothing if a person was in its way.
        vcpu.exitArrived = 0
        if !isPausing { control?.paused() }
    }
}
