/// A latency histogram: a bar for each half power of two.
struct LatencyChart {
    let name: String
    let latency: HistogramSnapshot

    private static let (width, height) = (350.0, 220.0)
    private static let (left, right, top, bottom) = (16.0, 334.0, 34.0, 168.0)
    /// Buckets of the histogram in a bar: eight make a power of two.
    private static let step = 4

    var svg: String {
        var svg = SVG(width: Self.width, height: Self.height, label: "Latency of \(name)")
        svg.text(shortened(name, to: 22), x: 8, y: 18, class: "title")
        svg.text(grouped(latency.count) + " samples", x: Self.right, y: 18, anchor: .end, class: "count")
        let bars = stride(from: 0, to: latency.buckets.count, by: Self.step).map { start in
            latency.buckets[start..<min(start + Self.step, latency.buckets.count)].reduce(0) { $0 + UInt64($1) }
        }
        let used = bars.indices.filter { bars[$0] > 0 }
        guard let first = used.first, let last = used.last, let highest = bars.max() else { return svg.text }
        let barWidth = (Self.right - Self.left) / Double(max(last - first + 1, 4))
        svg.line((Self.left, Self.bottom), (Self.right, Self.bottom), class: "grid")
        for index in first...last {
            let x = Self.left + Double(index - first) * barWidth
            let height = (Self.bottom - Self.top) * Double(bars[index]) / Double(highest)
            let start = LatencyHistogram.lowerBound(ofBucket: index * Self.step)
            let end = LatencyHistogram.upperBound(
                ofBucket: min(index * Self.step + Self.step, latency.buckets.count) - 1)
            svg.group(title: "\(readableTime(start)) to \(readableTime(end)): \(grouped(bars[index]))", class: "range")
            { svg in
                svg.rectangle(
                    x: x, y: Self.bottom - height, width: max(barWidth - 1, 1), height: height, class: "bar count")
            }
            // At powers of two, as far as there is room.
            let gap = max(2, Int((46 / barWidth).rounded(.up)))
            if (index - first) % gap == 0, x + 44 < Self.width {
                svg.text(readableTime(start), x: x, y: Self.bottom + 16, class: "tick")
            }
        }
        let figures = [(0.5, "p50"), (0.99, "p99"), (1, "max")].map { "\($1) \(readableTime(latency.quantile($0)))" }
        svg.text(figures.joined(separator: ", "), x: Self.left, y: Self.bottom + 40, class: "axis")
        return svg.text
    }
}
