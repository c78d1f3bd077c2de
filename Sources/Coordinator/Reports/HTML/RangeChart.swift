/// One row for each operation of a run: from min to max, with p50, p90, p99, the floor, and what others have published.
struct RangeChart {
    let run: BenchReport.Run
    /// All runs of a page have one axis, so that they can be compared.
    let times: [UInt64]

    private static let width = 1080.0
    private static let left = 150.0
    private static let right = 880.0
    private static let top = 8.0
    private static let rowHeight = 28.0

    /// Every time that the charts of `report` show.
    static func times(of report: BenchReport) -> [UInt64] {
        var times: [UInt64] = []
        for operation in report.runs.flatMap(\.operations) where operation.hasSamples {
            times += [operation.guest.minimum, operation.guest.maximum]
            if let floor = operation.measuredFloor { times.append(floor.percentile(50)) }
            times += PublishedFigure.figures(of: operation.name, in: .nanoseconds).map(\.value)
        }
        return times
    }

    var svg: String {
        let bottom = Self.top + Double(run.operations.count) * Self.rowHeight
        var svg = SVG(width: Self.width, height: bottom + 44, label: "Latency of each operation")
        let scale = TimeScale(times: times, from: Self.left, to: Self.right)
        for tick in scale.ticks(gap: 58) {
            let x = scale.position(tick)
            svg.line((x, Self.top), (x, bottom), class: "grid")
            svg.text(readableTime(tick), x: x, y: bottom + 18, anchor: .middle, class: "tick")
        }
        svg.text(
            "latency, logarithmic", x: (Self.left + Self.right) / 2, y: bottom + 38, anchor: .middle, class: "axis")
        svg.text("p50", x: 956, y: bottom + 18, anchor: .end, class: "axis")
        svg.text("samples", x: Self.width - 4, y: bottom + 18, anchor: .end, class: "axis")
        for (index, operation) in run.operations.enumerated() {
            let y = Self.top + (Double(index) + 0.5) * Self.rowHeight
            svg.text(shortened(operation.name, to: 18), x: Self.left - 12, y: y + 4, anchor: .end, class: "name")
            if operation.hasSamples {
                row(operation, y: y, scale: scale, in: &svg)
            } else {
                let note = shortened(operation.missing, to: 90)
                svg.text(note, x: Self.left + 8, y: y + 4, class: "missing")
            }
        }
        return svg.text
    }

    private func row(_ operation: BenchReport.Operation, y: Double, scale: TimeScale, in svg: inout SVG) {
        let guest = operation.guest
        let x = { scale.position(guest.percentile($0)) }
        let end = scale.position(guest.maximum)
        svg.group(title: Self.title(operation), class: "range") { svg in
            svg.rectangle(x: Self.left, y: y - 13, width: Self.right - Self.left, height: 26, class: "hit")
            svg.line((scale.position(guest.minimum), y), (end, y), class: "whisker")
            svg.line((end, y - 4), (end, y + 4), class: "whisker")
            svg.rectangle(x: x(50), y: y - 4, width: x(99) - x(50), height: 8, class: "p99")
            svg.rectangle(x: x(50), y: y - 4, width: x(90) - x(50), height: 8, class: "p90")
            svg.circle(x: x(50), y: y, radius: 5, class: "p50")
        }
        if let floor = operation.measuredFloor?.percentile(50) {
            let x = scale.position(floor)
            let title = "floor: the raw socket, p50 \(readableTime(floor))"
            svg.rectangle(x: x - 1.5, y: y - 10, width: 3, height: 20, class: "floor", title: title)
        }
        for figure in PublishedFigure.figures(of: operation.name, in: .nanoseconds) {
            let x = scale.position(figure.value)
            let source = figure.source
            let title = "published, \(source.machine): \(readableTime(figure.value)) (\(source.reference))"
            let points =
                source == .altra
                ? [(x, y - 7), (x + 6, y), (x, y + 7), (x - 6, y)] : [(x, y - 6.5), (x + 6.5, y + 5), (x - 6.5, y + 5)]
            svg.path(points, isClosed: true, class: source == .altra ? "published a" : "published b", title: title)
        }
        svg.text(readableTime(guest.percentile(50)), x: 956, y: y + 4, anchor: .end, class: "value")
        svg.text(grouped(guest.count), x: Self.width - 4, y: y + 4, anchor: .end, class: "count")
    }

    private static func title(_ operation: BenchReport.Operation) -> String {
        let guest = operation.guest
        let figures = [
            "min \(readableTime(guest.minimum))", "p50 \(readableTime(guest.percentile(50)))",
            "mean \(readableTime(guest.mean))", "p90 \(readableTime(guest.percentile(90)))",
            "p99 \(readableTime(guest.percentile(99)))", "p99.9 \(readableTime(guest.percentile(99.9)))",
            "max \(readableTime(guest.maximum))", "\(guest.count) sample\(guest.count == 1 ? "" : "s")",
        ]
        return operation.name + ": " + figures.joined(separator: ", ")
    }

    /// The legend, in the order of a row.
    static let legend: String = {
        var items = ""
        let entries: [(String, (inout SVG) -> Void)] = [
            ("min to max", { $0.line((1, 8), (27, 8), class: "whisker") }),
            ("p50", { $0.circle(x: 14, y: 8, radius: 5, class: "p50") }),
            ("p50 to p90", { $0.rectangle(x: 2, y: 4, width: 24, height: 8, class: "p90") }),
            ("to p99", { $0.rectangle(x: 2, y: 4, width: 24, height: 8, class: "p99") }),
            ("floor: raw socket, p50", { $0.rectangle(x: 12.5, y: 0, width: 3, height: 16, class: "floor") }),
            (
                "Ampere Altra, published",
                { $0.path([(14, 1), (20, 8), (14, 15), (8, 8)], isClosed: true, class: "published a") }
            ),
            (
                "Kunpeng 920, published",
                { $0.path([(14, 2), (20.5, 13.5), (7.5, 13.5)], isClosed: true, class: "published b") }
            ),
        ]
        for (name, draw) in entries {
            var svg = SVG(width: 28, height: 16, label: name)
            draw(&svg)
            items += "<span>\(svg.text)\(name)</span>"
        }
        return "<div class=\"legend\">\(items)</div>\n"
    }()
}
