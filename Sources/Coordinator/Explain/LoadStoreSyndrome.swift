import Shared

/// Whether a stage-2 data abort by an A64 instruction says what was accessed (ISV), and if not, why.
///
/// A syndrome have loads and stores of one general-purpose register, with or without acquire and release, but not those
/// that write their base back, nor exclusive ones.
/// Source: Arm ARM "ISS encoding for an exception from a Data Abort", field ISV; "A64 instruction set encoding", "Loads
/// and Stores".
enum LoadStoreSyndrome: Equatable {
    /// `iss`: ISV, SAS, SSE, SRT, SF and AR in their places.
    case valid(iss: UInt32, isStore: Bool)
    case none(String)
    /// Prefetches.
    case noAbort
    /// No load or store, or an unallocated encoding of one.
    case notApplicable

    init(_ word: UInt32) {
        func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { word >> low & (1 << (high - low + 1) - 1) }
        let isVector = bits(26, 26) == 1
        let size = bits(31, 30)
        // DC ZVA, GVA, GZVA: stores without a register.
        if word & 0xFFFF_FF00 == 0xD50B_7400, [1, 3, 4].contains(bits(7, 5)) {
            self = .none("it stores a block, not a register")
            return
        }
        guard bits(27, 27) == 1, bits(25, 25) == 0 else {
            self = .notApplicable
            return
        }
        switch bits(29, 28) {
        case 0b00 where isVector: self = .none("it transfers structures of SIMD&FP registers")
        case 0b00 where bits(24, 24) == 0: self = Self.exclusiveOrOrdered(word, size)
        case 0b01 where bits(24, 24) == 0: self = Self.literal(word, size, isVector: isVector)
        case 0b01 where bits(21, 21) == 0 && bits(11, 10) == 0b00: self = Self.unscaledOrdered(word, size, isVector)
        case 0b01 where bits(21, 21) == 0 && bits(11, 10) == 0b10: self = Self.orderedOfLRCPC3(word, isVector: isVector)
        case 0b01 where size == 0 && bits(21, 21) == 0 && bits(11, 10) == 0b01:
            self = .none("it copies or sets memory (FEAT_MOPS)")
        case 0b01 where size == 3 && bits(21, 21) == 1: self = .none("it transfers allocation tags (FEAT_MTE)")
        case 0b01 where size == 0 && bits(21, 21) == 1 && !isVector && bits(11, 10) == 0b00:
            self = .none("it is an atomic operation on a pair of registers")
        case 0b10: self = .none("it transfers a pair of registers")
        case 0b11 where isVector: self = .none("it transfers a SIMD&FP register")
        case 0b11: self = Self.oneRegister(word, size)
        default: self = .notApplicable
        }
    }

    /// STXR, LDXR, STLR, LDAR, CAS and their kin.
    private static func exclusiveOrOrdered(_ word: UInt32, _ size: UInt32) -> Self {
        switch (word >> 23 & 1, word >> 21 & 1) {
        case (0, 0): .none("it is exclusive")
        case (0, _): .none(size < 2 ? "it is an atomic operation on a pair of registers" : "it is exclusive")
        case (_, 0): transfer(word, size, is64Bit: size == 3, isOrdered: true, isStore: word >> 22 & 1 == 0)
        default: .none("it is an atomic operation: a load and a store")
        }
    }

    private static func literal(_ word: UInt32, _ size: UInt32, isVector: Bool) -> Self {
        if isVector { return size == 3 ? .notApplicable : .none("it transfers a SIMD&FP register") }
        return switch size {
        case 0: transfer(word, 2, is64Bit: false)
        case 1: transfer(word, 3, is64Bit: true)
        case 2: transfer(word, 2, is64Bit: true, isSigned: true)
        default: .noAbort
        }
    }

    /// LDAPUR, STLUR.
    private static func unscaledOrdered(_ word: UInt32, _ size: UInt32, _ isVector: Bool) -> Self {
        if isVector { return .notApplicable }
        return oneRegister(word, size, isOrdered: true)
    }

    /// STLUR and LDAPUR of SIMD&FP registers; STILP and LDIAPP; STLR and LDAPR that move their base.
    private static func orderedOfLRCPC3(_ word: UInt32, isVector: Bool) -> Self {
        if isVector { return .none("it transfers a SIMD&FP register") }
        return word >> 23 & 1 == 0 ? .none("it transfers a pair of registers") : .none("it writes its base back")
    }

    /// LDR and STR with an immediate or a register as offset, LDTR, STTR, atomics, LDAPR, LDRAA.
    private static func oneRegister(_ word: UInt32, _ size: UInt32) -> Self {
        if word >> 24 & 1 == 1 { return oneRegister(word, size, isOrdered: false) }
        switch (word >> 21 & 1, word >> 10 & 3) {
        // A register as offset needs a shift or an extension of 32 or 64 bits.
        case (1, 0b10): return word >> 14 & 1 == 1 ? oneRegister(word, size, isOrdered: false) : .notApplicable
        case (1, 0b00):
            // LDAPR is a load among the atomics. Its bits 20:16 should be ones.
            if word & 0x00E0_FC00 == 0x00A0_C000 { return transfer(word, size, is64Bit: size == 3, isOrdered: true) }
            if size == 3, word >> 22 & 3 == 0, word >> 15 & 1 == 1, [1, 2, 3, 5].contains(word >> 12 & 7) {
                return .none("it transfers 64 bytes (FEAT_LS64)")
            }
            return .none("it is an atomic operation: a load and a store")
        case (1, _):
            guard size == 3 else { return .notApplicable }
            if word >> 11 & 1 == 1 { return .none("it writes its base back") }
            return transfer(word, 3, is64Bit: true)
        case (_, 0b01), (_, 0b11): return .none("it writes its base back")
        default:
            // There is no unprivileged prefetch.
            if size == 3, word >> 22 & 3 == 0b10, word >> 10 & 3 == 0b10 { return .notApplicable }
            return oneRegister(word, size, isOrdered: false)
        }
    }

    /// By size and opc.
    private static func oneRegister(_ word: UInt32, _ size: UInt32, isOrdered: Bool) -> Self {
        switch (word >> 22 & 3, size) {
        case (0b00, _):
            transfer(word, size, is64Bit: size == 3, isOrdered: isOrdered, isStore: true)
        case (0b01, _): transfer(word, size, is64Bit: size == 3, isOrdered: isOrdered)
        case (0b10, 3): isOrdered ? .notApplicable : .noAbort
        case (0b10, _): transfer(word, size, is64Bit: true, isSigned: true, isOrdered: isOrdered)
        case (0b11, 0), (0b11, 1): transfer(word, size, is64Bit: false, isSigned: true, isOrdered: isOrdered)
        default: .notApplicable
        }
    }

    private static func transfer(
        _ word: UInt32, _ size: UInt32, is64Bit: Bool, isSigned: Bool = false, isOrdered: Bool = false,
        isStore: Bool = false
    ) -> Self {
        var iss: UInt32 = 1 << 24 | size << 22 | (word & 31) << 16
        if isSigned { iss |= 1 << 21 }
        if is64Bit { iss |= 1 << 15 }
        if isOrdered { iss |= 1 << 14 }
        return .valid(iss: iss, isStore: isStore)
    }
}
