import Testing

@testable import VCPUWorker

/// A second reference, a release of QEMU three years younger than the one in Unicorn.
@Suite struct QEMUUserTests {
    /// The row whose 16-bit result QEMU extends to 32 bits by its sign. The manual's write to V[d] clears the rest.
    static let signExtended = "FCVTZS (scalar, fixed-point, H)"

    /// Every row of floating point and Advanced SIMD data processing.
    @Test func vectorsAgree() throws {
        let machine = try QEMUUserMachine()
        var reported = 0
        for (index, row) in VectorEncodings.rows.enumerated() {
            var generator = SeededGenerator(seed: 0x5EED &+ UInt64(index) << 32)
            let cases = (0..<100).map { _ in
                let word = DifferentialHarness.randomWord(of: row, using: &generator)
                return QEMUUserMachine.Case(word: word, state: .random(using: &generator))
            }
            var found = 0
            for (item, result) in zip(cases, try machine.execute(cases)) where found < 3 && reported < 100 {
                var expected = result
                let op = row.lower(Word(item.word))
                var ours = item.state
                if op.code != .undefined { VectorExecutor.execute(op, on: &ours) }
                if var state = expected, row.name.description == Self.signExtended {
                    state.v[2 * Int(op.d)] &= 0xFFFF
                    expected = state
                }
                let differences =
                    (op.code != .undefined) != (expected != nil)
                    ? ["is \(expected == nil ? "undefined" : "defined") there"]
                    : ours.differences(from: expected ?? item.state)
                if differences.isEmpty { continue }
                found += 1
                reported += 1
                Issue.record(
                    """
                    \(row.name) \(String(item.word, radix: 16)) fpcr \(String(item.state.fpcr, radix: 16)): \
                    \(differences.joined(separator: "; "))
                    """)
            }
        }
    }

    /// A scalar FNEG (vector), which the manual does not allocate and QEMU takes.
    static let scalarNegation: UInt32 = 0x7EF8_F800

    /// Which words of the groups that Unicorn cannot be asked about are instructions.
    @Test func halfPrecisionIsDecodedAlike() throws {
        let machine = try QEMUUserMachine()
        for group in DecodeDifferentialTests.exclusions where group.reason.hasPrefix("FEAT_FP16") {
            // Every combination of the free bits but those of register numbers.
            let registers: UInt32 = group.mask & 0x1F_0000 == 0 ? 0x1F_03FF : 0x3FF
            let free = ~group.mask & ~registers
            var words: [UInt32] = []
            var subset: UInt32 = 0
            repeat {
                words.append(group.value | subset)
                subset = (subset &- free) & free
            } while subset != 0
            var defined = 0
            for (word, isExpected) in zip(words, try machine.areDefined(words)) {
                let isDefined = Decoder.shared.decode(word).code != .undefined
                if isDefined { defined += 1 }
                if word == Self.scalarNegation { continue }
                #expect(isDefined == isExpected, "\(group.reason): \(String(word, radix: 16))")
            }
            #expect(defined > 0 && defined < words.count, "\(group.reason): \(defined) of \(words.count)")
        }
    }
}
