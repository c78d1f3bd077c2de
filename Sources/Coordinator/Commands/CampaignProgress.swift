import CHost
import Glibc

/// How far a campaign is, on standard error: in one line that changes on a terminal, otherwise a line now and then.
final class CampaignProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let started = armada_monotonic()
    private var last: UInt64 = 0

    func show(_ summary: CampaignSummary) {
        let now = armada_monotonic()
        guard now &- last >= (isTerminal ? 200_000_000 : 10_000_000_000) else { return }
        last = now
        var text = "campaign: \(summary.done) of \(summary.total) seeds, \(summary.violated.count) violated"
        let own = summary.done - summary.found
        if own > 0 {
            let each = Double(now &- started) / Double(own)
            text += ", \(Int((each * Double(summary.total - summary.done) / 1e9).rounded(.up))) s left"
        }
        StandardError.write(isTerminal ? "\r\u{1B}[K" + text : text + "\n")
    }

    func end() { if isTerminal { StandardError.write("\r\u{1B}[K") } }
}
