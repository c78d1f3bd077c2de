/// Floating-point compare, conditional compare and conditional select.
enum FloatingPointCompare {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FCMP (single)",        "00011110001mmmmm001000nnnnn00000") { .registers($0, .fcmpS) },
        EncodingRow("FCMP (double)",        "00011110011mmmmm001000nnnnn00000") { .registers($0, .fcmpD) },
        EncodingRow("FCMP (half)",          "00011110111mmmmm001000nnnnn00000", feature: .fp16) { .registers($0, .fcmpH) },
        EncodingRow("FCMPE (single)",       "00011110001mmmmm001000nnnnn10000") { .registers($0, .fcmpeS) },
        EncodingRow("FCMPE (double)",       "00011110011mmmmm001000nnnnn10000") { .registers($0, .fcmpeD) },
        EncodingRow("FCMPE (half)",         "00011110111mmmmm001000nnnnn10000", feature: .fp16) { .registers($0, .fcmpeH) },
        EncodingRow("FCMP (zero, single)",  "00011110001mmmmm001000nnnnn01000") { .registers($0, .fcmpZeroS) },
        EncodingRow("FCMP (zero, double)",  "00011110011mmmmm001000nnnnn01000") { .registers($0, .fcmpZeroD) },
        EncodingRow("FCMP (zero, half)",    "00011110111mmmmm001000nnnnn01000", feature: .fp16) { .registers($0, .fcmpZeroH) },
        EncodingRow("FCMPE (zero, single)", "00011110001mmmmm001000nnnnn11000") { .registers($0, .fcmpeZeroS) },
        EncodingRow("FCMPE (zero, double)", "00011110011mmmmm001000nnnnn11000") { .registers($0, .fcmpeZeroD) },
        EncodingRow("FCMPE (zero, half)",   "00011110111mmmmm001000nnnnn11000", feature: .fp16) { .registers($0, .fcmpeZeroH) },
        EncodingRow("FCCMP (single)",       "00011110001mmmmmcccc01nnnnn0ffff") { conditional($0, .fccmpS) },
        EncodingRow("FCCMP (double)",       "00011110011mmmmmcccc01nnnnn0ffff") { conditional($0, .fccmpD) },
        EncodingRow("FCCMP (half)",         "00011110111mmmmmcccc01nnnnn0ffff", feature: .fp16) { conditional($0, .fccmpH) },
        EncodingRow("FCCMPE (single)",      "00011110001mmmmmcccc01nnnnn1ffff") { conditional($0, .fccmpeS) },
        EncodingRow("FCCMPE (double)",      "00011110011mmmmmcccc01nnnnn1ffff") { conditional($0, .fccmpeD) },
        EncodingRow("FCCMPE (half)",        "00011110111mmmmmcccc01nnnnn1ffff", feature: .fp16) { conditional($0, .fccmpeH) },
        EncodingRow("FCSEL (single)",       "00011110001mmmmmcccc11nnnnnddddd") { conditional($0, .fcselS) },
        EncodingRow("FCSEL (double)",       "00011110011mmmmmcccc11nnnnnddddd") { conditional($0, .fcselD) },
        EncodingRow("FCSEL (half)",         "00011110111mmmmmcccc11nnnnnddddd", feature: .fp16) { conditional($0, .fcselH) },
    ]

    private static func conditional(_ word: Word, _ code: VectorOp) -> Op {
        Op(
            .vector, d: word.rd, n: word.rn, m: word.rm, a: UInt8(truncatingIfNeeded: word.bits(15, 12)),
            aux: code.rawValue, imm: UInt64(word.bits(3, 0)) << 28)
    }
}
