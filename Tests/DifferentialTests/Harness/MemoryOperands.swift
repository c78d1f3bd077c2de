import Shared

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
    static func isRegisterOffset(_ w: Word) -> Bool {
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
        isNarrowMinimumOrMaximum(w) && (!w.isSet(13) || w.rs == w.rn)
    }

    static func isNarrowMinimumOrMaximum(_ w: Word) -> Bool {
        isAtomic(w) && !w.isSet(15) && w.isSet(14) && w.bits(31, 30) != 3
    }

    /// Whether `w` accesses the data, or may.
    static func isLoadOrStore(_ w: Word) -> Bool { w.isSet(27) && !w.isSet(25) && !isLiteral(w) }

    /// Whether `w` needs the exclusive monitors in a known state.
    static func usesMonitor(_ w: Word) -> Bool { isExclusive(w) && !w.isSet(23) }

    /// Aims the base, and the index, so that most accesses land in the data: within a page, across two, across the end.
    static func prepare(_ w: Word, _ state: inout MachineState, _ generator: inout SplitMix64) {
        let random = generator.next()
        var target = InterpreterMachine.data &+ (random >> 8 & UInt64(InterpreterMachine.dataByteCount - 16) & ~15)
        // Atomics without FEAT_LSE2 fault on unaligned addresses, which the reference does not check.
        if !isExclusive(w), !isAtomic(w) {
            switch random & 15 {
            case 0: target = InterpreterMachine.dataEnd &- 16 &+ (random >> 8 & 31)
            case 1...5: target = (target & ~0xFFF | 0x1000) &- 17 &+ (random >> 32 & 31)
            case 6...10: target &+= random >> 32 & 15
            default: break
            }
        }
        var base = target &- displacement(w)
        if isRegisterOffset(w), w.rm != 31 {
            // The extension takes the low half or all of it, of either sign but for UXTW.
            let small = Int64(random >> 40 & 0xFF)
            let option = w.bits(15, 13)
            let index = option == 2 || random >> 60 & 1 == 0 ? small : -small
            let isWord = option & 1 == 0
            let high = generator.next() << 32
            state.x[Int(w.rm)] =
                isWord ? UInt64(bitPattern: index) & 0xFFFF_FFFF | high : UInt64(bitPattern: index)
            base = target &- UInt64(bitPattern: w.isSet(12) ? index << Int64(scale(w)) : index)
        }
        if isAtomic(w), !w.isSet(15), w.bits(14, 13) == 0b11, w.rs != 31 {
            state.x[Int(w.rs)] &= ~0 >> (64 - 8 << UInt64(w.bits(31, 30)))
        }
        if w.rn == 31 { state.sp = base } else { state.x[Int(w.rn)] = base }
    }

    /// log2 of the bytes that a single-register access transfers.
    private static func scale(_ w: Word) -> UInt32 { isVector(w) ? w.bit(23) << 2 | w.bits(31, 30) : w.bits(31, 30) }

    /// What is added to the base before the access, but for an index register.
    private static func displacement(_ w: Word) -> UInt64 {
        if isPair(w) {
            // Post-indexed: nothing.
            if w.bits(24, 23) == 1 { return 0 }
            let scale = isVector(w) ? w.bits(31, 30) + 2 : 2 + w.bit(31)
            return UInt64(bitPattern: w.signed(21, 15) << Int64(scale))
        }
        guard isSingle(w) else { return 0 }
        if w.isSet(24) { return UInt64(w.bits(21, 10)) << UInt64(scale(w)) }
        if w.isSet(21) || w.bits(11, 10) == 1 { return 0 }
        return UInt64(bitPattern: w.signed(20, 12))
    }

    /// Before a store-exclusive, half of the time a load-exclusive of the same bytes; before anything else nothing.
    static func prefix(_ w: Word, _ generator: inout SplitMix64) -> [UInt32] {
        guard usesMonitor(w), !w.isSet(22) else { return [] }
        // CASP
        if w.isSet(21), !w.isSet(31) { return [] }
        // CLREX
        guard generator.next() & 1 == 0 else { return [0xD503_3F5F] }
        guard w.isSet(21) else { return [w.raw & 0xC000_0000 | 0x085F_7C00 | w.raw & 0x3E0 | 31] }
        return [w.raw & 0xC000_0000 | 0x087F_0000 | w.raw & 0x3E0 | (w.rn == 30 ? 29 : 30) << 10 | 31]
    }
}
