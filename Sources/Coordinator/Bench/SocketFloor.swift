import CHost
import Shared

/// The raw socket's round trip under the placement of a run: what an exit costs at least. See `armada_floor_start`.
struct SocketFloor: ~Copyable {
    /// Where the peer is, and how both sides wait.
    struct Placement {
        /// The peer takes the place of vCPU 0's worker; negative: any processor.
        let processor: Int32
        /// Both sides look at their sockets without blocking, as vCPU and loop do while they poll.
        let polls: Bool

        /// While `runningCount` vCPUs run, whose processors nobody takes away by polling. To be asked before the process binds
        /// itself to a processor.
        init(pin: PinPolicy, haltPoll: HaltPoll, runningCount: Int = 1) {
            let count = Int(armada_processor_count())
            processor = pin.workerProcessor(0, of: count)
            // With processors of its own for it, the loop takes none of theirs.
            let isSpare = pin == .separate ? count > 1 : count > runningCount
            polls = haltPoll.nanoseconds > 0 && pin != .same && isSpare
        }
    }

    private let socket: CInt
    private let process: pid_t
    private let polls: Bool

    init(_ placement: Placement) throws(SystemError) {
        polls = placement.polls
        var process: pid_t = 0
        socket = armada_floor_start(placement.processor, polls ? 1 : 0, &process)
        guard socket >= 0 else { throw SystemError("start the peer of the raw socket") }
        self.process = process
    }

    deinit { armada_floor_end(socket, process) }

    /// Times of `count` round trips, at most as many as fit into 25 ms.
    func measure(exitByteCount: Int, entryByteCount: Int, count: Int) -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
            let made = armada_floor_measure(
                socket, polls ? 1 : 0, exitByteCount, entryByteCount, count, 25_000_000, buffer.baseAddress)
            initialized = max(0, made)
        }
    }
}
