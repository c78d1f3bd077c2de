import Glibc
import Shared

extension VirtualMachine {
    /// Lets the plan's faults into the vGIC and the kicks.
    func beginFaults() {
        guard let faults else { return }
        vgic.faults = faults
        // This closure lives in an object that this one owns.
        faults.summon = { [unowned self] index in disturb(vcpus[index]) }
    }

    /// A kick without a reason: takes a running vCPU out of the guest, ends the WFI of a blocked one.
    private func disturb(_ vcpu: VCPU) {
        kick(vcpu, vcpu.state == .blocked ? .unblock : .irqPending)
    }

    /// A vCPU has just been sent into the guest.
    func entered(_ vcpu: VCPU, with faults: FaultInjector) {
        // In lock-step nobody is in the guest when something is due, and no guest would notice.
        if schedule == nil, vcpu.channel.process != nil { faults.planStop(of: vcpu.index) }
        if let other = faults.spuriousKick(at: vcpu.index) { disturb(vcpus[other]) }
    }

    /// Whether nobody hears of this kick. Only interrupts are lost that way: the end of the run must reach everyone.
    func isDropped(_ request: VCPURequest, of vcpu: VCPU) -> Bool {
        guard let faults, request == .irqPending else { return false }
        return faults.strikes(.dropKick, vcpu.index)
    }

    /// Does what is due: delivers interrupts, enters vCPUs, stops and continues workers.
    func faultsExpired(_ faults: FaultInjector, at now: UInt64) {
        faults.release(at: now, to: vgic)
        while let index = faults.stops.popExpired(at: now) { stopOrContinue(vcpus[index], faults) }
        while let index = faults.starved.popExpired(at: now) { enter(vcpus[index]) }
        if !wakes.isEmpty { wakeKicked() }
    }

    private func stopOrContinue(_ vcpu: VCPU, _ faults: FaultInjector) {
        if faults.isStopped[vcpu.index] {
            faults.isStopped[vcpu.index] = false
            vcpu.channel.process?.send(SIGCONT)
        } else if vcpu.state == .running {
            vcpu.channel.process?.send(SIGSTOP)
            faults.planContinuation(of: vcpu.index)
        }
    }

    /// No worker stays stopped after the run. One whose coordinator dies is killed by the host, stopped or not.
    func continueStopped() {
        guard let faults else { return }
        for vcpu in vcpus where faults.isStopped[vcpu.index] {
            faults.stops.remove(vcpu.index)
            stopOrContinue(vcpu, faults)
        }
    }

    /// "delay 12, stop 3": how often each fault of the plan has struck.
    var faultReport: String? {
        guard let faults else { return nil }
        let strikes = Fault.allCases.filter { faults.plan[$0] != 0 }.map { "\($0.rawValue) \(strikeCount(of: $0))" }
        return "faults injected with --seed \(faults.plan.seed): \(strikes.joined(separator: ", "))"
    }

    /// How often `fault` has struck.
    func strikeCount(of fault: Fault) -> UInt64 {
        guard let faults else { return 0 }
        guard fault.isInWorker else { return faults.count(fault) }
        return vcpus.reduce(0) { $0 &+ $1.control.strikeCount(of: fault) }
    }
}
