import CHost
import Shared

/// One run of the bench's guest: which operations it is to perform, and what came of each.
final class BenchSession {
    let sampleCount: Int
    let limitNanoseconds: UInt64
    let backend: BenchBackend?
    /// Of vCPU 0 and vCPU 1.
    let observations: [UnsafeMutablePointer<ExitObservation>]
    private(set) var results: [BenchReport.Operation] = []
    /// Called when an operation begins.
    var onOperation: ((BenchOperation) -> Void)?
    /// The other virtual machine, for `vcpu_switch`.
    let peer: BenchPeer?

    private var remaining: ArraySlice<BenchOperation>
    private var current: BenchOperation?
    private let floor: SocketFloor

    /// `operations` are performed in this order.
    init(
        _ operations: [BenchOperation], sampleCount: Int, limitNanoseconds: UInt64, configuration: VMConfiguration,
        peer: BenchPeer? = nil
    ) throws(SystemError) {
        self.sampleCount = sampleCount
        self.limitNanoseconds = limitNanoseconds
        self.peer = peer
        remaining = operations[...]
        // Before the thread of the backend: the floor is a fork of this process.
        floor = try SocketFloor(pin: configuration.pin, haltPoll: configuration.haltPoll)
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

    /// The number of the next operation, from 1 on; 0: no more.
    func next() -> UInt64 {
        guard let operation = remaining.popFirst() else { return 0 }
        current = operation
        onOperation?(operation)
        return UInt64((BenchOperation.allCases.firstIndex(of: operation) ?? -1) + 1)
    }

    /// The guest begins to take samples.
    func begin() {
        guard let exit = current?.exit, exit.vcpu < observations.count else { return }
        observations[exit.vcpu].pointee.begin(exit.reason)
    }

    /// The guest has taken its samples.
    func finish(_ samples: [UInt64]) {
        guard let operation = current else { return }
        current = nil
        for observation in observations { observation.pointee.end() }
        var result = BenchReport.Operation(
            name: operation.rawValue, guest: BenchReport.Distribution(samples),
            note: samples.isEmpty ? "no samples" : nil)
        if let exit = operation.exit, exit.vcpu < observations.count { addStages(of: exit.vcpu, to: &result) }
        if operation.isOneExit, result.exitByteCount > 0 {
            result.floor = BenchReport.Distribution(
                floor.measure(
                    exitByteCount: result.exitByteCount, entryByteCount: result.entryByteCount,
                    count: min(sampleCount, 1 << 16)))
        }
        results.append(result)
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
    }

    /// The guest gives its processor to the other virtual machine; it left at `time`.
    func handOver(since time: UInt64) { peer?.signal(time) }
}
