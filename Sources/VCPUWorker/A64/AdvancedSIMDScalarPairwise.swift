/// Advanced SIMD scalar pairwise.
enum AdvancedSIMDScalarPairwise {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("ADDP (scalar)",          "01011110 zz110001 101110nn nnnddddd") { .scalar($0, .addpScalar, .d) },
        EncodingRow("FMAXNMP (scalar)",       "01111110 0z110000 110010nn nnnddddd") { .floatScalar($0, .fmaxnmpScalar) },
        EncodingRow("FADDP (scalar)",         "01111110 0z110000 110110nn nnnddddd") { .floatScalar($0, .faddpScalar) },
        EncodingRow("FMAXP (scalar)",         "01111110 0z110000 111110nn nnnddddd") { .floatScalar($0, .fmaxpScalar) },
        EncodingRow("FMINNMP (scalar)",       "01111110 1z110000 110010nn nnnddddd") { .floatScalar($0, .fminnmpScalar) },
        EncodingRow("FMINP (scalar)",         "01111110 1z110000 111110nn nnnddddd") { .floatScalar($0, .fminpScalar) },
        EncodingRow("FMAXNMP (scalar, half)", "01011110 00110000 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fmaxnmpScalar) },
        EncodingRow("FADDP (scalar, half)",   "01011110 00110000 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .faddpScalar) },
        EncodingRow("FMAXP (scalar, half)",   "01011110 00110000 111110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fmaxpScalar) },
        EncodingRow("FMINNMP (scalar, half)", "01011110 10110000 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fminnmpScalar) },
        EncodingRow("FMINP (scalar, half)",   "01011110 10110000 111110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fminpScalar) },
    ]
}
