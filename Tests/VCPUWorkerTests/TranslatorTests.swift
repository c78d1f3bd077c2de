import CHost
import Testing

@testable import VCPUWorker

@Suite struct TranslatorTests {
    /// Translated code leaves what interpreted code leaves: registers, flags, memory, PC and instruction count.
    @Test(arguments: UInt64(1)...200)
    func agreesWithTheInterpreter(seed: UInt64) {
        var comparison = TranslatorComparison(seed: seed)
        let program = comparison.program()
        let interpreted = TranslatorComparison.run(program, seed: seed, translated: false)
        let translated = TranslatorComparison.run(program, seed: seed, translated: true)
        #expect(interpreted == translated, "program \(program.map { String($0, radix: 16) })")
        #expect(interpreted.retired > TranslatorComparison.rounds * 3)
    }

    /// A translation is really made and used, or the comparison above would compare nothing.
    @Test func translatesALoop() {
        let fixture = MMUFixture()
        defer { fixture.unmap() }
        // ADD X0, X0, #1; SUBS X28, X28, #1; B.NE -2; HVC
        let words: [UInt32] = [0x9100_0400, 0xF100_079C, 0x54FF_FFC1, 0xD400_0002]
        for (index, word) in words.enumerated() {
            fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000 + index * 4, as: UInt32.self)
        }
        var vcpu = fixture.makeVCPU()
        vcpu.reset(.init(pc: 0x4010_0000, x0: 0))
        vcpu.x[28] = 1000
        let before = vcpu.native.position
        vcpu.run(from: armada_monotonic())
        #expect(vcpu.x[0] == 1000)
        #expect(vcpu.retiredInstructions >= 3000)
        #expect(vcpu.native.position > before)
    }

    /// New code after IC IVAU is executed, however hot the old one was.
    @Test func invalidationDropsTranslations() {
        let fixture = MMUFixture()
        defer { fixture.unmap() }
        let words: [UInt32] = [0x9100_0400, 0xF100_079C, 0x54FF_FFC1, 0xD400_0002]
        for (index, word) in words.enumerated() {
            fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000 + index * 4, as: UInt32.self)
        }
        var vcpu = fixture.makeVCPU()
        vcpu.reset(.init(pc: 0x4010_0000, x0: 0))
        vcpu.x[28] = 1000
        vcpu.run(from: armada_monotonic())
        // ADD X0, X0, #2
        fixture.ram.storeBytes(of: 0x9100_0800, toByteOffset: 0x10_0000, as: UInt32.self)
        vcpu.invalidateCode(offset: 0x10_0000, byteCount: 64)
        vcpu.reset(.init(pc: 0x4010_0000, x0: 0))
        vcpu.x[28] = 1000
        vcpu.run(from: armada_monotonic())
        #expect(vcpu.x[0] == 2000)
    }
}
