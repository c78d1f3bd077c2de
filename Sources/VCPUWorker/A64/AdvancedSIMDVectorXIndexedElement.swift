/// Advanced SIMD vector x indexed element.
enum AdvancedSIMDVectorXIndexedElement {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        .absent("FCMLA (by element)", "0Q101111 zzlmmmmm 0rr1h0nn nnnddddd", .fcma),
        .absent("FMLAL (by element)", "0Q001111 10lmmmmm 0000h0nn nnnddddd", .fhm),
        .absent("FMLSL (by element)", "0Q001111 10lmmmmm 0100h0nn nnnddddd", .fhm),
        .absent("FMLAL2 (by element)", "0Q101111 10lmmmmm 1000h0nn nnnddddd", .fhm),
        .absent("FMLSL2 (by element)", "0Q101111 10lmmmmm 1100h0nn nnnddddd", .fhm),
        .absent("SUDOT, USDOT (by element)", "0Q001111 z0lmmmmm 1111h0nn nnnddddd", .i8mm),
        .absent("BFDOT, BFMLALB, BFMLALT (by element)", "0Q001111 z1lmmmmm 1111h0nn nnnddddd", .bf16),
        EncodingRow("SMLAL (by element)",    "0Q001111 zzlmmmmm 0010h0nn nnnddddd") { longByElement($0, .smlal) },
        EncodingRow("UMLAL (by element)",    "0Q101111 zzlmmmmm 0010h0nn nnnddddd") { longByElement($0, .umlal) },
        EncodingRow("SQDMLAL (by element)",  "0Q001111 zzlmmmmm 0011h0nn nnnddddd") { longByElement($0, .sqdmlal) },
        EncodingRow("SMLSL (by element)",    "0Q001111 zzlmmmmm 0110h0nn nnnddddd") { longByElement($0, .smlsl) },
        EncodingRow("UMLSL (by element)",    "0Q101111 zzlmmmmm 0110h0nn nnnddddd") { longByElement($0, .umlsl) },
        EncodingRow("SQDMLSL (by element)",  "0Q001111 zzlmmmmm 0111h0nn nnnddddd") { longByElement($0, .sqdmlsl) },
        EncodingRow("MUL (by element)",      "0Q001111 zzlmmmmm 1000h0nn nnnddddd") { byElement($0, .mulElement) },
        EncodingRow("MLA (by element)",      "0Q101111 zzlmmmmm 0000h0nn nnnddddd") { byElement($0, .mlaElement) },
        EncodingRow("MLS (by element)",      "0Q101111 zzlmmmmm 0100h0nn nnnddddd") { byElement($0, .mlsElement) },
        EncodingRow("SMULL (by element)",    "0Q001111 zzlmmmmm 1010h0nn nnnddddd") { longByElement($0, .smull) },
        EncodingRow("UMULL (by element)",    "0Q101111 zzlmmmmm 1010h0nn nnnddddd") { longByElement($0, .umull) },
        EncodingRow("SQDMULL (by element)",  "0Q001111 zzlmmmmm 1011h0nn nnnddddd") { longByElement($0, .sqdmull) },
        EncodingRow("SQDMULH (by element)",  "0Q001111 zzlmmmmm 1100h0nn nnnddddd") { byElement($0, .sqdmulhElement) },
        EncodingRow("SQRDMULH (by element)", "0Q001111 zzlmmmmm 1101h0nn nnnddddd") { byElement($0, .sqrdmulhElement) },
        EncodingRow("FMLA (by element)",     "0Q001111 1zlmmmmm 0001h0nn nnnddddd") { floatByElement($0, .fmlaElement) },
        EncodingRow("FMLS (by element)",     "0Q001111 1zlmmmmm 0101h0nn nnnddddd") { floatByElement($0, .fmlsElement) },
        EncodingRow("FMUL (by element)",     "0Q001111 1zlmmmmm 1001h0nn nnnddddd") { floatByElement($0, .fmulElement) },
        EncodingRow("FMULX (by element)",    "0Q101111 1zlmmmmm 1001h0nn nnnddddd") { floatByElement($0, .fmulxElement) },
        EncodingRow("FMLA (by element, half)",  "0Q001111 00lmmmmm 0001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmlaElement) },
        EncodingRow("FMLS (by element, half)",  "0Q001111 00lmmmmm 0101h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmlsElement) },
        EncodingRow("FMUL (by element, half)",  "0Q001111 00lmmmmm 1001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmulElement) },
        EncodingRow("FMULX (by element, half)", "0Q101111 00lmmmmm 1001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmulxElement) },
        EncodingRow("SQRDMLAH (by element)", "0Q101111 zzlmmmmm 1101h0nn nnnddddd", feature: .rdm) { byElement($0, .sqrdmlah) },
        EncodingRow("SQRDMLSH (by element)", "0Q101111 zzlmmmmm 1111h0nn nnnddddd", feature: .rdm) { byElement($0, .sqrdmlsh) },
        EncodingRow("SDOT (by element)",     "0Q001111 10lmmmmm 1110h0nn nnnddddd", feature: .dotProd) { byElement($0, .sdot) },
        EncodingRow("UDOT (by element)",     "0Q101111 10lmmmmm 1110h0nn nnnddddd", feature: .dotProd) { byElement($0, .udot) },
    ]

    /// Index and register of the element operand: 16-bit elements have fifteen registers fewer.
    static func element(_ word: Word) -> (index: UInt32, register: UInt8) {
        switch word.bits(23, 22) {
        case 0, 1: (word.bit(11) << 2 | word.bit(21) << 1 | word.bit(20), word.rm & 15)
        case 2: (word.bit(11) << 1 | word.bit(21), word.rm)
        default: (word.bit(11), word.rm)
        }
    }

    private static func byElement(_ word: Word, _ code: VectorOp) -> Op {
        .indexed(.vector(word, code, .hs), element(word))
    }

    private static func longByElement(_ word: Word, _ code: VectorOp) -> Op {
        .indexed(.long(word, code, .hs), element(word))
    }

    private static func halfByElement(_ word: Word, _ code: VectorOp) -> Op {
        .indexed(.halfVector(word, code), element(word))
    }

    private static func floatByElement(_ word: Word, _ code: VectorOp) -> Op {
        // A double has no bit L in its index.
        word.bits(22, 21) == 3 ? .undefined(word.raw) : .indexed(.floatVector(word, code), element(word))
    }
}
