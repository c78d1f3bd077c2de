extension VirtualMachine {
    /// KVM's `kvm_vcpu_kick`, of one vCPU or of all: who is in the guest leaves it and goes back in; who waits in WFI looks
    /// whether there is anything to wake up for. To one that is paused or off it is nothing.
    func kick(vcpu: Int?) -> ControlAnswer {
        if let refusal = refusal(vcpu, "nobody can be kicked") { return .now(.failure(refusal)) }
        for vcpu in vcpus[vcpu.map { $0..<$0 + 1 } ?? vcpus.indices] where vcpu.state != .poweredOff {
            kick(vcpu, .irqPending)
        }
        if !wakes.isEmpty { wakeKicked() }
        return .now(.done)
    }
}
