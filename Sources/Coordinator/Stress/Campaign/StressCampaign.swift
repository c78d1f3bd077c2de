import Glibc
import Shared

/// Many seeds of one stress test, several at a time, each in a process of its own with a result file of its own: what is
/// there already is not run again.
struct StressCampaign {
    let directory: String
    let configuration: String
    let seeds: ClosedRange<UInt64>
    let jobCount: Int
    /// What runs a seed and writes its result file.
    let arguments: (_ seed: UInt64) -> [String]
    /// Called when a seed has its result, or has failed to get one.
    var onProgress: (Summary) -> Void = { _ in }

    struct Summary {
        var total: UInt64 = 0
        /// Found when the campaign began.
        var found: UInt64 = 0
        var clean: UInt64 = 0
        var violated: [UInt64] = []
        /// Came to no verdict.
        var failed: [UInt64] = []
        var isInterrupted = false
        var done: UInt64 { clean + UInt64(violated.count) + UInt64(failed.count) }
    }

    private func file(_ seed: UInt64) -> StressResultFile {
        StressResultFile(directory: directory, configuration: configuration, seed: seed)
    }

    /// Runs what has no result yet. Ends early when a signal asks for it; the jobs under way then leave no result.
    func run() throws(ReportError) -> Summary {
        try ReportFile.makeDirectory(directory)
        var summary = Summary()
        summary.total = seeds.upperBound - seeds.lowerBound + 1
        let signals: EndingSignals
        do throws(SystemError) { signals = try EndingSignals() } catch {
            throw ReportError(path: directory, reason: error.description)
        }
        var jobs: [CampaignJob] = []
        var next: UInt64? = seeds.lowerBound
        while !jobs.isEmpty || next != nil && !signals.haveCome {
            if signals.haveCome {
                for job in jobs { job.interrupt() }
                for job in jobs { job.wait() }
                break
            }
            if let seed = next, jobs.count < jobCount {
                next = seed == seeds.upperBound ? nil : seed + 1
                switch file(seed).state {
                case .whole(let exitCode):
                    summary.found += 1
                    count(exitCode, seed, &summary)
                case .foreign(let reason):
                    throw ReportError(
                        path: file(seed).path,
                        reason: "\(reason): move it away, or give another directory with --results")
                case .missing:
                    do throws(SystemError) {
                        jobs.append(try CampaignJob(seed: seed, arguments: arguments(seed)))
                    } catch { throw ReportError(path: directory, reason: error.description) }
                }
                continue
            }
            jobs.removeAll { job in
                guard job.hasEnded() else { return false }
                if case .whole(let exitCode) = file(job.seed).state {
                    count(exitCode, job.seed, &summary)
                } else if !signals.haveCome {
                    summary.failed.append(job.seed)
                }
                onProgress(summary)
                return true
            }
            signals.wait(milliseconds: 20)
        }
        summary.isInterrupted = signals.haveCome
        return summary
    }

    private func count(_ exitCode: Int32, _ seed: UInt64, _ summary: inout Summary) {
        switch exitCode {
        case 0: summary.clean += 1
        case StressReport.violatedCode: summary.violated.append(seed)
        default: summary.failed.append(seed)
        }
    }
}

/// SIGINT and SIGTERM, which are kept from their usual effect while this exists.
final class EndingSignals {
    private let events: EventSet
    private(set) var haveCome = false

    init() throws(SystemError) { events = try EventSet() }

    func wait(milliseconds: CInt) {
        var request = pollfd(fd: events.signalDescriptor, events: Int16(POLLIN), revents: 0)
        if poll(&request, 1, milliseconds) > 0, events.takeEndingSignal() { haveCome = true }
    }
}
