/// Arm ARM "Loads and Stores": the single-register and pair forms, literals, and unprivileged accesses.
enum LoadsStores {
    static let rows: [EncodingRow] = [
        // Load register (literal)
        EncodingRow("LDR (literal)", "0z011000 iiiiiiiiiiiiiiiiiii ttttt") { w in
            literal(w, w.isSet(30) ? .load64 : .load32)
        },
        EncodingRow("LDRSW (literal)", "10011000 iiiiiiiiiiiiiiiiiii ttttt") { literal($0, .loadSigned32To64) },
        EncodingRow("PRFM (literal)", "11011000 iiiiiiiiiiiiiiiiiii ttttt") { _ in Op(.noOperation) },
        EncodingRow("LDR (literal, SIMD&FP)", "zz011100 iiiiiiiiiiiiiiiiiii ttttt") { w in
            let size = w.bits(31, 30)
            guard size < 3 else { return .undefined(w.raw) }
            return Op(
                .loadVectorLiteral, d: w.rt, a: UInt8(size + 2), imm: UInt64(bitPattern: w.signed(23, 5) << 2))
        },
        // LDAPR/STLR (unscaled immediate)
        .absent("STLUR, LDAPUR", "zz011001 oo 0 iiiiiiiii 00 nnnnn ttttt", .lrcpc2),
        .absent("STLUR, LDAPUR (SIMD&FP)", "zz011101 oo 0 iiiiiiiii 10 nnnnn ttttt", .lrcpc3),
        .absent("STILP, LDIAPP", "1z011001 0l 0 uuuuu 000o10 nnnnn ttttt", .lrcpc3),
        .absent("STLR (pre-index), LDAPR (post-index)", "1z011001 1l 0 00000 000010 nnnnn ttttt", .lrcpc3),
        // Load/store no-allocate pair (offset), register pair (post-indexed, offset, pre-indexed)
        EncodingRow("STNP, LDNP", "zz101000 0l iiiiiii uuuuu nnnnn ttttt") { pair($0, PairMode.offset) },
        EncodingRow("STP, LDP, LDPSW (post-indexed)", "zz101000 1l iiiiiii uuuuu nnnnn ttttt") {
            pair($0, PairMode.postIndex)
        },
        EncodingRow("STP, LDP, LDPSW (offset)", "zz101001 0l iiiiiii uuuuu nnnnn ttttt") { pair($0, PairMode.offset) },
        EncodingRow("STP, LDP, LDPSW (pre-indexed)", "zz101001 1l iiiiiii uuuuu nnnnn ttttt") {
            pair($0, PairMode.preIndex)
        },
        EncodingRow("STNP, LDNP (SIMD&FP)", "zz101100 0l iiiiiii uuuuu nnnnn ttttt") {
            vectorPair($0, PairMode.offset)
        },
        EncodingRow("STP, LDP (SIMD&FP, post-indexed)", "zz101100 1l iiiiiii uuuuu nnnnn ttttt") {
            vectorPair($0, PairMode.postIndex)
        },
        EncodingRow("STP, LDP (SIMD&FP, offset)", "zz101101 0l iiiiiii uuuuu nnnnn ttttt") {
            vectorPair($0, PairMode.offset)
        },
        EncodingRow("STP, LDP (SIMD&FP, pre-indexed)", "zz101101 1l iiiiiii uuuuu nnnnn ttttt") {
            vectorPair($0, PairMode.preIndex)
        },
        // Load/store register (unscaled immediate)
        EncodingRow("STUR, LDUR, PRFUM", "zz111000 oo 0 iiiiiiiii 00 nnnnn ttttt") { w in
            immediate(w, offset: w.signed(20, 12))
        },
        EncodingRow("STUR, LDUR (SIMD&FP)", "zz111100 oo 0 iiiiiiiii 00 nnnnn ttttt") { w in
            vector(w, .loadVector, .storeVector) { $0.imm = UInt64(bitPattern: w.signed(20, 12)) }
        },
        // Load/store register (immediate post-indexed)
        EncodingRow("STR, LDR (immediate, post-indexed)", "zz111000 oo 0 iiiiiiiii 01 nnnnn ttttt") {
            writeback($0, isPre: false)
        },
        EncodingRow("STR, LDR (immediate, SIMD&FP, post-indexed)", "zz111100 oo 0 iiiiiiiii 01 nnnnn ttttt") { w in
            vector(w, .loadVectorWriteback, .storeVectorWriteback) { $0.imm = UInt64(bitPattern: w.signed(20, 12)) }
        },
        // Load/store register (unprivileged)
        EncodingRow("STTR, LDTR", "zz111000 oo 0 iiiiiiiii 10 nnnnn ttttt") { w in
            guard let operation = memoryOperation(w), operation != .prefetch else { return .undefined(w.raw) }
            return Op(
                .loadStoreUnprivileged, d: register(w.rt, operation), n: w.rn, a: operation.rawValue,
                imm: UInt64(bitPattern: w.signed(20, 12)))
        },
        // Load/store register (immediate pre-indexed)
        EncodingRow("STR, LDR (immediate, pre-indexed)", "zz111000 oo 0 iiiiiiiii 11 nnnnn ttttt") {
            writeback($0, isPre: true)
        },
        EncodingRow("STR, LDR (immediate, SIMD&FP, pre-indexed)", "zz111100 oo 0 iiiiiiiii 11 nnnnn ttttt") { w in
            vector(w, .loadVectorWriteback, .storeVectorWriteback) {
                $0.imm = UInt64(bitPattern: w.signed(20, 12))
                $0.m = 1
            }
        },
        // Load/store register (register offset)
        EncodingRow("STR, LDR, PRFM (register)", "zz111000 oo 1 mmmmm eee s 10 nnnnn ttttt") { registerOffset($0) },
        EncodingRow("STR, LDR (register, SIMD&FP)", "zz111100 oo 1 mmmmm eee s 10 nnnnn ttttt") { w in
            guard w.isSet(14) else { return .undefined(w.raw) }
            return vector(w, .loadVectorRegister, .storeVectorRegister) {
                $0.m = Word.source(w.rm)
                $0.aux = UInt16(w.bits(15, 13))
                $0.imm = w.isSet(12) ? UInt64($0.a) : 0
            }
        },
        // Load/store register (pac)
        .absent("LDRAA, LDRAB", "11111000 ks 1 iiiiiiiii w1 nnnnn ttttt", .pauth),
        // Load/store register (unsigned immediate)
        EncodingRow("STR, LDR, PRFM (immediate, unsigned offset)", "zz111001 oo iiiiiiiiiiii nnnnn ttttt") { w in
            immediate(w, offset: Int64(w.bits(21, 10)) << Int64(w.bits(31, 30)))
        },
        EncodingRow("STR, LDR (immediate, SIMD&FP, unsigned offset)", "zz111101 oo iiiiiiiiiiii nnnnn ttttt") { w in
            vector(w, .loadVector, .storeVector) { $0.imm = UInt64(w.bits(21, 10)) << UInt64($0.a) }
        },
    ]

    /// The access that size and opc select; nil where they are unallocated.
    private static func memoryOperation(_ w: Word) -> MemoryOperation? {
        let size = UInt8(w.bits(31, 30))
        switch w.bits(23, 22) {
        case 0: return MemoryOperation(rawValue: MemoryOperation.store8.rawValue + size)
        case 1: return MemoryOperation(rawValue: MemoryOperation.load8.rawValue + size)
        case 2:
            return switch size {
            case 0: .loadSigned8To64
            case 1: .loadSigned16To64
            case 2: .loadSigned32To64
            default: .prefetch
            }
        default:
            return switch size {
            case 0: .loadSigned8To32
            case 1: .loadSigned16To32
            default: nil
            }
        }
    }

    private static func register(_ number: UInt8, _ operation: MemoryOperation) -> UInt8 {
        switch operation {
        case .store8, .store16, .store32, .store64: Word.source(number)
        default: Word.destination(number)
        }
    }

    /// The op code that stands as far behind `first` as `operation` behind `.load8`.
    private static func code(_ first: OpCode, _ operation: MemoryOperation) -> OpCode {
        OpCode(rawValue: first.rawValue + UInt16(operation.rawValue)) ?? .undefined
    }

    private static func immediate(_ w: Word, offset: Int64) -> Op {
        guard let operation = memoryOperation(w) else { return .undefined(w.raw) }
        if operation == .prefetch { return Op(.noOperation) }
        return Op(code(.load8, operation), d: register(w.rt, operation), n: w.rn, imm: UInt64(bitPattern: offset))
    }

    private static func writeback(_ w: Word, isPre: Bool) -> Op {
        guard let operation = memoryOperation(w), operation != .prefetch else { return .undefined(w.raw) }
        var op = Op(
            .loadStoreWriteback, d: register(w.rt, operation), n: w.rn, m: isPre ? 1 : 0, a: operation.rawValue,
            imm: UInt64(bitPattern: w.signed(20, 12)))
        guard !op.mayMisalignSP else { return op }
        if operation == .load64, !isPre, w.rt != w.rn { op.code = .load64PostIndex }
        if operation == .store64, isPre { op.code = .store64PreIndex }
        return op
    }

    private static func registerOffset(_ w: Word) -> Op {
        guard let operation = memoryOperation(w), w.isSet(14) else { return .undefined(w.raw) }
        if operation == .prefetch { return Op(.noOperation) }
        let option = UInt16(w.bits(15, 13))
        var op = Op(
            code(.load8Register, operation), d: register(w.rt, operation), n: w.rn, m: Word.source(w.rm),
            a: w.isSet(12) ? UInt8(w.bits(31, 30)) : 0, aux: option)
        if option == 3 {
            switch operation {
            case .load8: op.code = .load8Indexed
            case .load32: op.code = .load32Indexed
            case .load64: op.code = .load64Indexed
            case .store8: op.code = .store8Indexed
            case .store32: op.code = .store32Indexed
            case .store64: op.code = .store64Indexed
            default: break
            }
        }
        return op
    }

    private static func literal(_ w: Word, _ operation: MemoryOperation) -> Op {
        Op(
            .loadLiteral, d: Word.destination(w.rt), a: operation.rawValue,
            imm: UInt64(bitPattern: w.signed(23, 5) << 2))
    }

    private static func pair(_ w: Word, _ mode: UInt16) -> Op {
        let isLoad = w.isSet(22)
        let isNonTemporal = w.bits(25, 23) == 0
        let code: OpCode
        let scale: UInt32
        switch w.bits(31, 30) {
        case 0: (code, scale) = (isLoad ? .loadPair32 : .storePair32, 2)
        case 1:
            guard isLoad, !isNonTemporal else { return .undefined(w.raw) }
            (code, scale) = (.loadPairSigned32, 2)
        case 2: (code, scale) = (isLoad ? .loadPair64 : .storePair64, 3)
        default: return .undefined(w.raw)
        }
        let slot = isLoad ? Word.destination : Word.source
        var op = Op(
            code, d: slot(w.rt), n: w.rn, a: slot(w.rt2), aux: mode,
            imm: UInt64(bitPattern: w.signed(21, 15) << Int64(scale)))
        guard !op.mayMisalignSP else { return op }
        if code == .loadPair64, mode == PairMode.postIndex, w.rt != w.rn, w.rt2 != w.rn {
            op.code = .loadPair64PostIndex
        }
        if code == .storePair64, mode == PairMode.preIndex { op.code = .storePair64PreIndex }
        return op
    }

    private static func vectorPair(_ w: Word, _ mode: UInt16) -> Op {
        let size = w.bits(31, 30)
        guard size < 3 else { return .undefined(w.raw) }
        let scale = size + 2
        // m = Vt2
        return Op(
            w.isSet(22) ? .loadVectorPair : .storeVectorPair, d: w.rt, n: w.rn, m: w.rt2, a: UInt8(scale), aux: mode,
            imm: UInt64(bitPattern: w.signed(21, 15) << Int64(scale)))
    }

    private static func vector(
        _ w: Word, _ load: OpCode, _ store: OpCode, _ address: (inout Op) -> Void
    ) -> Op {
        let size = w.bits(23, 23) << 2 | w.bits(31, 30)
        guard size <= 4 else { return .undefined(w.raw) }
        var op = Op(w.isSet(22) ? load : store, d: w.rt, n: w.rn, a: UInt8(size))
        address(&op)
        return op
    }
}
