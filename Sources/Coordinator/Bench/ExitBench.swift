import CHost
import Glibc
import Shared

/// Measures a list of operations under one configuration after the other.
struct ExitBench {
    static let memoryByteCount: UInt64 = 128 << 20

    let operations: [BenchOperation]
    let sampleCount: Int
    let limitNanoseconds: UInt64
    var workerPath: String?
    /// Called when an operation begins.
    var onOperation: ((BenchOperation) -> Void)?

    init(operations: [BenchOperation], sampleCount: Int, limitNanoseconds: UInt64) {
        self.operations = operations
        self.sampleCount = sampleCount
        self.limitNanoseconds = limitNanoseconds
    }

    /// What could be measured, in the order of `operations`, and why not all of it was, if so.
    func run(_ configuration: BenchReport.Configuration) -> (run: BenchReport.Run, failure: String?) {
        var run = BenchReport.Run(configuration: configuration)
        guard let kernel = BuiltInGuest.path("exits") else {
            return (run, "the guest of the bench is not there: run make build")
        }
        let possible = operations.filter { $0.minimumVCPUCount <= configuration.vcpuCount }
        var results: [BenchReport.Operation] = []
        var failure: String?
        let single = possible.filter { $0 != .vcpuSwitch }
        if !single.isEmpty {
            var machine = VMConfiguration(kernelPath: kernel)
            machine.vcpuCount = configuration.vcpuCount
            machine.memoryByteCount = Self.memoryByteCount
            machine.pin = configuration.pin
            machine.haltPoll = configuration.haltPoll
            machine.workerPath = workerPath
            machine.worldSwitch = WorldSwitch(rawValue: configuration.worldSwitch) ?? .vhe
            (results, failure) = measure(single, machine)
        }
        if failure == nil, possible.contains(.vcpuSwitch) {
            onOperation?(.vcpuSwitch)
            let (result, problem) = VCPUSwitchBench.measure(
                VCPUSwitchBench.configuration(kernel: kernel, haltPoll: configuration.haltPoll, workerPath: workerPath),
                sampleCount: sampleCount, limitNanoseconds: limitNanoseconds)
            if let result { results.append(result) }
            failure = problem
        }
        run.operations = operations.compactMap { operation in
            if let result = results.first(where: { $0.name == operation.rawValue }) { return result }
            guard operation.minimumVCPUCount > configuration.vcpuCount else { return nil }
            return BenchReport.Operation(
                name: operation.rawValue, guest: BenchReport.Distribution([]),
                note: "needs \(operation.minimumVCPUCount) vCPUs")
        }
        return (run, failure)
    }

    private func measure(
        _ operations: [BenchOperation], _ configuration: VMConfiguration
    ) -> (results: [BenchReport.Operation], failure: String?) {
        do {
            let session = try BenchSession(
                operations, sampleCount: sampleCount, limitNanoseconds: limitNanoseconds, configuration: configuration)
            session.onOperation = onOperation
            let outcome = try Self.run(configuration, session)
            return (session.results, outcome.benchFailure)
        } catch {
            return ([], "\(error)")
        }
    }

    /// Runs a guest to its end. What it prints, if anything, is a complaint.
    static func run(_ configuration: VMConfiguration, _ session: BenchSession) throws -> VMOutcome {
        let machine = try VirtualMachine(
            configuration: configuration, console: TerminalConsole(input: -1, output: STDERR_FILENO), bench: session)
        let outcome = machine.run()
        if outcome != .poweredOff, let device = machine.benchDevice { session.interrupt(device.takeSamples()) }
        return outcome
    }
}

extension VMOutcome {
    /// Why not everything was measured; nil: it was.
    var benchFailure: String? {
        switch self {
        case .poweredOff: nil
        case .interrupted: "interrupted: the figures are those of the time until then"
        case .reset: "the guest of the bench asked for a reset"
        default: message
        }
    }
}
