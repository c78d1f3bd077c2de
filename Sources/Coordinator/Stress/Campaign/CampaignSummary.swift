/// How many seeds of a campaign have come to what.
struct CampaignSummary {
    var total: UInt64 = 0
    /// Found when the campaign began.
    var found: UInt64 = 0
    var clean: UInt64 = 0
    var violated: [UInt64] = []
    /// Came to no verdict.
    var failed: [UInt64] = []
    var isInterrupted = false
    var done: UInt64 { clean + UInt64(violated.count) + UInt64(failed.count) }

    /// `command` repeats one seed.
    func text(command: (UInt64) -> String) -> String {
        var out =
            "\(done) of \(total) seeds: \(clean) clean, \(violated.count) violated, \(failed.count) without a verdict"
        if found > 0 { out += "; \(found) of them were there already" }
        out += "\n"
        for seed in violated.sorted() { out += "violated: \(command(seed))\n" }
        for seed in failed.sorted() { out += "no verdict: \(command(seed))\n" }
        return out
    }
}
