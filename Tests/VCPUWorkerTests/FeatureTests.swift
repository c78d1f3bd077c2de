import CHost
import Shared
import Testing

@testable import VCPUWorker

/// A feature that is taken away is not there.
@Suite struct FeatureTests {
    private static let all = CPUFeatureSet.all

    private static func registers(without features: CPUFeature...) -> IDRegisterSet {
        features.reduce(into: .implemented) { $0.remove($1) }
    }

    private func fixture(without features: CPUFeature...) -> SystemFixture {
        let fixture = SystemFixture()
        let registers = features.reduce(into: IDRegisterSet.implemented) { $0.remove($1) }
        fixture.run { $0.identify(registers) }
        return fixture
    }

    // MARK: Instructions

    /// Words of a row, the letters of its pattern at random.
    private static func words(_ row: EncodingRow, using random: inout SplitMix64) -> [UInt32] {
        let (mask, value) = row.maskAndValue
        return (0..<16).map { _ in value | UInt32(truncatingIfNeeded: random.next()) & ~mask }
    }

    /// Of each row: the words that are defined are so if and only if its feature is there, whatever else is not.
    @Test func instructionsAreDefinedWithTheirFeatureOnly() {
        var random = SplitMix64(seed: 3)
        var definedWords = 0
        for row in Decoder.rows {
            let feature = CPUFeature(name: row.feature.rawValue)
            #expect((feature != nil) == (row.isImplemented && row.feature != .baseline), "\(row.name): \(row.feature)")
            var isDefined = false
            for word in Self.words(row, using: &random) {
                let whole = Decoder.shared.decode(word, Self.all)
                isDefined = isDefined || whole.code != .undefined
                for other in CPUFeature.allCases {
                    let op = Decoder.shared.decode(word, Self.all.subtracting(CPUFeatureSet(other)))
                    let expected = other == feature ? Op.undefined(word) : whole
                    if op.code == expected.code, op.imm == expected.imm, op.aux == expected.aux { continue }
                    Issue.record("\(row.name) without \(other.name)")
                }
                if feature == nil, whole.code != .undefined {
                    definedWords += 1
                    let without = Decoder.shared.decode(word, [])
                    if without.code != whole.code { Issue.record("\(row.name) needs a feature") }
                }
            }
            #expect(isDefined || feature == nil, "\(row.name) is never defined")
        }
        #expect(definedWords > 5_000)
    }

    /// What is decoded together and what is translated is decoded with the same features.
    @Test func fusedOpsKnowTheFeatures() {
        let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
        defer { page.deallocate() }
        // LDADD W1, W2, [X0]
        page.initializeMemory(as: UInt32.self, repeating: 0xB821_0002, count: 1024)
        let rest = Self.all.subtracting(CPUFeatureSet(.LSE))
        for (features, code) in [(Self.all, OpCode.atomicReadModifyWrite), (rest, .undefined)] {
            #expect(Fusion.op(at: 5, page: page, features).code == code)
            #expect(Fusion.single(at: 5, page: page, features).code == code)
            #expect(Fusion.alone(at: 5, page: page, features).code == code)
        }
    }

    /// Nothing is announced that makes no difference; what is not in this list has rows of its own.
    @Test func eachFeatureIsSomething() {
        let rows = Set(Decoder.rows.filter(\.isImplemented).compactMap { CPUFeature(name: $0.feature.rawValue) })
        let registers = SystemRegisterTable.rows.reduce(CPUFeatureSet()) { $0.union($1.requirement) }
        let instructions = SystemInstruction.allCases.reduce(CPUFeatureSet()) { $0.union($1.requirement) }
        // Of the PE's speculation, which there is none of, and of bits, which `bits` below tests.
        let others = CPUFeatureSet([.CSV2, .CSV2_3, .CSV3, .E0PD])
        #expect(registers.union(instructions).union(others).union(CPUFeatureSet(rows)) == Self.all)
    }

    // MARK: Registers, instructions of the system, bits

    @Test func registersSayWhatIsLeft() {
        let fixture = fixture(without: .LSE, .FP16, .CSV2_3)
        #expect(fixture.value(SystemRegister.ID_AA64ISAR0_EL1.encoding) == 0x0010_1000_1001_1120)
        #expect(fixture.value(SystemRegister.ID_AA64PFR0_EL1.encoding) == 0x1200_0000_0100_0011)
        #expect(fixture.value(SystemRegister.ID_AA64MMFR2_EL1.encoding) == 0x1000_0000_0000_0010)
        fixture.run { $0.reset(ResetState(pc: 0, x0: 0)) }
        #expect(fixture.value(SystemRegister.ID_AA64PFR0_EL1.encoding) == 0x1200_0000_0100_0011)
    }

    @Test func absentRegistersAreUndefined() {
        let rows: [(SystemRegister, CPUFeature)] = [
            (.PAN, .PAN), (.UAO, .UAO), (.SCXTNUM_EL0, .CSV2_2), (.SCXTNUM_EL1, .CSV2_2),
        ]
        for (register, feature) in rows {
            for features in [Self.registers(), Self.registers(without: .PAN2, .CSV2_3, feature)] {
                let fixture = SystemFixture()
                fixture.run { $0.identify(features) }
                let isThere = features == .implemented
                #expect((fixture.value(register.encoding) != nil) == isThere, "\(register)")
                fixture.pc = 0x4000_1000
                #expect(fixture.write(register.encoding, 0) == (isThere ? .next : .redirect), "\(register)")
                #expect(isThere || fixture.esr.exceptionClass == .unknown)
            }
        }
    }

    @Test func absentSystemInstructionsAreUndefined() {
        for (instruction, feature) in [
            (SystemInstruction.DC_CVAP, CPUFeature.DPB), (.AT_S1E1RP, .PAN2), (.AT_S1E1WP, .PAN2),
        ] {
            let fixture = fixture(without: feature)
            let outcome = fixture.run { $0.executeMaintenance(instruction.encoding, 0x4000_0000) }
            #expect(outcome == .redirect && fixture.esr.exceptionClass == .unknown, "\(instruction)")
            let other = SystemFixture()
            #expect(other.run { $0.executeMaintenance(instruction.encoding, 0x4000_0000) } == .next, "\(instruction)")
        }
    }

    @Test func bits() {
        let tcr = SystemRegister.TCR_EL1.encoding
        for isThere in [true, false] {
            let fixture = isThere ? SystemFixture() : fixture(without: .PAN2, .PAN, .CSV2_3, .CSV2_2, .E0PD, .FP16)
            fixture.write(.sctlr_EL1, 0)
            let reserved = SCTLR.span | SCTLR.tscxt
            #expect(fixture.value(.sctlr_EL1).map { $0 & reserved } == (isThere ? 0 : reserved))
            fixture.write(tcr, ~0)
            #expect(fixture.value(tcr).map { $0 >> 55 & 3 } == (isThere ? 3 : 0))
            fixture.write(.cpacr_EL1, 3 << 20)
            fixture.write(.fpcr, ~0)
            #expect(fixture.value(.fpcr) == (isThere ? 0x07C8_0000 : 0x07C0_0000))
        }
    }

    // MARK: What the PE does by itself

    @Test func exceptionsAndReturnsLeavePSTATEAlone() {
        let fixture = fixture(without: .PAN2, .PAN, .UAO)
        fixture.write(.sctlr_EL1, 0)
        #expect(fixture.run { $0.takeUndefined() } == .redirect && !fixture.pstate.pan)
        fixture.system.spsr_EL1 = SPSR.pan | SPSR.uao | 0x3C5
        #expect(fixture.eret() == .redirect && !fixture.pstate.pan && !fixture.pstate.uao && !fixture.pstate.il)
        let other = SystemFixture()
        other.write(.sctlr_EL1, 0)
        #expect(other.run { $0.takeUndefined() } == .redirect && other.pstate.pan)
    }

    /// What was set before a feature went goes with it, and does not come back.
    @Test func stateGoesWithItsFeature() {
        let fixture = SystemFixture()
        fixture.write(.sctlr_EL1, 0)
        fixture.write(SystemRegister.TCR_EL1.encoding, 3 << 55)
        fixture.run {
            $0.setPAN(true)
            $0.setUAO(true)
            $0.fpcr = 1 << 19
            $0.identify(Self.registers(without: .PAN2, .PAN, .UAO, .E0PD, .FP16))
        }
        #expect(!fixture.pstate.pan && !fixture.pstate.uao && fixture.run { $0.fpcr } == 0)
        #expect(fixture.system.tcr_EL1 == 0 && fixture.system.sctlr_EL1 & SCTLR.span != 0)
        #expect(fixture.run { $0.mmu.source.tcr } == 0)
        var context = RegisterContext()
        context.sctlr_EL1 = 0
        context.tcr_EL1 = 3 << 55
        fixture.run { $0.restoreContext(&context) }
        #expect(fixture.system.tcr_EL1 == 0 && fixture.system.sctlr_EL1 & SCTLR.span != 0)
    }

    @Test func oneRegistersFollow() {
        let features = Self.all.subtracting(CPUFeatureSet(.CSV2_2))
        let missing = Set(OneRegisterList.ids).subtracting(OneRegisterList.ids(with: features))
        #expect(
            missing
                == Set([SystemRegister.SCXTNUM_EL0, .SCXTNUM_EL1].map { OneRegister.system($0.encoding).id }))
        let fixture = fixture(without: .CSV2_3, .CSV2_2, .PAN2, .PAN, .E0PD, .FP16)
        func problem(_ register: OneRegister, _ value: UInt128) -> (RegisterProblem?, UInt64) {
            var access = RegisterAccessFrame()
            access.ids = [register.id]
            access.values = [value]
            let answer = fixture.run { $0.perform(access, at: armada_monotonic()) }
            return (answer.problem, answer.bits)
        }
        #expect(problem(.pstate, 0x40_03C5) == (.unfit, SPSR.pan))
        #expect(problem(.fpcr, 1 << 19) == (.unfit, 1 << 19))
        #expect(problem(.system(SystemRegister.TCR_EL1.encoding), 1 << 55) == (.unfit, 1 << 55))
        #expect(problem(.system(SystemRegister.SCTLR_EL1.encoding), 0x3050_0980) == (.unfit, SCTLR.span))
        #expect(problem(.system(SystemRegister.SCXTNUM_EL1.encoding), 0).0 == .unknown)
        #expect(problem(.system(SystemRegister.ID_AA64ISAR0_EL1.encoding), 0).0 == .readOnly)
    }
}
