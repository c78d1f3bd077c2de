/// Conversion between floating-point and fixed-point.
enum ConversionBetweenFloatingPointAndFixedPoint {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SCVTF (general, fixed-point, single)",  "s001111000000010ffffffnnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (general, fixed-point, double)",  "s001111001000010ffffffnnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("SCVTF (general, fixed-point, half)",    "s001111011000010ffffffnnnnnddddd", feature: .fp16) { fromGeneral($0, .fromFixed(isUnsigned: false)) },
        EncodingRow("UCVTF (general, fixed-point, single)",  "s001111000000011ffffffnnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (general, fixed-point, double)",  "s001111001000011ffffffnnnnnddddd") { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        EncodingRow("UCVTF (general, fixed-point, half)",    "s001111011000011ffffffnnnnnddddd", feature: .fp16) { fromGeneral($0, .fromFixed(isUnsigned: true)) },
        EncodingRow("FCVTZS (general, fixed-point, single)", "s001111000011000ffffffnnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (general, fixed-point, double)", "s001111001011000ffffffnnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZS (general, fixed-point, half)",   "s001111011011000ffffffnnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZU (general, fixed-point, single)", "s001111000011001ffffffnnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (general, fixed-point, double)", "s001111001011001ffffffnnnnnddddd") { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTZU (general, fixed-point, half)",   "s001111011011001ffffffnnnnnddddd", feature: .fp16) { toGeneral($0, .toFixed(.zero, isUnsigned: true)) },
    ]

    /// A 32-bit register has no more than 32 fraction bits.
    private static func isReserved(_ word: Word) -> Bool { !word.sf && !word.isSet(15) }

    private static func toGeneral(_ word: Word, _ control: ConversionControl) -> Op {
        if isReserved(word) { return .undefined(word.raw) }
        return Op(
            .vector, d: Word.destination(word.rd), n: word.rn, a: Op.floatTypeArrangement(word, isQuad: word.sf),
            aux: VectorOp.fcvtToGeneral.rawValue, imm: control.with(fractionBits: 64 &- word.bits(15, 10)).imm)
    }

    private static func fromGeneral(_ word: Word, _ control: ConversionControl) -> Op {
        if isReserved(word) { return .undefined(word.raw) }
        return Op(
            .vector, d: word.rd, n: Word.source(word.rn), a: Op.floatTypeArrangement(word, isQuad: word.sf),
            aux: VectorOp.cvtfFromGeneral.rawValue, imm: control.with(fractionBits: 64 &- word.bits(15, 10)).imm)
    }
}
