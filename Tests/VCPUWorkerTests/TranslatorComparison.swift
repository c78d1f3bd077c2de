import CHost
import Shared

@testable import VCPUWorker

/// Runs random programs twice, once interpreted and once translated, and compares everything that they leave behind.
///
/// A program is a loop of random integer instructions, loads, stores and short forward branches; it runs often enough to
/// be translated, and ends in an HVC.
struct TranslatorComparison {
    static let code: UInt64 = 0x4010_0000
    static let data: UInt64 = 0x4020_0000
    static let dataByteCount = 8192
    /// More than `Heat.threshold`.
    static let rounds: UInt64 = 100

    /// Registers with a task of their own: the loop's count, and two bases in the data, an offset.
    static let counter: UInt32 = 28
    static let bases: [UInt32] = [26, 27]
    /// An offset that stays in the data.
    static let index: UInt32 = 25

    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// xorshift64*.
    mutating func random() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func random(below limit: UInt64) -> UInt64 { (random() >> 16) % limit }

    // MARK: Programs

    /// Rows of arithmetic that touch registers and flags only.
    static let arithmeticRows: [EncodingRow] = (DataProcessingImmediate.rows + DataProcessingRegister.rows)
        .filter(\.isImplemented)

    /// A random word of `row` whose registers are none of those with a task.
    private mutating func word(of row: EncodingRow) -> UInt32 {
        let (mask, value) = row.maskAndValue
        while true {
            let word = UInt32(truncatingIfNeeded: random()) & ~mask | value
            let fields = [word & 31, word >> 5 & 31, word >> 16 & 31, word >> 10 & 31]
            guard !fields.contains(where: { $0 >= 25 && $0 <= 28 }), row.lower(Word(word)).code != .undefined else {
                continue
            }
            return word
        }
    }

    /// A load or store near one of the two bases, which move a little.
    private mutating func memoryWord() -> UInt32 {
        let base = Self.bases[Int(random(below: 2))] << 5
        let t = UInt32(random(below: 25))
        let t2 = UInt32(random(below: 25))
        let offset = UInt32(random(below: 64))
        switch random(below: 8) {
        case 0:
            return 0x3900_0000 | UInt32(random(below: 4)) << 30 | UInt32(random(below: 2)) << 22 | offset << 10 | base
                | t
        case 1:  // LDRSB, LDRSH, LDRSW
            let size = UInt32(random(below: 3))
            let opc: UInt32 = size == 2 ? 2 : 2 + UInt32(random(below: 2))
            return 0x3900_0000 | size << 30 | opc << 22 | offset << 10 | base | t
        case 2:  // LDUR, STUR
            return 0x3800_0000 | UInt32(random(below: 4)) << 30 | UInt32(random(below: 2)) << 22 | offset << 12 | base
                | t
        case 3:  // LDP, STP
            guard t != t2 else { return memoryWord() }
            return 0x2900_0000 | UInt32(random(below: 2)) << 31 | UInt32(random(below: 2)) << 22 | (offset & 31) << 15
                | t2 << 10 | base | t
        case 4:  // LDPSW
            guard t != t2 else { return memoryWord() }
            return 0x6940_0000 | (offset & 31) << 15 | t2 << 10 | base | t
        case 5:  // pre- and post-index by a multiple of 8 up to 16 either way
            let step = UInt32(bitPattern: Int32(random(below: 5)) * 8 - 16) & 0x1FF
            return 0x3800_0400 | UInt32(random(below: 4)) << 30 | UInt32(random(below: 2)) << 22 | step << 12
                | UInt32(random(below: 2)) << 11 | base | t
        case 6:  // pairs with writeback
            guard t != t2 else { return memoryWord() }
            let step = UInt32(bitPattern: Int32(random(below: 3)) - 1) & 0x7F
            return 0xA880_0000 | UInt32(random(below: 2)) << 24 | UInt32(random(below: 2)) << 22 | step << 15 | t2 << 10
                | base | t
        default:  // register offset, by a register that was just masked
            return 0x3820_6800 | UInt32(random(below: 4)) << 30 | UInt32(random(below: 2)) << 22 | 25 << 16 | base | t
        }
    }

    /// A branch over up to three instructions.
    private mutating func branchWord() -> UInt32 {
        let distance = UInt32(2 + random(below: 3))
        let t = UInt32(random(below: 25))
        switch random(below: 6) {
        case 0: return 0x1400_0000 | distance
        case 1:
            return 0x3400_0000 | UInt32(random(below: 4)) << 24 & 0x0100_0000 | UInt32(random(below: 2)) << 31
                | distance << 5 | t
        case 2:
            return 0x3600_0000 | UInt32(random(below: 2)) << 24 | UInt32(random(below: 2)) << 31 | UInt32(
                random(below: 32)) << 19 | distance << 5 | t
        default: return 0x5400_0000 | distance << 5 | UInt32(random(below: 15))
        }
    }

    mutating func program() -> [UInt32] {
        var words: [UInt32] = []
        let length = 4 + Int(random(below: 40))
        for _ in 0..<length {
            switch random(below: 10) {
            case 0, 1:
                // AND X25, Xn, #0xFF
                words.append(0x9240_1C00 | UInt32(random(below: 25)) << 5 | 25)
                words.append(memoryWord())
            case 2: words.append(branchWord())
            default:
                words.append(word(of: Self.arithmeticRows[Int(random(below: UInt64(Self.arithmeticRows.count)))]))
            }
        }
        // Branches land before the loop's end.
        words += [0xD503_201F, 0xD503_201F, 0xD503_201F, 0xD503_201F]
        words.append(0xF100_0400 | Self.counter << 5 | Self.counter)  // SUBS X28, X28, #1
        let back = UInt32(bitPattern: -Int32(words.count)) & 0x7FFFF
        words.append(0x5400_0001 | back << 5)  // B.NE start
        words.append(0xD400_0002)  // HVC #0
        return words
    }

    // MARK: Runs

    struct Result: Equatable {
        var x: [UInt64]
        var nzcv: UInt32
        var pc: UInt64
        var retired: UInt64
        var data: [UInt8]
    }

    /// Runs `words` with registers and data of `seed`, by `execute`.
    static func run(
        _ words: [UInt32], seed: UInt64, translated: Bool,
        execute: (inout VCPU) -> Void = { $0.run(from: armada_monotonic()) }
    ) -> Result {
        let fixture = MMUFixture()
        let ram = fixture.ram
        // TTBR0: one level-1 block that maps RAM at its own address, Normal memory, everything allowed to EL1.
        let table = UInt64(0x10_0000 - 0x1000)
        ram.storeBytes(of: 0x4000_0000 | 1 << 10 | 3 << 8 | 1, toByteOffset: Int(table) + 8, as: UInt64.self)
        var generator = TranslatorComparison(seed: seed)
        for (index, word) in words.enumerated() {
            ram.storeBytes(of: word, toByteOffset: Int(code - 0x4000_0000) + index * 4, as: UInt32.self)
        }
        let bytes = ram + Int(data - 0x4000_0000)
        for index in 0..<dataByteCount {
            bytes.storeBytes(of: UInt8(truncatingIfNeeded: generator.random()), toByteOffset: index, as: UInt8.self)
        }
        var vcpu = fixture.makeVCPU()
        vcpu.native.isEnabled = translated
        vcpu.reset(ResetState(pc: code, x0: 0))
        vcpu.system.mair_EL1 = 0xFF
        vcpu.system.tcr_EL1 = 25 | 3 << 12 | 1 << 8 | 1 << 10 | 1 << 23 | 2 << 32
        vcpu.system.ttbr0_EL1 = 0x4000_0000 + table
        vcpu.system.sctlr_EL1 |= 1
        vcpu.translationRegimeChanged()
        for register in 0..<32 {
            let value = generator.random()
            vcpu.x[register] = generator.random() & 1 == 0 ? value : value & 0xF
        }
        vcpu.nzcv = UInt32(truncatingIfNeeded: generator.random()) & 0xF000_0000
        vcpu.x[Int(counter)] = rounds
        vcpu.x[Int(index)] = 8
        for base in bases { vcpu.x[Int(base)] = data + 4096 }
        execute(&vcpu)
        let result = Result(
            x: (0..<32).map { vcpu.x[$0] }, nzcv: vcpu.nzcv, pc: vcpu.pc, retired: vcpu.retiredInstructions,
            data: (0..<dataByteCount).map { bytes.load(fromByteOffset: $0, as: UInt8.self) })
        fixture.unmap()
        return result
    }
}
