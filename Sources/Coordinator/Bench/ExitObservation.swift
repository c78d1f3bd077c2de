import CHost
import Shared

/// When an exit was where, in nanoseconds of CLOCK_MONOTONIC. Worker and coordinator read the same clock.
struct ExitStamps {
    /// Worker: the guest stopped.
    var trap: UInt64 = 0
    /// Worker: the Exit frame is ready to be sent.
    var send: UInt64 = 0
    /// Coordinator: the frame has been received.
    var receive: UInt64 = 0
    /// Coordinator: decoded and folded into the VM's state; the handler begins.
    var dispatch: UInt64 = 0
    /// Coordinator: the handler has ended. Of a vCPU that slept: it was woken.
    var handled: UInt64 = 0
    /// Coordinator: the Entry frame is ready to be sent.
    var entrySend: UInt64 = 0
    /// Worker: the frame has been received.
    var entryReceive: UInt64 = 0
    /// Worker: the guest goes on.
    var resume: UInt64 = 0

    static let stageNames = ["trap", "exit wire", "dispatch", "handle", "entry", "entry wire", "resume"]

    /// What lies between two stamps each, in the order of `stageNames`; they sum to `resume - trap`. nil if the stamps are
    /// not in order: a worker may write anything.
    var stages: [UInt64]? {
        let stamps = [trap, send, receive, dispatch, handled, entrySend, entryReceive, resume]
        let stages = zip(stamps, stamps.dropFirst()).map { $1 &- $0 }
        return zip(stamps, stamps.dropFirst()).allSatisfy { $0 <= $1 } ? stages : nil
    }
}

/// Takes the stamps of one vCPU's exits. It lives at a fixed address while the VM runs, and does not allocate then.
struct ExitObservation: ~Copyable {
    static let capacity = 1 << 17

    private let records: UnsafeMutablePointer<ExitStamps>
    private(set) var count = 0
    /// Exits for this reason are kept; nil: none.
    private var wanted: ExitReason?
    /// The exit under way.
    var current = ExitStamps()
    private var isOpen = false
    /// It was stamped from the beginning.
    private var isStamped = false
    private var reason = ExitReason.irq
    /// Of the last exit that was kept and its entry: bytes on the wire.
    private(set) var exitByteCount = 0
    private(set) var entryByteCount = 0
    private var currentExitByteCount = 0
    private var currentEntryByteCount = 0

    init() { records = .allocate(capacity: Self.capacity) }

    deinit { records.deallocate() }

    /// Begins to keep exits for `reason`.
    mutating func begin(_ reason: ExitReason) {
        count = 0
        wanted = reason
        isOpen = false
        isStamped = false
    }

    mutating func end() { wanted = nil }

    subscript(index: Int) -> ExitStamps { records[index] }

    /// An Exit has come: the one before is complete.
    mutating func arrived(trapped: UInt64, _ control: VCPUControl, at time: UInt64, byteCount: Int) {
        if isOpen, reason == wanted, count < Self.capacity {
            current.entryReceive = armada_load_relaxed64(control.entryTime)
            current.resume = armada_load_relaxed64(control.resumeTime)
            records[count] = current
            count &+= 1
            exitByteCount = currentExitByteCount
            entryByteCount = currentEntryByteCount
        }
        isOpen = false
        isStamped = wanted != nil
        current.trap = trapped
        current.send = armada_load_relaxed64(control.sendTime)
        current.receive = time
        currentExitByteCount = byteCount
    }

    /// The Entry that answers it is on its way.
    mutating func answered(_ reason: ExitReason, at time: UInt64, byteCount: Int) {
        current.entrySend = time
        currentEntryByteCount = byteCount
        self.reason = reason
        isOpen = isStamped && wanted != nil
    }
}
