/// Floating-point immediate.
enum FloatingPointImmediate {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMOV (scalar, immediate, single)", "00011110001iiiiiiii10000000ddddd") { immediate($0, .single) },
        EncodingRow("FMOV (scalar, immediate, double)", "00011110011iiiiiiii10000000ddddd") { immediate($0, .double) },
        EncodingRow("FMOV (scalar, immediate, half)",   "00011110111iiiiiiii10000000ddddd", feature: .fp16) { immediate($0, .half) },
    ]

    private static func immediate(_ word: Word, _ format: FPFormat) -> Op {
        Op(
            .vector, d: word.rd, a: Op.arrangement(size: 3, isQuad: false, lanes: 0), aux: VectorOp.movi.rawValue,
            imm: vfpExpandImm(UInt64(word.bits(20, 13)), format))
    }
}
