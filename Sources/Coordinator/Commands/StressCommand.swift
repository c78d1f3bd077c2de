import ArgumentParser
import Shared

/// `armada stress`.
struct StressCommand: ExecutableCommand {
    static let all = "all"

    static let configuration = CommandConfiguration(
        commandName: "stress",
        abstract: "Stress interrupt delivery, and account for every interrupt.",
        discussion: """
            A built-in guest raises interrupts of every kind as fast as it can. Its handlers and the hypervisor keep a \
            ledger, and after each round the two must agree: nothing lost, nothing taken twice, nothing out of the order \
            of priorities, nobody starved. The scenario linux puts Linux, given with --kernel and --initrd, under load \
            instead: IPIs, timers, CPUs that go off and come back. What each scenario does and what each rule means is in docs/stress.md.

            Scenarios: \(StressScenario.names).

            Exit codes: 0 every ledger is clean, 2 a rule was broken, 64 wrong usage, 1 anything else; what was measured \
            until then is reported.

            Example: armada stress sgi-all wfi --cpus 8 --seed 7 --duration 60

            Example: armada stress linux -k .cache/linux/vmlinuz -i .cache/linux/initrd.gz --cpus 4
            """)

    @Argument(
        help: ArgumentHelp(
            "What to do; all, or nothing at all, stands for everything, linux only if a kernel is given.",
            valueName: "scenario"))
    var scenarios: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("How many vCPUs, 1 to 64.", valueName: "count"))
    var cpus = 4

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Of the scenario linux: its kernel, as make linux fetches it.", valueName: "file"),
        completion: .file())
    var kernel: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Of the scenario linux: the RAM disk that deploy/make-initramfs.sh makes.", valueName: "file"),
        completion: .file())
    var initrd: String?

    @Option(
        help: ArgumentHelp("What the guest does, and the faults: the same seed, the same choices.", valueName: "number")
    )
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Rounds of each scenario.", valueName: "count"))
    var rounds: UInt64?

    @Option(
        help: ArgumentHelp(
            "Seconds of each scenario, 3 without --rounds; in lock-step those of the guest.", valueName: "seconds"))
    var duration: Double?

    @Option(
        name: .customLong("list-registers"),
        help: ArgumentHelp("List registers of each vCPU, 1 to 16.", valueName: "count"))
    var listRegisters = VMConfiguration.usualListRegisterCount

    @Option(help: ArgumentHelp("As with armada run.", valueName: "none|same|separate"))
    var pin = PinPolicy.none

    @Flag(help: "One vCPU at a time, in virtual time: the same seed gives the same run, frame for frame.")
    var lockstep = false

    @Option(
        name: .customLong("fault"), help: ArgumentHelp("Inject a fault, as with armada run.", valueName: "name[=1/n]"),
        transform: FaultArgument.parse)
    var faults: [FaultArgument] = []

    @Flag(help: "Print the results as one JSON object instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp("Write a page with charts, which needs no network.", valueName: "file"), completion: .file())
    var html: String?

    @Option(help: ArgumentHelp("Of one scenario: as with armada run.", valueName: "file"), completion: .file())
    var trace: String?

    @Option(help: ArgumentHelp("Of one scenario: as with armada run.", valueName: "file"), completion: .file())
    var record: String?

    @Flag(help: "Make a failing scenario smaller: fewer rounds, vCPUs and faults, while it still fails.")
    var shrink = false

    @Option(
        help: ArgumentHelp(
            "A campaign: run each seed from A to B, and keep its result in --results.", valueName: "A..B"),
        transform: SeedRange.parse)
    var seeds: SeedRange?

    @Option(help: ArgumentHelp("Seeds that run at the same time, 1 to 256.", valueName: "count"))
    var jobs = 1

    @Option(
        help: ArgumentHelp(
            "Where a campaign keeps its results; seeds that have one there are not run again.", valueName: "directory"),
        completion: .directory)
    var results: String?

    /// Of a campaign's job: where to write the result file.
    @Option(help: .hidden) var result: String?

    @Option(
        help: ArgumentHelp(
            "The worker program. Without it: armada-vcpu in the directory of armada.", valueName: "path"),
        completion: .file())
    var worker: String?

    func validate() throws {
        for name in scenarios where name != Self.all && StressScenario(rawValue: name) == nil {
            throw ValidationError("there is no scenario \(name): give any of \(StressScenario.names), or all")
        }
        guard 1...StressLedger.maximumVCPUCount ~= cpus else {
            throw ValidationError("--cpus \(cpus) is not possible: give 1 to \(StressLedger.maximumVCPUCount)")
        }
        for name in scenarios {
            guard let scenario = StressScenario(rawValue: name), scenario.minimumVCPUCount > cpus else { continue }
            throw ValidationError(
                "\(name) needs \(scenario.minimumVCPUCount) vCPUs: give --cpus \(scenario.minimumVCPUCount) or more")
        }
        try validateLinux()
        guard 1...CPUInterfaceState.maximumListRegisterCount ~= listRegisters else {
            throw ValidationError(
                "--list-registers \(listRegisters) is not possible: give 1 to "
                    + "\(CPUInterfaceState.maximumListRegisterCount)")
        }
        if let rounds, rounds == 0 { throw ValidationError("--rounds 0 is not possible: give 1 or more") }
        guard 1...256 ~= jobs else { throw ValidationError("--jobs \(jobs) is not possible: give 1 to 256") }
        if (seeds == nil) != (results == nil) {
            throw ValidationError("--seeds and --results belong together: give both, or leave both out")
        }
        if seeds != nil, shrink || json || html != nil || trace != nil || record != nil {
            throw ValidationError(
                "a campaign has no --json, --html, --shrink, --trace or --record: give these with one --seed")
        }
        if shrink || trace != nil || record != nil, scenarios.count != 1 || scenarios.contains(Self.all) {
            throw ValidationError("--shrink, --trace and --record are for one scenario: name it")
        }
        if let duration, !(duration > 0 && duration <= 1e6) {
            throw ValidationError("--duration \(duration) is not possible: give seconds, up to 1000000")
        }
    }

    private func validateLinux() throws {
        let isAll = scenarios.isEmpty || scenarios.contains(Self.all)
        let isNamed = scenarios.contains(StressScenario.linux.rawValue)
        if (kernel == nil) != (initrd == nil) {
            throw ValidationError("--kernel and --initrd belong together: give both, or leave both out")
        }
        if kernel == nil, isNamed {
            throw ValidationError(
                "linux needs --kernel and --initrd: make linux, or deploy/fetch-linux.sh and deploy/make-initramfs.sh, "
                    + "leave them as .cache/linux/vmlinuz and .cache/linux/initrd.gz")
        }
        if kernel != nil, !isNamed, !isAll {
            throw ValidationError("--kernel and --initrd are for linux: name it too, or leave them out")
        }
        if kernel != nil, isAll, cpus < StressScenario.linux.minimumVCPUCount {
            throw ValidationError(
                "linux needs \(StressScenario.linux.minimumVCPUCount) vCPUs: give more, or leave --kernel out")
        }
    }

    private var images: LinuxImages? {
        guard let kernel, let initrd else { return nil }
        return LinuxImages(kernel: kernel, initrd: initrd)
    }

    var list: [StressScenario] {
        let named = scenarios.compactMap { StressScenario(rawValue: $0) }
        guard named.isEmpty || scenarios.contains(Self.all) else { return named }
        return StressScenario.allCases.filter { $0.minimumVCPUCount <= cpus && ($0.isBuiltIn || kernel != nil) }
    }

    func execute() throws -> Int32 {
        if let seeds, let results { return try campaign(seeds, results) }
        if shrink { return try shrinkFailure() }
        var report = StressReport()
        report.command = command
        let progress = StressProgress(scenarioCount: list.count)
        for (index, scenario) in list.enumerated() {
            var run = run(of: scenario)
            run.onRound = { progress.show(index, $0) }
            run.recordPath = record
            run.tracePath = trace
            let result = run.run()
            report.results.append(result)
            // Ctrl-C is for all that was to follow, too.
            if result.verdict == .interrupted { break }
        }
        progress.end()
        var failures = report.results.compactMap(\.failure)
        func attempt(_ write: () throws(ReportError) -> Void) {
            do throws(ReportError) { try write() } catch { failures.append(error.description) }
        }
        if let html { attempt { () throws(ReportError) in try ReportFile.write(report.html, to: html) } }
        if let result, failures.isEmpty {
            let file = StressResultFile(directory: result, configuration: configurationText, seed: seed)
            attempt { () throws(ReportError) in try file.write(report) }
        }
        try StandardOutput.write(json ? report.json : report.text)
        for failure in failures { StandardError.report(failure) }
        return failures.isEmpty || report.exitCode != 0 ? report.exitCode : 1
    }

    private func run(of scenario: StressScenario) -> StressRun {
        var run = StressRun(scenario: scenario, vcpuCount: cpus, seed: seed)
        if !scenario.isBuiltIn { run.images = images }
        if let rounds { run.roundLimit = rounds }
        if let seconds = duration ?? (rounds == nil ? 3 : nil) { run.durationLimit = UInt64(seconds * 1e9) }
        run.listRegisterCount = listRegisters
        run.pin = pin
        run.isLockstep = lockstep
        run.faults = faults
        run.workerPath = worker
        return run
    }

    private func shrinkFailure() throws -> Int32 {
        let run = run(of: list[0])
        guard var shrink = StressShrink(run, log: { StandardError.write($0) }) else {
            try StandardOutput.write("\(run.scenario.rawValue) does not fail with --seed \(seed): nothing to shrink\n")
            return 0
        }
        shrink.shrink()
        var report = StressReport(results: [shrink.result])
        let command = shrink.run.command
        report.command = { _ in command }
        try StandardOutput.write(json ? report.json : report.text)
        return report.exitCode
    }

    private func command(_ result: StressResult) -> String {
        var run = run(of: result.scenario)
        if rounds == nil { run.roundLimit = result.lastRound }
        return run.command
    }
}
