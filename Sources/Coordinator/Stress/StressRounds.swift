/// A scenario under way: its progress, and what has come of it.
protocol StressRounds: AnyObject {
    var scenario: StressScenario { get }
    var rounds: UInt64 { get }
    var roundLimit: UInt64 { get }
    var elapsed: UInt64 { get }
    var durationLimit: UInt64 { get }
    var totals: StressResult.Totals { get }
    var latency: HistogramSnapshot { get }
    var violations: [StressVerdict.Violation] { get }
    /// A rule was broken before its round was over.
    var isWithinRound: Bool { get }
    var dump: String? { get }

    /// Notes that nothing happens any more.
    func hangs(_ text: String)
}

extension StressResult {
    /// What has come of the rounds.
    mutating func take(_ session: some StressRounds) {
        rounds = session.rounds
        nanoseconds = session.elapsed
        totals = session.totals
        latency = session.latency
        violations = session.violations
        isWithinRound = session.isWithinRound
        dump = session.dump
    }

    /// Runs the machine of `session` to its end; `failure` says what is wrong with an outcome.
    mutating func take(
        _ machine: VirtualMachine, _ session: some StressRounds, failure describe: (VMOutcome) -> String?
    ) {
        let outcome = machine.run()
        if outcome == .deadlock { session.hangs("every vCPU waits, and nothing will ever come") }
        failure = session.violations.isEmpty ? describe(outcome) : nil
        faults = machine.faultReport
        if let schedule = machine.schedule { traceHash = schedule.hash.description }
    }
}
