extension VirtualMachine {
    /// Of one vCPU, or of all.
    func pause(vcpu: Int?) -> ControlAnswer {
        if let refusal = refusal(vcpu, "nothing can be paused") { return .now(.failure(refusal)) }
        pause(vcpu.map { $0..<$0 + 1 } ?? vcpus.indices)
        return isPausing ? .whenPaused : .now(.done)
    }

    func resume(vcpu: Int?) -> ControlAnswer {
        if let refusal = refusal(vcpu, "nothing can be paused") { return .now(.failure(refusal)) }
        resume(vcpu.map { $0..<$0 + 1 } ?? vcpus.indices)
        return .now(.done)
    }

    /// Why there is nothing to be done to `vcpu`, or to all: a clause for lock-step, or that it is not there.
    func refusal(_ vcpu: Int?, _ inLockstep: String) -> String? {
        guard schedule == nil else { return "in lock-step the seed alone says who runs: \(inLockstep)" }
        guard let vcpu, !vcpus.indices.contains(vcpu) else { return nil }
        return "there is no vCPU \(vcpu): the VM has \(vcpus.count), from 0 on"
    }
}
