import Glibc

/// Elements of an inline SVG drawing, as text. Colours come from the page's style by class.
struct SVG {
    private let width: Double
    private let height: Double
    private let label: String
    private var body = ""

    enum Anchor: String {
        case start, middle, end
    }

    init(width: Double, height: Double, label: String) {
        self.width = width
        self.height = height
        self.label = label
    }

    var text: String {
        "<svg viewBox=\"0 0 \(coordinate(width)) \(coordinate(height))\" role=\"img\" aria-label=\"\(escaped(label))\">\n"
            + body + "</svg>\n"
    }

    mutating func line(_ from: (Double, Double), _ to: (Double, Double), class name: String) {
        body += "<line x1=\"\(coordinate(from.0))\" y1=\"\(coordinate(from.1))\" x2=\"\(coordinate(to.0))\""
        body += " y2=\"\(coordinate(to.1))\" class=\"\(name)\"/>\n"
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, class name: String, title: String = ""
    ) {
        body += "<rect x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" width=\"\(coordinate(max(width, 0)))\""
        body += " height=\"\(coordinate(height))\" class=\"\(name)\"" + end("rect", title)
    }

    mutating func circle(x: Double, y: Double, radius: Double, class name: String, title: String = "") {
        body += "<circle cx=\"\(coordinate(x))\" cy=\"\(coordinate(y))\" r=\"\(coordinate(radius))\""
        body += " class=\"\(name)\"" + end("circle", title)
    }

    /// `points` is joined by lines, and closed if `isClosed`.
    mutating func path(_ points: [(Double, Double)], isClosed: Bool = false, class name: String, title: String = "") {
        guard !points.isEmpty else { return }
        let steps = points.map { coordinate($0.0) + " " + coordinate($0.1) }
        body += "<path d=\"M" + steps.joined(separator: "L") + (isClosed ? "Z" : "") + "\" class=\"\(name)\""
        body += end("path", title)
    }

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, class name: String = "") {
        guard !text.isEmpty else { return }
        body += "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor.rawValue)\""
        body += (name.isEmpty ? "" : " class=\"\(name)\"") + ">\(escaped(text))</text>\n"
    }

    /// What is drawn by `content` shows `title` while the pointer is over it.
    mutating func group(title: String, class name: String, _ content: (inout SVG) -> Void) {
        body += "<g class=\"\(name)\"><title>\(escaped(title))</title>\n"
        content(&self)
        body += "</g>\n"
    }

    private func end(_ element: String, _ title: String) -> String {
        title.isEmpty ? "/>\n" : "><title>\(escaped(title))</title></\(element)>\n"
    }
}

/// A coordinate with one decimal at most: enough for a pixel, and the same text everywhere.
private func coordinate(_ value: Double) -> String {
    let text = decimal(value, digits: 1)
    return text == "-" ? "0" : text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Text for HTML's content and attribute values; what HTML cannot hold becomes the replacement character.
func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        case "\n", "\r", "\t": out += " "
        case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): out += "\u{FFFD}"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}

/// At most `length` characters.
func shortened(_ text: String, to length: Int) -> String {
    text.count <= length ? text : text.prefix(max(0, length - 1)) + "…"
}

/// A logarithmic axis of times in nanoseconds.
struct TimeScale {
    let lowest: Double
    let highest: Double
    let start: Double
    let end: Double

    /// From the 1, 2 or 5 at or below the least to the one at or above the greatest of `times`.
    init(times: [UInt64], from start: Double, to end: Double) {
        let least = Double(max(times.min() ?? 1, 1))
        let greatest = Double(max(times.max() ?? 1, 1))
        lowest = Self.marks.last { $0 <= least } ?? 1
        let above = Self.marks.first { $0 >= greatest } ?? Self.marks.last ?? greatest
        highest = above > lowest ? above : lowest * 10
        self.start = start
        self.end = end
    }

    func position(_ nanoseconds: Double) -> Double {
        let inside = min(max(nanoseconds, lowest), highest)
        return start + (end - start) * (log10(inside) - log10(lowest)) / (log10(highest) - log10(lowest))
    }

    func position(_ nanoseconds: UInt64) -> Double { position(Double(nanoseconds)) }

    /// Where the axis has labels, at least `gap` apart: 1, 2 and 5 of each decade, or decades only.
    func ticks(gap: Double) -> [Double] {
        let inside = Self.marks.filter { $0 >= lowest && $0 <= highest }
        if abs(end - start) / (3 * (log10(highest) - log10(lowest))) >= gap { return inside }
        let decades = inside.filter { Self.decades.contains($0) }
        let step = (gap / (abs(end - start) / (log10(highest) - log10(lowest)))).rounded(.up)
        return decades.enumerated().filter { $0.offset % Int(min(max(step, 1), 20)) == 0 }.map(\.element)
    }

    private static let decades: [Double] = (0..<20).reduce(into: [1]) { list, _ in list.append((list.last ?? 1) * 10) }
    private static let marks: [Double] = decades.flatMap { [$0, 2 * $0, 5 * $0] }
}
