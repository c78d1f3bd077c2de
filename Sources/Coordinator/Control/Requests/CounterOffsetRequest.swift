import Shared

extension VirtualMachine {
    /// KVM_ARM_SET_COUNTER_OFFSET: both counters of every vCPU are `clock` less this from here on, those of a vCPU that is off
    /// included. A vCPU's own offset ends.
    func set(counterOffset offset: UInt64) -> ControlAnswer {
        if outcome != nil { return .now(.failure("the VM is ending")) }
        if let refusal = refusal(nil, "nothing can be paused, so no offset can be set") {
            return .now(.failure(refusal))
        }
        let live = vcpus.filter { $0.state != .lost }
        if let vcpu = live.first(where: { registerRefusal($0.index) != nil }) {
            return .now(
                .failure("vCPU \(vcpu.index) runs (EBUSY): the offset is every vCPU's, pause all with armada ctl pause")
            )
        }
        counterOffset = offset
        for vcpu in live {
            vcpu.virtualCounterOffset = 0
            updatePhysicalTimer(vcpu)
        }
        // No vCPU enters the guest before its own worker has answered.
        let ticket = lastControlTicket.next()
        var waitedFor = live.count
        for vcpu in live {
            let operation = RegisterOperation(counterOffset: offset, ticket: ticket) { _ in
                waitedFor -= 1
                return waitedFor == 0 ? .done : nil
            } failed: { [unowned self] why in
                // A lost vCPU needs no counter.
                guard outcome == nil, configuration.vcpuLoss == .offline else { return .failure(why) }
                waitedFor -= 1
                return waitedFor == 0 ? .done : nil
            }
            queue(operation, on: vcpu)
            if outcome != nil { return .now(.failure("the worker of vCPU \(vcpu.index) is gone")) }
        }
        if !wakes.isEmpty { wakeKicked() }
        return waitedFor == 0 ? .now(.done) : .later(ticket)
    }
}
