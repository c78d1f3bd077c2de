/// What a client asks.
enum ControlRequest: Equatable, Sendable {
    case describe
    /// At once or, with `atEnd`, when the VM ends.
    case statistics(atEnd: Bool)
    case inspect(VMPart)
    /// Of one vCPU, or of all.
    case pause(vcpu: Int?)
    case resume(vcpu: Int?)
    case kick(vcpu: Int?)
    case inject(AskedException, vcpu: Int)
    case irq(InterruptLine)
    case shutdown
}

/// What the VM answers.
enum ControlReply: Equatable, Sendable {
    /// Why the request cannot be answered.
    case failure(String)
    case description(VMDescription)
    case snapshot(StatisticsSnapshot)
    case text(String)
    case done
}

/// When the VM answers.
enum ControlAnswer {
    case now(ControlReply)
    /// With the last snapshot.
    case atEnd
    /// When all vCPUs that are to be paused have left the guest.
    case whenPaused
}

extension VirtualMachine {
    /// Each request has a file of its own in Control/Requests.
    func answer(_ request: ControlRequest) -> ControlAnswer {
        switch request {
        case .describe: .now(.description(describe()))
        case .statistics(let atEnd): statistics(atEnd: atEnd)
        case .inspect(let part): .now(.text(inspect(part)))
        case .pause(let vcpu): pause(vcpu: vcpu)
        case .resume(let vcpu): resume(vcpu: vcpu)
        case .kick(let vcpu): kick(vcpu: vcpu)
        case .inject(let exception, let vcpu): inject(exception, vcpu: vcpu)
        case .irq(let line): change(line)
        case .shutdown: shutdown()
        }
    }
}
