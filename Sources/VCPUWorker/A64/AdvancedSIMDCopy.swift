/// Advanced SIMD copy, and its scalar form. The lowest one of imm5 is the element's size, the bits above it the index.
enum AdvancedSIMDCopy {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("DUP (element)",         "0Q001110 000iiiii 000001nn nnnddddd") { element($0, .dupElement, isQuad: $0.isSet(30)) },
        EncodingRow("DUP (general)",         "0Q001110 000iiiii 000011nn nnnddddd") { fromGeneral($0, .dupGeneral, isQuad: $0.isSet(30)) },
        EncodingRow("SMOV",                  "0Q001110 000iiiii 001011nn nnnddddd") { toGeneral($0, .smov) },
        EncodingRow("UMOV",                  "0Q001110 000iiiii 001111nn nnnddddd") { toGeneral($0, .umov) },
        EncodingRow("INS (general)",         "01001110 000iiiii 000111nn nnnddddd") { fromGeneral($0, .insGeneral, isQuad: true) },
        EncodingRow("INS (element)",         "01101110 000iiiii 0jjjj1nn nnnddddd") { insertElement($0) },
        EncodingRow("DUP (element, scalar)", "01011110 000iiiii 000001nn nnnddddd") { element($0, .dupElementScalar, isQuad: false) },
    ]

    private static func size(_ word: Word) -> UInt32 {
        UInt32(truncatingIfNeeded: word.bits(20, 16).trailingZeroBitCount)
    }

    private static func element(_ word: Word, _ code: VectorOp, isQuad: Bool) -> Op {
        let size = size(word)
        guard size < 4, size != 3 || isQuad || code == .dupElementScalar else { return .undefined(word.raw) }
        return Op(
            .vector, d: word.rd, n: word.rn, a: Op.arrangement(size: size, isQuad: isQuad, lanes: 1),
            aux: code.rawValue, imm: UInt64(word.bits(20, 16) >> (size &+ 1)))
    }

    private static func fromGeneral(_ word: Word, _ code: VectorOp, isQuad: Bool) -> Op {
        var op = element(word, code, isQuad: isQuad)
        if op.code == .vector { op.n = Word.source(word.rn) }
        return op
    }

    /// UMOV fits its register exactly; SMOV is to a wider one.
    private static func toGeneral(_ word: Word, _ code: VectorOp) -> Op {
        let size = size(word)
        let isWide = word.isSet(30)
        let isAllocated = code == .umov ? (isWide ? size == 3 : size < 3) : size < (isWide ? 3 : 2)
        guard isAllocated else { return .undefined(word.raw) }
        return Op(
            .vector, d: Word.destination(word.rd), n: word.rn,
            a: Op.arrangement(size: size, isQuad: isWide, lanes: 1),
            aux: code.rawValue, imm: UInt64(word.bits(20, 16) >> (size &+ 1)))
    }

    private static func insertElement(_ word: Word) -> Op {
        var op = element(word, .insElement, isQuad: true)
        // The source's index stands in imm4, scaled by the size, and goes above the destination's.
        if op.code == .vector { op.imm |= UInt64(word.bits(14, 11) >> size(word)) << 8 }
        return op
    }
}
