extension VirtualMachine {
    /// What is said at the end of a run in lock-step: its figures, and the command that repeats it. nil: it was none.
    ///
    /// - Parameter arguments: the command line, the program's name first.
    func lockstepSummary(arguments: [String]) -> String? {
        guard let schedule, let seed = configuration.lockstep?.seed else { return nil }
        let nanoseconds = String(clock.now &- startTime)
        var words = arguments
        if !words.contains(where: { $0 == "--seed" || $0.hasPrefix("--seed=") }) { words += ["--seed", "\(seed)"] }
        return """
            armada: lock-step: seed \(seed), trace hash \(schedule.hash.description) \
            (FNV-1a), \(schedule.hash.frameCount) frames, \(schedule.sliceCount) slices, \(nanoseconds) ns
            armada: the same again: \(words.map(shellQuoted).joined(separator: " "))

            """
    }
}

/// A word as a shell takes it.
func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=,:@%+".utf8.contains(byte)
            }
        }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
}
