/// Advanced SIMD table lookup.
enum AdvancedSIMDTableLookup {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("TBL", "0Q001110 000mmmmm 0ll000nn nnnddddd") { lower($0, .tbl) },
        EncodingRow("TBX", "0Q001110 000mmmmm 0ll100nn nnnddddd") { lower($0, .tbx) },
    ]

    private static func lower(_ word: Word, _ code: VectorOp) -> Op {
        var op = Op.wholeVector(word, code)
        op.imm = UInt64(word.bits(14, 13)) &+ 1
        return op
    }
}
