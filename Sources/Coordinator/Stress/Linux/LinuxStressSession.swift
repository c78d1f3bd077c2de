import Shared

/// One Linux guest under stress: reads its console, and keeps the vGIC's books at the moments that the guest marks there.
final class LinuxStressSession: StressRounds {
    let scenario = StressScenario.linux
    let roundLimit: UInt64
    let durationLimit: UInt64
    let limits: LinuxStressLimits
    var machine: Machine?
    /// Called after each round.
    var onRound: ((any StressRounds) -> Void)?

    private(set) var rounds: UInt64 = 0
    private(set) var violations: [StressVerdict.Violation] = []
    private(set) var totals = StressResult.Totals()
    private(set) var elapsed: UInt64 = 0
    private(set) var dump: String?
    /// A rule was broken while a round was under way.
    private(set) var isWithinRound = false
    /// The guest's program has said that it is done.
    private(set) var hasEnded = false
    private var latencies = LatencyHistogram()
    private var console = LinuxConsole()
    private var round = LinuxStressVerdict.Round()
    private var started: UInt64?

    /// What a session asks of its VM.
    struct Machine {
        var now: () -> UInt64
        var books: () -> SGIBooks
        /// vCPUs that sleep, though an interrupt waits for them and nobody is about to wake them.
        var oversleeping: () -> [Int]
        /// The state of the vGIC and of all vCPUs, for a violation.
        var dump: () -> String
        /// Ends the run.
        var end: () -> Void
    }

    init(roundLimit: UInt64, durationLimit: UInt64, limits: LinuxStressLimits) {
        self.roundLimit = roundLimit
        self.durationLimit = durationLimit
        self.limits = limits
    }

    var latency: HistogramSnapshot { latencies.snapshot }
    /// The console's last lines.
    var consoleText: String { console.lines.map { $0 + "\n" }.joined() }

    // MARK: The console

    /// Takes one byte of the console.
    func take(_ byte: UInt8) {
        guard let line = console.take(byte), let machine else { return }
        silence = 0
        guard violations.isEmpty else { return }
        if let violation = KernelComplaint.violation(in: line) {
            if KernelComplaint.isOfTime(line), hasBeenStopped(before: machine.now()) { return }
            // What it says of the reason comes with the next lines.
            fail([violation], inRound: true)
            endTime = machine.now() &+ limits.epilogueNanoseconds
        } else if let line = LinuxStressLine(line) {
            take(line, machine)
        }
    }

    private func take(_ line: LinuxStressLine, _ machine: Machine) {
        switch line {
        case .begin: started = machine.now()
        case .did(let kind, let began, let ended):
            if round.did.count <= LinuxStressVerdict.kindCount { round.did.append((kind, began, ended)) }
        case .late(let values):
            for value in values { latencies.record(value.nanoseconds, count: value.count) }
        case .early(let kind, let cpu, let nanoseconds):
            fail(.early, "the \(kind) of CPU \(cpu) struck \(nanoseconds) ns before its time")
        case .starved(let kind, let cpu, let nanoseconds):
            fail(.starved, "the \(kind) of CPU \(cpu) has taken \(nanoseconds / 1_000_000) ms, and goes on")
        case .settled: round.settled = machine.books()
        case .read: round.read = machine.books()
        case .count(let sgi, let counts): round.counts[sgi] = counts
        case .counted: judge(machine)
        case .end: hasEnded = true
        }
    }

    /// One that was garbled is not judged: the next one says the same, and more.
    private func judge(_ machine: Machine) {
        defer { round = .init() }
        guard round.isWhole, let books = round.read else { return }
        rounds += 1
        elapsed = machine.now() &- (started ?? 0)
        let verdict = LinuxStressVerdict(round, number: rounds)
        totals = .init()
        for entry in books.entries {
            totals.raised &+= entry.raised
            totals.coalesced &+= entry.coalesced
            totals.cleared &+= entry.cleared
        }
        totals.delivered = verdict.delivered
        if !verdict.violations.isEmpty {
            fail(verdict.violations, inRound: false)
            machine.end()
        }
        onRound?(self)
    }

    private func fail(_ rule: StressVerdict.Violation.Rule, _ text: String) {
        fail([.init(rule: rule, text: text)], inRound: true)
        machine?.end()
    }

    private func fail(_ list: [StressVerdict.Violation], inRound: Bool) {
        guard violations.isEmpty, let machine else { return }
        dump = machine.dump()
        isWithinRound = inRound
        violations = list
        // Why: perhaps something has gone that the guest still waits for.
        if inRound { violations += LinuxStressVerdict(hanging: machine.books()).violations }
    }

    // MARK: Time

    /// So often it is looked whether anybody oversleeps.
    private static let interval: UInt64 = 100_000_000
    private var lastLook: UInt64?
    /// How long the console has said nothing.
    private var silence: UInt64 = 0
    /// When to end after a complaint.
    private var endTime = UInt64.max
    private var nextLook: UInt64 = 0
    /// When to look again, by the VM's clock.
    var deadline: UInt64 { min(endTime, nextLook) }

    /// Looks whether anything happens.
    func tick(at now: UInt64) {
        guard deadline <= now, let machine else { return }
        nextLook = now &+ Self.interval
        if endTime <= now { return machine.end() }
        guard violations.isEmpty else { return }
        if let vcpu = machine.oversleeping().first {
            return fail(.starved, "vCPU \(vcpu) sleeps though an interrupt waits for it")
        }
        // A process that was stopped finds that much time has passed in which nothing could happen.
        let gap = now &- (lastLook ?? now)
        if gap >= Self.stopNanoseconds { lastStop = now }
        silence &+= min(gap, 2 * Self.interval)
        lastLook = now
        if silence >= limits.silenceNanoseconds {
            hangs("no line on the console for \(silence / 1_000_000_000) s")
        }
    }

    /// So long nobody looked, and it was not the guest's doing.
    private static let stopNanoseconds: UInt64 = 2_000_000_000
    /// When that was noticed the last time.
    private var lastStop: UInt64?

    /// Linux, whose clock went on, may still say that it waits; if it really does, it will say so again.
    private func hasBeenStopped(before now: UInt64) -> Bool {
        lastStop.map { now &- $0 < UInt64(limits.stallSeconds) * 1_000_000_000 } ?? false
    }

    func hangs(_ text: String) { fail(.hang, text + ", in round \(rounds + 1)") }
}
