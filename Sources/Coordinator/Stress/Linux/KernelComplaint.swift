/// What Linux says when something is wrong with it, or with its machine.
enum KernelComplaint {
    /// The first that a line contains counts.
    private static let signs: [(words: String, rule: StressVerdict.Violation.Rule)] = [
        ("rcu: INFO:", .hang), ("soft lockup", .hang), ("hard LOCKUP", .hang), ("blocked for more than", .hang),
        ("failed to come online", .hang), ("csd: Detected non-responsive", .lost),
        ("Unexpected interrupt", .duplicated), ("nobody cared", .duplicated), ("unexpected IRQ", .duplicated),
        ("Unable to handle", .complaint), ("Kernel panic", .complaint), ("Internal error", .complaint),
        ("Unhandled fault", .complaint), ("BUG:", .complaint), ("WARNING:", .complaint),
    ]

    /// Complaints that say only that something took too long.
    private static let detectorWords = ["rcu: INFO:", "soft lockup", "hard LOCKUP", "blocked for more than"]

    static func isOfTime(_ line: String) -> Bool { detectorWords.contains { line.contains($0) } }

    /// The rule that the line says is broken.
    static func violation(in line: String) -> StressVerdict.Violation? {
        // Of the program's own lines each word is known.
        guard !line.hasPrefix(LinuxStressLine.prefix), let sign = signs.first(where: { line.contains($0.words) }) else {
            return nil
        }
        return .init(rule: sign.rule, text: "Linux says: " + shortened(line, to: 200))
    }
}
