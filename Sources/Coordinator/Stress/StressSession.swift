import Shared

/// One scenario in one VM: its rounds, the verdict after each, and what was measured.
final class StressSession: StressRounds {
    /// No exit and no SGI of any vCPU for so long is a hang.
    static let hangNanoseconds: UInt64 = 5_000_000_000

    let scenario: StressScenario
    /// When to end: after so many rounds, or after so many nanoseconds of the VM's clock, whichever comes first.
    let roundLimit: UInt64
    let durationLimit: UInt64
    private let seed: UInt64
    /// Where the guest's ledger is.
    var ledgerAddress: IPA?
    var machine: Machine?
    /// Called after each round.
    var onRound: ((any StressRounds) -> Void)?

    private(set) var rounds: UInt64 = 0
    private(set) var violations: [StressVerdict.Violation] = []
    private(set) var totals = StressResult.Totals()
    private var latencies = LatencyHistogram()
    /// Samples of each vCPU that are in the histogram.
    private var sampled = [UInt64](repeating: 0, count: StressLedger.maximumVCPUCount)
    private var started: UInt64?
    private(set) var elapsed: UInt64 = 0

    /// What a session asks of its VM.
    struct Machine {
        var now: () -> UInt64
        var ledger: (IPA) -> StressLedger?
        var coordinator: () -> StressVerdict.Coordinator
        /// Exits and SGIs of all vCPUs so far.
        var activity: () -> UInt64
        /// The state of the vGIC and of all vCPUs, for a violation.
        var dump: () -> String
    }

    init(scenario: StressScenario, seed: UInt64, roundLimit: UInt64, durationLimit: UInt64, isVirtual: Bool) {
        self.scenario = scenario
        self.seed = seed
        self.roundLimit = roundLimit
        self.durationLimit = durationLimit
        // In lock-step nobody waits for a processor: what takes 20 ms of virtual time will not come.
        bound = isVirtual ? 20_000_000 : 2_000_000_000
    }

    var latency: HistogramSnapshot { latencies.snapshot }
    private(set) var dump: String?
    /// A hang has no verdict on its own round.
    var isWithinRound: Bool { violations.contains { $0.rule == .hang } }
    /// How long a vCPU waits before it calls itself starved, in nanoseconds.
    let bound: UInt64

    // MARK: The guest's side

    /// The seed of the next round; 0: no more.
    func nextRound() -> UInt64 {
        if started == nil, let machine {
            started = machine.now()
            watch(at: machine.now())
        }
        return isOver ? 0 : roundSeed(rounds)
    }

    private var isOver: Bool { !violations.isEmpty || rounds >= roundLimit || elapsed >= durationLimit }

    private func roundSeed(_ round: UInt64) -> UInt64 {
        var random = SplitMix64(seed: seed &+ round &* 0x9E37_79B9_7F4A_7C15)
        return random.next() | 1
    }

    /// The verdict on all rounds so far. True: go on.
    func judge() -> Bool {
        guard let machine, let address = ledgerAddress, let ledger = machine.ledger(address) else {
            fail(.init(rule: .hang, text: "the guest shows no ledger"))
            return false
        }
        rounds += 1
        elapsed = machine.now() &- (started ?? 0)
        let coordinator = machine.coordinator()
        absorb(ledger, coordinator)
        for violation in StressVerdict(ledger, coordinator).violations { fail(violation) }
        onRound?(self)
        return !isOver
    }

    private func fail(_ violation: StressVerdict.Violation) {
        if violations.isEmpty { dump = machine?.dump() }
        violations.append(violation)
    }

    private func absorb(_ ledger: StressLedger, _ coordinator: StressVerdict.Coordinator) {
        var totals = StressResult.Totals()
        for vcpu in 0..<ledger.vcpuCount {
            for slot in 0..<StressLedger.slotCount { totals.delivered &+= ledger.taken(vcpu: vcpu, slot: slot) }
            totals.spurious &+= ledger.spurious(vcpu: vcpu)
            totals.raised &+= ledger.armed(vcpu: vcpu)
            for intid in 0..<16 { totals.add(coordinator.sgi(vcpu, intid)) }
            let count = ledger.sampleCount(vcpu: vcpu)
            var index = max(
                sampled[vcpu],
                count > UInt64(StressLedger.sampleCapacity) ? count - UInt64(StressLedger.sampleCapacity) : 0)
            while index < count {
                latencies.record(ledger.sample(vcpu: vcpu, index))
                index += 1
            }
            sampled[vcpu] = count
        }
        for line in 0..<StressDevice.lineCount {
            if let assertions = coordinator.assertions {
                totals.raised &+= assertions[line]
            } else {
                totals.add(coordinator.line(line))
            }
        }
        self.totals = totals
    }

    // MARK: Hangs

    private var lastActivity: UInt64 = 0
    private var lastChange: UInt64 = 0
    /// When to look again, by the VM's clock.
    private(set) var deadline = UInt64.max

    private func watch(at now: UInt64) {
        lastChange = now
        lastActivity = machine?.activity() ?? 0
        deadline = now &+ Self.hangNanoseconds / 5
    }

    /// Looks whether anything happens. True: it hangs.
    func tick(at now: UInt64) -> Bool {
        guard deadline <= now, let machine else { return false }
        deadline = now &+ Self.hangNanoseconds / 5
        if machine.activity() != lastActivity {
            watch(at: now)
            return false
        }
        guard now &- lastChange >= Self.hangNanoseconds else { return false }
        hangs("no exit and no SGI of any vCPU for \(Self.hangNanoseconds / 1_000_000_000) s")
        return true
    }

    func hangs(_ text: String) { fail(.init(rule: .hang, text: text + ", in round \(rounds + 1)")) }
}
