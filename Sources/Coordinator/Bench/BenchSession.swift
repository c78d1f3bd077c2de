import CHost
import Shared

/// One run of the bench's guest: which operations it is to perform, and what came of each.
///
/// An operation that has an exit of its own is performed twice: first with stamps, which show where the time goes, then
/// without, so that the figures are those of exits that nobody looks at. That pass takes turns with the raw socket, in
/// portions: a machine is often faster or slower for a while, and the ratio of the two is to say nothing of that.
final class BenchSession {
    /// Exits of the pass with stamps.
    private static let stampedCount = 8192
    /// Portions of a pass that takes turns with the raw socket.
    private static let portionCount = 8

    /// The other virtual machine, for `vcpu_switch`.
    let peer: BenchPeer?
    let backend: BenchBackend?
    /// Of vCPU 0 and vCPU 1.
    let observations: [UnsafeMutablePointer<ExitObservation>]
    private(set) var results: [BenchReport.Operation] = []
    /// Called when an operation begins.
    var onOperation: ((BenchOperation) -> Void)?
    /// Switches the stamps on or off.
    var setObserved: ((Bool) -> Void)?
    /// What a vCPU's frames have carried, and in how many exits.
    var traffic: ((_ vcpu: Int) -> (registersMoved: UInt64, exits: UInt64))?

    private let placement: SocketFloor.Placement
    private let figureCount: Int
    private let figureLimitNanoseconds: UInt64
    private var remaining: ArraySlice<BenchOperation>
    private var current: BenchOperation?
    /// The operation under way, once its pass with stamps is over.
    private var stamped: BenchReport.Operation?
    private var floor: [UInt64] = []
    /// Of the pass under way.
    private var samples: [UInt64] = []
    private var portionsLeft = 1
    private var trafficBefore: (registersMoved: UInt64, exits: UInt64) = (0, 0)

    /// `operations` are performed in this order.
    init(
        _ operations: [BenchOperation], sampleCount: Int, limitNanoseconds: UInt64, configuration: VMConfiguration,
        peer: BenchPeer? = nil
    ) throws(SystemError) {
        placement = SocketFloor.Placement(pin: configuration.pin, haltPoll: configuration.haltPoll)
        self.peer = peer
        figureCount = sampleCount
        figureLimitNanoseconds = limitNanoseconds
        remaining = operations[...]
        backend = operations.contains(.ioIn) ? try BenchBackend() : nil
        observations = (0..<min(2, configuration.vcpuCount)).map { _ in
            let observation = UnsafeMutablePointer<ExitObservation>.allocate(capacity: 1)
            observation.initialize(to: ExitObservation())
            return observation
        }
    }

    deinit {
        for observation in observations {
            observation.deinitialize(count: 1)
            observation.deallocate()
        }
    }

    // MARK: The device's side

    private var isStamping: Bool { current?.exit != nil && stamped == nil }

    /// Samples wanted in this pass.
    var sampleCount: Int {
        if isStamping { return min(figureCount, Self.stampedCount) }
        // What earlier portions left over is made up for.
        return (max(0, figureCount - samples.count) + portionsLeft - 1) / portionsLeft
    }
    /// When this portion of a pass has lasted long enough.
    var limitNanoseconds: UInt64 {
        figureLimitNanoseconds / UInt64(isStamping ? 4 : floor.isEmpty ? 1 : Self.portionCount)
    }

    /// The number of the next operation, from 1 on; 0: no more.
    func next() -> UInt64 {
        if current == nil {
            guard let operation = remaining.popFirst() else { return 0 }
            current = operation
            onOperation?(operation)
        }
        return UInt64((BenchOperation.allCases.firstIndex { $0 == current } ?? -1) + 1)
    }

    /// The guest begins to take samples.
    func begin() {
        guard isStamping, let exit = current?.exit, exit.vcpu < observations.count else { return }
        setObserved?(true)
        trafficBefore = traffic?(exit.vcpu) ?? (0, 0)
        observations[exit.vcpu].pointee.begin(exit.reason)
    }

    /// The guest has taken its samples.
    func finish(_ portion: [UInt64]) {
        guard let operation = current else { return }
        if isStamping {
            let guest = BenchReport.Distribution(portion)
            setObserved?(false)
            var result = BenchReport.Operation(name: operation.rawValue, guest: guest)
            if let exit = operation.exit, exit.vcpu < observations.count { addStages(of: exit.vcpu, to: &result) }
            result.observedGuest = guest
            stamped = result
            floor = measureFloor(of: operation)
            portionsLeft = floor.isEmpty ? 1 : Self.portionCount
            return
        }
        samples += portion
        portionsLeft -= 1
        if portionsLeft == 0 || samples.count >= figureCount { return conclude(operation) }
        floor += measureFloor(of: operation)
    }

    private func conclude(_ operation: BenchOperation) {
        let guest = BenchReport.Distribution(samples)
        var result = stamped ?? BenchReport.Operation(name: operation.rawValue, guest: guest)
        result.guest = guest
        result.note = samples.isEmpty ? "no samples" : nil
        floor += measureFloor(of: operation)
        if !floor.isEmpty { result.floor = BenchReport.Distribution(floor) }
        results.append(result)
        current = nil
        stamped = nil
        floor = []
        samples = []
        portionsLeft = 1
    }

    /// The run is over before its time: what the guest has taken so far, of a pass for figures, counts.
    func interrupt(_ portion: [UInt64]) {
        guard let operation = current, !isStamping else { return }
        samples += portion
        if !samples.isEmpty { conclude(operation) }
    }

    /// Round trips of the raw socket with the bytes of the operation's exit.
    private func measureFloor(of operation: BenchOperation) -> [UInt64] {
        guard operation.isOneExit, let result = stamped, result.exitByteCount > 0 else { return [] }
        // Only now: its peer polls, and would take the processor from the guest.
        guard let floor = try? SocketFloor(placement) else { return [] }
        return floor.measure(
            exitByteCount: result.exitByteCount, entryByteCount: result.entryByteCount, count: figureCount)
    }

    private func addStages(of vcpu: Int, to result: inout BenchReport.Operation) {
        let observation = observations[vcpu]
        var columns = [[UInt64]](repeating: [], count: ExitStamps.stageNames.count)
        for index in 0..<observation.pointee.count {
            guard let stages = observation.pointee[index].stages else { continue }
            for (column, stage) in stages.enumerated() { columns[column].append(stage) }
        }
        guard columns.first?.isEmpty == false else { return }
        result.stages = zip(ExitStamps.stageNames, columns).map {
            BenchReport.Stage(name: $0, time: BenchReport.Distribution($1))
        }
        result.exitByteCount = observation.pointee.exitByteCount
        result.entryByteCount = observation.pointee.entryByteCount
        if let traffic = traffic?(vcpu), traffic.exits > trafficBefore.exits {
            let registers = Double(traffic.registersMoved &- trafficBefore.registersMoved)
            result.registersMoved = Int((registers / Double(traffic.exits - trafficBefore.exits)).rounded())
        }
    }

    /// The guest gives its processor to the other virtual machine; it left at `time`.
    func handOver(since time: UInt64) { peer?.signal(time) }
}
