/// Advanced SIMD three same (FP16).
enum AdvancedSIMDThreeSameFP16 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMAXNM (vector, half)",  "0Q001110 010mmmmm 000001nn nnnddddd", feature: .fp16) { .halfVector($0, .fmaxnm) },
        EncodingRow("FMLA (vector, half)",    "0Q001110 010mmmmm 000011nn nnnddddd", feature: .fp16) { .halfVector($0, .fmla) },
        EncodingRow("FADD (vector, half)",    "0Q001110 010mmmmm 000101nn nnnddddd", feature: .fp16) { .halfVector($0, .fadd) },
        EncodingRow("FMULX (half)",           "0Q001110 010mmmmm 000111nn nnnddddd", feature: .fp16) { .halfVector($0, .fmulx) },
        EncodingRow("FCMEQ (register, half)", "0Q001110 010mmmmm 001001nn nnnddddd", feature: .fp16) { .halfVector($0, .fcmeq) },
        EncodingRow("FMAX (vector, half)",    "0Q001110 010mmmmm 001101nn nnnddddd", feature: .fp16) { .halfVector($0, .fmax) },
        EncodingRow("FRECPS (half)",          "0Q001110 010mmmmm 001111nn nnnddddd", feature: .fp16) { .halfVector($0, .frecps) },
        EncodingRow("FMINNM (vector, half)",  "0Q001110 110mmmmm 000001nn nnnddddd", feature: .fp16) { .halfVector($0, .fminnm) },
        EncodingRow("FMLS (vector, half)",    "0Q001110 110mmmmm 000011nn nnnddddd", feature: .fp16) { .halfVector($0, .fmls) },
        EncodingRow("FSUB (vector, half)",    "0Q001110 110mmmmm 000101nn nnnddddd", feature: .fp16) { .halfVector($0, .fsub) },
        EncodingRow("FMIN (vector, half)",    "0Q001110 110mmmmm 001101nn nnnddddd", feature: .fp16) { .halfVector($0, .fmin) },
        EncodingRow("FRSQRTS (half)",         "0Q001110 110mmmmm 001111nn nnnddddd", feature: .fp16) { .halfVector($0, .frsqrts) },
        EncodingRow("FMAXNMP (vector, half)", "0Q101110 010mmmmm 000001nn nnnddddd", feature: .fp16) { .halfVector($0, .fmaxnmp) },
        EncodingRow("FADDP (vector, half)",   "0Q101110 010mmmmm 000101nn nnnddddd", feature: .fp16) { .halfVector($0, .faddp) },
        EncodingRow("FMUL (vector, half)",    "0Q101110 010mmmmm 000111nn nnnddddd", feature: .fp16) { .halfVector($0, .fmul) },
        EncodingRow("FCMGE (register, half)", "0Q101110 010mmmmm 001001nn nnnddddd", feature: .fp16) { .halfVector($0, .fcmge) },
        EncodingRow("FACGE (half)",           "0Q101110 010mmmmm 001011nn nnnddddd", feature: .fp16) { .halfVector($0, .facge) },
        EncodingRow("FMAXP (vector, half)",   "0Q101110 010mmmmm 001101nn nnnddddd", feature: .fp16) { .halfVector($0, .fmaxp) },
        EncodingRow("FDIV (vector, half)",    "0Q101110 010mmmmm 001111nn nnnddddd", feature: .fp16) { .halfVector($0, .fdiv) },
        EncodingRow("FMINNMP (vector, half)", "0Q101110 110mmmmm 000001nn nnnddddd", feature: .fp16) { .halfVector($0, .fminnmp) },
        EncodingRow("FABD (half)",            "0Q101110 110mmmmm 000101nn nnnddddd", feature: .fp16) { .halfVector($0, .fabd) },
        EncodingRow("FCMGT (register, half)", "0Q101110 110mmmmm 001001nn nnnddddd", feature: .fp16) { .halfVector($0, .fcmgt) },
        EncodingRow("FACGT (half)",           "0Q101110 110mmmmm 001011nn nnnddddd", feature: .fp16) { .halfVector($0, .facgt) },
        EncodingRow("FMINP (vector, half)",   "0Q101110 110mmmmm 001101nn nnnddddd", feature: .fp16) { .halfVector($0, .fminp) },
    ]
}
