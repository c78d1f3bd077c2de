import CHost
import Glibc

/// Says on standard error what is being measured: on a terminal in one line that changes, otherwise a line for each
/// configuration.
struct BenchProgress {
    private let configurationCount: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let started = armada_monotonic()
    private var done = -1
    private var description = ""

    init(configurationCount: Int) { self.configurationCount = configurationCount }

    mutating func begin(_ configuration: BenchReport.Configuration) {
        done += 1
        description =
            "vCPUs \(configuration.vcpuCount), pin \(configuration.pin), halt-poll-ns \(configuration.haltPoll), "
            + "world switch \(configuration.worldSwitch)"
        if configurationCount > 1 {
            description = "\(done + 1) of \(configurationCount), \(timeLeft): " + description
        }
        if !isTerminal { StandardError.write("bench: \(description)\n") }
    }

    func show(_ operation: BenchOperation) {
        if isTerminal { StandardError.write("\r\u{1B}[Kbench: \(description): \(operation.rawValue)") }
    }

    func end() { if isTerminal { StandardError.write("\r\u{1B}[K") } }

    /// From what the configurations until now have taken.
    private var timeLeft: String {
        guard done > 0 else { return "time left unknown" }
        let each = Double(armada_monotonic() &- started) / 1e9 / Double(done)
        let seconds = Int((each * Double(configurationCount - done)).rounded())
        return seconds < 60 ? "\(seconds) s left" : "\(seconds / 60) min \(seconds % 60) s left"
    }
}
