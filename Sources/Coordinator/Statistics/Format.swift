// Numbers as text without Foundation.

func hexadecimal(_ value: some BinaryInteger, digits: Int = 1) -> String {
    let text = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// `value` with `digits` decimals.
func decimal(_ value: Double, digits: Int = 2) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let fraction = String(scaled % Int64(scale))
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(scaled) }
    return sign + String(scaled / Int64(scale)) + "." + String(repeating: "0", count: digits - fraction.count)
        + fraction
}

func microseconds(_ nanoseconds: UInt64) -> String { decimal(Double(nanoseconds) / 1000) + "us" }
func microseconds(_ nanoseconds: Double) -> String { decimal(nanoseconds / 1000) + "us" }

func percent(_ part: UInt64, of whole: UInt64) -> String {
    whole == 0 ? "-" : decimal(Double(part) * 100 / Double(whole)) + "%"
}

extension String {
    func right(_ width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
    func left(_ width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}

/// `text` as a JSON string, its quotes included.
func quotedJSON(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\u{0}"..<" ": out += "\\u" + String(hexadecimal(UInt64(scalar.value), digits: 4).dropFirst(2))
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}

/// `text` for a terminal: without the control characters that a file name or a command line may hold.
func printable(_ text: String) -> String {
    String(text.map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : $0 })
}

/// A time as a person reads it: "12.3 s", "4 min 5 s", "2 h 3 min".
func duration(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds < 60 { return decimal(Double(nanoseconds) / 1e9, digits: 1) + " s" }
    if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
}
