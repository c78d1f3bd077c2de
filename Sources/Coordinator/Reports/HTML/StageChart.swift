/// One bar for each operation with an exit: the stages' medians as shares of their sum.
struct StageChart {
    let run: BenchReport.Run

    private static let width = 1080.0
    private static let left = 150.0
    private static let right = 860.0
    private static let top = 8.0
    private static let rowHeight = 30.0
    private static let colourCount = 7

    private var rows: [BenchReport.Operation] { run.operations.filter { $0.hasSamples && $0.stageSum > 0 } }

    /// Empty if no operation has stages.
    var html: String {
        let rows = rows
        guard !rows.isEmpty else { return "" }
        let names = BenchReport.stageNames(run)
        let bottom = Self.top + Double(rows.count) * Self.rowHeight
        var svg = SVG(width: Self.width, height: bottom + 44, label: "Stages of each operation's exit")
        for share in [0.0, 25, 50, 75, 100] {
            let x = Self.left + (Self.right - Self.left) * share / 100
            svg.line((x, Self.top), (x, bottom), class: "grid")
            svg.text("\(Int(share)) %", x: x, y: bottom + 18, anchor: .middle, class: "tick")
        }
        let middle = (Self.left + Self.right) / 2
        svg.text("share of the sum of the medians", x: middle, y: bottom + 38, anchor: .middle, class: "axis")
        svg.text("sum", x: 966, y: bottom + 18, anchor: .end, class: "axis")
        svg.text("p50 of all", x: Self.width - 4, y: bottom + 18, anchor: .end, class: "axis")
        for (index, operation) in rows.enumerated() {
            row(operation, names, y: Self.top + (Double(index) + 0.5) * Self.rowHeight, in: &svg)
        }
        return legend(names) + "<div class=\"chart\">" + svg.text + "</div>\n"
    }

    private func row(_ operation: BenchReport.Operation, _ names: [String], y: Double, in svg: inout SVG) {
        svg.text(shortened(operation.name, to: 18), x: Self.left - 12, y: y + 4, anchor: .end, class: "name")
        let sum = operation.stageSum
        var x = Self.left
        for stage in operation.stages {
            let median = stage.time.percentile(50)
            let share = Double(median) / Double(sum)
            let width = (Self.right - Self.left) * share
            let colour = (names.firstIndex(of: stage.name) ?? 0) % Self.colourCount
            let percentage = decimal(share * 100, digits: 0) + " %"
            let title = "\(operation.name), \(stage.name): median \(readableTime(median)), \(percentage)"
            svg.rectangle(x: x, y: y - 10, width: width, height: 20, class: "stage s\(colour)", title: title)
            if width >= 62 {
                let label = readableTime(median)
                svg.text(label, x: x + width / 2, y: y + 4, anchor: .middle, class: "in s\(colour)")
            }
            x += width
        }
        svg.text(readableTime(sum), x: 966, y: y + 4, anchor: .end, class: "value")
        let whole = readableTime(operation.guest.percentile(50))
        svg.text(whole, x: Self.width - 4, y: y + 4, anchor: .end, class: "count")
    }

    private func legend(_ names: [String]) -> String {
        var items = ""
        for (index, name) in names.enumerated() {
            var svg = SVG(width: 14, height: 14, label: name)
            svg.rectangle(x: 0, y: 0, width: 14, height: 14, class: "stage s\(index % Self.colourCount)")
            items += "<span>\(svg.text)\(escaped(name))</span>"
        }
        return "<div class=\"legend\">\(items)</div>\n"
    }
}
