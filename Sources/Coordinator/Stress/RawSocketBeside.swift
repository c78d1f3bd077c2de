import CHost
import Shared

/// The raw socket's round trip beside a stress run: as many bytes as a kicked vCPU's Exit and its Entry have, with the
/// placement of the run, right before and after it.
struct RawSocketBeside {
    struct Figure: Sendable {
        /// Nanoseconds.
        let p50: UInt64
        /// Both sides poll; otherwise they block, because the vCPUs leave no processor for that.
        let polls: Bool
    }

    private static let exitByteCount = 100
    private static let entryByteCount = 47
    private static let sampleCount = 10_000

    private let placement: SocketFloor.Placement
    private let pin: PinPolicy
    private var samples: [UInt64] = []

    init(pin: PinPolicy, vcpuCount: Int) {
        self.pin = pin
        placement = SocketFloor.Placement(pin: pin, haltPoll: HaltPoll(), runningCount: vcpuCount)
    }

    /// Takes samples for 25 ms.
    mutating func measure() {
        guard let floor = try? SocketFloor(placement) else { return }
        var processors = ProcessorSet()
        if pin != .none { _ = armada_pin(0) }
        defer { processors.restore() }
        samples += floor.measure(
            exitByteCount: Self.exitByteCount, entryByteCount: Self.entryByteCount, count: Self.sampleCount)
    }

    /// nil without samples.
    var figure: Figure? {
        guard !samples.isEmpty else { return nil }
        return Figure(p50: BenchReport.Distribution(samples).percentile(50), polls: placement.polls)
    }
}
