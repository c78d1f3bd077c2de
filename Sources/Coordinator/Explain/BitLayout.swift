/// Some bits of a word, and what they say.
struct BitField: Equatable {
    let name: String
    /// The highest and the lowest bit.
    let high: Int
    let low: Int
    let value: UInt32
    let meaning: String

    /// "31:26", or "25" for a single bit.
    var bits: String { high == low ? "\(high)" : "\(high):\(low)" }

    var binary: String {
        let text = String(value, radix: 2)
        return String(repeating: "0", count: max(0, high - low + 1 - text.count)) + text
    }
}

/// A 32-bit word in fields, from bit 31 down. What lies between two of them is reserved.
struct BitLayout {
    let word: UInt32
    private(set) var fields: [BitField] = []
    /// The highest bit without a field.
    private var next = 31

    init(_ word: UInt32) { self.word = word }

    mutating func field(_ name: String, _ high: Int, _ low: Int, _ meaning: (UInt32) -> String) {
        if high < next { reserved(downTo: high + 1) }
        let value = bits(high, low)
        fields.append(BitField(name: name, high: high, low: low, value: value, meaning: meaning(value)))
        next = low - 1
    }

    mutating func flag(_ name: String, _ bit: Int, zero: String, one: String) {
        field(name, bit, bit) { $0 == 0 ? zero : one }
    }

    /// RES0 from where the last field ended.
    mutating func reserved(downTo low: Int) {
        guard next >= low else { return }
        field("RES0", next, low) { $0 == 0 ? "" : "reserved, and not 0: no processor writes this" }
    }

    private func bits(_ high: Int, _ low: Int) -> UInt32 { (word << UInt32(31 - high)) >> UInt32(31 - high + low) }

    /// Three lines: places, names, bits.
    var picture: String {
        var lines = ["", "", ""]
        for field in fields {
            let cells = [field.bits, field.name, field.binary]
            let width = cells.reduce(0) { max($0, $1.count) }
            for index in lines.indices { lines[index] += cells[index].left(width) + " " }
        }
        return lines.map { "  " + $0.trimmingEnd + "\n" }.joined()
    }

    /// A line for each field with a meaning.
    var table: String {
        let shown = fields.filter { !$0.meaning.isEmpty }
        let width = shown.reduce(0) { max($0, $1.name.count) }
        return shown.map {
            "  " + $0.bits.right(5) + "  " + $0.name.left(width) + "  "
                + hexadecimal(UInt64($0.value)).right(6) + "  \($0.meaning)\n"
        }.joined()
    }
}
