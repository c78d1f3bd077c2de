import Shared
import Testing

@testable import VCPUWorker

@Suite struct MMUStage2Tests {
    /// A regime with stage 1 off, so that VA = IPA.
    private func flat(_ fixture: MMUFixture) -> TranslationRegime {
        TranslationRegime(
            stage1: Stage1Regime(sctlr: 0, tcr: 0, ttbr0: 0, ttbr1: 0, mair: 0),
            stage2: Stage2Regime(vtcr: fixture.vtcr, vttbr: fixture.vttbr))
    }

    @Test func blocksAndPagesTranslate() {
        let fixture = MMUFixture(isStage2Flat: false)
        let ipa = MMUFixture.ramIPA
        fixture.mapStage2(ipa: 0x80_0000_0000, level: 1, MMUFixture.stage2Leaf(level: 1))
        fixture.mapStage2(ipa: ipa, level: 2, 0x20_0000 | MMUFixture.stage2Leaf(level: 2))
        fixture.mapStage2(ipa: ipa + 0x20_3000, level: 3, 0x5000 | MMUFixture.stage2Leaf(level: 3))
        let regime = flat(fixture)
        #expect(regime.walk(0x80_0000_0000 + 0xFF_EDCB, in: fixture) == .offset(0xFF_EDCB))
        #expect(regime.walk(ipa + 0x1F_FFFF, in: fixture) == .offset(0x3F_FFFF))
        #expect(regime.walk(ipa + 0x20_3FFF, in: fixture) == .offset(0x5FFF))
        #expect(
            regime.walk(ipa + 0x20_4000, in: fixture)
                == .stage2(.translation(level: 3), ipa: ipa + 0x20_4000))
    }

    @Test func faultsCarryLevelAndIPA() {
        let ipa = MMUFixture.ramIPA + 0x40_1238
        for level in 1...3 {
            let fixture = MMUFixture(isStage2Flat: false)
            let regime = flat(fixture)
            let leaf = MMUFixture.stage2Leaf(level: level)
            fixture.mapStage2(ipa: ipa, level: level, 0)
            #expect(regime.walk(ipa, in: fixture) == .stage2(.translation(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, leaf & ~Stage2Descriptor.accessFlag)
            #expect(regime.walk(ipa, in: fixture) == .stage2(.accessFlag(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, leaf & ~Stage2Descriptor.write)
            #expect(regime.walk(ipa, .write, in: fixture) == .stage2(.permission(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, leaf & ~Stage2Descriptor.read)
            #expect(regime.walk(ipa, .read, in: fixture) == .stage2(.permission(level: level), ipa: ipa))
            #expect(regime.walk(ipa, .fetch, in: fixture) == .stage2(.permission(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, leaf | Stage2Descriptor.executeNever)
            #expect(regime.walk(ipa, .fetch, in: fixture) == .stage2(.permission(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, leaf | 1 << 40)
            #expect(regime.walk(ipa, in: fixture) == .stage2(.addressSize(level: level), ipa: ipa))
            fixture.mapStage2(ipa: ipa, level: level, 1 << 45 | 3)
            #expect(regime.walk(ipa, in: fixture) == .stage2(.addressSize(level: level), ipa: ipa))
        }
        // The reserved encoding at level 3.
        let fixture = MMUFixture(isStage2Flat: false)
        fixture.mapStage2(ipa: ipa, level: 3, MMUFixture.stage2Leaf(level: 3) & ~2)
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 3), ipa: ipa))
    }

    @Test func ipaBeyondInputSizeIsALevel0Fault() {
        let fixture = MMUFixture()
        fixture.vtcr = fixture.vtcr & ~0x3F | 30  // 34 bits
        let ipa: UInt64 = 1 << 34
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 0), ipa: ipa))
    }

    @Test func inconsistentControlFaults() {
        let fixture = MMUFixture()
        let ipa = MMUFixture.ramIPA
        // Start level 2 would need 1024 concatenated tables for 40 bits; SL0 = 3 is reserved; 64 bits are too many; and zero.
        for vtcr in [24, 24 | 3 << 6, 1 << 6, 63 | 1 << 6, 0] as [UInt64] {
            fixture.vtcr = vtcr
            #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 0), ipa: ipa))
        }
    }

    @Test func outputOutsideRAMIsAsIfUnmapped() {
        let fixture = MMUFixture()
        let ipa = MMUFixture.ramIPA + 0xC0_0000
        fixture.mapStage2(ipa: ipa, level: 2, UInt64(MMUFixture.ramByteCount) | MMUFixture.stage2Leaf(level: 2))
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 2), ipa: ipa))
    }

    @Test func tableOutsideItsFileIsAsIfUnmapped() {
        let fixture = MMUFixture()
        let ipa = MMUFixture.ramIPA
        fixture.mapStage2(ipa: ipa, level: 1, UInt64(MMUFixture.stage2ByteCount) | 3)
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 2), ipa: ipa))
        fixture.vttbr = 1 << 39
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage2(.translation(level: 1), ipa: ipa))
    }

    /// Every granule, start level and count of concatenated tables that the architecture allows.
    @Test(arguments: GranuleCase.all)
    func everyShapeOfTablesIsWalked(_ granule: GranuleCase) {
        for startLevel in (granule.pageBits == 12 ? 0 : 1)...(granule.pageBits == 12 ? 2 : 3) {
            let below = granule.pageBits + (3 - startLevel) * (granule.pageBits - 3)
            for inputBits in 25...48 where inputBits > below && inputBits <= below + granule.pageBits - 3 + 4 {
                let fixture = MMUFixture(isStage2Flat: false)
                let sl0 = granule.pageBits == 12 ? 2 - startLevel : 3 - startLevel
                let tg0: UInt64 = granule.pageBits == 12 ? 0 : granule.pageBits == 14 ? 2 : 1
                fixture.vtcr = UInt64(64 - inputBits) | UInt64(sl0) << 6 | tg0 << 14 | 5 << 16
                fixture.vttbr = fixture.allocateStage2(byteCount: 1 << UInt64(max(inputBits - below + 3, 12)))
                // The last page of the input range.
                let ipa =
                    UInt64(1) << UInt64(inputBits) - 1 << UInt64(granule.pageBits)
                    & (UInt64(1) << UInt64(inputBits) - 1)
                fixture.stage2Slot(
                    ipa: ipa, level: 3, granule: granule.pageBits, startLevel: startLevel, inputBits: inputBits
                ).storeBytes(of: 0x4_0000 | MMUFixture.stage2Leaf(level: 3), as: UInt64.self)
                #expect(
                    flat(fixture).walk(ipa + 0x321, in: fixture) == .offset(0x4_0321),
                    "start level \(startLevel), \(inputBits) bits")
            }
        }
    }

    /// A T0SZ for more bits than the machine has, and a start level that is for larger machines.
    @Test func smallMachinesHaveNeitherLongIPAsNorHighStartLevels() {
        let fixture = MMUFixture()
        // The first descriptor is a table, so that a walk that begins does not end at once.
        fixture.stage2.storeBytes(of: 0x3003, as: UInt64.self)
        let sizes: [UInt64] = [32, 36, 40, 42, 44, 48]
        for (tg0, least) in [(0, 44), (2, 42), (1, 44)] as [(UInt64, UInt64)] {
            for (ps, bits) in sizes.enumerated() {
                fixture.vtcr = 64 - bits | (bits < least ? 1 : 2) << 6 | tg0 << 14 | UInt64(ps) << 16
                #expect(
                    flat(fixture).walk(0x1000, in: fixture) != .stage2(.translation(level: 0), ipa: 0x1000),
                    "granule \(tg0), \(bits) bits")
                for vtcr in [fixture.vtcr - 1, fixture.vtcr & ~(3 << 6) | (bits < least ? 2 : 3) << 6] {
                    fixture.vtcr = vtcr
                    #expect(
                        flat(fixture).walk(0x1000, in: fixture) == .stage2(.translation(level: 0), ipa: 0x1000),
                        "granule \(tg0), \(bits) bits, VTCR_EL2 \(vtcr)")
                }
            }
        }
    }

    @Test func stage1OutputIsBoundedByTheMachine() {
        let fixture = MMUFixture()
        // 36 bits: T0SZ 28, SL0 1, PS 1.
        fixture.vtcr = 28 | 1 << 6 | 1 << 16
        let ipa: UInt64 = 1 << 36
        #expect(flat(fixture).walk(ipa, in: fixture) == .stage1(.addressSize(level: 0)))
        #expect(flat(fixture).walk(ipa - 1, in: fixture) == .stage2(.translation(level: 1), ipa: ipa - 1))
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: ipa)
        #expect(tables.regime().walk(0x1000, in: fixture) == .stage1(.addressSize(level: 3)))
        // 48 bits, which stage 1 may use when IPS says so.
        fixture.vtcr = 16 | 2 << 6 | 5 << 16
        fixture.vttbr = 0x10_0000
        let far: UInt64 = 1 << 47
        #expect(flat(fixture).walk(far, in: fixture) == .stage2(.translation(level: 0), ipa: far))
        #expect(flat(fixture).walk(1 << 48, in: fixture) == .stage1(.addressSize(level: 0)))
    }

    @Test func faultsOnDescriptorsAreThoseOfTheWalk() {
        let va: UInt64 = 0x12_3456_7000
        for level in 0...3 {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture)
            tables.map(va, to: MMUFixture.ramIPA + 0x1000)
            let slot = tables.slot(va, level: level)
            let descriptorIPA = MMUFixture.ramIPA + UInt64(fixture.ram.distance(to: slot))
            // Split the block that holds the table into pages, so that one can be taken away.
            let block = descriptorIPA & ~0x1F_FFFF
            fixture.mapStage2(ipa: block, level: 2, 0)
            for page in stride(from: block, to: block + 0x20_0000, by: 0x1000) {
                fixture.mapStage2(
                    ipa: page, level: 3, (page - MMUFixture.ramIPA) | MMUFixture.stage2Leaf(level: 3))
            }
            let regime = tables.regime()
            #expect(regime.walk(va, in: fixture) == .offset(0x1000))
            let stage2Slot = fixture.stage2Slot(ipa: descriptorIPA, level: 3)
            let mapped = stage2Slot.load(as: UInt64.self)
            stage2Slot.storeBytes(of: 0, as: UInt64.self)
            for kind in [.read, .write, .fetch] as [MemoryAccess.Kind] {
                #expect(
                    regime.walk(va, kind, in: fixture) == .stage1Walk(.translation(level: 3), ipa: descriptorIPA))
            }
            stage2Slot.storeBytes(of: mapped & ~Stage2Descriptor.read, as: UInt64.self)
            #expect(regime.walk(va, in: fixture) == .stage1Walk(.permission(level: 3), ipa: descriptorIPA))
            // A walk only reads.
            stage2Slot.storeBytes(of: mapped & ~Stage2Descriptor.write, as: UInt64.self)
            #expect(regime.walk(va, .write, in: fixture) == .offset(0x1000))
        }
    }

    @Test func stage1FaultsComeFirst() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        let unmapped: UInt64 = 0x1000_0000
        tables.map(0x1000, to: unmapped, Stage1Tables.readOnly)
        let regime = tables.regime()
        #expect(regime.walk(0x1000, .write, in: fixture) == .stage1(.permission(level: 3)))
        #expect(
            regime.walk(0x1ABC, .read, in: fixture) == .stage2(.translation(level: 1), ipa: unmapped + 0xABC))
    }

    @Test func deviceOfEitherStageWins() throws {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        let ipa = MMUFixture.ramIPA
        tables.map(0x1000, to: ipa)
        tables.map(0x2000, to: ipa, Stage1Tables.device)
        tables.map(0x20_0000, to: ipa + 0x20_0000)
        fixture.mapStage2(
            ipa: ipa + 0x20_0000, level: 2, 0x20_0000 | MMUFixture.stage2Leaf(level: 2, device: true))
        let regime = tables.regime()
        let request = WalkRequest(access: MemoryAccess(kind: .read, unprivileged: false))
        #expect(try !regime.translate(0x1000, request, in: fixture.memory).isDevice)
        #expect(try regime.translate(0x2000, request, in: fixture.memory).isDevice)
        #expect(try regime.translate(0x20_0000, request, in: fixture.memory).isDevice)
        #expect(
            regime.walk(0x20_0001, unaligned: true, in: fixture) == .stage2(.alignment, ipa: ipa + 0x20_0001))
    }
}
