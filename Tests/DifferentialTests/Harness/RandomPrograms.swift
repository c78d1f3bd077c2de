import Shared

@testable import VCPUWorker

/// Makes random words of rows, short sequences of them, and states that fit.
struct RandomPrograms {
    /// Rows for sequences, by what they touch.
    private let arithmetic: [Int]
    private let vectors: [Int]
    private let memory: [Int]
    private let others: [Int]

    /// Registers that hold addresses of the data when a sequence begins, and an index.
    private static let bases: [UInt32] = [25, 26, 27, 31]
    private static let index: UInt32 = 24

    init(rows: [Int]) {
        var (arithmetic, vectors, memory, others): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
        for row in rows {
            let group = Decoder.rows[row].group
            if group.hasPrefix("DataProcessing") {
                arithmetic.append(row)
            } else if group == "Branches" {
                if Decoder.rows[row].feature == .baseline { others.append(row) }
            } else if group.contains("LoadsStores") {
                memory.append(row)
            } else {
                vectors.append(row)
            }
        }
        (self.arithmetic, self.vectors, self.memory, self.others) = (arithmetic, vectors, memory, others)
    }

    // MARK: Words

    /// A word of a row: the fixed bits, the others random; nil when chance brought only words that are excluded.
    static func word(of row: EncodingRow, using generator: inout SplitMix64) -> UInt32? {
        let (mask, value) = row.maskAndValue
        for _ in 0..<20 {
            let word =
                SystemOperands.word(of: row, using: &generator)
                ?? UInt32(truncatingIfNeeded: generator.next()) & ~mask | value
            if !ComparisonRules.isExcluded(Word(word)) { return word }
        }
        return nil
    }

    /// One word of a row, behind a load-exclusive if it needs one, or a NOP: one word is no trace to the translator.
    func single(_ row: Int, using generator: inout SplitMix64) -> RandomProgram? {
        guard let word = Self.word(of: Decoder.rows[row], using: &generator) else { return nil }
        let prefix = MemoryOperands.isLoadOrStore(Word(word)) ? MemoryOperands.prefix(Word(word), &generator) : []
        var program = RandomProgram(words: (prefix.isEmpty ? [0xD503_201F] : prefix) + [word])
        program.rows = [row]
        return program
    }

    /// Two to twelve words of all rows that do not leave the sequence, and of idioms that compilers write.
    func sequence(using generator: inout SplitMix64) -> RandomProgram {
        var words: [UInt32] = []
        var rows: [Int] = []
        let length = 2 + Int(generator.next() % 10)
        var attempts = 0
        while words.count < length, attempts < 100 {
            attempts += 1
            let pool: [Int]
            switch generator.next() & 15 {
            case 0...4: pool = arithmetic
            case 5...9: pool = vectors
            case 10...13: pool = memory
            case 14: pool = others
            default:
                words += Self.idiom(using: &generator)
                continue
            }
            guard !pool.isEmpty else { continue }
            let row = pool[Int(generator.next() % UInt64(pool.count))]
            guard var word = Self.word(of: Decoder.rows[row], using: &generator) else { continue }
            word = Self.fit(word, using: &generator)
            guard Decoder.shared.decode(word, .all).code != .undefined, !ComparisonRules.isExcluded(Word(word)),
                !ComparisonRules.isIndirectBranch(Word(word)), !MemoryOperands.isNarrowMinimumOrMaximum(Word(word))
            else { continue }
            if MemoryOperands.isLoadOrStore(Word(word)) {
                let prefix = MemoryOperands.prefix(Word(word), &generator)
                // No branch skips it: a store-exclusive of another size than the load's may do either.
                if !prefix.isEmpty { words.append(0xD503_201F) }
                words += prefix
            }
            words.append(word)
            rows.append(row)
        }
        // What a branch at the end skips.
        words.append(0xD503_201F)
        var program = RandomProgram(words: words)
        program.rows = rows
        return program
    }

    /// Makes words of a sequence depend on each other, aims loads and stores at the data, and shortens branches.
    private static func fit(_ word: UInt32, using generator: inout SplitMix64) -> UInt32 {
        let w = Word(word)
        let random = UInt32(truncatingIfNeeded: generator.next())
        if ComparisonRules.isDirectBranch(w) {
            // Over one word.
            if w.bits(30, 26) == 0b00101 { return word & 0xFC00_0000 | 2 }
            return w.bits(30, 25) == 0b011011 ? word & ~(0x3FFF << 5) | 2 << 5 : word & ~(0x7FFFF << 5) | 2 << 5
        }
        // Not to FPCR and FPSR, of which the reference keeps bits that are RES0.
        if word & 0xFFFF_FF00 == 0xD51B_4400 { return 0xD51B_4200 | word & 31 }
        // DC ZVA: maintenance of what is not mapped is nothing to the reference.
        if SystemOperands.isByAddress(w) { return 0xD50B_7420 | bases[Int(random % 3)] }
        guard MemoryOperands.isLoadOrStore(w) else {
            // Few registers.
            return random & 3 == 0 ? word : word & ~0b01100_01100
        }
        var result = word & ~(31 << 5) | bases[Int(random & 3)] << 5
        if MemoryOperands.isRegisterOffset(w) { result = result & ~(31 << 16) | index << 16 }
        // Small offsets; 16 bytes times 64 at most.
        if w.bits(29, 27) == 0b111, w.isSet(24) { result &= ~(0xFC0 << 10) }
        return random >> 8 & 3 == 0 ? result : result & ~0b01100
    }

    /// Words that compilers write next to each other.
    private static func idiom(using generator: inout SplitMix64) -> [UInt32] {
        let random = UInt32(truncatingIfNeeded: generator.next())
        let d = random & 31
        let n = random >> 5 & 31
        switch random >> 29 {
        case 0, 1:  // MOVZ or MOVN, and MOVK of the same or another register
            let first: UInt32 = random >> 28 & 1 == 0 ? 0xD280_0000 : 0x9280_0000
            var words = [first | random >> 8 & 0xFFFF << 5 | random >> 10 & 3 << 21 | d]
            for _ in 0..<1 + random >> 26 & 3 {
                let next = UInt32(truncatingIfNeeded: generator.next())
                words.append(0xF280_0000 | next & 0x7F_FFE0 | (next >> 28 == 0 ? n : d))
            }
            return words
        case 2:  // ADRP and LDR, of the page itself
            return [0x9000_0000 | d & 15, 0xF940_0000 | random >> 8 & 0x7FC00 | (d & 15) << 5 | d & 15]
        case 3:  // ADRP and ADD
            return [0x9000_0000 | random & 0x60FF_FFE0 | d, 0x9100_0000 | random >> 8 & 0x3F_FC00 | d << 5 | d]
        default:  // SUBS, ADDS or ANDS, and a branch
            let compares: [UInt32] = [
                0xF100_0000, 0x7100_0000, 0xEB00_0000, 0x6B00_0000, 0xF200_0000, 0x7200_0000, 0xB100_0000, 0x2B00_0000,
            ]
            let compare = compares[Int(random >> 26 & 7)]
            let isRegister = compare & 0x0100_0000 != 0 && compare & 0x1000_0000 == 0
            let operands = isRegister ? random & 0x1F_0000 : compare & 0x0300_0000 == 0x0200_0000 ? random & 0x3C00 : 0
            return [
                compare | operands | n << 5 | (random >> 25 & 1 == 0 ? 31 : d),
                // Over ADD Xd, Xd, #1.
                0x5400_0040 | random >> 20 & 15, 0x9100_0400 | d << 5 | d,
            ]
        }
    }

    // MARK: States

    /// A state in which the word under test of a program of one row finds what it needs.
    func stateForSingle(_ program: RandomProgram, from states: RandomStates, using generator: inout SplitMix64)
        -> MachineState
    {
        var state = states.state(using: &generator)
        let word = Word(program.words[program.words.count - 1])
        if MemoryOperands.isLoadOrStore(word) {
            MemoryOperands.prepare(word, &state, &generator)
        } else if ComparisonRules.isIndirectBranch(word), word.rn != 31, generator.next() & 1 == 0 {
            // An address that can be branched to.
            state.x[Int(word.rn)] = InterpreterMachine.code + (generator.next() & 0x1F_FFFC)
        } else {
            SystemOperands.prepare(word, &state, &generator)
        }
        return state
    }

    func stateForSequence(from states: RandomStates, using generator: inout SplitMix64) -> MachineState {
        var state = states.state(using: &generator)
        for base in Self.bases {
            let random = generator.next()
            // Most are aligned, all leave room for small offsets either way.
            var address = InterpreterMachine.data &+ 2048 &+ (random >> 8 & 0x1FF0)
            if random & 7 == 0 { address = address | 0xFF0 }
            if random & 7 == 1 { address &+= random >> 32 & 15 }
            if base == 31 { state.sp = address } else { state.x[Int(base)] = address }
        }
        state.x[Int(Self.index)] = generator.next() & 0x7F
        return state
    }
}
