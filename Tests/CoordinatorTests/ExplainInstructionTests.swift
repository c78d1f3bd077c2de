import Shared
import Testing

@testable import Coordinator
@testable import VCPUWorker

@Suite struct ExplainInstructionTests {
    private static let kinds: [(UInt32, InstructionKind)] = [
        (0x0000_0000, .reserved), (0x9100_0420, .dataProcessingImmediate), (0x1400_0001, .branch),
        (0xD65F_03C0, .branch), (0xD400_0001, .exceptionGeneration), (0xD503_207F, .hintOrBarrier),
        (0xD503_3FBF, .hintOrBarrier), (0xD503_42DF, .pstate), (0xD50B_7E20, .systemInstruction),
        (0xD538_1000, .systemRegister), (0xF940_0020, .loadStore), (0x8B02_0020, .dataProcessingRegister),
        (0x1E62_2820, .vector), (0x0420_0000, .sve), (0x8080_0000, .sme), (0x0200_0000, .unallocated),
    ]

    @Test(arguments: kinds) func kind(word: UInt32, expected: InstructionKind) {
        #expect(InstructionKind(word) == expected)
    }

    /// ISV SAS SSE SRT SF AR by hand, and WnR of the whole.
    private static let valid: [(UInt32, UInt32, Bool)] = [
        (0xF940_0020, 0x1C0_8000, false),  // ldr x0, [x1]
        (0xB900_0041, 0x181_0000, true),  // str w1, [x2]
        (0x3980_0025, 0x125_8000, false),  // ldrsb x5, [x1]
        (0x39C0_0025, 0x125_0000, false),  // ldrsb w5, [x1]
        (0x7840_0C20 & ~0xC00, 0x140_0000, false),  // ldurh w0, [x1]
        (0xB860_6820, 0x180_0000, false),  // ldr w0, [x1, x0]
        (0xF840_0820, 0x1C0_8000, false),  // ldtr x0, [x1]
        (0xC8DF_FC3F, 0x1DF_C000, false),  // ldar xzr, [x1]
        (0x089F_FC22, 0x102_4000, true),  // stlrb w2, [x1]
        (0xB8BF_C020, 0x180_4000, false),  // ldapr w0, [x1]
        (0x9940_0020 & ~0x40_0000, 0x180_4000, true),  // stlur w0, [x1]
        (0x9800_0001, 0x1A1_8000, false),  // ldrsw x1, literal
        (0xF820_0420, 0x1C0_8000, false),  // ldraa x0, [x1]
    ]

    @Test(arguments: valid) func syndrome(word: UInt32, iss: UInt32, isStore: Bool) {
        #expect(LoadStoreSyndrome(word) == .valid(iss: iss, isStore: isStore))
    }

    private static let invalid: [(UInt32, String)] = [
        (0xA9BE_7BFD, "pair"), (0xF840_8420, "base back"), (0xF840_8C20, "base back"), (0xC85F_7C20, "exclusive"),
        (0xC87F_0420, "exclusive"), (0xF820_0020, "atomic"), (0xC8A0_7C41, "atomic"), (0x4820_7C82, "atomic"),
        (0x3DC0_0020, "SIMD&FP"), (0x4C40_7020, "structures"), (0xD50B_7420, "block"), (0xAD40_0020, "pair"),
        (0xF83F_D020, "64 bytes"), (0xF83F_9020, "64 bytes"), (0xF822_A020, "64 bytes"), (0xF8E2_0020, "atomic"),
        (0x1922_1020, "atomic operation on a pair"), (0x1D00_0820, "SIMD&FP"), (0xD920_0420, "tags"),
        (0x1901_0440, "copies"), (0x9900_0820, "pair"), (0x9980_0820, "base back"),
    ]

    @Test(arguments: invalid) func noSyndrome(word: UInt32, reason: String) {
        guard case .none(let text) = LoadStoreSyndrome(word) else {
            Issue.record("\(LoadStoreSyndrome(word))")
            return
        }
        #expect(text.contains(reason))
    }

    @Test func neitherNor() {
        #expect(LoadStoreSyndrome(0xF980_0020) == .noAbort, "prfm")
        #expect(LoadStoreSyndrome(0xD800_0000) == .noAbort, "prfm, literal")
        #expect(LoadStoreSyndrome(0xF8A0_6820) == .noAbort, "prfm, register")
        #expect(LoadStoreSyndrome(0xF9C0_0020) == .notApplicable, "size 3, opc 3")
        #expect(LoadStoreSyndrome(0x8B02_0020) == .notApplicable, "add")
    }

    @Test func text() {
        let load = InstructionExplanation(word: 0xF940_0020).text
        #expect(load.hasPrefix("0xf9400020: ldr x0, [x1]\n"))
        #expect(load.contains("ISV = 1") && load.contains("ESR_EL2 0x93c08007"))
        #expect(InstructionExplanation(word: 0xA9BE_7BFD).text.contains("ISV = 0"))
        #expect(InstructionExplanation(word: 0xD400_0002).text.contains("leaves the guest: ESR_EL2 0x5a000000"))
        #expect(InstructionExplanation(word: 0xD400_0021).text.contains("to EL1: ESR_EL1 0x56000001"))
        #expect(InstructionExplanation(word: 0xD420_0000).text.contains("to EL1: ESR_EL1 0xf2000000"))
        #expect(InstructionExplanation(word: 0xD503_207F).text.contains("ESR_EL2 0x07e00000"))
        let register = InstructionExplanation(word: 0xD518_1022).text
        #expect(register.contains("ACTLR_EL1") && register.contains("the coordinator"))
        #expect(register.contains("ESR_EL2 0x62320440"))
    }

    /// The processor's own rule, which is written differently.
    @Test func theWorkerAgrees() {
        var random = SplitMix64(seed: 2)
        var compared = 0
        for _ in 0..<300_000 {
            let word = Self.loadOrStore(&random)
            guard let row = Decoder.shared.row(of: word), row.isImplemented else { continue }
            let expected = VCPU.loadStoreSyndrome(word)
            switch LoadStoreSyndrome(word) {
            case .valid(let iss, _): #expect(iss == expected, "\(hexadecimal(UInt64(word)))")
            case .none, .noAbort: #expect(expected == 0, "\(hexadecimal(UInt64(word)))")
            case .notApplicable: continue
            }
            compared += 1
        }
        #expect(compared > 50_000)
    }

    /// The assembler text shows, too, whether one general-purpose register is loaded or stored without writeback.
    @Test func theDisassemblerAgrees() {
        var random = SplitMix64(seed: 3)
        var valid = 0
        for _ in 0..<100_000 {
            let word = Self.loadOrStore(&random)
            let text = Disassembly.text(word, at: 0)
            guard !text.hasPrefix("un") else { continue }
            let expected = Self.isPlain(text)
            switch LoadStoreSyndrome(word) {
            case .valid:
                #expect(expected, "\(hexadecimal(UInt64(word))) \(text)")
                valid += 1
            case .none: #expect(!expected, "\(hexadecimal(UInt64(word))) \(text)")
            case .noAbort: #expect(text.hasPrefix("prf"), "\(hexadecimal(UInt64(word))) \(text)")
            case .notApplicable: #expect(Bool(false), "\(hexadecimal(UInt64(word))) \(text)")
            }
        }
        #expect(valid > 1000)
    }

    private static func isPlain(_ text: String) -> Bool {
        let mnemonic = text.prefix { $0 != " " }
        let operands = text.dropFirst(mnemonic.count + 1)
        let stems = [
            "ldr", "str", "ldur", "stur", "ldtr", "sttr", "ldar", "stlr", "ldlar", "stllr", "ldapr", "ldapur", "stlur",
        ]
        let stem = stems.contains { stem in
            guard mnemonic.hasPrefix(stem) else { return false }
            return ["", "b", "h", "sb", "sh", "sw", "aa", "ab"].contains(mnemonic.dropFirst(stem.count))
        }
        let isGeneral = operands.first == "w" || operands.first == "x"
        return stem && isGeneral && !text.hasSuffix("!") && !text.contains("], ")
    }

    private static func loadOrStore(_ random: inout SplitMix64) -> UInt32 {
        UInt32(truncatingIfNeeded: random.next()) & ~(1 << 25) | 1 << 27
    }

    @Test func anyWord() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<20_000 {
            #expect(!InstructionExplanation(word: UInt32(truncatingIfNeeded: random.next())).text.isEmpty)
        }
    }
}
