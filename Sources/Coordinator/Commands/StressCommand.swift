import ArgumentParser
import Shared

/// `armada stress`.
struct StressCommand: ExecutableCommand {
    private static let all = "all"

    static let configuration = CommandConfiguration(
        commandName: "stress",
        abstract: "Stress interrupt delivery, and account for every interrupt.",
        discussion: """
            A built-in guest raises interrupts of every kind as fast as it can. Its handlers and the hypervisor keep a \
            ledger, and after each round the two must agree: nothing lost, nothing taken twice, nothing out of the order \
            of priorities, nobody starved. What each scenario does and what each rule means is in docs/stress.md.

            Scenarios: \(StressScenario.names).

            Exit codes: 0 every ledger is clean, 2 a rule was broken, 64 wrong usage, 1 anything else; what was measured \
            until then is reported.

            Example: armada stress sgi-all wfi --cpus 8 --seed 7 --duration 60
            """)

    @Argument(help: ArgumentHelp("What to do; all, or nothing at all, stands for everything.", valueName: "scenario"))
    var scenarios: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("How many vCPUs, 1 to 64.", valueName: "count"))
    var cpus = 4

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
    var listRegisters = 4

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
        guard 1...CPUInterfaceState.maximumListRegisterCount ~= listRegisters else {
            throw ValidationError(
                "--list-registers \(listRegisters) is not possible: give 1 to "
                    + "\(CPUInterfaceState.maximumListRegisterCount)")
        }
        if let rounds, rounds == 0 { throw ValidationError("--rounds 0 is not possible: give 1 or more") }
        if let duration, !(duration > 0 && duration <= 1e6) {
            throw ValidationError("--duration \(duration) is not possible: give seconds, up to 1000000")
        }
    }

    private var list: [StressScenario] {
        let named = scenarios.compactMap { StressScenario(rawValue: $0) }
        guard named.isEmpty || scenarios.contains(Self.all) else { return named }
        return StressScenario.allCases.filter { $0.minimumVCPUCount <= cpus }
    }

    func execute() throws -> Int32 {
        var report = StressReport()
        let progress = StressProgress(scenarioCount: list.count)
        for (index, scenario) in list.enumerated() {
            var run = StressRun(scenario: scenario, vcpuCount: cpus, seed: seed)
            if let rounds { run.roundLimit = rounds }
            if let seconds = duration ?? (rounds == nil ? 3 : nil) { run.durationLimit = UInt64(seconds * 1e9) }
            run.listRegisterCount = listRegisters
            run.pin = pin
            run.isLockstep = lockstep
            run.faults = faults
            run.workerPath = worker
            run.onRound = { progress.show(index, $0) }
            let result = run.run()
            report.results.append(result)
            // Ctrl-C is for all that was to follow, too.
            if result.verdict == .interrupted { break }
        }
        progress.end()
        report.command = command
        try StandardOutput.write(json ? report.json : report.text)
        for failure in report.results.compactMap(\.failure) { StandardError.report(failure) }
        return report.exitCode
    }

    /// What repeats a scenario, but for its name.
    private func command(_ result: StressResult) -> String {
        var words = ["armada", "stress", result.scenario.rawValue, "--cpus", "\(cpus)", "--seed", "\(result.seed)"]
        if let rounds { words += ["--rounds", "\(rounds)"] } else { words += ["--rounds", "\(result.rounds + 1)"] }
        if listRegisters != 4 { words += ["--list-registers", "\(listRegisters)"] }
        for fault in faults { words += ["--fault", fault.text] }
        if lockstep { words.append("--lockstep") }
        return words.joined(separator: " ")
    }
}
