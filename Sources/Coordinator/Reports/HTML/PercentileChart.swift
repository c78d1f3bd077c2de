import Glibc

/// The percentile curves of one operation, one for each run, on HdrHistogram's scale: as far from 0 to 90 % as from 90 to 99 %.
struct PercentileChart {
    struct Curve {
        /// Its run's place, which gives it its colour.
        var index: Int
        var name: String
        var time: BenchReport.Distribution
        var isFloor = false
    }

    let operation: String
    let curves: [Curve]

    private static let width = 350.0
    private static let height = 250.0
    private static let left = 62.0
    private static let right = 336.0
    private static let top = 34.0
    private static let bottom = 204.0
    private static let colourCount = 7

    init?(report: BenchReport, operation name: String) {
        var curves: [Curve] = []
        for (index, run) in report.runs.enumerated() {
            for operation in run.operations where operation.name == name && operation.hasSamples {
                if report.runs.count == 1, let floor = operation.measuredFloor {
                    curves.append(Curve(index: 0, name: "floor", time: floor, isFloor: true))
                }
                curves.append(Curve(index: index, name: run.configuration.text, time: operation.guest))
            }
        }
        guard !curves.isEmpty else { return nil }
        operation = name
        self.curves = curves
    }

    /// The class that colours the curve of a run: seven colours, then the same with longer and longer dashes.
    static func style(run index: Int) -> String { "c\(index % colourCount) d\(min(index / colourCount, 3))" }

    var svg: String {
        var svg = SVG(width: Self.width, height: Self.height, label: "Percentiles of \(operation)")
        svg.text(shortened(operation, to: 22), x: 8, y: 18, class: "title")
        svg.text(samples, x: Self.right, y: 18, anchor: .end, class: "count")
        let times = curves.flatMap { [$0.time.minimum, $0.time.maximum] }
        let scale = TimeScale(times: times, from: Self.bottom, to: Self.top)
        for tick in scale.ticks(gap: 16) {
            let y = scale.position(tick)
            svg.line((Self.left, y), (Self.right, y), class: "grid")
            svg.text(readableTime(tick), x: Self.left - 6, y: y + 4, anchor: .end, class: "tick")
        }
        let nines = nines
        for exponent in 0...nines {
            let x = Self.left + (Self.right - Self.left) * Double(exponent) / Double(nines)
            svg.line((x, Self.top), (x, Self.bottom), class: "grid")
            // Beyond five labels there is room for every other one, seen from the last, and for the short first ones.
            if nines < 5 || (nines - exponent) % 2 == 0 || exponent == 0 && (nines == 5 || nines % 2 == 0) {
                let anchor: SVG.Anchor = exponent == nines ? .end : .middle
                svg.text(Self.label(exponent), x: x, y: Self.bottom + 17, anchor: anchor, class: "tick")
            }
        }
        let middle = (Self.left + Self.right) / 2
        svg.text(
            "percentile (%); latency is logarithmic", x: middle, y: Self.bottom + 38, anchor: .middle, class: "axis")
        for curve in curves { draw(curve, scale, nines, in: &svg) }
        return svg.text
    }

    private var samples: String {
        let counts = curves.filter { !$0.isFloor }.map(\.time.count)
        let (least, greatest) = (counts.min() ?? 0, counts.max() ?? 0)
        let text = least == greatest ? grouped(least) : grouped(least) + "–" + grouped(greatest)
        return text + (greatest == 1 ? " sample" : " samples")
    }

    /// How many nines the axis ends with: 1 − 1/n of the samples are below the last one.
    private var nines: Int {
        let count = curves.map(\.time.count).max() ?? 1
        return min(max(Int(log10(Double(max(count, 1))).rounded(.up)), 1), 12)
    }

    /// In percent: 0, 90, 99, 99.9, …
    private static func label(_ exponent: Int) -> String {
        switch exponent {
        case 0: "0"
        case 1: "90"
        case 2: "99"
        default: "99." + String(repeating: "9", count: exponent - 2)
        }
    }

    private func draw(_ curve: Curve, _ scale: TimeScale, _ nines: Int, in svg: inout SVG) {
        let time = curve.time
        let x = { (remaining: Double) in
            let exponent = remaining > 0 ? -log10(remaining) : Double(nines)
            return Self.left + (Self.right - Self.left) * min(max(exponent, 0), Double(nines)) / Double(nines)
        }
        var points: [(Double, Double)] = []
        for step in time.histogram.percentiles(ticksPerHalfDistance: 5) {
            // The last sample of n stands at 1 − 1/n: 100 % is infinitely far.
            let remaining = max(1 - step.percentileLevelIteratedTo / 100, 1 / Double(time.count))
            let isLast = step.percentileLevelIteratedTo >= 100
            let value = isLast ? time.maximum : min(max(step.value, time.minimum), time.maximum)
            points.append((x(remaining), scale.position(value)))
        }
        if let only = points.first, time.count == 1 { points.append((only.0 + 1, only.1)) }
        let figures = BenchReport.percentiles.map { "p\($0.name) \(readableTime(time.percentile($0.percent)))" }
        let title = "\(operation), \(curve.name): \(figures.joined(separator: ", ")), max \(readableTime(time.maximum))"
        let style = curve.isFloor ? "curve floorcurve" : "curve " + Self.style(run: curve.index)
        svg.path(points, class: style, title: title)
        guard curves.count <= 2, !curve.isFloor else { return }
        for percent in [0, 90, 99, 99.9, 99.99] where 1 - percent / 100 >= 1 / Double(time.count) {
            let value = percent == 0 ? time.minimum : time.percentile(percent)
            let name =
                percent == 0 ? "min" : "p" + (BenchReport.percentiles.first { $0.percent == percent }?.name ?? "")
            let title = "\(operation), \(name): \(readableTime(value))"
            svg.circle(x: x(1 - percent / 100), y: scale.position(value), radius: 3.5, class: "dot", title: title)
        }
        let last = "\(operation), max: \(readableTime(time.maximum))"
        let end = points.last ?? (Self.right, Self.top)
        svg.circle(x: end.0, y: scale.position(time.maximum), radius: 3.5, class: "dot", title: last)
    }
}
