import Glibc

/// p50 of every operation in every run, each cell coloured by how many times as long it takes as the best of its row.
struct SweepTable {
    let report: BenchReport

    /// From the best to eight times as long and beyond: seven steps of one hue, light to dark.
    private static let stepCount = 7

    var html: String {
        var out = "<div class=\"scroll\"><table class=\"heat\"><thead><tr><th>operation</th>"
        for run in report.runs { out += "<th>" + Self.head(run.configuration) + "</th>" }
        out += "</tr></thead><tbody>\n"
        for name in report.operationNames {
            let cells = report.runs.map { run in run.operations.first { $0.name == name && $0.hasSamples } }
            let medians = cells.map { $0?.guest.percentile(50) }
            let best = max(medians.compactMap { $0 }.min() ?? 1, 1)
            out += "<tr><th>\(escaped(name))</th>"
            for (cell, median) in zip(cells, medians) {
                guard let cell, let median else {
                    out += "<td class=\"missing\">–</td>"
                    continue
                }
                let ratio = Double(median) / Double(best)
                let title =
                    "p50 \(readableTime(median)), \(decimal(ratio)) × the row's best, \(cell.guest.count) samples"
                out += "<td class=\"h\(Self.step(ratio))\" title=\"\(escaped(title))\">\(readableTime(median))</td>"
            }
            out += "</tr>\n"
        }
        return out + "</tbody></table></div>\n" + Self.legend
    }

    private static func step(_ ratio: Double) -> Int {
        guard ratio > 1 else { return 0 }
        return min(max(Int((log2(ratio) * 2).rounded()), 0), stepCount - 1)
    }

    private static func head(_ configuration: BenchReport.Configuration) -> String {
        let lines = [
            "\(configuration.vcpuCount) vCPU\(configuration.vcpuCount == 1 ? "" : "s")",
            "pin \(configuration.pin.rawValue)",
            "poll \(configuration.haltPoll.isFixed ? "fixed " : "")\(readableTime(configuration.haltPoll.nanoseconds))",
            configuration.worldSwitch,
        ]
        return lines.filter { !$0.isEmpty }.map(escaped).joined(separator: "<br>")
    }

    private static let legend: String = {
        let names = ["the row's best", "1.4 ×", "2 ×", "2.8 ×", "4 ×", "5.7 ×", "8 × and more"]
        let items = names.enumerated().map { "<span class=\"key h\($0.offset)\">\($0.element)</span>" }
        return "<div class=\"legend\">" + items.joined() + "</div>\n"
    }()
}
