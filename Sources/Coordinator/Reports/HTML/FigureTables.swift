/// The page's tables.
enum FigureTables {
    static func summary(_ run: BenchReport.Run) -> String {
        let heads = [
            "samples", "min", "p50", "mean", "p90", "p99", "p99.9", "max", "floor p50", "p50 ÷ floor", "bytes out, in",
            "registers",
        ]
        var out = head(["operation"] + heads)
        for operation in run.operations {
            out += "<tr><th>\(escaped(operation.name))</th>"
            guard operation.hasSamples else {
                out += "<td>0</td><td class=\"missing\" colspan=\"\(heads.count - 1)\">"
                out += escaped(operation.missing) + "</td></tr>\n"
                continue
            }
            let guest = operation.guest
            let cells = [
                grouped(guest.count), readableTime(guest.minimum), readableTime(guest.percentile(50)),
                readableTime(guest.mean), readableTime(guest.percentile(90)), readableTime(guest.percentile(99)),
                readableTime(guest.percentile(99.9)), readableTime(guest.maximum),
                operation.measuredFloor.map { readableTime($0.percentile(50)) } ?? "–",
                operation.floorRatio.map { decimal($0) } ?? "–",
                "\(operation.exitByteCount), \(operation.entryByteCount)", String(operation.registersMoved),
            ]
            out += cells.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
            if let note = operation.note {
                out += "<tr><td></td><td class=\"missing\" colspan=\"\(heads.count)\">\(escaped(note))</td></tr>\n"
            }
        }
        return out + "</tbody></table></div>\n"
    }

    /// What others have published about the operations `names`, in one unit; empty if that is nothing.
    static func published(_ names: [String], in unit: PublishedSource.Unit) -> String {
        let sources = PublishedSource.all.filter { $0.unit == unit }
        let rows = names.filter { !PublishedFigure.figures(of: $0, in: unit).isEmpty }
        guard !rows.isEmpty else { return "" }
        var out = head(["operation"] + sources.map(\.name))
        for name in rows {
            let figures = PublishedFigure.figures(of: name, in: unit)
            out += "<tr><th>\(escaped(name))</th>"
            for source in sources {
                let value = figures.first { $0.source == source }?.value
                let text = value.map { unit == .cycles ? grouped($0) + " cycles" : readableTime($0) }
                out += "<td>" + (text ?? "–") + "</td>"
            }
            out += "</tr>\n"
        }
        out += "</tbody></table></div>\n<ul class=\"sources\">"
        for source in sources {
            out += "<li><b>\(escaped(source.name))</b>: \(escaped(source.machine)); \(escaped(source.reference))</li>"
        }
        return out + "</ul>\n"
    }

    private static func head(_ names: [String]) -> String {
        "<div class=\"scroll\"><table><thead><tr>" + names.map { "<th>\(escaped($0))</th>" }.joined()
            + "</tr></thead><tbody>\n"
    }
}
