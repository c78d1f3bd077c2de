/// Floating-point data-processing (3 source).
enum FloatingPointDataProcessing3 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMADD (single)",  "00011111000mmmmm0aaaaannnnnddddd") { .fourRegisters($0, .fmaddS) },
        EncodingRow("FMADD (double)",  "00011111010mmmmm0aaaaannnnnddddd") { .fourRegisters($0, .fmaddD) },
        EncodingRow("FMADD (half)",    "00011111110mmmmm0aaaaannnnnddddd", feature: .fp16) { .fourRegisters($0, .fmaddH) },
        EncodingRow("FMSUB (single)",  "00011111000mmmmm1aaaaannnnnddddd") { .fourRegisters($0, .fmsubS) },
        EncodingRow("FMSUB (double)",  "00011111010mmmmm1aaaaannnnnddddd") { .fourRegisters($0, .fmsubD) },
        EncodingRow("FMSUB (half)",    "00011111110mmmmm1aaaaannnnnddddd", feature: .fp16) { .fourRegisters($0, .fmsubH) },
        EncodingRow("FNMADD (single)", "00011111001mmmmm0aaaaannnnnddddd") { .fourRegisters($0, .fnmaddS) },
        EncodingRow("FNMADD (double)", "00011111011mmmmm0aaaaannnnnddddd") { .fourRegisters($0, .fnmaddD) },
        EncodingRow("FNMADD (half)",   "00011111111mmmmm0aaaaannnnnddddd", feature: .fp16) { .fourRegisters($0, .fnmaddH) },
        EncodingRow("FNMSUB (single)", "00011111001mmmmm1aaaaannnnnddddd") { .fourRegisters($0, .fnmsubS) },
        EncodingRow("FNMSUB (double)", "00011111011mmmmm1aaaaannnnnddddd") { .fourRegisters($0, .fnmsubD) },
        EncodingRow("FNMSUB (half)",   "00011111111mmmmm1aaaaannnnnddddd", feature: .fp16) { .fourRegisters($0, .fnmsubH) },
    ]
}
