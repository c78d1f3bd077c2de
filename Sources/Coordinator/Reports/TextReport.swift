/// The report for a terminal: at most 140 columns.
extension BenchReport {
    /// With a final newline.
    var text: String {
        var out = ""
        let width = facts.map(\.name.count).max() ?? 0
        for fact in facts { out += Self.printable(fact.name).left(width) + "  " + Self.printable(fact.value) + "\n" }
        for run in runs { out += "\n" + Self.text(run) }
        out += publishedText
        if let interruption { out += "\nNot complete: " + Self.printable(interruption) + "\n" }
        return out
    }

    private static let nameWidth = 16

    private static func text(_ run: Run) -> String {
        var out = printable(run.configuration.text) + "\n\n"
        let heads = ["samples", "min", "p50", "mean", "p90", "p99", "p99.9", "max", "floor p50", "ratio"]
        out += cells("operation", heads, width: 11) + "\n"
        for operation in run.operations {
            out += operation.hasSamples ? figures(operation) : cells(operation.name, ["0"], width: 11)
            out += operation.hasSamples ? "" : "  " + printable(operation.missing)
            out += "\n"
        }
        for operation in run.operations where operation.hasSamples {
            if let note = operation.note { out += "  \(printable(operation.name)): \(printable(note))\n" }
        }
        return out + stageText(run)
    }

    private static func figures(_ operation: Operation) -> String {
        let guest = operation.guest
        let times = [
            Double(guest.minimum), Double(guest.percentile(50)), guest.mean, Double(guest.percentile(90)),
            Double(guest.percentile(99)), Double(guest.percentile(99.9)), Double(guest.maximum),
        ]
        var columns = [String(guest.count)] + times.map(readableTime)
        columns.append(operation.measuredFloor.map { readableTime($0.percentile(50)) } ?? "-")
        columns.append(operation.floorRatio.map { decimal($0) } ?? "-")
        return cells(operation.name, columns, width: 11)
    }

    private static func stageText(_ run: Run) -> String {
        let names = stageNames(run)
        guard !names.isEmpty else { return "" }
        var out = "\nStages of an exit: median, and share of the medians' sum\n\n"
        out +=
            cells("operation", names.map { printable(shortened($0, to: 13)) } + ["sum"], width: 14) + "sum/p50".right(9)
            + "\n"
        for operation in run.operations where operation.hasSamples && !operation.stages.isEmpty {
            let sum = operation.stageSum
            let columns = names.map { name in
                guard let stage = operation.stages.first(where: { $0.name == name }) else { return "-" }
                let median = stage.time.percentile(50)
                let share = sum == 0 ? "" : decimal(Double(median) * 100 / Double(sum), digits: 0) + "%"
                return readableTime(median) + share.right(5)
            }
            let whole = operation.guest.percentile(50)
            out += cells(operation.name, columns + [readableTime(sum)], width: 14)
            out += (whole == 0 ? "-" : decimal(Double(sum) / Double(whole))).right(9) + "\n"
        }
        return out
    }

    /// The figures of real hardware for the operations of this report: times, and apart from them cycles.
    private var publishedText: String {
        var out = ""
        for unit in [PublishedSource.Unit.nanoseconds, .cycles] {
            let sources = PublishedSource.all.filter { $0.unit == unit }
            let names = operationNames.filter { !PublishedFigure.figures(of: $0, in: unit).isEmpty }
            guard !names.isEmpty else { continue }
            let what = unit == .cycles ? "cycles of that machine, not to be compared with times" : "times"
            out += "\nReal hardware, published by others, not measured here (\(what))\n\n"
            out += Self.cells("operation", sources.map(\.name), width: 14) + "\n"
            for name in names {
                let figures = PublishedFigure.figures(of: name, in: unit)
                let columns = sources.map { source in
                    guard let value = figures.first(where: { $0.source == source })?.value else { return "-" }
                    return unit == .cycles ? String(value) : readableTime(value)
                }
                out += Self.cells(name, columns, width: 14) + "\n"
            }
            for source in sources { out += "  \(source.name): \(source.machine)\n    \(source.reference)\n" }
        }
        return out
    }

    /// Texts of others, without what a terminal would obey.
    private static func printable(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            out.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return out
    }

    private static func cells(_ name: String, _ columns: [String], width: Int) -> String {
        printable(shortened(name, to: nameWidth)).left(nameWidth) + columns.map { " " + $0.right(width - 1) }.joined()
    }
}
