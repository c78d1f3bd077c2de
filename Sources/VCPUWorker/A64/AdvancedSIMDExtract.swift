/// Advanced SIMD extract.
enum AdvancedSIMDExtract {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("EXT", "0Q101110 000mmmmm 0iiii0nn nnnddddd") { lower($0) },
    ]

    private static func lower(_ word: Word) -> Op {
        if word.isSet(14) && !word.isSet(30) { return .undefined(word.raw) }
        var op = Op.wholeVector(word, .ext)
        op.imm = UInt64(word.bits(14, 11))
        return op
    }
}
