import Shared
import Testing

@testable import VCPUWorker

/// Half precision where it differs from single and double: results by the manual's pseudocode, worked out by hand.
@Suite struct HalfPrecisionTests {
    /// `word` has V1 and V2 as sources and V0 as the destination; FPSR is zero before.
    struct Case: CustomTestStringConvertible {
        let name: String
        let word: UInt32
        var fpcr: UInt32 = 0
        let n: UInt64
        var m: UInt64 = 0
        let result: UInt64
        var fpsr: UInt32 = 0

        var testDescription: String { name }
    }

    private static let alternative: UInt32 = 1 << 26
    private static let flush: UInt32 = 1 << 24
    private static let flushHalf: UInt32 = 1 << 19
    private static let add: UInt32 = 0x1EE2_2820
    private static let multiply: UInt32 = 0x1EE2_0820
    private static let toSingle: UInt32 = 0x1EE2_4020

    // swift-format-ignore
    static let cases = [
        Case(name: "a subnormal sum", word: add, n: 0x0001, m: 0x0002, result: 0x0003),
        Case(name: "FZ is not for halves", word: add, fpcr: flush, n: 0x0001, m: 0x0002, result: 0x0003),
        Case(name: "FZ16 flushes operands without IDC", word: add, fpcr: flushHalf, n: 0x8001, m: 0x8002, result: 0x8000),
        Case(name: "FZ16 flushes results with UFC alone", word: multiply, fpcr: flushHalf, n: 0x8400, m: 0x3800, result: 0x8000, fpsr: 1 << 3),
        Case(name: "an exact subnormal result has no UFC", word: multiply, n: 0x0400, m: 0x3800, result: 0x0200),
        Case(name: "AHP leaves arithmetic its infinities", word: add, fpcr: alternative, n: 0x7C00, m: 0x3C00, result: 0x7C00),
        Case(name: "AHP makes infinity a number when converting", word: toSingle, fpcr: alternative, n: 0x7C00, result: 0x4780_0000),
        Case(name: "FZ16 is not for conversions", word: toSingle, fpcr: flushHalf, n: 0x0001, result: 0x3380_0000),
        Case(name: "FCVT of a signalling NaN", word: toSingle, n: 0xFC01, result: 0xFFC0_2000, fpsr: 1),
        Case(name: "a tie goes to even", word: add, n: 0x6801, m: 0x3C00, result: 0x6802, fpsr: 1 << 4),
        Case(name: "the largest number overflows", word: add, n: 0x7BFF, m: 0x4C00, result: 0x7C00, fpsr: 1 << 4 | 1 << 2),
        // FCVTZS H0, H1, #1
        Case(name: "a negative 16-bit integer is not extended", word: 0x5F1F_FC20, n: 0xBC00, result: 0xFFFE),
        // FMOV H0, H1
        Case(name: "FMOV takes 16 bits", word: 0x1EE0_4020, n: 0x1234_5678_9ABC_DEF0, result: 0xDEF0),
    ]

    @Test(arguments: cases)
    func computes(_ example: Case) {
        let op = Decoder.shared.decode(example.word, .all)
        #expect(op.code == .vector)
        var nzcv: UInt32 = 0
        var fpsr: UInt32 = 0
        withUnsafeTemporaryAllocation(byteCount: (64 + RegisterSlot.count) * 8, alignment: 16) { buffer in
            let words = buffer.bindMemory(to: UInt64.self)
            words.initialize(repeating: ~0)
            guard let v = words.baseAddress else { return }
            (v[2], v[4]) = (example.n, example.m)
            VectorUnit.execute(op, x: v + 64, v: v, nzcv: &nzcv, fpcr: example.fpcr, fpsr: &fpsr)
            #expect(v[0] == example.result && v[1] == 0, "\(String(v[0], radix: 16))")
        }
        #expect(fpsr == example.fpsr)
    }
}
