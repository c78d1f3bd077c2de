/// Advanced SIMD scalar shift by immediate.
enum AdvancedSIMDScalarShiftByImmediate {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SSHR (scalar, D)",                "01011111 01iiiiii 000001nn nnnddddd") { right($0, .sshr, .d) },
        EncodingRow("USHR (scalar, D)",                "01111111 01iiiiii 000001nn nnnddddd") { right($0, .ushr, .d) },
        EncodingRow("SSRA (scalar, D)",                "01011111 01iiiiii 000101nn nnnddddd") { right($0, .ssra, .d) },
        EncodingRow("USRA (scalar, D)",                "01111111 01iiiiii 000101nn nnnddddd") { right($0, .usra, .d) },
        EncodingRow("SRSHR (scalar, D)",               "01011111 01iiiiii 001001nn nnnddddd") { right($0, .srshr, .d) },
        EncodingRow("URSHR (scalar, D)",               "01111111 01iiiiii 001001nn nnnddddd") { right($0, .urshr, .d) },
        EncodingRow("SRSRA (scalar, D)",               "01011111 01iiiiii 001101nn nnnddddd") { right($0, .srsra, .d) },
        EncodingRow("URSRA (scalar, D)",               "01111111 01iiiiii 001101nn nnnddddd") { right($0, .ursra, .d) },
        EncodingRow("SRI (scalar, D)",                 "01111111 01iiiiii 010001nn nnnddddd") { right($0, .sri, .d) },
        EncodingRow("SHL (scalar, D)",                 "01011111 01iiiiii 010101nn nnnddddd") { left($0, .shl, .d) },
        EncodingRow("SLI (scalar, D)",                 "01111111 01iiiiii 010101nn nnnddddd") { left($0, .sli, .d) },
        EncodingRow("SQSHLU (scalar, D)",              "01111111 01iiiiii 011001nn nnnddddd") { left($0, .sqshlu, .bhsd) },
        EncodingRow("SQSHLU (scalar, S)",              "01111111 001iiiii 011001nn nnnddddd") { left($0, .sqshlu, .bhsd) },
        EncodingRow("SQSHLU (scalar, H)",              "01111111 0001iiii 011001nn nnnddddd") { left($0, .sqshlu, .bhsd) },
        EncodingRow("SQSHLU (scalar, B)",              "01111111 00001iii 011001nn nnnddddd") { left($0, .sqshlu, .bhsd) },
        EncodingRow("SQSHL (scalar, immediate, D)",    "01011111 01iiiiii 011101nn nnnddddd") { left($0, .sqshlImmediate, .bhsd) },
        EncodingRow("SQSHL (scalar, immediate, S)",    "01011111 001iiiii 011101nn nnnddddd") { left($0, .sqshlImmediate, .bhsd) },
        EncodingRow("SQSHL (scalar, immediate, H)",    "01011111 0001iiii 011101nn nnnddddd") { left($0, .sqshlImmediate, .bhsd) },
        EncodingRow("SQSHL (scalar, immediate, B)",    "01011111 00001iii 011101nn nnnddddd") { left($0, .sqshlImmediate, .bhsd) },
        EncodingRow("UQSHL (scalar, immediate, D)",    "01111111 01iiiiii 011101nn nnnddddd") { left($0, .uqshlImmediate, .bhsd) },
        EncodingRow("UQSHL (scalar, immediate, S)",    "01111111 001iiiii 011101nn nnnddddd") { left($0, .uqshlImmediate, .bhsd) },
        EncodingRow("UQSHL (scalar, immediate, H)",    "01111111 0001iiii 011101nn nnnddddd") { left($0, .uqshlImmediate, .bhsd) },
        EncodingRow("UQSHL (scalar, immediate, B)",    "01111111 00001iii 011101nn nnnddddd") { left($0, .uqshlImmediate, .bhsd) },
        EncodingRow("SQSHRUN (scalar, S)",             "01111111 001iiiii 100001nn nnnddddd") { narrow($0, .sqshrun, .bhs) },
        EncodingRow("SQSHRUN (scalar, H)",             "01111111 0001iiii 100001nn nnnddddd") { narrow($0, .sqshrun, .bhs) },
        EncodingRow("SQSHRUN (scalar, B)",             "01111111 00001iii 100001nn nnnddddd") { narrow($0, .sqshrun, .bhs) },
        EncodingRow("SQRSHRUN (scalar, S)",            "01111111 001iiiii 100011nn nnnddddd") { narrow($0, .sqrshrun, .bhs) },
        EncodingRow("SQRSHRUN (scalar, H)",            "01111111 0001iiii 100011nn nnnddddd") { narrow($0, .sqrshrun, .bhs) },
        EncodingRow("SQRSHRUN (scalar, B)",            "01111111 00001iii 100011nn nnnddddd") { narrow($0, .sqrshrun, .bhs) },
        EncodingRow("SQSHRN (scalar, S)",              "01011111 001iiiii 100101nn nnnddddd") { narrow($0, .sqshrn, .bhs) },
        EncodingRow("SQSHRN (scalar, H)",              "01011111 0001iiii 100101nn nnnddddd") { narrow($0, .sqshrn, .bhs) },
        EncodingRow("SQSHRN (scalar, B)",              "01011111 00001iii 100101nn nnnddddd") { narrow($0, .sqshrn, .bhs) },
        EncodingRow("UQSHRN (scalar, S)",              "01111111 001iiiii 100101nn nnnddddd") { narrow($0, .uqshrn, .bhs) },
        EncodingRow("UQSHRN (scalar, H)",              "01111111 0001iiii 100101nn nnnddddd") { narrow($0, .uqshrn, .bhs) },
        EncodingRow("UQSHRN (scalar, B)",              "01111111 00001iii 100101nn nnnddddd") { narrow($0, .uqshrn, .bhs) },
        EncodingRow("SQRSHRN (scalar, S)",             "01011111 001iiiii 100111nn nnnddddd") { narrow($0, .sqrshrn, .bhs) },
        EncodingRow("SQRSHRN (scalar, H)",             "01011111 0001iiii 100111nn nnnddddd") { narrow($0, .sqrshrn, .bhs) },
        EncodingRow("SQRSHRN (scalar, B)",             "01011111 00001iii 100111nn nnnddddd") { narrow($0, .sqrshrn, .bhs) },
        EncodingRow("UQRSHRN (scalar, S)",             "01111111 001iiiii 100111nn nnnddddd") { narrow($0, .uqrshrn, .bhs) },
        EncodingRow("UQRSHRN (scalar, H)",             "01111111 0001iiii 100111nn nnnddddd") { narrow($0, .uqrshrn, .bhs) },
        EncodingRow("UQRSHRN (scalar, B)",             "01111111 00001iii 100111nn nnnddddd") { narrow($0, .uqrshrn, .bhs) },
        EncodingRow("SCVTF (scalar, fixed-point, D)",  "01011111 01iiiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (scalar, fixed-point, S)",  "01011111 001iiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (scalar, fixed-point, H)",  "01011111 0001iiii 111001nn nnnddddd", feature: .fp16) { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("FCVTZS (scalar, fixed-point, D)", "01011111 01iiiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (scalar, fixed-point, S)", "01011111 001iiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (scalar, fixed-point, H)", "01011111 0001iiii 111111nn nnnddddd", feature: .fp16) { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("UCVTF (scalar, fixed-point, D)",  "01111111 01iiiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (scalar, fixed-point, S)",  "01111111 001iiiii 111001nn nnnddddd") { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (scalar, fixed-point, H)",  "01111111 0001iiii 111001nn nnnddddd", feature: .fp16) { fixed($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("FCVTZU (scalar, fixed-point, D)", "01111111 01iiiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (scalar, fixed-point, S)", "01111111 001iiiii 111111nn nnnddddd") { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (scalar, fixed-point, H)", "01111111 0001iiii 111111nn nnnddddd", feature: .fp16) { fixed($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
    ]

    private static func shift(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes, _ amount: UInt64) -> Op {
        let size = AdvancedSIMDShiftByImmediate.size(word)
        guard sizes.contains(size) else { return .undefined(word.raw) }
        return Op(
            .vector, d: word.rd, n: word.rn, a: Op.arrangement(size: size, isQuad: false, lanes: 1),
            aux: code.rawValue, imm: amount)
    }

    private static func right(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        shift(word, code, sizes, Op.immediateFlag | UInt64(AdvancedSIMDShiftByImmediate.rightAmount(word)))
    }

    private static func left(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        shift(word, code, sizes, Op.immediateFlag | UInt64(AdvancedSIMDShiftByImmediate.leftAmount(word)))
    }

    private static func narrow(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        right(word, code, sizes)
    }

    private static func fixed(_ word: Word, _ code: VectorOp, _ conversion: ConversionControl) -> Op {
        let amount = AdvancedSIMDShiftByImmediate.rightAmount(word)
        return shift(word, code, .hsd, conversion.with(fractionBits: amount).imm)
    }
}
