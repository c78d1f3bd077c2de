/// Advanced SIMD scalar x indexed element.
enum AdvancedSIMDScalarXIndexedElement {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SQDMLAL (scalar, by element)",  "01011111 zzlmmmmm 0011h0nn nnnddddd") { byElement($0, .sqdmlal) },
        EncodingRow("SQDMLSL (scalar, by element)",  "01011111 zzlmmmmm 0111h0nn nnnddddd") { byElement($0, .sqdmlsl) },
        EncodingRow("SQDMULL (scalar, by element)",  "01011111 zzlmmmmm 1011h0nn nnnddddd") { byElement($0, .sqdmull) },
        EncodingRow("SQDMULH (scalar, by element)",  "01011111 zzlmmmmm 1100h0nn nnnddddd") { byElement($0, .sqdmulhElement) },
        EncodingRow("SQRDMULH (scalar, by element)", "01011111 zzlmmmmm 1101h0nn nnnddddd") { byElement($0, .sqrdmulhElement) },
        EncodingRow("FMLA (scalar, by element)",     "01011111 1zlmmmmm 0001h0nn nnnddddd") { floatByElement($0, .fmlaElement) },
        EncodingRow("FMLS (scalar, by element)",     "01011111 1zlmmmmm 0101h0nn nnnddddd") { floatByElement($0, .fmlsElement) },
        EncodingRow("FMUL (scalar, by element)",     "01011111 1zlmmmmm 1001h0nn nnnddddd") { floatByElement($0, .fmulElement) },
        EncodingRow("FMULX (scalar, by element)",    "01111111 1zlmmmmm 1001h0nn nnnddddd") { floatByElement($0, .fmulxElement) },
        EncodingRow("FMLA (scalar, by element, half)",  "01011111 00lmmmmm 0001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmlaElement) },
        EncodingRow("FMLS (scalar, by element, half)",  "01011111 00lmmmmm 0101h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmlsElement) },
        EncodingRow("FMUL (scalar, by element, half)",  "01011111 00lmmmmm 1001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmulElement) },
        EncodingRow("FMULX (scalar, by element, half)", "01111111 00lmmmmm 1001h0nn nnnddddd", feature: .fp16) { halfByElement($0, .fmulxElement) },
        EncodingRow("SQRDMLAH (scalar, by element)", "01111111 zzlmmmmm 1101h0nn nnnddddd", feature: .rdm) { byElement($0, .sqrdmlah) },
        EncodingRow("SQRDMLSH (scalar, by element)", "01111111 zzlmmmmm 1111h0nn nnnddddd", feature: .rdm) { byElement($0, .sqrdmlsh) },
    ]

    private static func byElement(_ word: Word, _ code: VectorOp) -> Op {
        .indexed(.scalar(word, code, .hs), AdvancedSIMDVectorXIndexedElement.element(word))
    }

    private static func halfByElement(_ word: Word, _ code: VectorOp) -> Op {
        .indexed(.halfScalar(word, code), AdvancedSIMDVectorXIndexedElement.element(word))
    }

    private static func floatByElement(_ word: Word, _ code: VectorOp) -> Op {
        // A double has no bit L in its index.
        word.bits(22, 21) == 3
            ? .undefined(word.raw)
            : .indexed(.floatScalar(word, code), AdvancedSIMDVectorXIndexedElement.element(word))
    }
}
