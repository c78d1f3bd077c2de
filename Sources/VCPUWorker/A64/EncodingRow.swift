/// One row of the instruction set: a drawn bit pattern and the function that lowers a word of it to an `Op`.
///
/// The pattern has 32 characters, spaces aside, from bit 31 down: `0` and `1` are fixed, a letter is a bit of the field of
/// that letter. The rows stand in files named after the manual's encoding groups, and drive the decoder, the names in
/// traces and the random-word tests. No two rows may overlap; a test holds that.
struct EncodingRow: Sendable {
    /// The manual's name of the instruction and its variant, for example "ADD (immediate)".
    let name: StaticString
    /// The drawn bits.
    let pattern: StaticString
    /// Lowers a word that matches. It returns `.undefined` for what the manual calls unallocated within the row.
    let lower: @Sendable (Word) -> Op

    init(_ name: StaticString, _ pattern: StaticString, _ lower: @escaping @Sendable (Word) -> Op) {
        self.name = name
        self.pattern = pattern
        self.lower = lower
    }

    /// The bits that are fixed, and their values.
    var maskAndValue: (mask: UInt32, value: UInt32) {
        var mask: UInt32 = 0
        var value: UInt32 = 0
        pattern.withUTF8Buffer { characters in
            for character in characters where character != UInt8(ascii: " ") {
                mask <<= 1
                value <<= 1
                switch character {
                case UInt8(ascii: "0"): mask |= 1
                case UInt8(ascii: "1"):
                    mask |= 1
                    value |= 1
                default: break
                }
            }
        }
        return (mask, value)
    }
}
