import ArgumentParser
import Glibc
import Shared

/// `armada bench`.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what exits cost.", subcommands: [BenchExitsCommand.self])
}

/// `armada bench exits`.
struct BenchExitsCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exits",
        abstract: "Measure what every kind of exit and interrupt costs.",
        discussion: """
            A built-in guest performs each operation many times. The table shows the time that the guest saw, the raw \
            socket's round trip with as many bytes under the same placement, and where the time went. \
            What each operation means is in docs/measuring.md.

            Operations: \(BenchOperation.allCases.map(\.rawValue).joined(separator: ", ")).

            Exit codes: 0 all was measured, 64 wrong usage, 1 anything else; what was measured until then is reported.

            Example: armada bench exits hyp_call mmio_read_user --pin separate --html exits.html
            """)

    @Argument(help: ArgumentHelp("What to measure; all without any.", valueName: "operation"))
    var operations: [String] = []

    @Option(help: ArgumentHelp("Samples of each operation, 1 to 65536.", valueName: "count"))
    var samples = 65_536

    @Option(help: ArgumentHelp("The most that each operation may take.", valueName: "seconds"))
    var seconds = 5.0

    @Option(name: .shortAndLong, help: ArgumentHelp("How many vCPUs, 1 to 512.", valueName: "count"))
    var cpus = 2

    @Option(
        help: ArgumentHelp(
            "Bind processes to processors, as with armada run.", valueName: "none|same|separate"))
    var pin = PinPolicy.none

    @Option(
        name: .customLong("halt-poll-ns"),
        help: ArgumentHelp("The longest time to poll before blocking, as with armada run.", valueName: "nanoseconds"))
    var haltPollNanoseconds: UInt64 = 200_000

    @Option(
        help: ArgumentHelp("The worker program. Without it: armada-vcpu in the directory of armada.", valueName: "path"),
        completion: .file())
    var worker: String?

    func validate() throws {
        for name in operations where BenchOperation(rawValue: name) == nil {
            throw ValidationError(
                "there is no operation \(name): give any of \(BenchOperation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard 1...65_536 ~= samples else { throw ValidationError("--samples \(samples) is not possible: give 1 to 65536") }
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds \(seconds) is not possible: give up to 3600")
        }
        guard 1...512 ~= cpus else { throw ValidationError("--cpus \(cpus) is not possible: give 1 to 512") }
        guard haltPollNanoseconds <= 1_000_000_000 else {
            throw ValidationError("--halt-poll-ns \(haltPollNanoseconds) is more than a second: give 0 to 1000000000")
        }
    }

    func execute() throws -> Int32 {
        #if DEBUG
            StandardError.report("this is a debug build, whose times mean nothing: build it with make build")
            return 1
        #else
            var report = BenchReport()
            report.facts = BenchFacts.all
            var bench = ExitBench(
                operations: operations.isEmpty
                    ? BenchOperation.allCases : operations.compactMap { BenchOperation(rawValue: $0) },
                sampleCount: samples, limitNanoseconds: UInt64(seconds * 1e9))
            bench.workerPath = worker
            bench.onProgress = { StandardError.write("bench: \($0)\n") }
            let configuration = BenchReport.Configuration(
                vcpuCount: cpus, pin: pin, haltPollNanoseconds: haltPollNanoseconds, worldSwitch: "vhe")
            let (run, failure) = bench.run(configuration)
            report.runs.append(run)
            report.interruption = failure
            for operation in run.operations {
                let g = operation.guest
                print("\(operation.name.left(18)) \(g.count) min \(g.minimum) p50 \(g.percentile(50)) p99 \(g.percentile(99)) floor \(operation.floor.map { String($0.percentile(50)) } ?? "-") \(operation.exitByteCount)/\(operation.entryByteCount) \(operation.note ?? "")")
                print("    " + operation.stages.map { "\($0.name) \($0.time.percentile(50))" }.joined(separator: ", "))
            }
            if let failure { StandardError.report(failure) }
            return failure == nil ? 0 : 1
        #endif
    }
}
