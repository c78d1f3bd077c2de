import Testing

@testable import Coordinator

@Suite struct DisassemblyTests {
    /// A few of each group of the Arm ARM's "A64 instruction set encoding".
    private static let examples: [(UInt32, String)] = [
        // Data processing, immediate.
        (0x9100_0420, "add x0, x1, #0x1 (1)"), (0xD280_0020, "mov x0, #0x1"), (0x9240_0C20, "and x0, x1, #0xf"),
        (0x1000_0040, "adr x0, #+0x8 (addr 0xffff800008080008)"),
        // Branches, exceptions, system.
        (0x9400_0010, "bl #+0x40 (addr 0xffff800008080040)"), (0x5400_0041, "b.ne #+0x8 (addr 0xffff800008080008)"),
        (0xD65F_03C0, "ret"), (0xD400_0002, "hvc #0x0"), (0xD400_0023, "smc #0x1"), (0xD503_207F, "wfi"),
        (0xD503_3FBF, "dmb sy"), (0xD518_CBA0, "msr S3_0_c12_c11_5, x0"),
        // Loads and stores.
        (0xF940_0020, "ldr x0, [x1]"), (0xB900_0041, "str w1, [x2]"), (0xA9BE_7BFD, "stp x29, x30, [sp, #-32]!"),
        (0xC85F_7C20, "ldxr x0, [x1]"), (0xF820_0020, "ldadd x0, x0, [x1]"), (0x3861_6800, "ldrb w0, [x0, x1]"),
        // Data processing, register.
        (0x8B02_0020, "add x0, x1, x2"), (0x9AC2_0C20, "sdiv x0, x1, x2"), (0x1AC2_4020, "crc32b w0, w1, w2"),
        // Floating point and Advanced SIMD.
        (0x1E62_2820, "fadd d0, d1, d2"), (0x4E20_8400, "add v0.16b, v0.16b, v0.16b"),
        // Neither.
        (0x0000_0000, "udf #0x0"),
    ]

    @Test(arguments: examples) func group(word: UInt32, text: String) {
        #expect(Disassembly.text(word, at: 0xFFFF_8000_0808_0000) == text)
    }

    /// A recording may hold any word.
    @Test func anyWord() {
        var word: UInt32 = 1
        for _ in 0..<100_000 {
            word = word &* 1_664_525 &+ 1_013_904_223
            #expect(!Disassembly.text(word, at: UInt64(word) << 32).isEmpty)
        }
    }
}
