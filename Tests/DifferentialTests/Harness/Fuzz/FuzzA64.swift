import Glibc

@testable import VCPUWorker

/// `fuzz-a64`: compares random instructions with an independent implementation, for a time or for a number of rounds.
@main
struct FuzzA64 {
    private var seed: UInt64 = 1
    private var seconds: Double?
    private var rounds: Int?
    private var minimum = 0
    private var coveragePath: String?
    private var failCaseFolder: String?
    /// So many failures are enough to look at.
    private static let failureLimit = 40

    private static let usage = """
        usage: fuzz-a64 [--seconds N | --rounds N] [--seed N] [--minimum COMPARISONS] [--coverage FILE] [--fail-cases FOLDER]
        """

    static func main() {
        guard let command = FuzzA64(arguments: Array(CommandLine.arguments.dropFirst())) else {
            report(usage)
            exit(64)
        }
        do {
            exit(try command.run() ? 0 : 1)
        } catch {
            report("fuzz-a64: \(error)")
            exit(1)
        }
    }

    private init?(arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch name {
            case "--seed":
                guard let number = UInt64(value) else { return nil }
                seed = number
            case "--seconds":
                guard let number = Double(value) else { return nil }
                seconds = number
            case "--rounds":
                guard let number = Int(value) else { return nil }
                rounds = number
            case "--minimum":
                guard let number = Int(value) else { return nil }
                minimum = number
            case "--coverage": coveragePath = value
            case "--fail-cases": failCaseFolder = value
            default: return nil
            }
        }
        if seconds == nil, rounds == nil { seconds = 60 }
    }

    /// True when everything agreed and every row was compared.
    private func run() throws -> Bool {
        let fuzzer = try Fuzzer(seed: seed)
        let start = (wall: Self.time(CLOCK_MONOTONIC), processor: Self.time(CLOCK_PROCESS_CPUTIME_ID))
        Self.say("fuzz-a64: seed \(seed), \(ComparisonRules.comparedRows.count) rows")
        var round = 0
        while fuzzer.failures.count < Self.failureLimit {
            if let rounds, round >= rounds { break }
            if let seconds, Self.time(CLOCK_MONOTONIC) - start.wall >= seconds { break }
            let known = fuzzer.failures.count
            fuzzer.runRound(round, sequenceCount: ComparisonRules.comparedRows.count / 4)
            for failure in fuzzer.failures[known...] { try keep(failure) }
            round += 1
        }
        let wall = Self.time(CLOCK_MONOTONIC) - start.wall
        let processor = Self.time(CLOCK_PROCESS_CPUTIME_ID) - start.processor
        let counts = fuzzer.counts
        let total = counts.comparisons
        Self.say(
            "fuzz-a64: seed \(seed), \(round) rounds: \(total) comparisons, \(counts.sequences) of them of sequences")
        Self.say(
            "fuzz-a64: \(fuzzer.engine.translated) times code was generated, \(fuzzer.engine.faulted) ended in a data abort"
        )
        Self.say(
            "fuzz-a64: \(Self.rounded(wall)) s, \(Self.rounded(processor)) s of processor time: "
                + "\(Int(Double(total) / processor)) comparisons a second on one core")
        for line in fuzzer.unrepeated { Self.say("fuzz-a64: only once: " + line) }
        let report = CoverageReport(counts: counts, seed: seed)
        let missing = report.rowsWithoutComparison
        for name in missing { Self.say("fuzz-a64: no comparison of \(name)") }
        if let coveragePath { try TextFile.write(report.page, to: coveragePath) }
        if total < minimum { Self.say("fuzz-a64: \(total) comparisons are less than \(minimum)") }
        if !fuzzer.failures.isEmpty { Self.say("fuzz-a64: \(fuzzer.failures.count) disagreements") }
        return fuzzer.failures.isEmpty && missing.isEmpty && total >= minimum
    }

    private func keep(_ failure: Fuzzer.Failure) throws {
        let text = failure.failCase.text
        Self.say("fuzz-a64: disagreement\n" + text)
        guard let failCaseFolder else { return }
        let word = failure.minimal.words.last.map { String($0, radix: 16) } ?? ""
        try TextFile.write(text, to: "\(failCaseFolder)/\(word)-\(String(failure.seed, radix: 16)).case")
    }

    /// A line on standard output, at once.
    private static func say(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { bytes in _ = write(1, bytes.baseAddress, bytes.count) }
    }

    private static func report(_ line: String) { WorkerLog.line(line) }

    private static func rounded(_ seconds: Double) -> String { String(Double(Int(seconds * 10)) / 10) }

    private static func time(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
