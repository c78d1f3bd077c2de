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
    var onProgress: (CampaignSummary) -> Void = { _ in }

    private func file(_ seed: UInt64) -> StressResultFile {
        StressResultFile(directory: directory, configuration: configuration, seed: seed)
    }

    /// Runs what has no result yet. Ends early when a signal asks for it, or when it meets a file that it must not
    /// touch; the jobs under way then leave no result.
    func run() throws(CampaignError) -> CampaignSummary {
        do throws(ReportError) { try ReportFile.makeDirectory(directory) } catch { throw CampaignError("\(error)") }
        var summary = CampaignSummary()
        summary.total = seeds.upperBound - seeds.lowerBound + 1
        let signals: EndingSignals
        do throws(SystemError) { signals = try EndingSignals() } catch { throw CampaignError("\(error)") }
        var jobs: [CampaignJob] = []
        defer {
            for job in jobs { job.interrupt() }
            for job in jobs { job.wait() }
        }
        var next: UInt64? = seeds.lowerBound
        while !signals.haveCome, !jobs.isEmpty || next != nil {
            if let seed = next, jobs.count < jobCount {
                next = seed == seeds.upperBound ? nil : seed + 1
                if let job = try begin(seed, &summary) { jobs.append(job) }
                continue
            }
            jobs.removeAll { job in
                guard job.hasEnded() else { return false }
                if case .whole(let exitCode) = file(job.seed).state {
                    count(exitCode, job.seed, &summary)
                } else {
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

    /// Starts the job of a seed; nil: it has its result already.
    private func begin(_ seed: UInt64, _ summary: inout CampaignSummary) throws(CampaignError) -> CampaignJob? {
        switch file(seed).state {
        case .whole(let exitCode):
            summary.found += 1
            count(exitCode, seed, &summary)
            return nil
        case .foreign(let reason):
            throw CampaignError(
                "the result file \(file(seed).path) is not used: \(reason); move it away, or give another directory with "
                    + "--results")
        case .missing:
            do throws(SystemError) {
                return try CampaignJob(seed: seed, arguments: arguments(seed))
            } catch { throw CampaignError("\(error)") }
        }
    }

    private func count(_ exitCode: Int32, _ seed: UInt64, _ summary: inout CampaignSummary) {
        switch exitCode {
        case 0: summary.clean += 1
        case StressReport.violatedCode: summary.violated.append(seed)
        default: summary.failed.append(seed)
        }
    }
}

/// Why a campaign cannot go on.
struct CampaignError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
