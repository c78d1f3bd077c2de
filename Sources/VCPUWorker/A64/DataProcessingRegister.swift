/// Arm ARM "Data Processing -- Register".
enum DataProcessingRegister {
    static let rows: [EncodingRow] = [
        // Data-processing (2 source)
        EncodingRow("UDIV", "s0011010110 mmmmm 000010 nnnnn ddddd") {
            three($0, .unsignedDivide64, .unsignedDivide32)
        },
        EncodingRow("SDIV", "s0011010110 mmmmm 000011 nnnnn ddddd") { three($0, .signedDivide64, .signedDivide32) },
        EncodingRow("LSLV", "s0011010110 mmmmm 001000 nnnnn ddddd") { three($0, .shiftLeft64, .shiftLeft32) },
        EncodingRow("LSRV", "s0011010110 mmmmm 001001 nnnnn ddddd") { three($0, .shiftRight64, .shiftRight32) },
        EncodingRow("ASRV", "s0011010110 mmmmm 001010 nnnnn ddddd") {
            three($0, .shiftArithmetic64, .shiftArithmetic32)
        },
        EncodingRow("RORV", "s0011010110 mmmmm 001011 nnnnn ddddd") { three($0, .rotateRight64, .rotateRight32) },
        EncodingRow("CRC32B, CRC32H, CRC32W, CRC32X", "s0011010110 mmmmm 0100zz nnnnn ddddd", feature: .crc32) {
            crc($0)
        },
        EncodingRow("CRC32CB, CRC32CH, CRC32CW, CRC32CX", "s0011010110 mmmmm 0101zz nnnnn ddddd", feature: .crc32) {
            crc($0)
        },
        .absent("SUBP", "10011010110 mmmmm 000000 nnnnn ddddd", .mte),
        .absent("SUBPS", "10111010110 mmmmm 000000 nnnnn ddddd", .mte),
        .absent("IRG", "10011010110 mmmmm 000100 nnnnn ddddd", .mte),
        .absent("GMI", "10011010110 mmmmm 000101 nnnnn ddddd", .mte),
        .absent("PACGA", "10011010110 mmmmm 001100 nnnnn ddddd", .pauth),
        .absent("SMAX, UMAX, SMIN, UMIN (register)", "s0011010110 mmmmm 0110oo nnnnn ddddd", .cssc),
        // Data-processing (1 source)
        EncodingRow("RBIT", "s101101011000000000000 nnnnn ddddd") { three($0, .reverseBits64, .reverseBits32) },
        EncodingRow("REV16", "s101101011000000000001 nnnnn ddddd") {
            three($0, .reverseBytes16_64, .reverseBytes16_32)
        },
        EncodingRow("REV, REV32", "s101101011000000000010 nnnnn ddddd") {
            three($0, .reverseBytes32_64, .reverseBytes32)
        },
        EncodingRow("REV (64-bit)", "s101101011000000000011 nnnnn ddddd") {
            $0.sf ? three($0, .reverseBytes64, .reverseBytes64) : .undefined($0.raw)
        },
        EncodingRow("CLZ", "s101101011000000000100 nnnnn ddddd") {
            three($0, .countLeadingZeros64, .countLeadingZeros32)
        },
        EncodingRow("CLS", "s101101011000000000101 nnnnn ddddd") {
            three($0, .countLeadingSigns64, .countLeadingSigns32)
        },
        .absent("CTZ", "s101101011000000000110 nnnnn ddddd", .cssc),
        .absent("CNT (scalar)", "s101101011000000000111 nnnnn ddddd", .cssc),
        .absent("ABS (general)", "s101101011000000001000 nnnnn ddddd", .cssc),
        .absent("PACIA, PACIB, PACDA, PACDB, AUTIA, …, XPACI, XPACD", "1101101011000001 oooooo nnnnn ddddd", .pauth),
        // Logical (shifted register)
        EncodingRow("AND (shifted register)", "s0001010 tt 0 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("BIC (shifted register)", "s0001010 tt 1 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("ORR (shifted register)", "s0101010 tt 0 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("ORN (shifted register)", "s0101010 tt 1 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("EOR (shifted register)", "s1001010 tt 0 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("EON (shifted register)", "s1001010 tt 1 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("ANDS (shifted register)", "s1101010 tt 0 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        EncodingRow("BICS (shifted register)", "s1101010 tt 1 mmmmm aaaaaa nnnnn ddddd") { logicalShifted($0) },
        // Add/subtract (shifted register)
        EncodingRow("ADD (shifted register)", "s0001011 tt 0 mmmmm aaaaaa nnnnn ddddd") { addSubShifted($0) },
        EncodingRow("ADDS (shifted register)", "s0101011 tt 0 mmmmm aaaaaa nnnnn ddddd") { addSubShifted($0) },
        EncodingRow("SUB (shifted register)", "s1001011 tt 0 mmmmm aaaaaa nnnnn ddddd") { addSubShifted($0) },
        EncodingRow("SUBS (shifted register)", "s1101011 tt 0 mmmmm aaaaaa nnnnn ddddd") { addSubShifted($0) },
        // Add/subtract (extended register)
        EncodingRow("ADD (extended register)", "s0001011001 mmmmm ooo iii nnnnn ddddd") { addSubExtended($0) },
        EncodingRow("ADDS (extended register)", "s0101011001 mmmmm ooo iii nnnnn ddddd") { addSubExtended($0) },
        EncodingRow("SUB (extended register)", "s1001011001 mmmmm ooo iii nnnnn ddddd") { addSubExtended($0) },
        EncodingRow("SUBS (extended register)", "s1101011001 mmmmm ooo iii nnnnn ddddd") { addSubExtended($0) },
        // Add/subtract (with carry)
        EncodingRow("ADC", "s0011010000 mmmmm 000000 nnnnn ddddd") { addSubCarry($0) },
        EncodingRow("ADCS", "s0111010000 mmmmm 000000 nnnnn ddddd") { addSubCarry($0) },
        EncodingRow("SBC", "s1011010000 mmmmm 000000 nnnnn ddddd") { addSubCarry($0) },
        EncodingRow("SBCS", "s1111010000 mmmmm 000000 nnnnn ddddd") { addSubCarry($0) },
        // Rotate right into flags: FEAT_FlagM
        EncodingRow("RMIF", "10111010000 iiiiii 00001 nnnnn 0 mmmm", feature: .flagM) { w in
            Op(.insertFlags, n: Word.source(w.rn), a: UInt8(w.bits(20, 15)), aux: UInt16(w.bits(3, 0)))
        },
        // Evaluate into flags: FEAT_FlagM
        EncodingRow("SETF8, SETF16", "00111010000000000 z 0010 nnnnn 01101", feature: .flagM) { w in
            Op(.evaluateFlags, n: Word.source(w.rn), a: w.isSet(14) ? 16 : 8)
        },
        // Conditional compare (register)
        EncodingRow("CCMN (register)", "s0111010010 mmmmm cccc 00 nnnnn 0 ffff") { conditionalCompare($0) },
        EncodingRow("CCMP (register)", "s1111010010 mmmmm cccc 00 nnnnn 0 ffff") { conditionalCompare($0) },
        // Conditional compare (immediate)
        EncodingRow("CCMN (immediate)", "s0111010010 iiiii cccc 10 nnnnn 0 ffff") { conditionalCompare($0) },
        EncodingRow("CCMP (immediate)", "s1111010010 iiiii cccc 10 nnnnn 0 ffff") { conditionalCompare($0) },
        // Conditional select
        EncodingRow("CSEL", "s0011010100 mmmmm cccc 00 nnnnn ddddd") { select($0, .select64, .select32) },
        EncodingRow("CSINC", "s0011010100 mmmmm cccc 01 nnnnn ddddd") {
            select($0, .selectIncrement64, .selectIncrement32)
        },
        EncodingRow("CSINV", "s1011010100 mmmmm cccc 00 nnnnn ddddd") {
            select($0, .selectInvert64, .selectInvert32)
        },
        EncodingRow("CSNEG", "s1011010100 mmmmm cccc 01 nnnnn ddddd") {
            select($0, .selectNegate64, .selectNegate32)
        },
        // Data-processing (3 source)
        EncodingRow("MADD", "s0011011000 mmmmm 0 aaaaa nnnnn ddddd") { four($0, .multiplyAdd64, .multiplyAdd32) },
        EncodingRow("MSUB", "s0011011000 mmmmm 1 aaaaa nnnnn ddddd") { four($0, .multiplySub64, .multiplySub32) },
        EncodingRow("SMADDL", "10011011001 mmmmm 0 aaaaa nnnnn ddddd") {
            four($0, .signedMultiplyAddLong, .signedMultiplyAddLong)
        },
        EncodingRow("SMSUBL", "10011011001 mmmmm 1 aaaaa nnnnn ddddd") {
            four($0, .signedMultiplySubLong, .signedMultiplySubLong)
        },
        // Ra is 11111 by convention ("should be one") and does not take part.
        EncodingRow("SMULH", "10011011010 mmmmm 0 aaaaa nnnnn ddddd") {
            three($0, .signedMultiplyHigh, .signedMultiplyHigh)
        },
        EncodingRow("UMADDL", "10011011101 mmmmm 0 aaaaa nnnnn ddddd") {
            four($0, .unsignedMultiplyAddLong, .unsignedMultiplyAddLong)
        },
        EncodingRow("UMSUBL", "10011011101 mmmmm 1 aaaaa nnnnn ddddd") {
            four($0, .unsignedMultiplySubLong, .unsignedMultiplySubLong)
        },
        EncodingRow("UMULH", "10011011110 mmmmm 0 aaaaa nnnnn ddddd") {
            three($0, .unsignedMultiplyHigh, .unsignedMultiplyHigh)
        },
    ]

    private static func three(_ w: Word, _ code64: OpCode, _ code32: OpCode) -> Op {
        Op(w.sf ? code64 : code32, d: Word.destination(w.rd), n: Word.source(w.rn), m: Word.source(w.rm))
    }

    private static func four(_ w: Word, _ code64: OpCode, _ code32: OpCode) -> Op {
        Op(
            w.sf ? code64 : code32, d: Word.destination(w.rd), n: Word.source(w.rn), m: Word.source(w.rm),
            a: Word.source(w.ra))
    }

    private static func crc(_ w: Word) -> Op {
        let size = w.bits(11, 10)
        guard w.sf == (size == 3) else { return .undefined(w.raw) }
        return Op(
            .crc32, d: Word.destination(w.rd), n: Word.source(w.rn), m: Word.source(w.rm), a: UInt8(size),
            aux: UInt16(w.bit(12)))
    }

    private static func logicalShifted(_ w: Word) -> Op {
        let amount = UInt8(w.bits(15, 10))
        let type = UInt16(w.bits(23, 22))
        let operation = w.bits(30, 29) << 1 | w.bit(21)
        guard w.sf || amount < 32 else { return .undefined(w.raw) }
        var op = Op(
            w.sf ? .logicalShifted64 : .logicalShifted32, d: Word.destination(w.rd), n: Word.source(w.rn),
            m: Word.source(w.rm), a: amount, aux: type | UInt16(w.bits(30, 29)) << 2 | UInt16(w.bit(21)) << 4)
        guard amount == 0 else { return op }
        switch operation {
        case 0: op.code = w.sf ? .andRegister64 : .andRegister32
        case 1: op.code = w.sf ? .bicRegister64 : .bicRegister32
        case 2:
            op.code = w.sf ? .orrRegister64 : .orrRegister32
            if w.rn == 31 { op.code = w.sf ? .moveRegister64 : .moveRegister32 }
        case 3: op.code = w.sf ? .ornRegister64 : .ornRegister32
        case 4: op.code = w.sf ? .eorRegister64 : .eorRegister32
        case 5: op.code = w.sf ? .eonRegister64 : .eonRegister32
        case 6: op.code = w.sf ? .andsRegister64 : .andsRegister32
        default: op.code = w.sf ? .bicsRegister64 : .bicsRegister32
        }
        return op
    }

    private static func addSubShifted(_ w: Word) -> Op {
        let amount = UInt8(w.bits(15, 10))
        let type = UInt16(w.bits(23, 22))
        guard type != 3, w.sf || amount < 32 else { return .undefined(w.raw) }
        let subtract = w.isSet(30)
        let setsFlags = w.isSet(29)
        var op = Op(
            w.sf ? .addSubShifted64 : .addSubShifted32, d: Word.destination(w.rd), n: Word.source(w.rn),
            m: Word.source(w.rm), a: amount,
            aux: type | (subtract ? 1 << 2 : 0) | (setsFlags ? 1 << 3 : 0))
        if amount == 0 {
            switch (subtract, setsFlags) {
            case (false, false): op.code = w.sf ? .addRegister64 : .addRegister32
            case (true, false): op.code = w.sf ? .subRegister64 : .subRegister32
            case (false, true): op.code = w.sf ? .addsRegister64 : .addsRegister32
            case (true, true): op.code = w.sf ? .subsRegister64 : .subsRegister32
            }
        } else if type == 0, !setsFlags {
            op.code = subtract ? (w.sf ? .subLSL64 : .subLSL32) : (w.sf ? .addLSL64 : .addLSL32)
        }
        return op
    }

    private static func addSubExtended(_ w: Word) -> Op {
        let amount = UInt8(w.bits(12, 10))
        guard amount <= 4 else { return .undefined(w.raw) }
        let setsFlags = w.isSet(29)
        return Op(
            w.sf ? .addSubExtended64 : .addSubExtended32, d: setsFlags ? Word.destination(w.rd) : w.rd, n: w.rn,
            m: Word.source(w.rm), a: amount,
            aux: UInt16(w.bits(15, 13)) | UInt16(w.bit(30)) << 3 | (setsFlags ? 1 << 4 : 0))
    }

    private static func addSubCarry(_ w: Word) -> Op {
        Op(
            w.sf ? .addSubCarry64 : .addSubCarry32, d: Word.destination(w.rd), n: Word.source(w.rn),
            m: Word.source(w.rm), aux: UInt16(w.bit(30)) | UInt16(w.bit(29)) << 1)
    }

    private static func conditionalCompare(_ w: Word) -> Op {
        let isImmediate = w.isSet(11)
        let code: OpCode
        switch (w.isSet(30), isImmediate) {
        case (true, true): code = w.sf ? .compareImmediate64 : .compareImmediate32
        case (true, false): code = w.sf ? .compareRegister64 : .compareRegister32
        case (false, true): code = w.sf ? .compareNegativeImmediate64 : .compareNegativeImmediate32
        case (false, false): code = w.sf ? .compareNegativeRegister64 : .compareNegativeRegister32
        }
        return Op(
            code, n: Word.source(w.rn), m: Word.source(w.rm), a: UInt8(w.bits(3, 0)),
            aux: conditionMask(w.bits(15, 12)), imm: UInt64(w.bits(20, 16)))
    }

    private static func select(_ w: Word, _ code64: OpCode, _ code32: OpCode) -> Op {
        Op(
            w.sf ? code64 : code32, d: Word.destination(w.rd), n: Word.source(w.rn), m: Word.source(w.rm),
            aux: conditionMask(w.bits(15, 12)))
    }
}
