/// Advanced SIMD across lanes.
enum AdvancedSIMDAcrossLanes {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SADDLV",         "0Q001110 zz110000 001110nn nnnddddd") { lower($0, .saddlv) },
        EncodingRow("UADDLV",         "0Q101110 zz110000 001110nn nnnddddd") { lower($0, .uaddlv) },
        EncodingRow("SMAXV",          "0Q001110 zz110000 101010nn nnnddddd") { lower($0, .smaxv) },
        EncodingRow("UMAXV",          "0Q101110 zz110000 101010nn nnnddddd") { lower($0, .umaxv) },
        EncodingRow("SMINV",          "0Q001110 zz110001 101010nn nnnddddd") { lower($0, .sminv) },
        EncodingRow("UMINV",          "0Q101110 zz110001 101010nn nnnddddd") { lower($0, .uminv) },
        EncodingRow("ADDV",           "0Q001110 zz110001 101110nn nnnddddd") { lower($0, .addv) },
        EncodingRow("FMAXNMV",        "0Q101110 0z110000 110010nn nnnddddd") { float($0, .fmaxnmv) },
        EncodingRow("FMAXV",          "0Q101110 0z110000 111110nn nnnddddd") { float($0, .fmaxv) },
        EncodingRow("FMINNMV",        "0Q101110 1z110000 110010nn nnnddddd") { float($0, .fminnmv) },
        EncodingRow("FMINV",          "0Q101110 1z110000 111110nn nnnddddd") { float($0, .fminv) },
        EncodingRow("FMAXNMV (half)", "0Q001110 00110000 110010nn nnnddddd", feature: .fp16) { .halfVector($0, .fmaxnmv) },
        EncodingRow("FMAXV (half)",   "0Q001110 00110000 111110nn nnnddddd", feature: .fp16) { .halfVector($0, .fmaxv) },
        EncodingRow("FMINNMV (half)", "0Q001110 10110000 110010nn nnnddddd", feature: .fp16) { .halfVector($0, .fminnmv) },
        EncodingRow("FMINV (half)",   "0Q001110 10110000 111110nn nnnddddd", feature: .fp16) { .halfVector($0, .fminv) },
    ]

    private static func lower(_ word: Word, _ code: VectorOp) -> Op {
        // Two words would not be a reduction.
        word.bits(23, 22) == 2 && !word.isSet(30) ? .undefined(word.raw) : .vector(word, code, .bhs)
    }

    private static func float(_ word: Word, _ code: VectorOp) -> Op {
        word.isSet(22) || !word.isSet(30) ? .undefined(word.raw) : .floatVector(word, code)
    }
}
