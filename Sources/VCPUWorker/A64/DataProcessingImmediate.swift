/// Arm ARM "Data Processing -- Immediate".
enum DataProcessingImmediate {
    static let rows: [EncodingRow] = [
        // PC-rel. addressing
        EncodingRow("ADR", "0ii10000 iiiiiiiiiiiiiiiiiii ddddd") { w in
            Op(
                .pcRelative, d: Word.destination(w.rd),
                imm: UInt64(bitPattern: w.signed(23, 5) << 2 | Int64(w.bits(30, 29))))
        },
        EncodingRow("ADRP", "1ii10000 iiiiiiiiiiiiiiiiiii ddddd") { w in
            let pages = w.signed(23, 5) << 2 | Int64(w.bits(30, 29))
            // Relative to the page from the start: aux tells the placement to leave it alone.
            return Op(.pcRelative, d: Word.destination(w.rd), aux: 1, imm: UInt64(bitPattern: pages << 12))
        },
        // Add/subtract (immediate)
        EncodingRow("ADD (immediate)", "s0010001 0h iiiiiiiiiiii nnnnn ddddd") { addSubImmediate($0) },
        EncodingRow("ADDS (immediate)", "s0110001 0h iiiiiiiiiiii nnnnn ddddd") { addSubImmediate($0) },
        EncodingRow("SUB (immediate)", "s1010001 0h iiiiiiiiiiii nnnnn ddddd") { addSubImmediate($0) },
        EncodingRow("SUBS (immediate)", "s1110001 0h iiiiiiiiiiii nnnnn ddddd") { addSubImmediate($0) },
        // Add/subtract (immediate, with tags)
        .absent("ADDG", "1001000110 iiiiii oo iiii nnnnn ddddd", .mte),
        .absent("SUBG", "1101000110 iiiiii oo iiii nnnnn ddddd", .mte),
        // Min/max (immediate)
        .absent("SMAX, UMAX, SMIN, UMIN (immediate)", "s00100011 1 00oo iiiiiiii nnnnn ddddd", .cssc),
        // Logical (immediate)
        EncodingRow("AND (immediate)", "s00100100 N rrrrrr ssssss nnnnn ddddd") { logicalImmediate($0) },
        EncodingRow("ORR (immediate)", "s01100100 N rrrrrr ssssss nnnnn ddddd") { logicalImmediate($0) },
        EncodingRow("EOR (immediate)", "s10100100 N rrrrrr ssssss nnnnn ddddd") { logicalImmediate($0) },
        EncodingRow("ANDS (immediate)", "s11100100 N rrrrrr ssssss nnnnn ddddd") { logicalImmediate($0) },
        // Move wide (immediate)
        EncodingRow("MOVN", "s00100101 hh iiiiiiiiiiiiiiii ddddd") { moveWide($0) },
        EncodingRow("MOVZ", "s10100101 hh iiiiiiiiiiiiiiii ddddd") { moveWide($0) },
        EncodingRow("MOVK", "s11100101 hh iiiiiiiiiiiiiiii ddddd") { moveWide($0) },
        // Bitfield
        EncodingRow("SBFM", "s00100110 N rrrrrr ssssss nnnnn ddddd") { bitfield($0) },
        EncodingRow("BFM", "s01100110 N rrrrrr ssssss nnnnn ddddd") { bitfield($0) },
        EncodingRow("UBFM", "s10100110 N rrrrrr ssssss nnnnn ddddd") { bitfield($0) },
        // Extract
        EncodingRow("EXTR", "s00100111 N 0 mmmmm ssssss nnnnn ddddd") { extract($0) },
    ]

    private static func addSubImmediate(_ w: Word) -> Op {
        let value = UInt64(w.bits(21, 10)) << (w.isSet(22) ? 12 : 0)
        let subtract = w.isSet(30)
        if !w.isSet(29) {
            // Both operands may be SP; subtraction is the addition of the negative.
            if w.rd == 31, w.rn != 31 || !w.sf || value & 15 != 0 {
                return Op(.addImmediateSP, n: w.rn, aux: w.sf ? 0 : 1, imm: subtract ? 0 &- value : value)
            }
            return Op(w.sf ? .addImmediate64 : .addImmediate32, d: w.rd, n: w.rn, imm: subtract ? 0 &- value : value)
        }
        let d = Word.destination(w.rd)
        if subtract { return Op(w.sf ? .subsImmediate64 : .subsImmediate32, d: d, n: w.rn, imm: value) }
        return Op(w.sf ? .addsImmediate64 : .addsImmediate32, d: d, n: w.rn, imm: value)
    }

    private static func logicalImmediate(_ w: Word) -> Op {
        guard w.sf || !w.isSet(22),
            let mask = decodeBitMasks(
                immN: w.bit(22), imms: w.bits(15, 10), immr: w.bits(21, 16), width: w.sf ? 64 : 32)
        else { return .undefined(w.raw) }
        let n = Word.source(w.rn)
        if w.rd == 31, w.bits(30, 29) != 3 {
            return Op(.logicalImmediateSP, n: n, a: UInt8(w.bits(30, 29)), aux: w.sf ? 0 : 1, imm: mask)
        }
        switch w.bits(30, 29) {
        case 0: return Op(w.sf ? .andImmediate64 : .andImmediate32, d: w.rd, n: n, imm: mask)
        case 1:
            // MOV (bitmask immediate)
            if w.rn == 31 { return Op(.moveImmediate, d: w.rd, imm: mask) }
            return Op(w.sf ? .orrImmediate64 : .orrImmediate32, d: w.rd, n: n, imm: mask)
        case 2: return Op(w.sf ? .eorImmediate64 : .eorImmediate32, d: w.rd, n: n, imm: mask)
        default:
            return Op(w.sf ? .andsImmediate64 : .andsImmediate32, d: Word.destination(w.rd), n: n, imm: mask)
        }
    }

    private static func moveWide(_ w: Word) -> Op {
        let shift = UInt64(w.bits(22, 21)) * 16
        guard w.sf || shift < 32 else { return .undefined(w.raw) }
        let d = Word.destination(w.rd)
        let value = UInt64(w.bits(20, 5)) << shift
        switch w.bits(30, 29) {
        case 0: return Op(.moveImmediate, d: d, imm: w.sf ? ~value : ~value & 0xFFFF_FFFF)
        case 2: return Op(.moveImmediate, d: d, imm: value)
        default: return Op(w.sf ? .moveKeep64 : .moveKeep32, d: d, a: UInt8(shift), imm: value)
        }
    }

    private static func bitfield(_ w: Word) -> Op {
        let width: UInt32 = w.sf ? 64 : 32
        let r = w.bits(21, 16)
        let s = w.bits(15, 10)
        guard w.bit(22) == (w.sf ? 1 : 0), r < width, s < width else { return .undefined(w.raw) }
        let d = Word.destination(w.rd)
        let n = Word.source(w.rn)
        let isExtract = s >= r
        // The field's width, and where an inserted field lands.
        let length = isExtract ? s - r + 1 : s + 1
        let position = isExtract ? 0 : width - r
        let mask: UInt64 = length == 64 ? ~0 : (1 << UInt64(length)) - 1
        switch w.bits(30, 29) {
        case 0:
            let left = 63 - s
            let right = isExtract ? left + r : left - position
            return Op(w.sf ? .signedBitfield64 : .signedBitfield32, d: d, n: n, m: UInt8(right), a: UInt8(left))
        case 1:
            if isExtract {
                return Op(
                    w.sf ? .bitfieldExtractLow64 : .bitfieldExtractLow32, d: d, n: n, a: UInt8(r), imm: mask)
            }
            return Op(
                w.sf ? .bitfieldInsert64 : .bitfieldInsert32, d: d, n: n, a: UInt8(position),
                imm: mask << UInt64(position))
        default:
            return Op(
                isExtract ? .unsignedExtract : .unsignedInsert, d: d, n: n, a: UInt8(isExtract ? r : position),
                imm: mask)
        }
    }

    private static func extract(_ w: Word) -> Op {
        guard w.bit(22) == (w.sf ? 1 : 0), w.sf || !w.isSet(15) else { return .undefined(w.raw) }
        return Op(
            w.sf ? .extract64 : .extract32, d: Word.destination(w.rd), n: Word.source(w.rn), m: Word.source(w.rm),
            a: UInt8(w.bits(15, 10)))
    }
}
