import CHost
import Glibc

/// Says on standard error how far a stress test is: in one line that changes, and only on a terminal.
final class StressProgress {
    private static let interval: UInt64 = 200_000_000
    private let scenarioCount: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last: UInt64 = 0

    init(scenarioCount: Int) { self.scenarioCount = scenarioCount }

    func show(_ index: Int, _ session: any StressRounds) {
        let now = armada_monotonic()
        guard isTerminal, now &- last >= Self.interval else { return }
        last = now
        var text = "stress: \(index + 1) of \(scenarioCount), \(session.scenario.rawValue): round \(session.rounds)"
        if session.roundLimit != .max { text += " of \(session.roundLimit)" }
        text += ", \(session.totals.delivered) delivered"
        // The clock of a limit in time is the VM's; that of lock-step has another pace.
        if session.durationLimit != .max {
            let left = session.durationLimit > session.elapsed ? session.durationLimit - session.elapsed : 0
            text += ", \((left + 999_999_999) / 1_000_000_000) s left"
        } else if session.rounds > 0 {
            let each = Double(session.elapsed) / Double(session.rounds)
            text += ", \(Int((each * Double(session.roundLimit - session.rounds) / 1e9).rounded(.up))) s left"
        }
        StandardError.write("\r\u{1B}[K" + text)
    }

    func end() { if isTerminal { StandardError.write("\r\u{1B}[K") } }
}
