extension VirtualMachine {
    /// KVM_GET_MP_STATE, whatever the vCPU does, or KVM_SET_MP_STATE.
    func mpState(vcpu index: Int, _ state: MPState?) -> ControlAnswer {
        if let refusal = refusal(index, "no MP state can be had") { return .now(.failure(refusal)) }
        let vcpu = vcpus[index]
        guard let state else {
            return .now(
                vcpu.state != .lost
                    ? .mpState(vcpu.mpState) : .failure("the worker of vCPU \(index) is gone, and its MP state with it")
            )
        }
        if let refusal = registerRefusal(index) { return .now(.failure(refusal)) }
        // With nobody lost all may be stopped, as in KVM: whoever did that can make one runnable.
        if state == .stopped, lastLost != nil, vcpus.allSatisfy({ $0 === vcpu || isPoweredOff($0.index) }) {
            return .now(
                .failure("vCPU \(index) is the last that is on, and without it the run would end: armada ctl shutdown"))
        }
        set(state, of: vcpu)
        return .now(.done)
    }
}
