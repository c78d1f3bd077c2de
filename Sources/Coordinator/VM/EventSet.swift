import CHost
import Glibc
import Shared

/// What can happen to a VM from outside.
enum Event: Equatable {
    /// The vCPU's socket has something.
    case channel(Int)
    /// The process of the vCPU's worker has ended.
    case process(Int)
    case signals
    case consoleInput
    case consoleOutput
    /// The bench's device has been signalled: by its backend, or by the other machine.
    case benchBackend
    case benchPeer
    /// Somebody connects to the control socket.
    case control
    /// The client in this slot of the control socket has something, or has room again.
    case controlClient(Int)

    fileprivate var token: UInt64 {
        switch self {
        case .channel(let index): 0 << 32 | UInt64(index)
        case .process(let index): 1 << 32 | UInt64(index)
        case .signals: 2 << 32
        case .consoleInput: 3 << 32
        case .consoleOutput: 4 << 32
        case .benchBackend: 5 << 32
        case .benchPeer: 6 << 32
        case .control: 7 << 32
        case .controlClient(let slot): 8 << 32 | UInt64(slot)
        }
    }

    fileprivate init?(token: UInt64) {
        let index = Int(token & 0xFFFF_FFFF)
        switch token >> 32 {
        case 0: self = .channel(index)
        case 1: self = .process(index)
        case 2: self = .signals
        case 3: self = .consoleInput
        case 4: self = .consoleOutput
        case 5: self = .benchBackend
        case 6: self = .benchPeer
        case 7: self = .control
        case 8: self = .controlClient(index)
        default: return nil
        }
    }
}

/// The descriptors that a VM waits on, and the signals that end it. While it exists these signals don't act by themselves.
final class EventSet {
    static let capacity = 64

    private let set: OwnedDescriptor
    private let signals: OwnedDescriptor
    private let tokens: UnsafeMutablePointer<UInt64>

    /// SIGPIPE is in it to be ignored: a closed output is found by its errno.
    private static let signalNumbers: [CInt] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]

    init() throws(SystemError) {
        let set = OwnedDescriptor(armada_events_create())
        guard set.rawValue >= 0 else { throw SystemError("create an event set") }
        let signals = OwnedDescriptor(armada_signals_open(Self.signalNumbers, Self.signalNumbers.count))
        guard signals.rawValue >= 0 else { throw SystemError("watch signals") }
        self.set = set
        self.signals = signals
        tokens = .allocate(capacity: Self.capacity)
        try add(self.signals.rawValue, .signals)
    }

    deinit {
        tokens.deallocate()
        _ = armada_signals_release(Self.signalNumbers, Self.signalNumbers.count)
    }

    /// Readable when a signal has come.
    var signalDescriptor: CInt { signals.rawValue }

    /// True if a signal that ends the run has come.
    func takeEndingSignal() -> Bool {
        var found = false
        while case let number = armada_signals_read(signals.rawValue), number != 0 {
            if number != SIGPIPE { found = true }
        }
        return found
    }

    func add(_ descriptor: CInt, _ event: Event, writable: Bool = false) throws(SystemError) {
        guard armada_events_add(set.rawValue, descriptor, writable ? 1 : 0, event.token) == 0 else {
            throw SystemError("watch descriptor \(descriptor)")
        }
    }

    func remove(_ descriptor: CInt) { _ = armada_events_remove(set.rawValue, descriptor) }

    /// Waits at most `nanoseconds` (nil: for ever), and returns how many events `event(at:)` holds.
    func wait(nanoseconds: UInt64?) -> Int {
        let limit = nanoseconds.map { Int64(clamping: $0) } ?? -1
        return Int(max(0, armada_events_wait(set.rawValue, tokens, CInt(Self.capacity), limit)))
    }

    func event(at index: Int) -> Event? { Event(token: tokens[index]) }
}
