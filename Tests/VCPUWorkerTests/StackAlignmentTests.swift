import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct StackAlignmentTests {
    /// Runs `words` at EL1h, MMU on with Normal memory, SCTLR_EL1.SA as given, until an HVC or an exception at the vector of
    /// EL1h, which is an HVC too.
    private func run(
        _ words: [UInt32], isChecked: Bool, sp: UInt64 = 0x4030_0000, cpacr: UInt64 = 3 << 20
    ) -> (
        pc: UInt64, esr: UInt64, elr: UInt64, x: [UInt64]
    ) {
        let fixture = MMUFixture()
        defer { fixture.unmap() }
        let table = 0xF_F000
        fixture.ram.storeBytes(of: 0x4000_0000 | 1 << 10 | 3 << 8 | 1, toByteOffset: table + 8, as: UInt64.self)
        for (index, word) in words.enumerated() {
            fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000 + index * 4, as: UInt32.self)
        }
        // HVC #1 at VBAR + 0x200
        fixture.ram.storeBytes(of: 0xD400_0022, toByteOffset: 0x20_0200, as: UInt32.self)
        var vcpu = fixture.makeVCPU()
        vcpu.reset(ResetState(pc: 0x4010_0000, x0: 0))
        vcpu.system.mair_EL1 = 0xFF
        vcpu.system.tcr_EL1 = 25 | 3 << 12 | 1 << 8 | 1 << 10 | 1 << 23 | 2 << 32
        vcpu.system.ttbr0_EL1 = 0x4000_0000 + UInt64(table)
        vcpu.system.sctlr_EL1 = (vcpu.system.sctlr_EL1 | 1) & ~8 | (isChecked ? 8 : 0)
        vcpu.system.vbar_EL1 = 0x4020_0000
        vcpu.system.cpacr_EL1 = cpacr
        vcpu.updateFPAccess()
        vcpu.translationRegimeChanged()
        vcpu.x[31] = sp
        vcpu.x[28] = 200
        vcpu.run(from: armada_monotonic())
        return (vcpu.pc, vcpu.system.esr_EL1, vcpu.system.elr_EL1, (0..<32).map { vcpu.x[$0] })
    }

    static let hvc: UInt32 = 0xD400_0002

    /// Each way to misalign SP, then LDR X0, [SP].
    @Test(arguments: [
        0x9100_23FF as UInt32,  // ADD SP, SP, #8
        0xD100_63FF,  // SUB SP, SP, #24
        0x9100_079F,  // ADD SP, X28, #1
        0xB27D_03FF,  // ORR SP, XZR, #8
        0x8B3C_63FF,  // ADD SP, SP, X28
        0xF81F_8FFE,  // STR X30, [SP, #-8]!
        0xA8C0_FBFD,  // LDP X29, X30, [SP], #8
        0xFC40_87E0,  // LDR D0, [SP], #8
    ])
    func faultsAtTheNextAccess(misaligning: UInt32) {
        let outcome = run([misaligning, 0xD503_201F, 0xF940_03E0, Self.hvc], isChecked: true)
        #expect(outcome.x[31] & 15 != 0)
        #expect(outcome.pc == 0x4020_0204)
        #expect(outcome.esr >> 26 == 0x26)
        #expect(outcome.elr == 0x4010_0008)
    }

    /// The trap of FP registers comes before the check of SP.
    @Test func trapsFPFirst() {
        let outcome = run([0x9100_23FF, 0xFD40_03E0, Self.hvc], isChecked: true, cpacr: 0)  // LDR D0, [SP]
        #expect(outcome.esr >> 26 == 0x07)
    }

    @Test func isNotCheckedWithoutSA() {
        let outcome = run([0x9100_23FF, 0xF940_03E0, Self.hvc], isChecked: false)
        #expect(outcome.pc == 0x4010_000C)
        #expect(outcome.x[31] == 0x4030_0008)
    }

    /// A misaligned SP that is not used harms nobody: other accesses, branches and calls go on, also when hot.
    @Test func goesOnWithoutUsingIt() {
        let words: [UInt32] = [
            0x9100_23FF,  // ADD SP, SP, #8
            0xD503_201F,  // NOP
            0x9100_0400,  // loop: ADD X0, X0, #1
            0xF100_079C,  // SUBS X28, X28, #1
            0x54FF_FFC1,  // B.NE loop
            0xD100_23FF,  // SUB SP, SP, #8
            0xF940_03E2,  // LDR X2, [SP]
            Self.hvc,
        ]
        let outcome = run(words, isChecked: true)
        #expect(outcome.pc == 0x4010_0020)
        #expect(outcome.x[0] == 200)
        #expect(outcome.x[31] == 0x4030_0000)
    }

    @Test func knowsWhatTakesItsAddressFromSP() {
        func isAddressFromSP(_ word: UInt32) -> Bool { VCPU.isAddressFromSP(word, Decoder.shared.decode(word, .all)) }
        #expect(isAddressFromSP(0xF940_03E0))  // LDR X0, [SP]
        #expect(isAddressFromSP(0xA9BF_7BFD))  // STP X29, X30, [SP, #-16]!
        #expect(isAddressFromSP(0xC85F_7FE0))  // LDXR X0, [SP]
        #expect(isAddressFromSP(0x4C40_7BE0))  // LD1 {V0.4S}, [SP]
        #expect(isAddressFromSP(0xF8A1_03E0))  // LDADDA X1, X0, [SP], which has the size and opc of a prefetch
        #expect(!isAddressFromSP(0xF940_0020))  // LDR X0, [X1]
        #expect(!isAddressFromSP(0xF980_03E0))  // PRFM PLDL1KEEP, [SP]
        #expect(!isAddressFromSP(0xF8A1_6BE0))  // PRFM PLDL1KEEP, [SP, X1]
        #expect(!isAddressFromSP(0xF8C0_03E0))  // unallocated
        #expect(!isAddressFromSP(0x5800_03E0 | 0x1F << 5))  // LDR X0, literal
        #expect(!isAddressFromSP(0x9100_03FD))  // MOV X29, SP
    }
}
