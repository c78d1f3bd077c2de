import CHost
import Shared

// A worker that is no more: `armada run --on-vcpu-loss`. What the guest sees of it: docs/loss.md.

/// What a lost worker means for the run.
enum VCPULossPolicy: String, CaseIterable, Sendable {
    /// The run ends.
    case stop
    /// Its vCPU is off for good, and the others go on.
    case offline
}

/// A worker that was given up.
struct WorkerLoss {
    enum Reason {
        /// It has closed its connection, or its process has ended.
        case gone
        /// It broke the protocol: what it said.
        case violation(String)
        /// It does not take what it is sent.
        case unreachable(WireError)
    }

    var reason: Reason
    /// Where its vCPU was then.
    var place: String
}

extension VirtualMachine {
    /// Gives the worker of `vcpu` up; from now on nobody waits for it. What its vCPU's loss changed for others is looked at by
    /// the next `wakeKicked`.
    func lost(_ vcpu: VCPU, _ reason: WorkerLoss.Reason) {
        guard vcpu.state != .lost else { return }
        let loss = WorkerLoss(reason: reason, place: vcpu.lastExitDescription)
        giveUp(vcpu)
        // One that goes while the run is being ended is no news.
        guard outcome == nil else { return }
        switch configuration.vcpuLoss {
        case .stop:
            DVMBroadcast.abandon(vcpu.control)
            let what = describe(loss, of: vcpu)
            if case .gone = reason {
                end(.workerLost(vcpu: vcpu.index, detail: what))
            } else {
                end(.failed("vCPU \(vcpu.index): \(what)"))
            }
        case .offline:
            loopStatistics.vcpusLost &+= 1
            vcpu.loss = loss
            lastLost = vcpu
            // Translations are used until the process is dead; whoever waits for that does so until `workerEnded`.
            if let process = vcpu.channel.process { process.kill() } else { bury(vcpu) }
            endIfNobodyIsLeft()
        }
    }

    /// The process of the vCPU's worker has ended, and all that it had sent has been handled.
    func workerEnded(_ vcpu: VCPU) {
        lost(vcpu, .gone)
        vcpu.channel.process?.checkEnd()
        if outcome == nil { bury(vcpu) }
    }

    /// A vCPU is off or lost: if a loss has left none that will ever run, the run is over.
    func endIfNobodyIsLeft() {
        guard let lastLost, outcome == nil, vcpus.allSatisfy({ $0.state == .lost || $0.state == .poweredOff }) else {
            return
        }
        let detail = lastLost.loss.map { describe($0, of: lastLost) } ?? ""
        end(.workerLost(vcpu: lastLost.index, detail: vcpus.count == 1 ? detail : detail + "; no other vCPU is on"))
    }

    /// Takes the vCPU out of everything that would wait for it.
    private func giveUp(_ vcpu: VCPU) {
        if vcpu.state == .running { runningCount &-= 1 }
        if let tracer { tracer.lost(vcpu) }
        vcpu.state = .lost
        vcpu.exitArrived = 0
        failRegisterOperations(of: vcpu, "the worker of vCPU \(vcpu.index) is gone")
        vcpu.channel.abandon()
        timers.remove(vcpu.index)
        physicalTimers.remove(vcpu.index)
        if let faults { faults.forget(vcpu.index) }
        // What its list registers held is pending again, or active as at its last entry.
        vgic.reset(vcpu: vcpu.index)
        if vcpu.isPaused, !isPausing { control?.paused() }
    }

    /// The worker can do nothing any more.
    private func bury(_ vcpu: VCPU) {
        DVMBroadcast.abandon(vcpu.control)
        // Who counts the vCPUs that are busy looks at this.
        armada_store32(vcpu.control.mode, VCPUMode.outsideGuest.rawValue)
        guard let loss = vcpu.loss else { return }
        logger.warning("vCPU \(vcpu.index) is lost and stays off: \(describe(loss, of: vcpu))")
    }

    private func describe(_ loss: WorkerLoss, of vcpu: VCPU) -> String {
        let what =
            switch loss.reason {
            case .gone: vcpu.channel.endDescription()
            case .violation(let what): "broke the protocol and was ended: \(what)"
            case .unreachable(let error): "was of no use and was ended: \(error)"
            }
        return "worker \(vcpu.channel.pid) \(what); \(loss.place)"
    }
}
