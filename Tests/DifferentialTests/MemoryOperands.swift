@testable import VCPUWorker

/// What loads and stores need to be compared.
enum MemoryOperands {
    /// The groups of the encoding table of loads and stores.
    private static func isExclusive(_ w: Word) -> Bool { w.bits(29, 24) == 0b001000 }
    private static func isStructure(_ w: Word) -> Bool { w.bits(29, 25) == 0b00110 && !w.isSet(31) }
    private static func isLiteral(_ w: Word) -> Bool { w.bits(29, 27) == 0b011 && w.bits(25, 24) == 0 }
    private static func isPair(_ w: Word) -> Bool { w.bits(29, 27) == 0b101 }
    private static func isSingle(_ w: Word) -> Bool { w.bits(29, 27) == 0b111 }
    private static func isVector(_ w: Word) -> Bool { w.isSet(26) }
    private static func isRegisterOffset(_ w: Word) -> Bool {
        isSingle(w) && !w.isSet(24) && w.isSet(21) && w.bits(11, 10) == 2
    }
    private static func isAtomic(_ w: Word) -> Bool {
        isSingle(w) && !w.isSet(24) && w.isSet(21) && w.bits(11, 10) == 0
    }

    /// CONSTRAINED UNPREDICTABLE forms, where any of several results is right.
    static func isConstrainedUnpredictable(_ w: Word) -> Bool {
        let (t, t2, n, s) = (w.rt, w.rt2, w.rn, w.rs)
        if isPair(w) {
            // LDP, LDNP, LDPSW with t == t2.
            if w.isSet(22), t == t2 { return true }
            // Writeback with n == t or n == t2.
            return w.isSet(23) && !isVector(w) && n != 31 && (t == n || t2 == n)
        }
        if isSingle(w), !w.isSet(24), !w.isSet(21), w.isSet(10), !isVector(w) {
            // Writeback with n == t.
            return n != 31 && t == n
        }
        if isExclusive(w), !w.isSet(23) {
            let isPairOfRegisters = w.isSet(21) && w.isSet(31)
            if w.isSet(21), !w.isSet(31) { return false }
            // LDXP with t == t2.
            if w.isSet(22) { return isPairOfRegisters && t == t2 }
            // STXR, STXP with s == t, s == t2 or s == n.
            return s == t || isPairOfRegisters && s == t2 || s == n && n != 31
        }
        return false
    }

    /// The reference compares the operand of a minimum or maximum narrower than 64 bits as a whole, and memory without
    /// its sign. `prepare` makes unsigned operands fit, but for one that is an address too.
    static func isReferenceWrong(_ w: Word) -> Bool {
        guard isAtomic(w), !w.isSet(15), w.isSet(14), w.bits(31, 30) != 3 else { return false }
        return !w.isSet(13) || w.rs == w.rn
    }

    /// Aims the base, and the index, so that most accesses land in the window.
    static func prepare(_ w: Word, _ state: inout MachineState, _ generator: inout SeededGenerator) {
        guard !isLiteral(w) else { return }
        let random = generator.next()
        var base = InterpreterMachine.windowMiddle &+ (random >> 8 & 0x7FF0)
        if isExclusive(w) || isAtomic(w) {
            // Atomics without FEAT_LSE2 fault on unaligned addresses, which the reference does not check.
        } else {
            switch random & 15 {
            case 0: base = InterpreterMachine.dataEnd &- 16 &+ (random >> 8 & 31)
            case 1...5: base = (base & ~0xFFF) &- 17 &+ (random >> 8 & 31)
            case 6...10: base &+= random >> 32 & 15
            default: break
            }
        }
        if isRegisterOffset(w), w.rm != 31 {
            // The extension takes the low half or all of it, of either sign but for UXTW.
            let small = Int64(random >> 40 & 0xFFF)
            let option = w.bits(15, 13)
            let index = option == 2 || random >> 60 & 1 == 0 ? small : -small
            let isWord = option & 1 == 0
            let high = generator.next() << 32
            state.x[Int(w.rm)] =
                isWord ? UInt64(bitPattern: index) & 0xFFFF_FFFF | high : UInt64(bitPattern: index)
        }
        if isAtomic(w), !w.isSet(15), w.bits(14, 13) == 0b11, w.rs != 31 {
            state.x[Int(w.rs)] &= ~0 >> (64 - 8 << UInt64(w.bits(31, 30)))
        }
        if w.rn == 31 { state.sp = base & ~15 } else { state.x[Int(w.rn)] = base }
    }

    /// Before a store-exclusive, half of the time a load-exclusive of the same bytes; before anything else nothing.
    static func prefix(_ w: Word, _ generator: inout SeededGenerator) -> UInt32 {
        let nop: UInt32 = 0xD503_201F
        guard isExclusive(w), !w.isSet(23), !w.isSet(22) else { return nop }
        // CASP
        if w.isSet(21), !w.isSet(31) { return nop }
        // CLREX
        guard generator.next() & 1 == 0 else { return 0xD503_3F5F }
        guard w.isSet(21) else { return w.raw & 0xC000_0000 | 0x085F_7C00 | w.raw & 0x3E0 | 31 }
        return w.raw & 0xC000_0000 | 0x087F_0000 | w.raw & 0x3E0 | (w.rn == 30 ? 29 : 30) << 10 | 31
    }
}
