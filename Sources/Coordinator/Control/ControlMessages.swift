import Shared

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
    /// All of a vCPU's registers, or these.
    case readRegisters(vcpu: Int, ids: [UInt64])
    case writeRegisters(vcpu: Int, [RegisterValue])
    case readMemory(IPA, byteCount: Int)
    /// `wholeByteCount` from the address on are to be written, with more requests than this one.
    case writeMemory(IPA, bytes: [UInt8], wholeByteCount: UInt64)
    case walk(vcpu: Int, WalkedAccess)
    /// nil: what it is.
    case counterOffset(UInt64?)
    /// nil: which it is.
    case mpState(vcpu: Int, MPState?)
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
    case registers(RegisterState)
    case memory([UInt8])
    case counterOffset(UInt64)
    case mpState(MPState)
}

/// When the VM answers.
enum ControlAnswer {
    case now(ControlReply)
    /// With the last snapshot.
    case atEnd
    /// When all vCPUs that are to be paused have left the guest.
    case whenPaused
    /// When something is finished: `ControlServer.complete`.
    case later(ControlTicket)
    case whenDue(LaterReply)
}

/// Stands for an answer that is still to come.
struct ControlTicket: Hashable, Sendable {
    var number: UInt64 = 0

    /// One that was not given before.
    mutating func next() -> ControlTicket {
        number &+= 1
        return self
    }
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
        case .readRegisters(let vcpu, let ids): readRegisters(vcpu: vcpu, ids: ids)
        case .writeRegisters(let vcpu, let values): writeRegisters(vcpu: vcpu, values)
        case .readMemory(let address, let byteCount): .now(readMemory(address, byteCount: byteCount))
        case .writeMemory(let address, let bytes, let wholeByteCount):
            .now(writeMemory(address, bytes, wholeByteCount: wholeByteCount))
        case .walk(let vcpu, let access): walk(vcpu: vcpu, access)
        case .counterOffset(let offset): offset.map { set(counterOffset: $0) } ?? .now(.counterOffset(counterOffset))
        case .mpState(let vcpu, let state): mpState(vcpu: vcpu, state)
        }
    }
}
