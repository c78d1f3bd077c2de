/// Advanced SIMD scalar three same.
enum AdvancedSIMDScalarThreeSame {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SQADD (scalar)",          "01011110 zz1mmmmm 000011nn nnnddddd") { .scalar($0, .sqadd, .bhsd) },
        EncodingRow("UQADD (scalar)",          "01111110 zz1mmmmm 000011nn nnnddddd") { .scalar($0, .uqadd, .bhsd) },
        EncodingRow("SQSUB (scalar)",          "01011110 zz1mmmmm 001011nn nnnddddd") { .scalar($0, .sqsub, .bhsd) },
        EncodingRow("UQSUB (scalar)",          "01111110 zz1mmmmm 001011nn nnnddddd") { .scalar($0, .uqsub, .bhsd) },
        EncodingRow("CMGT (scalar register)",  "01011110 zz1mmmmm 001101nn nnnddddd") { .scalar($0, .cmgt, .d) },
        EncodingRow("CMHI (scalar register)",  "01111110 zz1mmmmm 001101nn nnnddddd") { .scalar($0, .cmhi, .d) },
        EncodingRow("CMGE (scalar register)",  "01011110 zz1mmmmm 001111nn nnnddddd") { .scalar($0, .cmge, .d) },
        EncodingRow("CMHS (scalar register)",  "01111110 zz1mmmmm 001111nn nnnddddd") { .scalar($0, .cmhs, .d) },
        EncodingRow("SSHL (scalar)",           "01011110 zz1mmmmm 010001nn nnnddddd") { .scalar($0, .sshl, .d) },
        EncodingRow("USHL (scalar)",           "01111110 zz1mmmmm 010001nn nnnddddd") { .scalar($0, .ushl, .d) },
        EncodingRow("SQSHL (scalar register)", "01011110 zz1mmmmm 010011nn nnnddddd") { .scalar($0, .sqshl, .bhsd) },
        EncodingRow("UQSHL (scalar register)", "01111110 zz1mmmmm 010011nn nnnddddd") { .scalar($0, .uqshl, .bhsd) },
        EncodingRow("SRSHL (scalar)",          "01011110 zz1mmmmm 010101nn nnnddddd") { .scalar($0, .srshl, .d) },
        EncodingRow("URSHL (scalar)",          "01111110 zz1mmmmm 010101nn nnnddddd") { .scalar($0, .urshl, .d) },
        EncodingRow("SQRSHL (scalar)",         "01011110 zz1mmmmm 010111nn nnnddddd") { .scalar($0, .sqrshl, .bhsd) },
        EncodingRow("UQRSHL (scalar)",         "01111110 zz1mmmmm 010111nn nnnddddd") { .scalar($0, .uqrshl, .bhsd) },
        EncodingRow("ADD (scalar)",            "01011110 zz1mmmmm 100001nn nnnddddd") { .scalar($0, .add, .d) },
        EncodingRow("SUB (scalar)",            "01111110 zz1mmmmm 100001nn nnnddddd") { .scalar($0, .sub, .d) },
        EncodingRow("CMTST (scalar)",          "01011110 zz1mmmmm 100011nn nnnddddd") { .scalar($0, .cmtst, .d) },
        EncodingRow("CMEQ (scalar register)",  "01111110 zz1mmmmm 100011nn nnnddddd") { .scalar($0, .cmeq, .d) },
        EncodingRow("SQDMULH (scalar)",        "01011110 zz1mmmmm 101101nn nnnddddd") { .scalar($0, .sqdmulh, .hs) },
        EncodingRow("SQRDMULH (scalar)",       "01111110 zz1mmmmm 101101nn nnnddddd") { .scalar($0, .sqrdmulh, .hs) },
        EncodingRow("FMULX (scalar)",          "01011110 0z1mmmmm 110111nn nnnddddd") { .floatScalar($0, .fmulx) },
        EncodingRow("FCMEQ (scalar register)", "01011110 0z1mmmmm 111001nn nnnddddd") { .floatScalar($0, .fcmeq) },
        EncodingRow("FRECPS (scalar)",         "01011110 0z1mmmmm 111111nn nnnddddd") { .floatScalar($0, .frecps) },
        EncodingRow("FRSQRTS (scalar)",        "01011110 1z1mmmmm 111111nn nnnddddd") { .floatScalar($0, .frsqrts) },
        EncodingRow("FCMGE (scalar register)", "01111110 0z1mmmmm 111001nn nnnddddd") { .floatScalar($0, .fcmge) },
        EncodingRow("FACGE (scalar)",          "01111110 0z1mmmmm 111011nn nnnddddd") { .floatScalar($0, .facge) },
        EncodingRow("FABD (scalar)",           "01111110 1z1mmmmm 110101nn nnnddddd") { .floatScalar($0, .fabd) },
        EncodingRow("FCMGT (scalar register)", "01111110 1z1mmmmm 111001nn nnnddddd") { .floatScalar($0, .fcmgt) },
        EncodingRow("FACGT (scalar)",          "01111110 1z1mmmmm 111011nn nnnddddd") { .floatScalar($0, .facgt) },
        // FP16 (FEAT_FP16): "Advanced SIMD scalar three same FP16", 01U11110 a10mmmmm 00ooo1nn nnnddddd
    ]
}
