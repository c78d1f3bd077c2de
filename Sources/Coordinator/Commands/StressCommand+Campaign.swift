import Shared

// `--seeds`: the command for each seed in a process of its own.
extension StressCommand {
    /// All that a result depends on beside its seed.
    var configurationText: String {
        "armada \(Armada.version), wire \(WireProtocol.version): " + arguments(seed: nil).joined(separator: " ")
    }

    private func arguments(seed: UInt64?) -> [String] {
        var words = ["stress"] + list.map(\.rawValue) + ["--cpus", "\(cpus)", "--list-registers", "\(listRegisters)"]
        words += ["--pin", pin.rawValue]
        if let kernel, let initrd { words += ["--kernel", kernel, "--initrd", initrd] }
        if let rounds { words += ["--rounds", "\(rounds)"] }
        if let duration { words += ["--duration", "\(duration)"] }
        if lockstep { words.append("--lockstep") }
        for fault in faults { words += ["--fault", fault.text] }
        if let seed { words += ["--seed", "\(seed)"] }
        return words
    }

    func campaign(_ seeds: SeedRange, _ results: String) throws -> Int32 {
        let progress = CampaignProgress()
        var campaign = StressCampaign(
            directory: results, configuration: configurationText, seeds: seeds.range, jobCount: jobs,
            arguments: { seed in
                arguments(seed: seed) + ["--result", results] + (worker.map { ["--worker", $0] } ?? [])
            })
        campaign.onProgress = progress.show
        let summary: CampaignSummary
        do throws(CampaignError) {
            summary = try campaign.run()
        } catch {
            progress.end()
            throw CommandFailure(error.description)
        }
        progress.end()
        try StandardOutput.write(summary.text { seed in (["armada"] + arguments(seed: seed)).joined(separator: " ") })
        if summary.isInterrupted { StandardError.report("interrupted: the same command goes on from here") }
        if !summary.violated.isEmpty { return StressReport.violatedCode }
        return summary.isInterrupted || !summary.failed.isEmpty ? 1 : 0
    }
}
