/// An interrupt on its way to the vGIC.
enum InterruptSignal: Equatable {
    /// A write of `value` to ICC_SGI1R_EL1 (`group` 1), or to ICC_SGI0R_EL1 or ICC_ASGI1R_EL1.
    case sgi(sender: Int, value: UInt64, group: UInt32)
    /// The wire of an SPI rises. `hasFallen`: and falls again, which only an edge-triggered one remembers.
    case spi(UInt32, hasFallen: Bool = false)

    /// The vCPU that sent it; −1: a device.
    var sender: Int {
        if case .sgi(let sender, _, _) = self { return sender }
        return -1
    }

    /// What comes from one source arrives in the order in which it was sent.
    var source: Int {
        switch self {
        case .sgi(let sender, _, _): sender
        case .spi(let intid, _): -1 - Int(intid)
        }
    }

    /// Whether both make the same interrupts pending.
    func merges(with other: Self) -> Bool {
        switch (self, other) {
        case (.sgi(_, let value, let group), .sgi(_, let otherValue, let otherGroup)):
            value == otherValue && group == otherGroup
        case (.spi(let intid, _), .spi(let other, _)): intid == other
        default: false
        }
    }
}

/// Interrupts that were sent and have not reached the vGIC yet, in the order in which they were sent.
struct HeldInterrupts {
    private struct Held {
        var signal: InterruptSignal
        /// Nanoseconds; never before that of an earlier one from the same source.
        var due: UInt64
        var waitsForTwin: Bool
        /// Arrives in the middle of this vCPU's next entry, if that comes first.
        var window: Int?
        var skipsCheck: Bool
    }

    /// More are not held: a guest may send as many as it likes.
    private static let capacity = 1024

    private var list: [Held] = []

    var isFull: Bool { list.count >= Self.capacity }
    var count: Int { list.count }
    /// In the order in which they were sent.
    var signals: [InterruptSignal] { list.map(\.signal) }
    var earliest: UInt64 { list.lazy.map(\.due).min() ?? .max }

    func holds(source: Int) -> Bool { list.contains { $0.signal.source == source } }

    mutating func append(
        _ signal: InterruptSignal, due: UInt64, waitsForTwin: Bool = false, window: Int? = nil, skipsCheck: Bool = false
    ) {
        let last = list.last { $0.signal.source == signal.source }
        list.append(
            Held(
                signal: signal, due: max(due, last?.due ?? 0), waitsForTwin: waitsForTwin, window: window,
                skipsCheck: skipsCheck))
    }

    /// The source of one that waits for another like `signal`.
    func twinSource(of signal: InterruptSignal) -> Int? {
        list.first { $0.waitsForTwin && $0.signal.merges(with: signal) }?.signal.source
    }

    /// The source of one that is to arrive in the window of `vcpu`.
    func source(waitingFor vcpu: Int) -> (source: Int, skipsCheck: Bool)? {
        list.first { $0.window == vcpu }.map { ($0.signal.source, $0.skipsCheck) }
    }

    mutating func takeFirst() -> InterruptSignal? { list.isEmpty ? nil : list.removeFirst().signal }

    mutating func takeFirst(of source: Int) -> InterruptSignal? {
        guard let position = list.firstIndex(where: { $0.signal.source == source }) else { return nil }
        return list.remove(at: position).signal
    }

    /// Takes one that is due, out of those that are the first of their sources: the one that `choose` picks, given how
    /// many there are.
    mutating func takeDue(at now: UInt64, choosing choose: (Int) -> Int) -> InterruptSignal? {
        var candidates: [Int] = []
        var sources: Set<Int> = []
        for (position, held) in list.enumerated() where sources.insert(held.signal.source).inserted && held.due <= now {
            candidates.append(position)
        }
        guard !candidates.isEmpty else { return nil }
        candidates.sort { list[$0].due < list[$1].due }
        return list.remove(at: candidates[choose(candidates.count)]).signal
    }

    /// The wire of an SPI falls: a level-sensitive one was never high then, and an edge was short.
    mutating func wireFell(_ intid: UInt32, isEdge: Bool) {
        let source = InterruptSignal.spi(intid).source
        if isEdge {
            for position in list.indices where list[position].signal.source == source {
                list[position].signal = .spi(intid, hasFallen: true)
            }
        } else {
            list.removeAll { $0.signal.source == source }
        }
    }
}
