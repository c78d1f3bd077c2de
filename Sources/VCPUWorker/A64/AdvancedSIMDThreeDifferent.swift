/// Advanced SIMD three different.
enum AdvancedSIMDThreeDifferent {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SADDL",            "0Q001110 zz1mmmmm 000000nn nnnddddd") { .long($0, .saddl, .bhs) },
        EncodingRow("UADDL",            "0Q101110 zz1mmmmm 000000nn nnnddddd") { .long($0, .uaddl, .bhs) },
        EncodingRow("SADDW",            "0Q001110 zz1mmmmm 000100nn nnnddddd") { .long($0, .saddw, .bhs) },
        EncodingRow("UADDW",            "0Q101110 zz1mmmmm 000100nn nnnddddd") { .long($0, .uaddw, .bhs) },
        EncodingRow("SSUBL",            "0Q001110 zz1mmmmm 001000nn nnnddddd") { .long($0, .ssubl, .bhs) },
        EncodingRow("USUBL",            "0Q101110 zz1mmmmm 001000nn nnnddddd") { .long($0, .usubl, .bhs) },
        EncodingRow("SSUBW",            "0Q001110 zz1mmmmm 001100nn nnnddddd") { .long($0, .ssubw, .bhs) },
        EncodingRow("USUBW",            "0Q101110 zz1mmmmm 001100nn nnnddddd") { .long($0, .usubw, .bhs) },
        EncodingRow("ADDHN",            "0Q001110 zz1mmmmm 010000nn nnnddddd") { .long($0, .addhn, .bhs) },
        EncodingRow("RADDHN",           "0Q101110 zz1mmmmm 010000nn nnnddddd") { .long($0, .raddhn, .bhs) },
        EncodingRow("SABAL",            "0Q001110 zz1mmmmm 010100nn nnnddddd") { .long($0, .sabal, .bhs) },
        EncodingRow("UABAL",            "0Q101110 zz1mmmmm 010100nn nnnddddd") { .long($0, .uabal, .bhs) },
        EncodingRow("SUBHN",            "0Q001110 zz1mmmmm 011000nn nnnddddd") { .long($0, .subhn, .bhs) },
        EncodingRow("RSUBHN",           "0Q101110 zz1mmmmm 011000nn nnnddddd") { .long($0, .rsubhn, .bhs) },
        EncodingRow("SABDL",            "0Q001110 zz1mmmmm 011100nn nnnddddd") { .long($0, .sabdl, .bhs) },
        EncodingRow("UABDL",            "0Q101110 zz1mmmmm 011100nn nnnddddd") { .long($0, .uabdl, .bhs) },
        EncodingRow("SMLAL (vector)",   "0Q001110 zz1mmmmm 100000nn nnnddddd") { .long($0, .smlal, .bhs) },
        EncodingRow("UMLAL (vector)",   "0Q101110 zz1mmmmm 100000nn nnnddddd") { .long($0, .umlal, .bhs) },
        EncodingRow("SQDMLAL (vector)", "0Q001110 zz1mmmmm 100100nn nnnddddd") { .long($0, .sqdmlal, .hs) },
        EncodingRow("SMLSL (vector)",   "0Q001110 zz1mmmmm 101000nn nnnddddd") { .long($0, .smlsl, .bhs) },
        EncodingRow("UMLSL (vector)",   "0Q101110 zz1mmmmm 101000nn nnnddddd") { .long($0, .umlsl, .bhs) },
        EncodingRow("SQDMLSL (vector)", "0Q001110 zz1mmmmm 101100nn nnnddddd") { .long($0, .sqdmlsl, .hs) },
        EncodingRow("SMULL (vector)",   "0Q001110 zz1mmmmm 110000nn nnnddddd") { .long($0, .smull, .bhs) },
        EncodingRow("UMULL (vector)",   "0Q101110 zz1mmmmm 110000nn nnnddddd") { .long($0, .umull, .bhs) },
        EncodingRow("SQDMULL (vector)", "0Q001110 zz1mmmmm 110100nn nnnddddd") { .long($0, .sqdmull, .hs) },
        EncodingRow("PMULL (8-bit)",    "0Q001110 001mmmmm 111000nn nnnddddd") { .long($0, .pmull, .bd) },
        EncodingRow("PMULL (64-bit)",   "0Q001110 111mmmmm 111000nn nnnddddd", feature: .pmull) { .long($0, .pmull, .bd) },
    ]
}
