import CHost
import Shared
import Testing

@testable import VCPUWorker

/// What must be aligned to what, which of several faults is reported, and where a branch leads.
@Suite struct AlignmentTests {
    private struct Result {
        let pc: UInt64, esr: UInt64, far: UInt64, elr: UInt64
    }

    /// Runs `word` and an HVC at EL1h with X1 = `address`, MMU on: RAM is Normal, and Device-nGnRnE 1 GiB above. The vector of
    /// EL1h is an HVC too.
    private func run(
        _ word: UInt32, address: UInt64, sctlr: UInt64 = 0, tcr: UInt64 = 0, pc: UInt64 = 0x4010_0000, il: Bool = false
    ) -> Result {
        let fixture = MMUFixture()
        defer { fixture.unmap() }
        let table = 0xF_F000
        let leaf: UInt64 = 0x4000_0000 | 1 << 10 | 3 << 8 | 1
        fixture.ram.storeBytes(of: leaf, toByteOffset: table + 8, as: UInt64.self)
        fixture.ram.storeBytes(of: leaf | 1 << 2, toByteOffset: table + 16, as: UInt64.self)
        fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000, as: UInt32.self)
        fixture.ram.storeBytes(of: 0xD400_0002, toByteOffset: 0x10_0004, as: UInt32.self)
        fixture.ram.storeBytes(of: 0xD400_0022, toByteOffset: 0x20_0200, as: UInt32.self)
        var vcpu = fixture.makeVCPU()
        vcpu.reset(ResetState(pc: pc, x0: 0))
        vcpu.system.mair_EL1 = 0xFF
        vcpu.system.tcr_EL1 = 25 | 3 << 12 | 1 << 8 | 1 << 10 | 1 << 23 | 2 << 32 | tcr
        vcpu.system.ttbr0_EL1 = 0x4000_0000 + UInt64(table)
        vcpu.system.sctlr_EL1 |= 1 | sctlr
        vcpu.system.vbar_EL1 = 0x4020_0000
        vcpu.system.cpacr_EL1 = 3 << 20
        vcpu.pstate.il = il
        vcpu.updateFPAccess()
        vcpu.translationRegimeChanged()
        vcpu.x[1] = address
        vcpu.run(from: armada_monotonic())
        return Result(
            pc: vcpu.pc, esr: vcpu.system.esr_EL1, far: vcpu.system.far_EL1, elr: vcpu.system.elr_EL1)
    }

    private static let normal: UInt64 = 0x4030_0000
    private static let device: UInt64 = 0x8030_0000

    /// 128-bit registers are single accesses of 16 bytes; the structures of LD1 and ST1 are accesses of their elements.
    @Test(arguments: [
        // LDR Q0, [X1]; STR Q0, [X1]; LDP Q0, Q1, [X1]
        (0x3DC0_0020 as UInt32, 8 as UInt64, false), (0x3D80_0020, 8, false), (0xAD40_0420, 8, false),
        (0x3DC0_0020, 16, true),
        // LDP X2, X3, [X1]
        (0xA940_0C22, 8, true), (0xA940_0C22, 4, false),
        // LD1 {V0.16B}, [X1]; LD1 {V0.4S}, [X1]; ST1 {V0.8B}, [X1]; LD1 {V0.2D}, [X1]
        (0x4C40_7020, 1, true), (0x4C40_7820, 4, true), (0x4C40_7820, 2, false), (0x0C00_7020, 3, true),
        (0x4C40_7C20, 8, true), (0x4C40_7C20, 4, false),
    ])
    func alignsTo(word: UInt32, offset: UInt64, isAllowed: Bool) {
        for (address, sctlr) in [(Self.normal, 2 as UInt64), (Self.device, 0), (Self.device, 2)] {
            let result = run(word, address: address + offset, sctlr: sctlr)
            #expect((result.pc == 0x4010_0008) == isAllowed, "at \(String(address, radix: 16))")
            if !isAllowed {
                #expect(result.esr & ~0x40 == 0x9600_0021)
                #expect(result.far == address + offset)
            }
        }
        // Normal memory without SCTLR_EL1.A takes everything.
        #expect(run(word, address: Self.normal + offset).pc == 0x4010_0008)
    }

    /// DC ZVA needs no alignment, but Normal memory; a fault is of the address in its register.
    @Test func zeroesNormalMemoryOnly() {
        let zva: UInt32 = 0xD50B_7421
        #expect(run(zva, address: Self.normal + 5, sctlr: 2).pc == 0x4010_0008)
        let device = run(zva, address: Self.device + 5)
        #expect(device.esr == 0x9600_0061 && device.far == Self.device + 5)
        let unmapped = run(zva, address: 0xC000_0005)
        #expect(unmapped.esr == 0x9600_0045 && unmapped.far == 0xC000_0005)
    }

    /// PC alignment, then the fetch, then the illegal state.
    @Test func fetchFaultsComeBeforeTheIllegalState() {
        let nop: UInt32 = 0xD503_201F
        #expect(run(nop, address: 0, pc: 0x4010_0000, il: true).esr == 0x3A00_0000)
        #expect(run(nop, address: 0, pc: 0x4010_0002, il: true).esr == 0x8A00_0000)
        let unmapped = run(nop, address: 0, pc: 0xC000_0000, il: true)
        #expect(unmapped.esr == 0x8600_0005 && unmapped.elr == 0xC000_0000)
    }

    /// BR and RET drop a tag that TCR_EL1.TBI0 ignores; without it the address is no good.
    @Test(arguments: [0xD61F_0020 as UInt32, 0xD65F_0020])
    func branchesDropAnIgnoredTag(word: UInt32) {
        let tagged: UInt64 = 0xA500_0000_4010_0004
        #expect(run(word, address: tagged, tcr: 1 << 37).pc == 0x4010_0008)
        let unmapped = run(word, address: 0xA500_0000_C000_0000, tcr: 1 << 37)
        #expect(unmapped.far == 0xC000_0000 && unmapped.elr == 0xC000_0000)
        let refused = run(word, address: tagged)
        #expect(refused.far == tagged && refused.elr == tagged)
    }
}
