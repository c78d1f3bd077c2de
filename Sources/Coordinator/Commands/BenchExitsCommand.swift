import ArgumentParser
import Shared

/// `armada bench exits`.
struct BenchExitsCommand: ExecutableCommand {
    static let maximumSampleCount = 65_536

    static let configuration = CommandConfiguration(
        commandName: "exits",
        abstract: "Measure what every kind of exit and interrupt costs.",
        discussion: """
            A built-in guest performs each operation many times. The report has the time that the guest saw, the raw \
            socket's round trip with as many bytes under the same placement, and where the time went. What each \
            operation means is in docs/measuring.md.

            Operations: \(BenchOperation.allCases.map(\.rawValue).joined(separator: ", ")).

            Axes of --sweep, with their values: \(SweepGrid.Axis.names). Without an axis all of them.

            Exit codes: 0 all was measured, 64 wrong usage, 1 anything else; what was measured until then is reported.

            Example: armada bench exits hyp_call mmio_read_user --pin separate --html exits.html
            """)

    @Argument(help: ArgumentHelp("What to measure; without any, everything.", valueName: "operation"))
    var operations: [String] = []

    @Option(help: ArgumentHelp("Samples of each operation, 1 to 65536.", valueName: "count"))
    var samples = maximumSampleCount

    @Option(
        help: ArgumentHelp(
            "The most that each operation may take: 5, and half a second with --sweep.", valueName: "seconds"))
    var seconds: Double?

    @Option(name: .shortAndLong, help: ArgumentHelp("How many vCPUs, 1 to 512.", valueName: "count"))
    var cpus = 2

    @Option(help: ArgumentHelp("As with armada run.", valueName: "none|same|separate"))
    var pin = PinPolicy.none

    @Option(name: .customLong("halt-poll-ns"), help: ArgumentHelp("As with armada run.", valueName: "nanoseconds"))
    var haltPoll = HaltPoll()

    @Option(
        help: ArgumentHelp(
            "Measure under every combination of placement, polling and number of vCPUs, or of those given.",
            valueName: "axis=values"))
    var sweep: [String] = []

    @Option(
        name: .customLong("world-switch"), help: ArgumentHelp("As with armada run.", valueName: "vhe|nvhe"))
    var worldSwitch = WorldSwitch.vhe

    @Flag(help: "Print the report as one JSON object instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp("Write a page with charts, which needs no network.", valueName: "file"), completion: .file())
    var html: String?

    @Option(
        help: ArgumentHelp("Write an HdrHistogram percentile file for each operation.", valueName: "directory"),
        completion: .directory)
    var hgrm: String?

    @Option(
        help: ArgumentHelp(
            "The worker program. Without it: armada-vcpu in the directory of armada.", valueName: "path"),
        completion: .file())
    var worker: String?

    func validate() throws {
        for name in operations where BenchOperation(rawValue: name) == nil {
            let names = BenchOperation.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no operation \(name): give any of \(names)")
        }
        guard 1...Self.maximumSampleCount ~= samples else {
            throw ValidationError("--samples \(samples) is not possible: give 1 to \(Self.maximumSampleCount)")
        }
        if let seconds, !(seconds > 0 && seconds <= 3600) {
            throw ValidationError("--seconds \(seconds) is not possible: give up to 3600")
        }
        guard 1...512 ~= cpus else { throw ValidationError("--cpus \(cpus) is not possible: give 1 to 512") }
        if let problem = haltPoll.problem { throw ValidationError(problem) }
        for text in sweep where text != OptionalValue.all && SweepGrid.Axis(text) == nil {
            throw ValidationError("--sweep \(text) is not possible: give axes and values of \(SweepGrid.Axis.names)")
        }
    }

    func execute() throws -> Int32 {
        if let refusal = DebugBuild.refusal {
            StandardError.report(refusal)
            return 1
        }
        let list = operations.isEmpty ? BenchOperation.allCases : operations.compactMap { BenchOperation(rawValue: $0) }
        let seconds = seconds ?? (sweep.isEmpty ? 5 : 0.5)
        var bench = ExitBench(operations: list, sampleCount: samples, limitNanoseconds: UInt64(seconds * 1e9))
        bench.workerPath = worker
        let configurations =
            sweep.isEmpty
            ? [
                BenchReport.Configuration(
                    vcpuCount: cpus, pin: pin, haltPoll: haltPoll, worldSwitch: worldSwitch.rawValue)
            ]
            : SweepGrid(sweep.compactMap { SweepGrid.Axis($0) }).configurations

        var report = BenchReport()
        report.facts = BenchFacts.all
        var progress = BenchProgress(configurationCount: configurations.count)
        for configuration in configurations where report.interruption == nil {
            progress.begin(configuration)
            bench.onOperation = { [progress] operation in progress.show(operation) }
            let (run, failure) = bench.run(configuration)
            report.runs.append(run)
            report.interruption = failure
        }
        progress.end()
        return try publish(report)
    }

    /// Writes every report that was asked for, as far as they can be written.
    private func publish(_ report: BenchReport) throws -> Int32 {
        try StandardOutput.write(json ? report.json : report.text)
        var failures: [String] = report.interruption.map { [$0] } ?? []
        func attempt(_ write: () throws(ReportError) -> Void) {
            do throws(ReportError) { try write() } catch { failures.append(error.description) }
        }
        if let html { attempt { () throws(ReportError) in try ReportFile.write(report.html, to: html) } }
        if let hgrm { attempt { () throws(ReportError) in try HGRMReport.write(report, directory: hgrm) } }
        for failure in failures { StandardError.report(failure) }
        return failures.isEmpty ? 0 : 1
    }
}
