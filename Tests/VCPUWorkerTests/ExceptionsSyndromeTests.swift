import Shared
import Testing

@testable import VCPUWorker

/// The instruction words were assembled with LLVM; their text stands beside each.
@Suite struct ExceptionsSyndromeTests {
    struct Sample: Sendable {
        let text: String
        let word: UInt32
        let size: Int
        var signed = false
        var wide = false
        var ordered = false
        var rt = 3
    }

    static let described: [Sample] = [
        Sample(text: "strb w3, [x1]", word: 0x3900_0023, size: 1),
        Sample(text: "ldrb w3, [x1, #5]", word: 0x3940_1423, size: 1),
        Sample(text: "ldrsb w3, [x1]", word: 0x39C0_0023, size: 1, signed: true),
        Sample(text: "ldrsb x3, [x1]", word: 0x3980_0023, size: 1, signed: true, wide: true),
        Sample(text: "strh w3, [x1]", word: 0x7900_0023, size: 2),
        Sample(text: "ldrh w3, [x1, x2]", word: 0x7862_6823, size: 2),
        Sample(text: "ldrsh w3, [x1, w2, sxtw]", word: 0x78E2_C823, size: 2, signed: true),
        Sample(text: "ldrsh x3, [x1]", word: 0x7980_0023, size: 2, signed: true, wide: true),
        Sample(text: "str w3, [x1]", word: 0xB900_0023, size: 4),
        Sample(text: "ldr w3, [x1, #8]", word: 0xB940_0823, size: 4),
        Sample(text: "ldrsw x3, [x1]", word: 0xB980_0023, size: 4, signed: true, wide: true),
        Sample(text: "str x3, [x1, #8]", word: 0xF900_0423, size: 8, wide: true),
        Sample(text: "ldr x3, [x1, x2, lsl #3]", word: 0xF862_7823, size: 8, wide: true),
        Sample(text: "stur w3, [x1, #-3]", word: 0xB81F_D023, size: 4),
        Sample(text: "ldur x3, [x1, #-3]", word: 0xF85F_D023, size: 8, wide: true),
        Sample(text: "ldursb w3, [x1, #-3]", word: 0x38DF_D023, size: 1, signed: true),
        Sample(text: "sttr w3, [x1]", word: 0xB800_0823, size: 4),
        Sample(text: "ldtr x3, [x1]", word: 0xF840_0823, size: 8, wide: true),
        Sample(text: "ldtrsw x3, [x1]", word: 0xB880_0823, size: 4, signed: true, wide: true),
        Sample(text: "ldar w3, [x1]", word: 0x88DF_FC23, size: 4, ordered: true),
        Sample(text: "stlr x3, [x1]", word: 0xC89F_FC23, size: 8, wide: true, ordered: true),
        Sample(text: "ldarb w3, [x1]", word: 0x08DF_FC23, size: 1, ordered: true),
        Sample(text: "stlrh w3, [x1]", word: 0x489F_FC23, size: 2, ordered: true),
        Sample(text: "ldaprb w3, [x1]", word: 0x38BF_C023, size: 1, ordered: true),
        Sample(text: "ldapr w3, [x1]", word: 0xB8BF_C023, size: 4, ordered: true),
        Sample(text: "ldapr x3, [x1]", word: 0xF8BF_C023, size: 8, wide: true, ordered: true),
        Sample(text: "ldr w3, .+64", word: 0x1800_0203, size: 4),
        Sample(text: "ldr x3, .+64", word: 0x5800_0203, size: 8, wide: true),
        Sample(text: "ldrsw x3, .+64", word: 0x9800_0203, size: 4, signed: true, wide: true),
        Sample(text: "str wzr, [x1]", word: 0xB900_003F, size: 4, rt: 31),
        Sample(text: "ldr x30, [sp]", word: 0xF940_03FE, size: 8, wide: true, rt: 30),
    ]

    @Test(arguments: described)
    func singleRegisterAccessIsDescribed(_ sample: Sample) {
        let iss = VCPU.loadStoreSyndrome(sample.word)
        let esr = ExceptionSyndrome(.dabtLow, iss: iss)
        #expect(esr.isSyndromeValid, "\(sample.text)")
        #expect(esr.accessByteCount == sample.size, "\(sample.text)")
        #expect(esr.isSignExtended == sample.signed, "\(sample.text)")
        #expect(esr.is64Bit == sample.wide, "\(sample.text)")
        #expect(esr.isAcquireRelease == sample.ordered, "\(sample.text)")
        #expect(esr.transferRegister == sample.rt, "\(sample.text)")
        #expect(iss & 0x3FFF == 0, "the rest is the fault's")
    }

    static let others: [(String, UInt32)] = [
        ("ldr w3, [x1], #4", 0xB840_4423),
        ("str x3, [x1, #8]!", 0xF800_8C23),
        ("ldp x3, x4, [x1]", 0xA940_1023),
        ("stp w3, w4, [x1]", 0x2900_1023),
        ("ldpsw x3, x4, [x1]", 0x6940_1023),
        ("ldxr w3, [x1]", 0x885F_7C23),
        ("stxr w5, w3, [x1]", 0x8805_7C23),
        ("ldaxr x3, [x1]", 0xC85F_FC23),
        ("ldxp x3, x4, [x1]", 0xC87F_1023),
        ("cas w3, w4, [x1]", 0x88A3_7C24),
        ("casp x2, x3, x4, x5, [x1]", 0x4822_7C24),
        ("ldadd w3, w4, [x1]", 0xB823_0024),
        ("swp x3, x4, [x1]", 0xF823_8024),
        ("ldr q3, [x1]", 0x3DC0_0023),
        ("str s3, [x1]", 0xBD00_0023),
        ("ldur d3, [x1, #1]", 0xFC40_1023),
        ("ldr d3, .+64", 0x5C00_0203),
        ("ld1 {v0.16b}, [x1]", 0x4C40_7020),
        ("st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x1]", 0x4C00_0820),
        ("prfm pldl1keep, [x1]", 0xF980_0020),
        ("prfum pldl1keep, [x1, #1]", 0xF880_1020),
        ("dc zva, x1", 0xD50B_7421),
        ("ldsmax w3, w4, [x1]", 0xB823_4024),
        ("nop", 0xD503_201F),
    ]

    @Test(arguments: others)
    func everythingElseIsNot(_ text: String, _ word: UInt32) {
        #expect(VCPU.loadStoreSyndrome(word) == 0, "\(text)")
    }
}
