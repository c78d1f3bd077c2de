@testable import VCPUWorker

/// docs/coverage.md: each row of the instruction set, and how often a CI run compares it.
struct CoverageReport {
    let counts: Fuzzer.Counts
    let seed: UInt64

    /// Implemented rows that nothing compares.
    var rowsWithoutComparison: [String] {
        ComparisonRules.comparedRows.filter { counts.single[$0] + counts.inSequences[$0] == 0 }
            .map { Decoder.rows[$0].name.description }
    }

    var page: String {
        let implemented = Decoder.rows.filter(\.isImplemented)
        var lines = [
            "# Coverage", "",
            "<!-- Generated; deploy/check-coverage.sh --write -->", "",
            "The instruction set, row by row (`EncodingRow`), in the order of `VCPUWorker/A64`. \(implemented.count) rows are",
            "implemented; \(Decoder.rows.count - implemented.count) belong to features that the ID registers do not announce: they"
                + " have a name, and are UNDEFINED.", "",
            "*Words* counts the comparisons of single words of the row, *sequences* those of sequences with a word of it, in one",
            "run of `make test` (seed \(seed), \(counts.comparisons) comparisons). See [testing.md](testing.md).", "",
            "## Not compared", "",
            "| words | reason |", "|---|---|",
        ]
        lines += ComparisonRules.elsewhere.map { "| \($0.row) | \($0.reason); \($0.comparedBy) |" }
        lines += ComparisonRules.exclusions.map { "| some | \($0.reason) |" }
        var group = ""
        for (index, row) in Decoder.rows.enumerated() {
            if row.group != group {
                group = row.group
                lines += [
                    "", "## \(group)", "", "| row | feature | implemented | words | sequences |",
                    "|---|---|---|--:|--:|",
                ]
            }
            lines.append(line(index, row))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(_ index: Int, _ row: EncodingRow) -> String {
        let start = "| \(row.name) | \(row.feature.rawValue) |"
        guard row.isImplemented else { return "\(start) no | | |" }
        if let elsewhere = ComparisonRules.elsewhere.first(where: { $0.row == row.name.description }) {
            return "\(start) yes | \(elsewhere.comparedBy) | |"
        }
        return "\(start) yes | \(counts.single[index]) | \(counts.inSequences[index]) |"
    }
}
