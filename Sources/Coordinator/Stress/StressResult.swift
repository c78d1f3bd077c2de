import Shared

/// What came of one scenario under one configuration.
struct StressResult: Sendable {
    struct Totals: Equatable, Sendable {
        var raised: UInt64 = 0
        var delivered: UInt64 = 0
        /// Merged with one that was pending: legal.
        var coalesced: UInt64 = 0
        /// Taken back by software (ICPENDR).
        var cleared: UInt64 = 0
        /// IAR returned 1023: legal.
        var spurious: UInt64 = 0

        mutating func add(_ account: InterruptLedger.Account) {
            raised &+= account.raised
            coalesced &+= account.coalesced
            cleared &+= account.cleared
        }
    }

    enum Verdict: String, Sendable {
        case clean, violated
        /// It ended before its time, without a violation until then.
        case interrupted
    }

    let scenario: StressScenario
    let vcpuCount: Int
    let seed: UInt64
    var rounds: UInt64 = 0
    /// Of the VM's clock.
    var nanoseconds: UInt64 = 0
    var totals = Totals()
    /// From the raise to the handler, as the guest sees it.
    var latency = HistogramSnapshot()
    /// Beside it; nil where times are not the host's, or not those of a delivery.
    var rawSocket: RawSocketBeside.Figure?
    var violations: [StressVerdict.Violation] = []
    /// Why it ended otherwise than by itself.
    var failure: String?
    /// vGIC and vCPUs when the first violation was found.
    var dump: String?
    /// How often each fault struck.
    var faults: String?
    /// Of lock-step.
    var traceHash: String?

    /// A rule was broken before its round was over.
    var isWithinRound = false

    /// The round that broke a rule, or the last one.
    var lastRound: UInt64 { isWithinRound ? rounds + 1 : max(rounds, 1) }
    var verdict: Verdict { !violations.isEmpty ? .violated : failure == nil ? .clean : .interrupted }
    /// How many of the raw socket's round trips the median delivery takes.
    var latencyOverRawSocket: Double? {
        guard let rawSocket, rawSocket.p50 > 0, latency.count > 0 else { return nil }
        return Double(latency.quantile(0.5)) / Double(rawSocket.p50)
    }
    var perSecond: Double { nanoseconds == 0 ? 0 : Double(totals.delivered) * 1e9 / Double(nanoseconds) }
}
