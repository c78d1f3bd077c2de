import CHost
import Glibc
import Shared

/// Measures a list of operations under one configuration after the other.
struct ExitBench {
    let operations: [BenchOperation]
    let sampleCount: Int
    let limitNanoseconds: UInt64
    var workerPath: String?
    /// Called with a line whenever something begins.
    var onProgress: ((String) -> Void)?

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
        var machine = VMConfiguration(kernelPath: kernel)
        machine.vcpuCount = configuration.vcpuCount
        machine.memoryByteCount = 128 << 20
        machine.pin = configuration.pin
        machine.haltPollNanoseconds = configuration.haltPollNanoseconds
        machine.workerPath = workerPath
        let possible = operations.filter { $0.minimumVCPUCount <= configuration.vcpuCount }
        var results: [BenchReport.Operation] = []
        var failure: String?
        let single = possible.filter { $0 != .vcpuSwitch }
        if !single.isEmpty { failure = measure(single, machine, into: &results) }
        if failure == nil, possible.contains(.vcpuSwitch) {
            failure = VCPUSwitchBench.measure(machine, self, into: &results)
        }
        for operation in operations {
            if let result = results.first(where: { $0.name == operation.rawValue }) {
                run.operations.append(result)
            } else if operation.minimumVCPUCount > configuration.vcpuCount {
                run.operations.append(
                    BenchReport.Operation(
                        name: operation.rawValue, guest: BenchReport.Distribution([]),
                        note: "needs \(operation.minimumVCPUCount) vCPUs"))
            }
        }
        return (run, failure)
    }

    private func measure(
        _ operations: [BenchOperation], _ configuration: VMConfiguration, into results: inout [BenchReport.Operation]
    ) -> String? {
        do {
            let session = try BenchSession(
                operations, sampleCount: sampleCount, limitNanoseconds: limitNanoseconds, configuration: configuration)
            session.onOperation = { onProgress?($0.rawValue) }
            let outcome = try Self.run(configuration, session)
            results += session.results
            return outcome.benchFailure
        } catch {
            return "\(error)"
        }
    }

    /// Runs a guest to its end. What it prints, if anything, is a complaint.
    static func run(_ configuration: VMConfiguration, _ session: BenchSession) throws -> VMOutcome {
        let machine = try VirtualMachine(
            configuration: configuration, console: TerminalConsole(input: -1, output: STDERR_FILENO), bench: session)
        let outcome = machine.run()
        if outcome != .poweredOff, let device = machine.benchDevice { session.finish(device.takeSamples()) }
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
