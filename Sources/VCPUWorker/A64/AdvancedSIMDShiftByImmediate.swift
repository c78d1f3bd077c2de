/// Advanced SIMD shift by immediate. The leading one of immh is the element's size, drawn as a row each: without any, the
/// word is a modified immediate.
enum AdvancedSIMDShiftByImmediate {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SSHR (D)",                        "0Q001111 01iiiiii 000001nn nnnddddd") { right($0, .sshr) },
        EncodingRow("SSHR (S)",                        "0Q001111 001iiiii 000001nn nnnddddd") { right($0, .sshr) },
        EncodingRow("SSHR (H)",                        "0Q001111 0001iiii 000001nn nnnddddd") { right($0, .sshr) },
        EncodingRow("SSHR (B)",                        "0Q001111 00001iii 000001nn nnnddddd") { right($0, .sshr) },
        EncodingRow("USHR (D)",                        "0Q101111 01iiiiii 000001nn nnnddddd") { right($0, .ushr) },
        EncodingRow("USHR (S)",                        "0Q101111 001iiiii 000001nn nnnddddd") { right($0, .ushr) },
        EncodingRow("USHR (H)",                        "0Q101111 0001iiii 000001nn nnnddddd") { right($0, .ushr) },
        EncodingRow("USHR (B)",                        "0Q101111 00001iii 000001nn nnnddddd") { right($0, .ushr) },
        EncodingRow("SSRA (D)",                        "0Q001111 01iiiiii 000101nn nnnddddd") { right($0, .ssra) },
        EncodingRow("SSRA (S)",                        "0Q001111 001iiiii 000101nn nnnddddd") { right($0, .ssra) },
        EncodingRow("SSRA (H)",                        "0Q001111 0001iiii 000101nn nnnddddd") { right($0, .ssra) },
        EncodingRow("SSRA (B)",                        "0Q001111 00001iii 000101nn nnnddddd") { right($0, .ssra) },
        EncodingRow("USRA (D)",                        "0Q101111 01iiiiii 000101nn nnnddddd") { right($0, .usra) },
        EncodingRow("USRA (S)",                        "0Q101111 001iiiii 000101nn nnnddddd") { right($0, .usra) },
        EncodingRow("USRA (H)",                        "0Q101111 0001iiii 000101nn nnnddddd") { right($0, .usra) },
        EncodingRow("USRA (B)",                        "0Q101111 00001iii 000101nn nnnddddd") { right($0, .usra) },
        EncodingRow("SRSHR (D)",                       "0Q001111 01iiiiii 001001nn nnnddddd") { right($0, .srshr) },
        EncodingRow("SRSHR (S)",                       "0Q001111 001iiiii 001001nn nnnddddd") { right($0, .srshr) },
        EncodingRow("SRSHR (H)",                       "0Q001111 0001iiii 001001nn nnnddddd") { right($0, .srshr) },
        EncodingRow("SRSHR (B)",                       "0Q001111 00001iii 001001nn nnnddddd") { right($0, .srshr) },
        EncodingRow("URSHR (D)",                       "0Q101111 01iiiiii 001001nn nnnddddd") { right($0, .urshr) },
        EncodingRow("URSHR (S)",                       "0Q101111 001iiiii 001001nn nnnddddd") { right($0, .urshr) },
        EncodingRow("URSHR (H)",                       "0Q101111 0001iiii 001001nn nnnddddd") { right($0, .urshr) },
        EncodingRow("URSHR (B)",                       "0Q101111 00001iii 001001nn nnnddddd") { right($0, .urshr) },
        EncodingRow("SRSRA (D)",                       "0Q001111 01iiiiii 001101nn nnnddddd") { right($0, .srsra) },
        EncodingRow("SRSRA (S)",                       "0Q001111 001iiiii 001101nn nnnddddd") { right($0, .srsra) },
        EncodingRow("SRSRA (H)",                       "0Q001111 0001iiii 001101nn nnnddddd") { right($0, .srsra) },
        EncodingRow("SRSRA (B)",                       "0Q001111 00001iii 001101nn nnnddddd") { right($0, .srsra) },
        EncodingRow("URSRA (D)",                       "0Q101111 01iiiiii 001101nn nnnddddd") { right($0, .ursra) },
        EncodingRow("URSRA (S)",                       "0Q101111 001iiiii 001101nn nnnddddd") { right($0, .ursra) },
        EncodingRow("URSRA (H)",                       "0Q101111 0001iiii 001101nn nnnddddd") { right($0, .ursra) },
        EncodingRow("URSRA (B)",                       "0Q101111 00001iii 001101nn nnnddddd") { right($0, .ursra) },
        EncodingRow("SRI (D)",                         "0Q101111 01iiiiii 010001nn nnnddddd") { right($0, .sri) },
        EncodingRow("SRI (S)",                         "0Q101111 001iiiii 010001nn nnnddddd") { right($0, .sri) },
        EncodingRow("SRI (H)",                         "0Q101111 0001iiii 010001nn nnnddddd") { right($0, .sri) },
        EncodingRow("SRI (B)",                         "0Q101111 00001iii 010001nn nnnddddd") { right($0, .sri) },
        EncodingRow("SHL (D)",                         "0Q001111 01iiiiii 010101nn nnnddddd") { left($0, .shl) },
        EncodingRow("SHL (S)",                         "0Q001111 001iiiii 010101nn nnnddddd") { left($0, .shl) },
        EncodingRow("SHL (H)",                         "0Q001111 0001iiii 010101nn nnnddddd") { left($0, .shl) },
        EncodingRow("SHL (B)",                         "0Q001111 00001iii 010101nn nnnddddd") { left($0, .shl) },
        EncodingRow("SLI (D)",                         "0Q101111 01iiiiii 010101nn nnnddddd") { left($0, .sli) },
        EncodingRow("SLI (S)",                         "0Q101111 001iiiii 010101nn nnnddddd") { left($0, .sli) },
        EncodingRow("SLI (H)",                         "0Q101111 0001iiii 010101nn nnnddddd") { left($0, .sli) },
        EncodingRow("SLI (B)",                         "0Q101111 00001iii 010101nn nnnddddd") { left($0, .sli) },
        EncodingRow("SQSHLU (D)",                      "0Q101111 01iiiiii 011001nn nnnddddd") { left($0, .sqshlu) },
        EncodingRow("SQSHLU (S)",                      "0Q101111 001iiiii 011001nn nnnddddd") { left($0, .sqshlu) },
        EncodingRow("SQSHLU (H)",                      "0Q101111 0001iiii 011001nn nnnddddd") { left($0, .sqshlu) },
        EncodingRow("SQSHLU (B)",                      "0Q101111 00001iii 011001nn nnnddddd") { left($0, .sqshlu) },
        EncodingRow("SQSHL (immediate, D)",            "0Q001111 01iiiiii 011101nn nnnddddd") { left($0, .sqshlImmediate) },
        EncodingRow("SQSHL (immediate, S)",            "0Q001111 001iiiii 011101nn nnnddddd") { left($0, .sqshlImmediate) },
        EncodingRow("SQSHL (immediate, H)",            "0Q001111 0001iiii 011101nn nnnddddd") { left($0, .sqshlImmediate) },
        EncodingRow("SQSHL (immediate, B)",            "0Q001111 00001iii 011101nn nnnddddd") { left($0, .sqshlImmediate) },
        EncodingRow("UQSHL (immediate, D)",            "0Q101111 01iiiiii 011101nn nnnddddd") { left($0, .uqshlImmediate) },
        EncodingRow("UQSHL (immediate, S)",            "0Q101111 001iiiii 011101nn nnnddddd") { left($0, .uqshlImmediate) },
        EncodingRow("UQSHL (immediate, H)",            "0Q101111 0001iiii 011101nn nnnddddd") { left($0, .uqshlImmediate) },
        EncodingRow("UQSHL (immediate, B)",            "0Q101111 00001iii 011101nn nnnddddd") { left($0, .uqshlImmediate) },
        EncodingRow("SHRN (S)",                        "0Q001111 001iiiii 100001nn nnnddddd") { narrow($0, .shrn) },
        EncodingRow("SHRN (H)",                        "0Q001111 0001iiii 100001nn nnnddddd") { narrow($0, .shrn) },
        EncodingRow("SHRN (B)",                        "0Q001111 00001iii 100001nn nnnddddd") { narrow($0, .shrn) },
        EncodingRow("SQSHRUN (S)",                     "0Q101111 001iiiii 100001nn nnnddddd") { narrow($0, .sqshrun) },
        EncodingRow("SQSHRUN (H)",                     "0Q101111 0001iiii 100001nn nnnddddd") { narrow($0, .sqshrun) },
        EncodingRow("SQSHRUN (B)",                     "0Q101111 00001iii 100001nn nnnddddd") { narrow($0, .sqshrun) },
        EncodingRow("RSHRN (S)",                       "0Q001111 001iiiii 100011nn nnnddddd") { narrow($0, .rshrn) },
        EncodingRow("RSHRN (H)",                       "0Q001111 0001iiii 100011nn nnnddddd") { narrow($0, .rshrn) },
        EncodingRow("RSHRN (B)",                       "0Q001111 00001iii 100011nn nnnddddd") { narrow($0, .rshrn) },
        EncodingRow("SQRSHRUN (S)",                    "0Q101111 001iiiii 100011nn nnnddddd") { narrow($0, .sqrshrun) },
        EncodingRow("SQRSHRUN (H)",                    "0Q101111 0001iiii 100011nn nnnddddd") { narrow($0, .sqrshrun) },
        EncodingRow("SQRSHRUN (B)",                    "0Q101111 00001iii 100011nn nnnddddd") { narrow($0, .sqrshrun) },
        EncodingRow("SQSHRN (S)",                      "0Q001111 001iiiii 100101nn nnnddddd") { narrow($0, .sqshrn) },
        EncodingRow("SQSHRN (H)",                      "0Q001111 0001iiii 100101nn nnnddddd") { narrow($0, .sqshrn) },
        EncodingRow("SQSHRN (B)",                      "0Q001111 00001iii 100101nn nnnddddd") { narrow($0, .sqshrn) },
        EncodingRow("UQSHRN (S)",                      "0Q101111 001iiiii 100101nn nnnddddd") { narrow($0, .uqshrn) },
        EncodingRow("UQSHRN (H)",                      "0Q101111 0001iiii 100101nn nnnddddd") { narrow($0, .uqshrn) },
        EncodingRow("UQSHRN (B)",                      "0Q101111 00001iii 100101nn nnnddddd") { narrow($0, .uqshrn) },
        EncodingRow("SQRSHRN (S)",                     "0Q001111 001iiiii 100111nn nnnddddd") { narrow($0, .sqrshrn) },
        EncodingRow("SQRSHRN (H)",                     "0Q001111 0001iiii 100111nn nnnddddd") { narrow($0, .sqrshrn) },
        EncodingRow("SQRSHRN (B)",                     "0Q001111 00001iii 100111nn nnnddddd") { narrow($0, .sqrshrn) },
        EncodingRow("UQRSHRN (S)",                     "0Q101111 001iiiii 100111nn nnnddddd") { narrow($0, .uqrshrn) },
        EncodingRow("UQRSHRN (H)",                     "0Q101111 0001iiii 100111nn nnnddddd") { narrow($0, .uqrshrn) },
        EncodingRow("UQRSHRN (B)",                     "0Q101111 00001iii 100111nn nnnddddd") { narrow($0, .uqrshrn) },
        EncodingRow("SSHLL (S)",                       "0Q001111 001iiiii 101001nn nnnddddd") { widen($0, .sshll) },
        EncodingRow("SSHLL (H)",                       "0Q001111 0001iiii 101001nn nnnddddd") { widen($0, .sshll) },
        EncodingRow("SSHLL (B)",                       "0Q001111 00001iii 101001nn nnnddddd") { widen($0, .sshll) },
        EncodingRow("USHLL (S)",                       "0Q101111 001iiiii 101001nn nnnddddd") { widen($0, .ushll) },
        EncodingRow("USHLL (H)",                       "0Q101111 0001iiii 101001nn nnnddddd") { widen($0, .ushll) },
        EncodingRow("USHLL (B)",                       "0Q101111 00001iii 101001nn nnnddddd") { widen($0, .ushll) },
        EncodingRow("SCVTF (vector, fixed-point, D)",  "0Q001111 01iiiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (vector, fixed-point, S)",  "0Q001111 001iiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (vector, fixed-point, H)",  "0Q001111 0001iiii 111001nn nnnddddd", feature: .fp16) { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("FCVTZS (vector, fixed-point, D)", "0Q001111 01iiiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (vector, fixed-point, S)", "0Q001111 001iiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (vector, fixed-point, H)", "0Q001111 0001iiii 111111nn nnnddddd", feature: .fp16) { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("UCVTF (vector, fixed-point, D)",  "0Q101111 01iiiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (vector, fixed-point, S)",  "0Q101111 001iiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (vector, fixed-point, H)",  "0Q101111 0001iiii 111001nn nnnddddd", feature: .fp16) { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("FCVTZU (vector, fixed-point, D)", "0Q101111 01iiiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (vector, fixed-point, S)", "0Q101111 001iiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (vector, fixed-point, H)", "0Q101111 0001iiii 111111nn nnnddddd", feature: .fp16) { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
    ]

    /// Base-2 logarithm of the element's bytes: the leading one of immh, which is not zero.
    static func size(_ word: Word) -> UInt32 {
        3 &- UInt32(truncatingIfNeeded: word.bits(22, 19).leadingZeroBitCount &- 28)
    }

    /// The amount of a right shift, 1…bits, or of a left shift, 0…bits − 1.
    static func rightAmount(_ word: Word) -> UInt32 { (16 << size(word)) &- word.bits(22, 16) }
    static func leftAmount(_ word: Word) -> UInt32 { word.bits(22, 16) &- (8 << size(word)) }

    private static func shift(_ word: Word, _ code: VectorOp, _ amount: UInt64) -> Op {
        let size = size(word)
        guard size != 3 || word.isSet(30) else { return .undefined(word.raw) }
        return Op(
            .vector, d: word.rd, n: word.rn,
            a: Op.arrangement(size: size, isQuad: word.isSet(30), lanes: (8 << word.bit(30)) >> size),
            aux: code.rawValue, imm: amount)
    }

    private static func right(_ word: Word, _ code: VectorOp) -> Op {
        shift(word, code, Op.immediateFlag | UInt64(rightAmount(word)))
    }
    private static func left(_ word: Word, _ code: VectorOp) -> Op {
        shift(word, code, Op.immediateFlag | UInt64(leftAmount(word)))
    }

    /// The element is the narrow one; its lanes fill 64 bits.
    private static func long(_ word: Word, _ code: VectorOp, _ amount: UInt64) -> Op {
        let size = size(word)
        return Op(
            .vector, d: word.rd, n: word.rn,
            a: Op.arrangement(size: size, isQuad: word.isSet(30), lanes: 8 >> size),
            aux: code.rawValue, imm: amount)
    }

    private static func narrow(_ word: Word, _ code: VectorOp) -> Op {
        long(word, code, Op.immediateFlag | UInt64(rightAmount(word)))
    }
    private static func widen(_ word: Word, _ code: VectorOp) -> Op {
        long(word, code, Op.immediateFlag | UInt64(leftAmount(word)))
    }

    private static func fixed(_ word: Word, _ code: VectorOp, _ conversion: ConversionControl) -> Op {
        shift(word, code, conversion.with(fractionBits: rightAmount(word)).imm)
    }
}
