import Testing

@testable import VCPUWorker

@Suite struct IntegerDifferentialTests {
    @Test func dataProcessing() throws {
        let flags = Branches.rows.filter { $0.name.description == "CFINV" }
        let harness = IntegerHarness(rows: DataProcessingImmediate.rows + DataProcessingRegister.rows + flags)
        let report = try harness.run(countPerRow: 200, seed: 1)
        check(report, compared: 12_000, translated: 8_000)
    }

    @Test func sequences() throws {
        let harness = IntegerHarness(rows: DataProcessingImmediate.rows + DataProcessingRegister.rows)
        let report = try harness.runSequences(count: 3000, seed: 6)
        check(report, compared: 3_000, translated: 2_000)
    }

    @Test func branches() throws {
        let names: Set<String> = ["B.cond", "B", "BL", "CBZ", "CBNZ", "TBZ", "TBNZ", "BR", "BLR", "RET"]
        var harness = IntegerHarness(rows: Branches.rows.filter { names.contains($0.name.description) })
        harness.isExcluded = { w in
            // Loops: a distance of 0 or −1.
            let distance =
                w.bits(30, 26) == 5 ? w.signed(25, 0) : w.bits(30, 25) == 0x1B ? w.signed(18, 5) : w.signed(23, 5)
            return w.bits(31, 25) != 0x6B && (distance == 0 || distance == -1)
        }
        harness.prepare = { w, state, generator in
            // Half of the registers hold an address that can be branched to.
            guard w.bits(31, 25) == 0x6B, w.rn != 31, generator.next() & 1 == 0 else { return }
            state.x[Int(w.rn)] = InterpreterMachine.code + (generator.next() & 0x1F_FFFC)
        }
        let report = try harness.run(countPerRow: 400, seed: 2)
        check(report, compared: 3_500, translated: 1_000)
    }

    @Test func loadsAndStores() throws {
        try compareMemory(LoadsStores.rows, seed: 3, compared: 3_500, translated: 1_500)
    }

    @Test func exclusivesAndAtomics() throws {
        try compareMemory(LoadsStoresExclusive.rows, seed: 4, compared: 1_800, translated: 0)
    }

    @Test func structures() throws {
        try compareMemory(AdvancedSIMDLoadsStores.rows, seed: 5, compared: 1_500, translated: 0)
    }

    private func compareMemory(_ rows: [EncodingRow], seed: UInt64, compared: Int, translated: Int) throws {
        var harness = IntegerHarness(rows: rows)
        harness.usesMemory = true
        harness.isExcluded = { MemoryOperands.isConstrainedUnpredictable($0) || MemoryOperands.isReferenceWrong($0) }
        harness.prepare = MemoryOperands.prepare
        harness.prefix = MemoryOperands.prefix
        let report = try harness.run(countPerRow: 400, seed: seed)
        check(report, compared: compared, translated: translated)
        #expect(report.faulted < report.compared / 4, "\(report.faulted) of \(report.compared) accesses faulted")
    }

    private func check(_ report: IntegerHarness.Report, compared: Int, translated: Int) {
        for mismatch in report.mismatches { Issue.record("\(mismatch)") }
        #expect(report.compared >= compared)
        #if arch(x86_64)
            #expect(report.translated >= translated)
        #endif
    }
}
