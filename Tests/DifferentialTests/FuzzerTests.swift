import Testing

@testable import VCPUWorker

/// The machinery can fail: wrong results are put into our side, which have to be found and made small.
@Suite struct FuzzerTests {
    private static func indices(_ names: [String]) -> [Int] {
        Decoder.rows.indices.filter { names.contains(Decoder.rows[$0].name.description) }
    }

    @Test func findsAWrongFlag() throws {
        let rows = Self.indices(["ADDS (immediate)", "ADD (immediate)"])
        let fuzzer = try Fuzzer(seed: 11, rows: rows)
        // ADDS of 32 bits does not set V.
        fuzzer.engine.sabotage = { words, state in
            if words.contains(where: { $0 & 0xFF80_0000 == 0x3100_0000 }) { state.nzcv &= ~(1 << 28) }
        }
        for round in 0..<200 where fuzzer.failures.isEmpty { fuzzer.runRound(round, sequenceCount: 2) }
        let failure = try #require(fuzzer.failures.first)
        #expect(failure.minimal.words.count == 1)
        #expect(failure.name == "ADDS (immediate)")
        #expect(failure.differences.count == 1 && failure.differences[0].hasPrefix("nzcv is"))
        #expect(failure.minimal.state.v.allSatisfy { $0 == 0 })
        #expect(failure.minimal.state.x.filter { $0 != 0 }.count <= 1)
        #expect(failure.minimal.state.fpcr == 0 && failure.minimal.state.nzcv == 0 && failure.minimal.dataSeed == 0)
    }

    @Test func findsAWrongRoundingInASequence() throws {
        let fuzzer = try Fuzzer(
            seed: 12, rows: Self.indices(["FADD (scalar, double)", "CSEL", "FMUL (scalar, double)"]))
        // A product and a sum in one program, while rounding up: the last bit of V0 is lost.
        fuzzer.engine.sabotage = { words, state in
            guard state.fpcr >> 22 & 3 == 1, words.contains(where: { $0 & 0xFFE0_FC00 == 0x1E60_0800 }),
                words.contains(where: { $0 & 0xFFE0_FC00 == 0x1E60_2800 })
            else { return }
            state.v[0] |= 1
        }
        for round in 0..<200 where fuzzer.failures.isEmpty { fuzzer.runRound(round, sequenceCount: 20) }
        let failure = try #require(fuzzer.failures.first)
        #expect(failure.minimal.words.count == 2)
        #expect(failure.minimal.state.fpcr == 1 << 22)
        #expect(failure.minimal.state.x.allSatisfy { $0 == 0 } && failure.minimal.state.v.allSatisfy { $0 == 0 })
    }

    @Test func findsAWrongByteInMemory() throws {
        let engine = try ComparisonEngine()
        // STRB W1, [X0]
        var comparison = ComparisonCase(words: [0x3900_0001], state: MachineState(), dataSeed: 1)
        comparison.state.x[0] = InterpreterMachine.dataMiddle
        #expect(engine.differences(comparison) == [])
        engine.sabotageMemory = true
        #expect(engine.differences(comparison) == ["memory differs from \(String(InterpreterMachine.data, radix: 16))"])
    }

    @Test func theSameSeedMakesTheSameComparisons() throws {
        let first = try Fuzzer(seed: 5)
        let second = try Fuzzer(seed: 5)
        first.runRound(0, sequenceCount: 50)
        second.runRound(0, sequenceCount: 50)
        #expect(first.counts.single == second.counts.single)
        #expect(first.counts.inSequences == second.counts.inSequences)
    }
}
