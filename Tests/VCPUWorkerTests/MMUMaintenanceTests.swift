import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct MMUMaintenanceTests {
    let fixture = MMUFixture()
    let tables: Stage1Tables

    private static let atS1E1R = SystemRegisterEncoding(1, 0, 7, 8, 0)
    private static let atS1E1W = SystemRegisterEncoding(1, 0, 7, 8, 1)
    private static let atS1E0R = SystemRegisterEncoding(1, 0, 7, 8, 2)
    private static let atS1E0W = SystemRegisterEncoding(1, 0, 7, 8, 3)
    private static let atS1E1RP = SystemRegisterEncoding(1, 0, 7, 9, 0)
    private static let atS1E1WP = SystemRegisterEncoding(1, 0, 7, 9, 1)
    private static let dcZVA = SystemRegisterEncoding(1, 3, 7, 4, 1)
    private static let dcIVAC = SystemRegisterEncoding(1, 0, 7, 6, 1)
    private static let dcCVAC = SystemRegisterEncoding(1, 3, 7, 10, 1)
    private static let dcCVAU = SystemRegisterEncoding(1, 3, 7, 11, 1)
    private static let dcCVAP = SystemRegisterEncoding(1, 3, 7, 12, 1)
    private static let dcCIVAC = SystemRegisterEncoding(1, 3, 7, 14, 1)
    private static let icIVAU = SystemRegisterEncoding(1, 3, 7, 5, 1)

    init() {
        tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x5000, 3 << 8)
        tables.map(0x2000, to: MMUFixture.ramIPA + 0x6000, Stage1Tables.user | Stage1Tables.readOnly)
        tables.map(0x3000, to: MMUFixture.ramIPA + 0x7000, Stage1Tables.device)
        tables.map(0x4000, to: 0x1000_0000)
        tables.map(0x5000, to: MMUFixture.ramIPA + 0x8000, Stage1Tables.user)
        tables.write(0x6000, level: 3, MMUFixture.ramIPA | 3)
    }

    /// At EL1 with the MMU on and vectors at 0x8000.
    private func makeVCPU(sctlr: UInt64 = 0) -> VCPU {
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables, sctlr: sctlr)
        vcpu.system.vbar_EL1 = 0x8000
        vcpu.pc = 0x1234
        return vcpu
    }

    // MARK: Address translation

    @Test(
        arguments: [
            // AT, address, PAR_EL1
            (atS1E1R, 0x1ABC, 0xFF << 56 | (MMUFixture.ramIPA + 0x5000) | 1 << 11 | 1 << 9 | 3 << 7),
            (atS1E1W, 0x1ABC, 0xFF << 56 | (MMUFixture.ramIPA + 0x5000) | 1 << 11 | 1 << 9 | 3 << 7),
            (atS1E0R, 0x1ABC, 1 | 0x0F << 1 | 1 << 11),
            (atS1E0R, 0x2000, 0xFF << 56 | (MMUFixture.ramIPA + 0x6000) | 1 << 11 | 1 << 9),
            (atS1E0W, 0x2000, 1 | 0x0F << 1 | 1 << 11),
            (atS1E1W, 0x2000, 1 | 0x0F << 1 | 1 << 11),
            (atS1E1R, 0x3FFF, 0x04 << 56 | (MMUFixture.ramIPA + 0x7000) | 1 << 11 | 1 << 9 | 2 << 7),
            // Stage 1 alone: what stage 2 lacks does not matter.
            (atS1E1R, 0x4000, 0xFF << 56 | 0x1000_0000 | 1 << 11 | 1 << 9),
            (atS1E1R, 0x6000, 1 | 0x0B << 1 | 1 << 11),
            (atS1E1R, 0x9_0000, 1 | 0x07 << 1 | 1 << 11),
            (atS1E1R, 1 << 47, 1 | 0x04 << 1 | 1 << 11),
            (atS1E1R, 1 << 50, 1 | 0x04 << 1 | 1 << 11),
        ] as [(SystemRegisterEncoding, UInt64, UInt64)])
    func addressTranslationAnswersInPAR(_ encoding: SystemRegisterEncoding, _ va: UInt64, _ par: UInt64) {
        var vcpu = makeVCPU()
        // PAN does not matter to these.
        vcpu.pstate.pan = true
        vcpu.panChanged()
        let outcome = vcpu.executeMaintenance(encoding, va)
        #expect(outcome == .next)
        let result = vcpu.system.par_EL1
        #expect(result == par)
    }

    @Test(arguments: [atS1E1RP, atS1E1WP])
    func addressTranslationWithPANKeepsEL1FromUserPages(_ encoding: SystemRegisterEncoding) {
        var vcpu = makeVCPU()
        for isPAN in [false, true] {
            vcpu.pstate.pan = isPAN
            vcpu.panChanged()
            let outcome = vcpu.executeMaintenance(encoding, 0x5000)
            #expect(outcome == .next)
            let user = vcpu.system.par_EL1
            #expect(
                user == (isPAN ? 1 | 0x0F << 1 | 1 << 11 : 0xFF << 56 | (MMUFixture.ramIPA + 0x8000) | 1 << 11 | 1 << 9)
            )
            let kernelOutcome = vcpu.executeMaintenance(encoding, 0x1000)
            #expect(kernelOutcome == .next)
            let kernel = vcpu.system.par_EL1
            #expect(kernel & 1 == 0)
        }
    }

    @Test func nonCacheableMemoryReadsAsOuterShareable() {
        var vcpu = makeVCPU()
        vcpu.system.mair_EL1 = 0x44
        vcpu.translationRegimeChanged()
        let outcome = vcpu.executeMaintenance(Self.atS1E1R, 0x1000)
        #expect(outcome == .next)
        let par = vcpu.system.par_EL1
        #expect(par == 0x44 << 56 | (MMUFixture.ramIPA + 0x5000) | 1 << 11 | 1 << 9 | 2 << 7)
    }

    @Test func addressTranslationLeavesTheWalksStage2FaultsToTheHypervisor() {
        fixture.mapStage2(ipa: tables.root, level: 2, 0)
        var vcpu = makeVCPU()
        let outcome = vcpu.executeMaintenance(Self.atS1E1R, 0x1000)
        #expect(outcome == .exit)
        let exit = vcpu.exit
        #expect(exit.code == .trap)
        #expect(exit.esr.exceptionClass == .dabtLow)
        #expect(exit.esr.isStage1Walk && exit.esr.isCacheMaintenance && !exit.esr.isSyndromeValid)
        #expect(exit.esr.faultStatus == .translation(level: 2))
        #expect(exit.hpfar == (tables.root >> 12) << 4)
    }

    // MARK: Caches

    @Test func zeroingClearsItsBlockOnly() {
        var vcpu = makeVCPU()
        (fixture.ram + 0x5000).initializeMemory(as: UInt8.self, repeating: 0xFF, count: 4096)
        let outcome = vcpu.executeMaintenance(Self.dcZVA, 0x1077)
        #expect(outcome == .next)
        let bytes = UnsafeRawBufferPointer(start: fixture.ram + 0x5000, count: 4096)
        for index in 0..<4096 { #expect(bytes[index] == (index >= 0x40 && index < 0x80 ? 0 : 0xFF)) }
    }

    @Test func zeroingFaultsAsAWrite() {
        var vcpu = makeVCPU()
        let readOnly = vcpu.executeMaintenance(Self.dcZVA, 0x2011)
        #expect(readOnly == .redirect)
        let esr = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: vcpu.system.esr_EL1))
        #expect(esr.exceptionClass == .dabtCurrent)
        #expect(esr.faultStatus == .permission(level: 3))
        #expect(esr.isWrite && !esr.isCacheMaintenance)
        #expect(vcpu.system.far_EL1 == 0x2011)
        vcpu.pc = 0x1234
        let device = vcpu.executeMaintenance(Self.dcZVA, 0x3000)
        #expect(device == .redirect)
        #expect(vcpu.system.esr_EL1 & 0x3F == 0x21)
        let unbacked = vcpu.executeMaintenance(Self.dcZVA, 0x4000)
        #expect(unbacked == .exit)
        let exit = vcpu.exit
        #expect(exit.hpfar == 0x10_0000)
        #expect(!exit.esr.isSyndromeValid && exit.esr.isWrite)
    }

    @Test func maintenanceByAddressIsTranslated() {
        var vcpu = makeVCPU()
        for encoding in [Self.dcCVAC, Self.dcCVAU, Self.dcCVAP, Self.dcCIVAC, Self.icIVAU, Self.dcIVAC] {
            vcpu.pc = 0x1234
            let good = vcpu.executeMaintenance(encoding, 0x1001)
            #expect(good == .next)
            let device = vcpu.executeMaintenance(encoding, 0x3001)
            #expect(device == .next)
            let missing = vcpu.executeMaintenance(encoding, 0x9_0000)
            #expect(missing == .redirect)
            let esr = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: vcpu.system.esr_EL1))
            #expect(esr.faultStatus == .translation(level: 3))
            #expect(esr.isCacheMaintenance && esr.isWrite)
        }
        // Invalidating what one cannot write would be a way to write it.
        let readOnly = vcpu.executeMaintenance(Self.dcIVAC, 0x2000)
        #expect(readOnly == .redirect)
        #expect(vcpu.system.esr_EL1 & 0x3F == 0x0F)
        let cleaned = vcpu.executeMaintenance(Self.dcCIVAC, 0x2000)
        #expect(cleaned == .next)
    }

    @Test func panDoesNotMatterToCacheMaintenance() {
        var vcpu = makeVCPU()
        vcpu.pstate.pan = true
        vcpu.panChanged()
        let cleaned = vcpu.executeMaintenance(Self.dcCVAC, 0x5000)
        #expect(cleaned == .next)
        // And it must not open the page to loads.
        let read = vcpu.reach(0x5000)
        #expect(read == nil)
        let zeroed = vcpu.executeMaintenance(Self.dcZVA, 0x5000)
        #expect(zeroed == .redirect)
    }

    @Test(arguments: [dcCVAC, dcCVAU, dcCVAP, dcCIVAC, icIVAU, dcZVA])
    func el0NeedsPermission(_ encoding: SystemRegisterEncoding) {
        let enable: UInt64 = encoding == Self.dcZVA ? 1 << 14 : 1 << 26
        var vcpu = makeVCPU()
        vcpu.pstate.el = 0
        let trapped = vcpu.executeMaintenance(encoding, 0x5000, rt: 7)
        #expect(trapped == .redirect)
        let esr = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: vcpu.system.esr_EL1))
        #expect(esr.exceptionClass == .sys64)
        #expect(esr.systemRegister == encoding)
        #expect(esr.systemTransferRegister == 7 && !esr.isSystemRead)
        #expect(vcpu.system.elr_EL1 == 0x1234)

        var allowed = makeVCPU(sctlr: enable)
        allowed.pstate.el = 0
        let done = allowed.executeMaintenance(encoding, 0x5000)
        #expect(done == .next)
        // With EL0's permissions.
        let kernel = allowed.executeMaintenance(encoding, 0x1000)
        #expect(kernel == .redirect)
        let fault = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: allowed.system.esr_EL1))
        #expect(fault.exceptionClass == .dabtLow)
        #expect(fault.faultStatus == .permission(level: 3))
    }

    @Test func theRestIsUndefinedAtEL0AndWhatDoesNotExistEverywhere() {
        var vcpu = makeVCPU()
        for encoding in [
            SystemRegisterEncoding(1, 4, 8, 7, 0),  // TLBI ALLE2
            SystemRegisterEncoding(1, 0, 8, 6, 1),  // TLBI RVAE1: FEAT_TLBIRANGE
            SystemRegisterEncoding(1, 0, 8, 1, 0),  // TLBI VMALLE1OS: FEAT_TLBIOS
            SystemRegisterEncoding(1, 3, 7, 13, 1),  // DC CVADP: FEAT_DPB2
        ] {
            let outcome = vcpu.executeMaintenance(encoding, 0)
            #expect(outcome == nil)
        }
        vcpu.pstate.el = 0
        for encoding in [
            Self.atS1E1R, Self.atS1E1RP, Self.dcIVAC, SystemRegisterEncoding(1, 0, 8, 7, 0),
            SystemRegisterEncoding(1, 0, 8, 3, 1),
            SystemRegisterEncoding(1, 0, 7, 5, 0), SystemRegisterEncoding(1, 0, 7, 10, 2),
        ] {
            let outcome = vcpu.executeMaintenance(encoding, 0)
            #expect(outcome == nil)
        }
        vcpu.pstate.el = 1
        for encoding in [
            SystemRegisterEncoding(1, 0, 7, 6, 2), SystemRegisterEncoding(1, 0, 7, 10, 2),
            SystemRegisterEncoding(1, 0, 7, 14, 2), SystemRegisterEncoding(1, 0, 7, 5, 0),
            SystemRegisterEncoding(1, 0, 7, 1, 0),
        ] {
            let outcome = vcpu.executeMaintenance(encoding, 0)
            #expect(outcome == .next)
        }
    }

    // MARK: TLB

    /// What each TLBI must take, and what it must not: (CRm, op2), operand; pages of ASID 1, of ASID 2, and global.
    @Test(
        arguments: [
            (0, 0, [true, true, true]),
            (1, 1 << 48 | 0x10, [true, false, false]),
            (5, 1 << 48 | 0x10, [true, false, false]),
            (1, 2 << 48 | 0x10, [false, true, false]),
            (1, 9 << 48 | 0x20, [false, false, true]),
            (2, 1 << 48, [true, false, false]),
            (2, 2 << 48, [false, true, false]),
            (3, 7 << 48 | 0x10, [true, true, false]),
            (7, 7 << 48 | 0x10, [true, true, false]),
            (3, 0x20, [false, false, true]),
        ] as [(UInt16, UInt64, [Bool])])
    func invalidationsTakeTheirScope(_ op2: UInt16, _ operand: UInt64, _ taken: [Bool]) {
        for crm in [3, 7] as [UInt16] {
            var vcpu = fixture.makeVCPU()
            let one = Stage1Tables(fixture)
            let two = Stage1Tables(fixture)
            for tables in [one, two] {
                tables.map(0x1_0000, to: MMUFixture.ramIPA, Stage1Tables.nonGlobal)
                tables.map(0x2_0000, to: MMUFixture.ramIPA + 0x1000)
            }
            vcpu.enable(one, asid: 1)
            _ = vcpu.reach(0x1_0000)
            _ = vcpu.reach(0x2_0000)
            vcpu.switchASID(2, two)
            _ = vcpu.reach(0x1_0000)
            vcpu.switchASID(1, one)
            let outcome = vcpu.executeMaintenance(SystemRegisterEncoding(1, 0, 8, crm, op2), operand)
            #expect(outcome == .next)
            var walked: [Bool] = []
            for (va, asid) in [(0x1_0000, 1), (0x1_0000, 2), (0x2_0000, 1)] as [(UInt64, UInt16)] {
                vcpu.switchASID(asid, asid == 1 ? one : two)
                let before = vcpu.walks
                _ = vcpu.reach(va)
                walked.append(vcpu.walks != before)
            }
            #expect(walked == taken)
        }
    }

    @Test func codeIsDroppedByItsPlaceInRAM() {
        // Through one alias, for code fetched through another.
        var vcpu = makeVCPU()
        let before = vcpu.mmu.dvmPosition
        let outcome = vcpu.executeMaintenance(Self.icIVAU, 0x1044)
        #expect(outcome == .next)
        // A single vCPU broadcasts nothing.
        #expect(vcpu.mmu.dvmPosition == before)
        #expect(DVMRing(controlPage: fixture.controlPage, vcpuCount: 1).head == 0)
    }
}
