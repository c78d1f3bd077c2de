/// Advanced SIMD scalar three same FP16.
enum AdvancedSIMDScalarThreeSameFP16 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMULX (scalar, half)",          "01011110 010mmmmm 000111nn nnnddddd", feature: .fp16) { .halfScalar($0, .fmulx) },
        EncodingRow("FCMEQ (scalar register, half)", "01011110 010mmmmm 001001nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmeq) },
        EncodingRow("FRECPS (scalar, half)",         "01011110 010mmmmm 001111nn nnnddddd", feature: .fp16) { .halfScalar($0, .frecps) },
        EncodingRow("FRSQRTS (scalar, half)",        "01011110 110mmmmm 001111nn nnnddddd", feature: .fp16) { .halfScalar($0, .frsqrts) },
        EncodingRow("FCMGE (scalar register, half)", "01111110 010mmmmm 001001nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmge) },
        EncodingRow("FACGE (scalar, half)",          "01111110 010mmmmm 001011nn nnnddddd", feature: .fp16) { .halfScalar($0, .facge) },
        EncodingRow("FABD (scalar, half)",           "01111110 110mmmmm 000101nn nnnddddd", feature: .fp16) { .halfScalar($0, .fabd) },
        EncodingRow("FCMGT (scalar register, half)", "01111110 110mmmmm 001001nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmgt) },
        EncodingRow("FACGT (scalar, half)",          "01111110 110mmmmm 001011nn nnnddddd", feature: .fp16) { .halfScalar($0, .facgt) },
    ]
}
