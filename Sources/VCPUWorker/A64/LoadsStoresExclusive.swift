/// Arm ARM "Loads and Stores": exclusives, load-acquire and store-release, and the LSE atomics.
enum LoadsStoresExclusive {
    static let rows: [EncodingRow] = [
        // Load/store exclusive register
        EncodingRow("STXR, STLXR", "zz001000000 sssss o uuuuu nnnnn ttttt") { w in
            Op(
                .storeExclusive, d: Word.source(w.rt), n: w.rn, m: Word.destination(w.rs), a: UInt8(w.bits(31, 30)),
                aux: UInt16(w.bit(15)))
        },
        EncodingRow("LDXR, LDAXR", "zz001000010 sssss o uuuuu nnnnn ttttt") { w in
            Op(
                .loadExclusive, d: Word.destination(w.rt), n: w.rn, a: UInt8(w.bits(31, 30)), aux: UInt16(w.bit(15)))
        },
        // Load/store exclusive pair
        EncodingRow("STXP, STLXP", "1z001000001 sssss o uuuuu nnnnn ttttt") { w in
            Op(
                .storeExclusivePair, d: Word.source(w.rt), n: w.rn, m: Word.destination(w.rs),
                a: Word.source(w.rt2), aux: UInt16(w.bit(15)) | UInt16(w.bit(30)) << 1)
        },
        EncodingRow("LDXP, LDAXP", "1z001000011 sssss o uuuuu nnnnn ttttt") { w in
            Op(
                .loadExclusivePair, d: Word.destination(w.rt), n: w.rn, a: Word.destination(w.rt2),
                aux: UInt16(w.bit(15)) | UInt16(w.bit(30)) << 1)
        },
        // Compare and swap pair: FEAT_LSE
        EncodingRow("CASP, CASPA, CASPAL, CASPL", "0z0010000l1 sssss o 11111 nnnnn ttttt", feature: .lse) { w in
            guard !w.isSet(16), !w.isSet(0) else { return .undefined(w.raw) }
            return Op(.compareAndSwapPair, d: w.rt, n: w.rn, m: w.rs, a: UInt8(w.bit(30) + 2))
        },
        // Load/store ordered
        .absent("STLLR", "zz001000100 sssss 0 uuuuu nnnnn ttttt", .lor),
        .absent("LDLAR", "zz001000110 sssss 0 uuuuu nnnnn ttttt", .lor),
        EncodingRow("STLR", "zz001000100 sssss 1 uuuuu nnnnn ttttt") { w in
            Op(.storeRelease, d: Word.source(w.rt), n: w.rn, a: UInt8(w.bits(31, 30)))
        },
        EncodingRow("LDAR", "zz001000110 sssss 1 uuuuu nnnnn ttttt") { w in
            Op(.loadAcquire, d: Word.destination(w.rt), n: w.rn, a: UInt8(w.bits(31, 30)))
        },
        // Compare and swap: FEAT_LSE
        EncodingRow("CAS, CASA, CASAL, CASL", "zz0010001l1 sssss o 11111 nnnnn ttttt", feature: .lse) { w in
            // Rs is read and written: the zero register as either is told apart by aux.
            Op(
                .compareAndSwap, d: Word.source(w.rt), n: w.rn, m: Word.source(w.rs), a: UInt8(w.bits(31, 30)),
                aux: UInt16(Word.destination(w.rs)))
        },
        // Load-acquire RCpc: FEAT_LRCPC. It may overtake an older STLR; the host's loads are LDAR's all the same
        EncodingRow("LDAPR", "zz11100010111111110000 nnnnn ttttt", feature: .lrcpc) { w in
            Op(.loadAcquire, d: Word.destination(w.rt), n: w.rn, a: UInt8(w.bits(31, 30)))
        },
        // Atomic memory operations: FEAT_LSE
        EncodingRow("LDADD, LDCLR, LDEOR, LDSET, LDSMAX …", "zz111000 ar 1 sssss 0 ooo 00 nnnnn ttttt", feature: .lse) {
            w in
            atomic(w, UInt16(w.bits(14, 12)))
        },
        EncodingRow("SWP, SWPA, SWPAL, SWPL", "zz111000 ar 1 sssss 1 000 00 nnnnn ttttt", feature: .lse) { w in
            atomic(w, AtomicOperation.swap.rawValue)
        },
        .absent("ST64B", "11111000001 11111 1001 00 nnnnn ttttt", .ls64),
        .absent("LD64B", "11111000001 11111 1101 00 nnnnn ttttt", .ls64),
        .absent("ST64BV", "11111000001 sssss 1011 00 nnnnn ttttt", .ls64),
        .absent("ST64BV0", "11111000001 sssss 1010 00 nnnnn ttttt", .ls64Accdata),
        .absent("LDCLRP, LDSETP", "00011001 ar 1 sssss 00o1 00 nnnnn ttttt", .lse128),
        .absent("SWPP", "00011001 ar 1 sssss 1000 00 nnnnn ttttt", .lse128),
    ]

    private static func atomic(_ w: Word, _ operation: UInt16) -> Op {
        Op(
            .atomicReadModifyWrite, d: Word.destination(w.rt), n: w.rn, m: Word.source(w.rs),
            a: UInt8(w.bits(31, 30)), aux: operation)
    }
}
