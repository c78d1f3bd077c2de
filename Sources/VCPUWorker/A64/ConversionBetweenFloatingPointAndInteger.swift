/// Conversion between floating-point and integer.
enum ConversionBetweenFloatingPointAndInteger {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FCVTNS (scalar, single)",          "s001111000100000000000nnnnnddddd") { toGeneral($0, .toFixed(.tieEven, isUnsigned: false)) },
        EncodingRow("FCVTNS (scalar, double)",          "s001111001100000000000nnnnnddddd") { toGeneral($0, .toFixed(.tieEven, isUnsigned: false)) },
        EncodingRow("FCVTNS (scalar, half)",            "s001111011100000000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.tieEven, isUnsigned: false)) },
        EncodingRow("FCVTNU (scalar, single)",          "s001111000100001000000nnnnnddddd") { toGeneral($0, .toFixed(.tieEven, isUnsigned: true)) },
        EncodingRow("FCVTNU (scalar, double)",          "s001111001100001000000nnnnnddddd") { toGeneral($0, .toFixed(.tieEven, isUnsigned: true)) },
        EncodingRow("FCVTNU (scalar, half)",            "s001111011100001000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.tieEven, isUnsigned: true)) },
        EncodingRow("FCVTPS (scalar, single)",          "s001111000101000000000nnnnnddddd") { toGeneral($0, .toFixed(.posInf, isUnsigned: false)) },
        EncodingRow("FCVTPS (scalar, double)",          "s001111001101000000000nnnnnddddd") { toGeneral($0, .toFixed(.posInf, isUnsigned: false)) },
        EncodingRow("FCVTPS (scalar, half)",            "s001111011101000000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.posInf, isUnsigned: false)) },
        EncodingRow("FCVTPU (scalar, single)",          "s001111000101001000000nnnnnddddd") { toGeneral($0, .toFixed(.posInf, isUnsigned: true)) },
        EncodingRow("FCVTPU (scalar, double)",          "s001111001101001000000nnnnnddddd") { toGeneral($0, .toFixed(.posInf, isUnsigned: true)) },
        EncodingRow("FCVTPU (scalar, half)",            "s001111011101001000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.posInf, isUnsigned: true)) },
        EncodingRow("FCVTMS (scalar, single)",          "s001111000110000000000nnnnnddddd") { toGeneral($0, .toFixed(.negInf, isUnsigned: false)) },
        EncodingRow("FCVTMS (scalar, double)",          "s001111001110000000000nnnnnddddd") { toGeneral($0, .toFixed(.negInf, isUnsigned: false)) },
        EncodingRow("FCVTMS (scalar, half)",            "s001111011110000000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.negInf, isUnsigned: false)) },
        EncodingRow("FCVTMU (scalar, single)",          "s001111000110001000000nnnnnddddd") { toGeneral($0, .toFixed(.negInf, isUnsigned: true)) },
        EncodingRow("FCVTMU (scalar, double)",          "s001111001110001000000nnnnnddddd") { toGeneral($0, .toFixed(.negInf, isUnsigned: true)) },
        EncodingRow("FCVTMU (scalar, half)",            "s001111011110001000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.negInf, isUnsigned: true)) },
        EncodingRow("FCVTZS (scalar, integer, single)", "s001111000111000000000nnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (scalar, integer, double)", "s001111001111000000000nnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (scalar, integer, half)",   "s001111011111000000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZU (scalar, integer, single)", "s001111000111001000000nnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (scalar, integer, double)", "s001111001111001000000nnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (scalar, integer, half)",   "s001111011111001000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTAS (scalar, single)",          "s001111000100100000000nnnnnddddd") { toGeneral($0, .toFixed(.tieAway, isUnsigned: false)) },
        EncodingRow("FCVTAS (scalar, double)",          "s001111001100100000000nnnnnddddd") { toGeneral($0, .toFixed(.tieAway, isUnsigned: false)) },
        EncodingRow("FCVTAS (scalar, half)",            "s001111011100100000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.tieAway, isUnsigned: false)) },
        EncodingRow("FCVTAU (scalar, single)",          "s001111000100101000000nnnnnddddd") { toGeneral($0, .toFixed(.tieAway, isUnsigned: true)) },
        EncodingRow("FCVTAU (scalar, double)",          "s001111001100101000000nnnnnddddd") { toGeneral($0, .toFixed(.tieAway, isUnsigned: true)) },
        EncodingRow("FCVTAU (scalar, half)",            "s001111011100101000000nnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.tieAway, isUnsigned: true)) },
        EncodingRow("SCVTF (scalar, integer, single)",  "s001111000100010000000nnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (scalar, integer, double)",  "s001111001100010000000nnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (scalar, integer, half)",    "s001111011100010000000nnnnnddddd", feature: .fp16) { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("UCVTF (scalar, integer, single)",  "s001111000100011000000nnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (scalar, integer, double)",  "s001111001100011000000nnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (scalar, integer, half)",    "s001111011100011000000nnnnnddddd", feature: .fp16) { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        .absent("FJCVTZS", "0001111001111110000000nnnnnddddd", .jscvt),
        EncodingRow("FMOV (general, W to S)",           "0001111000100111000000nnnnnddddd") { move($0, .fmovFromGeneral, size: 2) },
        EncodingRow("FMOV (general, S to W)",           "0001111000100110000000nnnnnddddd") { move($0, .umov, size: 2) },
        EncodingRow("FMOV (general, X to D)",           "1001111001100111000000nnnnnddddd") { move($0, .fmovFromGeneral, size: 3) },
        EncodingRow("FMOV (general, D to X)",           "1001111001100110000000nnnnnddddd") { move($0, .umov, size: 3) },
        EncodingRow("FMOV (general, X to upper half)",  "1001111010101111000000nnnnnddddd") { move($0, .insGeneral, size: 3, index: 1) },
        EncodingRow("FMOV (general, upper half to X)",  "1001111010101110000000nnnnnddddd") { move($0, .umov, size: 3, index: 1) },
        EncodingRow("FMOV (general, W to H)",           "0001111011100111000000nnnnnddddd", feature: .fp16) { move($0, .fmovFromGeneral, size: 1) },
        EncodingRow("FMOV (general, X to H)",           "1001111011100111000000nnnnnddddd", feature: .fp16) { move($0, .fmovFromGeneral, size: 1) },
        EncodingRow("FMOV (general, H to W)",           "0001111011100110000000nnnnnddddd", feature: .fp16) { move($0, .umov, size: 1) },
        EncodingRow("FMOV (general, H to X)",           "1001111011100110000000nnnnnddddd", feature: .fp16) { move($0, .umov, size: 1) },
    ]

    private static func toGeneral(_ word: Word, _ control: ConversionControl) -> Op {
        Op(
            .vector, d: Word.destination(word.rd), n: word.rn, a: Op.floatTypeArrangement(word, isQuad: word.sf),
            aux: VectorOp.fcvtToGeneral.rawValue, imm: control.imm)
    }

    private static func fromGeneral(_ word: Word, _ control: ConversionControl) -> Op {
        Op(
            .vector, d: word.rd, n: Word.source(word.rn), a: Op.floatTypeArrangement(word, isQuad: word.sf),
            aux: VectorOp.cvtfFromGeneral.rawValue, imm: control.imm)
    }

    private static func move(_ word: Word, _ code: VectorOp, size: UInt32, index: UInt64 = 0) -> Op {
        let isToGeneral = code == .umov
        return Op(
            .vector, d: isToGeneral ? Word.destination(word.rd) : word.rd,
            n: isToGeneral ? word.rn : Word.source(word.rn),
            a: Op.arrangement(size: size, isQuad: true, lanes: 1), aux: code.rawValue, imm: index)
    }
}
