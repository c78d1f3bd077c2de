/// What a client asks.
enum ControlRequest: Equatable, Sendable {
    case describe
    /// At once or, with `atEnd`, when the VM ends.
    case statistics(atEnd: Bool)
    case inspect(VMPart)
}

/// What the VM answers.
enum ControlReply: Equatable, Sendable {
    /// Why the request cannot be answered.
    case failure(String)
    case description(VMDescription)
    case snapshot(StatisticsSnapshot)
    case text(String)
}

/// When the VM answers.
enum ControlAnswer {
    case now(ControlReply)
    /// With the last snapshot.
    case atEnd
}

extension VirtualMachine {
    /// Each request has a file of its own in Control/Requests.
    func answer(_ request: ControlRequest) -> ControlAnswer {
        switch request {
        case .describe: .now(.description(describe()))
        case .statistics(let atEnd): statistics(atEnd: atEnd)
        case .inspect(let part): .now(.text(inspect(part)))
        }
    }
}
