import Shared

@testable import VCPUWorker

/// Our side of a comparison: executes a lowered instruction on a state.
protocol InstructionExecutor {
    static func execute(_ op: Op, on state: inout MachineState)
}

/// Random words of encoding rows, executed by us and by Unicorn.
struct DifferentialHarness {
    /// An instruction on which the two sides disagree.
    struct Mismatch: CustomStringConvertible {
        let row: String
        let word: UInt32
        let seed: UInt64
        let fpcr: UInt32
        let operands: String
        let differences: [String]

        var description: String {
            "\(row) \(String(word, radix: 16)) seed \(seed) fpcr \(String(fpcr, radix: 16)) \(operands): "
                + differences.joined(separator: "; ")
        }
    }

    /// A row that is not compared, or not under some FPCR, because the reference is wrong.
    struct Exclusion {
        let name: String
        let reason: String
        /// Compared nevertheless where this FPCR has none of these bits set; all ones excludes the row.
        var whenControl: UInt32 = ~0
    }

    let rows: [EncodingRow]
    var exclusions: [Exclusion] = []

    /// Compares `countPerRow` words of each row; at most three mismatches a row are reported.
    func run<Executor: InstructionExecutor>(
        _: Executor.Type, countPerRow: Int, seed: UInt64
    ) throws -> [Mismatch] {
        let reference = try UnicornMachine()
        let states = RandomStates(seed: seed)
        var mismatches: [Mismatch] = []
        for (index, row) in rows.enumerated() where row.isImplemented {
            let exclusion = exclusions.first { $0.name == row.name.description }
            if exclusion?.whenControl == ~0 { continue }
            var found = 0
            for iteration in 0..<countPerRow where found < 3 {
                let caseSeed = seed &+ UInt64(index) << 32 &+ UInt64(iteration)
                var generator = SplitMix64(seed: caseSeed)
                let word = Self.randomWord(of: row, using: &generator)
                let state = states.state(using: &generator)
                if let exclusion, state.fpcr & exclusion.whenControl != 0 { continue }
                let differences = compare(row, word, state, Executor.self, reference)
                if differences.isEmpty { continue }
                found += 1
                mismatches.append(
                    Mismatch(
                        row: row.name.description, word: word, seed: caseSeed, fpcr: state.fpcr,
                        operands: Self.operands(word, state), differences: differences))
            }
        }
        return mismatches
    }

    private func compare<Executor: InstructionExecutor>(
        _ row: EncodingRow, _ word: UInt32, _ state: MachineState, _: Executor.Type, _ reference: UnicornMachine
    ) -> [String] {
        var ours = state
        var theirs = state
        let op = row.lower(Word(word))
        let isDefined = reference.execute(word, on: &theirs)
        if op.code == .undefined { return isDefined ? ["undefined, expected defined"] : [] }
        if !isDefined { return ["defined, expected undefined"] }
        Executor.execute(op, on: &ours)
        return ours.differences(from: theirs)
    }

    /// The row's fixed bits, the others random; register fields are often equal.
    static func randomWord(of row: EncodingRow, using generator: inout SplitMix64) -> UInt32 {
        let (mask, value) = row.maskAndValue
        return UInt32(truncatingIfNeeded: generator.next()) & ~mask | value
    }

    /// The vector registers that most encodings use, for the report.
    private static func operands(_ word: UInt32, _ state: MachineState) -> String {
        func vector(_ number: UInt32) -> String {
            let index = Int(number & 31)
            return String(state.v[2 * index + 1], radix: 16) + ":" + String(state.v[2 * index], radix: 16)
        }
        return "n=\(vector(word >> 5)) m=\(vector(word >> 16)) d=\(vector(word)) a=\(vector(word >> 10))"
    }
}
