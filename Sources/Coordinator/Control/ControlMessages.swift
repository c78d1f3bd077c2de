/// What a client asks.
enum ControlRequest: Equatable, Sendable {
    case describe
    /// At once or, with `atEnd`, when the VM ends.
    case statistics(atEnd: Bool)
    case inspect(VMPart)
    /// Of one vCPU, or of all.
    case pause(vcpu: Int?)
    case resume(vcpu: Int?)
    case changeSlot(Int, SlotChange)
    case dirtyLog(slot: Int)
    case slotPages(Int, SlotPageOperation)
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
    case dirtyPages(DirtyLog)
    case pageVisit(Stage2.Visit)
}

/// When the VM answers.
enum ControlAnswer {
    case now(ControlReply)
    /// With the last snapshot.
    case atEnd
    /// When all vCPUs that are to be paused have left the guest.
    case whenPaused
    case later(LaterReply)
}

/// A reply that is ready, but not yet true.
struct LaterReply {
    var reply: ControlReply
    /// Whether it is true now.
    var isDue: () -> Bool
    /// The client is gone before it has the reply.
    var undelivered: () -> Void = {}
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
        case .changeSlot(let id, let change): changeSlot(id, change)
        case .dirtyLog(let id): dirtyLog(slot: id)
        case .slotPages(let id, let operation): slotPages(id, operation)
        case .kick(let vcpu): kick(vcpu: vcpu)
        case .inject(let exception, let vcpu): inject(exception, vcpu: vcpu)
        case .irq(let line): change(line)
        case .shutdown: shutdown()
        }
    }
}
