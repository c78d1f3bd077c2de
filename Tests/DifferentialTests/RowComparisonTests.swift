import Testing

@testable import VCPUWorker

/// Every row against Unicorn; `fuzz-a64` does the same many more times.
@Suite struct RowComparisonTests {
    @Test func rowsAndSequencesAgree() throws {
        let fuzzer = try Fuzzer(seed: 3)
        for round in 0..<8 { fuzzer.runRound(round, sequenceCount: 200) }
        for failure in fuzzer.failures { Issue.record("\(failure.failCase.text)") }
        let report = CoverageReport(counts: fuzzer.counts, seed: 3)
        #expect(report.rowsWithoutComparison.isEmpty)
        #expect(fuzzer.counts.comparisons > 20_000)
        #expect(fuzzer.engine.faulted < fuzzer.counts.comparisons / 10, "\(fuzzer.engine.faulted) data aborts")
        #if arch(x86_64)
            #expect(fuzzer.engine.translated > 800)
        #endif
    }

    /// A row that is implemented is compared, or listed with what compares it instead.
    @Test func everyRowHasAComparison() {
        let elsewhere = Set(ComparisonRules.elsewhere.map(\.row))
        let names = Set(Decoder.rows.filter(\.isImplemented).map { $0.name.description })
        #expect(elsewhere.isSubset(of: names), "\(elsewhere.subtracting(names)) are no rows")
        #expect(ComparisonRules.comparedRows.count + elsewhere.count == names.count)
        var counts = Fuzzer.Counts()
        for row in ComparisonRules.comparedRows.dropFirst() { counts.single[row] = 1 }
        #expect(
            CoverageReport(counts: counts, seed: 0).rowsWithoutComparison
                == ComparisonRules.comparedRows.prefix(1).map { Decoder.rows[$0].name.description })
    }

    /// docs/coverage.md has a line for each row; its figures are checked by deploy/check-coverage.sh.
    @Test func thePageListsEveryRow() throws {
        let page = try TextFile.read(Fixtures.folder + "../../docs/coverage.md")
        for row in Decoder.rows {
            let start = "| \(row.name) | \(row.feature.rawValue) | \(row.isImplemented ? "yes" : "no") |"
            #expect(page.contains("\n" + start), "\(start) is not there: deploy/check-coverage.sh --write")
        }
    }

    /// A feature whose rows are implemented has no row that is not, and the other way round.
    @Test func featuresAreWhole() {
        for feature in ArchitectureFeature.allCases {
            let rows = Decoder.rows.filter { $0.feature == feature }
            #expect(Set(rows.map(\.isImplemented)).count <= 1, "\(feature.rawValue)")
        }
    }
}
