import Shared

@testable import VCPUWorker

/// Chunks of random words, each behind a preamble that gives registers addresses and often goes to EL0.
struct ChaosWords {
    static let wordsPerChunk = 128

    let isWild: Bool
    let wordBlockCount: UInt64
    let vcpuCount: Int
    private let rowBits: [(mask: UInt32, value: UInt32)]
    private let memoryRowBits: [(mask: UInt32, value: UInt32)]
    private let registers: [SystemRegisterEncoding]

    init(isWild: Bool, wordBlockCount: UInt64, vcpuCount: Int) {
        self.isWild = isWild
        self.wordBlockCount = wordBlockCount
        self.vcpuCount = vcpuCount
        rowBits = Decoder.rows.map(\.maskAndValue)
        memoryRowBits = (LoadsStores.rows + LoadsStoresExclusive.rows + AdvancedSIMDLoadsStores.rows).map(
            \.maskAndValue)
        // What the monitor's life hangs on: its own state first, then the translation that it runs under.
        let state: Set<String> = ["AFSR0_EL1", "AFSR1_EL1", "AMAIR_EL1", "CONTEXTIDR_EL1", "TPIDR_EL1"]
        let translation: Set<String> = ["VBAR_EL1", "SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1"]
        let isWild = isWild
        registers = SystemRegisterTable.rows
            .filter { !state.contains("\($0.name)") && (isWild || !translation.contains("\($0.name)")) }
            .map(\.encoding)
    }

    func chunk(_ random: inout ChaosRandom) -> [UInt32] {
        var words: [UInt32] = []
        words.reserveCapacity(Self.wordsPerChunk + 16)
        preamble(&words, &random)
        while words.count < Self.wordsPerChunk {
            switch random.next() % 1000 {
            case 0..<350: appendThinned(UInt32(truncatingIfNeeded: random.next()), &words, &random)
            case 350..<700: appendThinned(word(of: random.pick(rowBits), &random), &words, &random)
            case 700..<820: appendSystem(&words, &random)
            case 820..<870: appendDeviceAccess(&words, &random)
            case 870..<990: appendMemoryAccess(&words, &random)
            default: appendSpecial(&words, &random)
            }
        }
        return Array(words.prefix(Self.wordsPerChunk))
    }

    // MARK: Preamble

    /// The registers that a preamble aims, and what memory accesses use as a base.
    private static let bases: [UInt32] = [1, 4, 9, 13, 18, 22, 27, 30]

    private func preamble(_ words: inout [UInt32], _ random: inout ChaosRandom) {
        for register in Self.bases where random.next() & 3 != 0 { Self.load(address(&random), register, &words) }
        if random.oneIn(8) {
            // A SA SA0 UMA DZE UCT nTWI nTWE WXN TSCXT SPAN UCI, with the MMU as it is.
            let toggled: UInt64 = random.next() & 0x049D_C21A
            let off: UInt64 = isWild && random.oneIn(64) ? 1 : 0
            Self.load(0x34D0_D985 ^ toggled ^ off, 2, &words)
            words += [0xD518_1002, 0xD503_3FDF]
        }
        // FPCR, and NZCV by the way
        if random.oneIn(4) {
            words += [0xD51B_4400 | UInt32(random.below(31)), 0xD51B_4200 | UInt32(random.below(31))]
        }
        guard random.next() & 1 == 0 else { return }
        // EL0, or EL1 on one of its stack pointers, with whatever else SPSR_EL1 can say but the illegal state.
        let state = random.pick([0, 0, 0, 4, 5] as [UInt64]) | random.next() & 0xF0C0_0000
        Self.load(state, 2, &words)
        // MSR SPSR_EL1, X2; ADR X2, behind the ERET; MSR ELR_EL1, X2; ERET
        words += [0xD518_4002, 0x1000_0062, 0xD518_4022, 0xD69F_03E0]
    }

    /// An address that is worth an access.
    private func address(_ random: inout ChaosRandom) -> UInt64 {
        let dataStart = ChaosImage.words + wordBlockCount << 21
        let dataByteCount = ChaosImage.ram + ChaosImage.memoryByteCount - dataStart
        let base: UInt64
        switch random.next() % 16 {
        case 0...8: base = dataStart + random.next() % dataByteCount
        case 9: base = dataStart + (random.next() % (dataByteCount >> 12)) << 12 &- random.next() % 32
        case 10: base = ChaosImage.words + random.next() % (wordBlockCount << 21)
        case 11: base = ChaosImage.alias + 1 << 21 + random.next() % (ChaosImage.memoryByteCount - 2 << 21)
        case 12: return ChaosImage.ram + ChaosImage.memoryByteCount &- random.next() % 64
        case 13: return isWild ? random.next() : ChaosImage.upper | random.next() & 0x7F_FFFF_FFFF
        default: return ChaosImage.upper | random.next() & 0x7F_FFFF_FFFF
        }
        // Half of them aligned, for atomics and Device memory.
        return random.next() & 1 == 0 ? base & ~15 : base
    }

    /// MOVZ and MOVK.
    private static func load(_ value: UInt64, _ register: UInt32, _ words: inout [UInt32]) {
        var code: UInt32 = 0xD280_0000
        for part in UInt32(0)..<4 {
            let bits = UInt32(truncatingIfNeeded: value >> UInt64(16 * part)) & 0xFFFF
            guard bits != 0 || part == 3 && code == 0xD280_0000 else { continue }
            words.append(code | part << 21 | bits << 5 | register)
            code = 0xF280_0000
        }
    }

    // MARK: Body

    private func word(of bits: (mask: UInt32, value: UInt32), _ random: inout ChaosRandom) -> UInt32 {
        UInt32(truncatingIfNeeded: random.next()) & ~bits.mask | bits.value
    }

    /// Most branches leave the chunk, and with it the words behind them: few are kept, and half of those made short.
    private func appendThinned(_ word: UInt32, _ words: inout [UInt32], _ random: inout ChaosRandom) {
        let near = UInt32(1 + random.below(6))
        var short: UInt32
        if word & 0x7C00_0000 == 0x1400_0000 {
            short = word & 0xFC00_0000 | near
        } else if word & 0xFE00_0000 == 0x5400_0000 || word & 0x7E00_0000 == 0x3400_0000 {
            short = word & 0xFF00_001F | near << 5
        } else if word & 0x7E00_0000 == 0x3600_0000 {
            short = word & 0xFFF8_001F | near << 5
        } else if word & 0xFE00_0000 == 0xD600_0000 {
            short = word
        } else {
            words.append(word)
            return
        }
        guard random.oneIn(8) else { return }
        if random.oneIn(2) { short = word }
        // Back by a few instructions: a loop, perhaps for ever.
        if random.oneIn(64), short & 0x7C00_0000 == 0x1400_0000 {
            short = short & 0xFC00_0000 | (0 &- near) & 0x3FF_FFFF
        }
        words.append(short)
    }

    private func appendSystem(_ words: inout [UInt32], _ random: inout ChaosRandom) {
        let rt = UInt32(random.below(32))
        let bits = UInt32(truncatingIfNeeded: random.next())
        switch random.next() % 16 {
        case 0...5: words.append(0xD500_0000 | UInt32(random.pick(registers).rawValue) << 5 | rt)
        case 6...9: words.append(0xD520_0000 | UInt32(random.pick(registers).rawValue) << 5 | rt)
        // SYS of CRn 7 and 8, where maintenance is; then anywhere.
        case 10...12: words.append(0xD508_7000 | bits & 0x0007_0FE0 | rt)
        case 13: words.append(0xD508_8000 | bits & 0x0000_0FE0 | rt)
        case 14: words.append(0xD500_0000 | bits & 0x003F_FFE0 | rt)
        // Hints, barriers, MSR (immediate)
        default: words.append(random.pick([0xD503_201F, 0xD503_301F, 0xD500_401F, 0xD503_401F]) | bits & 0xFE0)
        }
    }

    /// A load or store that a device understands.
    private func appendDeviceAccess(_ words: inout [UInt32], _ random: inout ChaosRandom) {
        guard words.count < Self.wordsPerChunk - 12 else { return words.append(0xD503_201F) }
        let redistributor = 0x080A_0000 + UInt64(random.below(vcpuCount + 1)) << 17 + random.next() & 0x1_0000
        let windows: [(base: UInt64, byteCount: UInt64)] = [
            (0x0800_0000, 0x1_0000), (0x0800_0000, 0x1000), (0x0800_6000, 0x2000), (redistributor, 0x1000),
            (redistributor, 0x1_0000), (0x0900_0000, 0x1000), (0x0900_0000, 0x40), (0x0901_0000, 0x1000),
            (0x0901_0000, 0x20), (0x0808_0000, 0x2_0000), (0x0A00_0000, 0x4000), (0x0800_0000, 0x200_0000),
        ]
        let window = random.pick(windows)
        let size = UInt32(random.below(4))
        var offset = random.next() % window.byteCount
        if !random.oneIn(16) { offset &= ~UInt64(3) }
        Self.load(ChaosImage.devices + window.base + offset, 5, &words)
        if random.next() & 3 == 0 { Self.load(random.next() & 0xFFFF_FFFF, 6, &words) }
        let operation = UInt32(random.pick([0, 0, 1, 1, 2, 3]))
        // STRB … LDR (unsigned immediate of 0) X6, [X5]; and, to end the run, LDP.
        let isUnknown = isWild && random.oneIn(256)
        words.append(isUnknown ? 0xA940_1CA6 : 0x3900_00A6 | size << 30 | operation << 22)
        Self.load(ChaosImage.words, 5, &words)
    }

    private func appendMemoryAccess(_ words: inout [UInt32], _ random: inout ChaosRandom) {
        words.append(word(of: random.pick(memoryRowBits), &random) & ~(31 << 5) | random.pick(Self.bases) << 5)
    }

    private func appendSpecial(_ words: inout [UInt32], _ random: inout ChaosRandom) {
        switch random.next() % 16 {
        case 0...3:
            // HVC or SMC with a function of PSCI or of nobody. The run ends with few of them.
            var functions: [UInt64] = [
                0x8400_0000, random.oneIn(16) ? 0x8400_0001 : 0xC400_000A, 0x8400_0003, 0xC400_0003, 0x8400_0004,
                0xC400_0004, 0x8400_0005,
                0x8400_0006, 0x8400_0007, 0x8400_000A, 0x8400_000E, 0x8000_0000, 0x8000_0001,
                random.next() & 0xFFFF_FFFF,
            ]
            if random.oneIn(isWild ? 64 : 4096) { functions = [0x8400_0002] }
            if isWild, random.oneIn(64) { functions = [0x8400_0008, 0x8400_0009] }
            Self.load(random.pick(functions), 0, &words)
            Self.load(UInt64(random.below(vcpuCount + 2)), 1, &words)
            Self.load(random.pick([0x4008_0040, address(&random)]), 2, &words)
            words.append(random.next() & 1 == 0 ? 0xD400_0002 : 0xD400_0003)
        case 4: words.append(random.oneIn(16) ? 0xD503_207F : 0xD503_203F)  // WFI, YIELD
        case 5: words.append(0xD503_205F)  // WFE
        case 6: words.append(0xD503_209F)  // SEV
        case 7: words += [0xD503_3B9F, 0xD503_3FDF]  // DSB ISH; ISB
        case 8: words.append(0xD400_0001 | UInt32(random.below(0x1_0000)) << 5)  // SVC
        case 9: words.append(0xD420_0000 | UInt32(random.below(0x1_0000)) << 5)  // BRK
        case 10, 11:
            // An exception return to wherever a random SPSR_EL1 leads.
            Self.load(random.next() & 0xF3F0_03DF, 2, &words)
            words += [0xD518_4002, 0x1000_0062, 0xD518_4022, 0xD69F_03E0]
        case 12: words += [0xD508_8300 | UInt32(random.below(8)) << 5, 0xD503_3B9F]  // TLBI …IS; DSB ISH
        case 13: words += [0xD50B_7520 | random.pick(Self.bases), 0xD503_3B9F, 0xD503_3FDF]  // IC IVAU; DSB; ISB
        default: words.append(0xD50B_7420 | random.pick(Self.bases))  // DC ZVA
        }
    }
}
