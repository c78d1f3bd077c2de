/// Advanced SIMD modified immediate.
enum AdvancedSIMDModifiedImmediate {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("MOVI (32-bit shifted)",            "0Q001111 00000abc 0ss001de fghddddd") { immediate($0, .movi) },
        EncodingRow("ORR (vector, 32-bit immediate)",   "0Q001111 00000abc 0ss101de fghddddd") { immediate($0, .orrImmediate) },
        EncodingRow("MOVI (16-bit shifted)",            "0Q001111 00000abc 10s001de fghddddd") { immediate($0, .movi) },
        EncodingRow("ORR (vector, 16-bit immediate)",   "0Q001111 00000abc 10s101de fghddddd") { immediate($0, .orrImmediate) },
        EncodingRow("MOVI (32-bit shifting ones)",      "0Q001111 00000abc 110s01de fghddddd") { immediate($0, .movi) },
        EncodingRow("MOVI (8-bit)",                     "0Q001111 00000abc 111001de fghddddd") { immediate($0, .movi) },
        EncodingRow("FMOV (vector, immediate, single)", "0Q001111 00000abc 111101de fghddddd") { immediate($0, .movi) },
        EncodingRow("FMOV (vector, immediate, half)",   "0Q001111 00000abc 111111de fghddddd", feature: .fp16) { immediate($0, .movi) },
        EncodingRow("MVNI (32-bit shifted)",            "0Q101111 00000abc 0ss001de fghddddd") { immediate($0, .movi, isInverted: true) },
        EncodingRow("BIC (vector, 32-bit immediate)",   "0Q101111 00000abc 0ss101de fghddddd") { immediate($0, .bicImmediate) },
        EncodingRow("MVNI (16-bit shifted)",            "0Q101111 00000abc 10s001de fghddddd") { immediate($0, .movi, isInverted: true) },
        EncodingRow("BIC (vector, 16-bit immediate)",   "0Q101111 00000abc 10s101de fghddddd") { immediate($0, .bicImmediate) },
        EncodingRow("MVNI (32-bit shifting ones)",      "0Q101111 00000abc 110s01de fghddddd") { immediate($0, .movi, isInverted: true) },
        EncodingRow("MOVI (64-bit)",                    "0Q101111 00000abc 111001de fghddddd") { immediate($0, .movi) },
        EncodingRow("FMOV (vector, immediate, double)", "01101111 00000abc 111101de fghddddd") { immediate($0, .movi) },
    ]

    private static func immediate(_ word: Word, _ code: VectorOp, isInverted: Bool = false) -> Op {
        let imm8 = UInt64(word.bits(18, 16) << 5 | word.bits(9, 5))
        let value =
            word.isSet(11)
            ? replicate(vfpExpandImm(imm8, .half), 1)
            : advSIMDExpandImm(op: word.isSet(29), cmode: word.bits(15, 12), imm8: imm8)
        return Op(
            .vector, d: word.rd, a: Op.arrangement(size: 3, isQuad: word.isSet(30), lanes: 0), aux: code.rawValue,
            imm: isInverted ? ~value : value)
    }
}
