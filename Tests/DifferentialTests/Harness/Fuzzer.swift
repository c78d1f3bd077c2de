import Shared

@testable import VCPUWorker

/// Compares random programs: rounds of one word of each row and a few sequences, each executed from several states, in turn
/// interpreted and translated. The same seed makes the same rounds on every machine.
final class Fuzzer {
    struct Failure {
        /// The row under test; of a sequence, its words' rows.
        let name: String
        let seed: UInt64
        let minimal: ComparisonCase
        let differences: [String]

        var failCase: FailCase {
            FailCase(minimal, title: "\(name), seed \(seed)\n" + differences.prefix(4).joined(separator: "; "))
        }
    }

    /// How often each row was compared, by its index in `Decoder.rows`.
    struct Counts {
        var single = [Int](repeating: 0, count: Decoder.rows.count)
        var inSequences = [Int](repeating: 0, count: Decoder.rows.count)
        var sequences = 0
        var comparisons: Int { single.reduce(0, +) + sequences }
    }

    static let statesPerProgram = 4
    /// Rounds with the same data in memory, and the same words to make states of.
    private static let roundsPerData = 16
    /// A row with as many failures is left alone.
    private static let failuresPerRow = 2

    let engine: ComparisonEngine
    private let seed: UInt64
    private let rows: [Int]
    private let hashes: [UInt64]
    private let programs: RandomPrograms
    /// Renewed with the data.
    private var states = RandomStates(seed: 1)
    private var statesSeed: UInt64 = 1
    private var failuresOfRow = [Int](repeating: 0, count: Decoder.rows.count)

    private(set) var counts = Counts()
    private(set) var failures: [Failure] = []
    /// Disagreements with a reference that has executed much, where a new one agrees.
    private(set) var unrepeated: [String] = []

    /// - Parameter rows: The rows to be compared, as indices of `Decoder.rows`.
    init(seed: UInt64, rows: [Int] = ComparisonRules.comparedRows) throws {
        self.seed = seed
        self.rows = rows
        hashes = rows.map { Self.hash(Decoder.rows[$0].name.description) }
        programs = RandomPrograms(rows: rows)
        engine = try ComparisonEngine()
    }

    /// One word of each row, and `sequenceCount` sequences.
    func runRound(_ round: Int, sequenceCount: Int) {
        let dataSeed = Self.seed(seed, UInt64(round / Self.roundsPerData), 1) | 1
        if dataSeed != statesSeed {
            states = RandomStates(seed: dataSeed)
            statesSeed = dataSeed
        }
        for (index, row) in rows.enumerated() where failuresOfRow[row] < Self.failuresPerRow {
            let caseSeed = Self.seed(seed, UInt64(round), hashes[index])
            var generator = SplitMix64(seed: caseSeed)
            guard let program = programs.single(row, using: &generator) else { continue }
            compare(
                program, caseSeed, dataSeed, states: program.isDefined ? Self.statesPerProgram : 1, &generator,
                state: { programs.stateForSingle(program, from: states, using: &$0) },
                count: { counts.single[row] += 1 })
        }
        for index in 0..<sequenceCount {
            let caseSeed = Self.seed(seed, UInt64(round), UInt64(index) &+ 2)
            var generator = SplitMix64(seed: caseSeed)
            let program = programs.sequence(using: &generator)
            if program.rows.contains(where: { failuresOfRow[$0] >= Self.failuresPerRow }) { continue }
            compare(
                program, caseSeed, dataSeed, states: Self.statesPerProgram, &generator,
                state: { programs.stateForSequence(from: states, using: &$0) },
                count: {
                    counts.sequences += 1
                    for row in program.rows { counts.inSequences[row] += 1 }
                })
        }
    }

    private func compare(
        _ program: RandomProgram, _ caseSeed: UInt64, _ dataSeed: UInt64, states: Int,
        _ generator: inout SplitMix64, state makeState: (inout SplitMix64) -> MachineState, count: () -> Void
    ) {
        var found: [String] = []
        let failing: ComparisonCase? = engine.withPlaced(program) { placed in
            for index in 0..<states {
                let state = makeState(&generator)
                let isTranslated = index & 1 == 1
                count()
                let differences = engine.differences(
                    program, placed, state, dataSeed: dataSeed, isTranslated: isTranslated)
                guard differences.isEmpty else {
                    found = differences
                    // Unicorn sometimes ends a branch to nowhere in another way; a new one does not.
                    engine.renewReference()
                    let again = engine.differences(
                        program, placed, state, dataSeed: dataSeed, isTranslated: isTranslated)
                    if again.isEmpty {
                        unrepeated.append("\(names(of: program)): \(differences.joined(separator: "; "))")
                        continue
                    }
                    return ComparisonCase(
                        words: program.words, state: state, dataSeed: dataSeed, isTranslated: isTranslated)
                }
            }
            return nil
        }
        if let failing { record(failing, found, program, caseSeed) }
    }

    private func record(
        _ failing: ComparisonCase, _ differences: [String], _ program: RandomProgram, _ caseSeed: UInt64
    ) {
        let kind = Self.kind(differences)
        let isRepeatable = Self.kind(engine.differences(failing)) == kind
        let minimal =
            isRepeatable
            ? Minimizer { Self.kind(self.engine.differences($0)) == kind }.minimize(failing) : failing
        let rows = minimal.words.map { Decoder.shared.row(of: $0)?.name.description ?? String($0, radix: 16) }
        for row in program.rows where rows.contains(Decoder.rows[row].name.description) { failuresOfRow[row] += 1 }
        failures.append(
            Failure(
                name: rows.joined(separator: ", "), seed: caseSeed, minimal: minimal,
                differences: isRepeatable ? engine.differences(minimal) : ["does not repeat"] + differences))
    }

    private func names(of program: RandomProgram) -> String {
        program.rows.map { Decoder.rows[$0].name.description }.joined(separator: ", ")
    }

    /// How a case fails, for a smaller one to fail in the same way: registers and memory that differ, or how it ended.
    private static func kind(_ differences: [String]) -> String? {
        guard let first = differences.first else { return nil }
        return first.hasPrefix("ended") || first.hasPrefix("aborts") ? first : "state"
    }

    /// FNV-1a.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func seed(_ seed: UInt64, _ round: UInt64, _ name: UInt64) -> UInt64 {
        var generator = SplitMix64(seed: seed ^ name &* 0x9E37_79B9_7F4A_7C15 ^ round << 32)
        return generator.next()
    }
}
