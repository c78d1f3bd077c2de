import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct MMUTranslateTests {
    let fixture = MMUFixture()

    @Test func fastSlotsHoldWhatIsPermitted() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x5000)
        tables.map(0x2000, to: MMUFixture.ramIPA + 0x6000, Stage1Tables.readOnly | Stage1Tables.user)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        let first = vcpu.reach(0x1238)
        let firstFast = [vcpu.isFast(0x1000), vcpu.isFast(0x1000, .write), vcpu.isFast(0x1000, unprivileged: true)]
        #expect(first == 0x5238)
        #expect(firstFast == [true, true, false])
        let second = vcpu.reach(0x2FF8, unprivileged: true)
        let secondFast = [
            vcpu.isFast(0x2000, unprivileged: true), vcpu.isFast(0x2000, .write, unprivileged: true),
            vcpu.isFast(0x2000),
        ]
        #expect(second == 0x6FF8)
        #expect(secondFast == [true, false, false])
        let write = vcpu.reach(0x2000, .write, unprivileged: true)
        #expect(write == nil)
        let fault = vcpu.mmu.fault
        #expect(fault.status == .permission(level: 3))
        #expect(fault.isWrite && !fault.isStage2 && !fault.isFetch)
        #expect(fault.address == 0x2000)
    }

    @Test func aSecondMissIsServedByTheTLB() {
        let tables = Stage1Tables(fixture)
        tables.map(0x10_1000, to: MMUFixture.ramIPA + 0x1000)
        tables.map(0x20_1000, to: MMUFixture.ramIPA + 0x2000)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        // Both share a fast slot.
        for _ in 0..<10 {
            let reached = [vcpu.reach(0x10_1000), vcpu.reach(0x20_1000)]
            #expect(reached == [0x1000, 0x2000])
        }
        #expect(vcpu.walks == 2)
    }

    @Test func alignmentCheckKeepsTheFastSlotsEmpty() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables, sctlr: 1 << 1)
        let aligned = vcpu.reach(0x1008)
        #expect(aligned == 8)
        let isFast1 = vcpu.isFast(0x1000)
        #expect(!isFast1)
        // Before the translation: the page does not even exist.
        let unaligned = vcpu.reach(0x9_0001, byteCount: 2)
        #expect(unaligned == nil)
        #expect(vcpu.mmu.fault.status == .alignment)
        // Allowing it again, and forbidding it again.
        vcpu.enable(tables)
        _ = vcpu.reach(0x1008)
        let isFast2 = vcpu.isFast(0x1000)
        #expect(isFast2)
        vcpu.enable(tables, sctlr: 1 << 1)
        let isFast3 = vcpu.isFast(0x1000)
        #expect(!isFast3)
    }

    @Test func deviceMemoryIsNeverFast() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA, Stage1Tables.device)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        for _ in 0..<2 {
            let aligned = vcpu.reach(0x1010)
            #expect(aligned == 0x10)
            let isFast4 = vcpu.isFast(0x1000)
            #expect(!isFast4)
            let unaligned = vcpu.reach(0x1011)
            #expect(unaligned == nil)
            #expect(vcpu.mmu.fault.status == .alignment)
        }
    }

    @Test func mmuOffIsDeviceForDataEvenAfterAFetch() {
        var vcpu = fixture.makeVCPU()
        let va = MMUFixture.ramIPA + 0x3000
        let fetched = vcpu.translateFetch(va)
        #expect(fetched?.offset == 0x3000)
        let aligned = vcpu.reach(va + 8)
        #expect(aligned == 0x3008)
        let isFast5 = vcpu.isFast(va)
        #expect(!isFast5)
        let unaligned = vcpu.reach(va + 9)
        #expect(unaligned == nil)
        #expect(vcpu.mmu.fault.status == .alignment)
    }

    @Test func panTakesAwayAndGivesBack() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA, Stage1Tables.user)
        tables.map(0x2000, to: MMUFixture.ramIPA + 0x1000)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        for _ in 0..<3 {
            let open = [vcpu.reach(0x1000), vcpu.reach(0x2000), vcpu.reach(0x1000, unprivileged: true)]
            #expect(open == [0, 0x1000, 0])
            vcpu.pstate.pan = true
            vcpu.panChanged()
            // The kernel's own page stays in place.
            let isKernelFast = vcpu.isFast(0x2000)
            #expect(isKernelFast)
            let closed = [vcpu.reach(0x1000), vcpu.reach(0x2000), vcpu.reach(0x1000, unprivileged: true)]
            #expect(closed == [nil, 0x1000, 0])
            #expect(vcpu.mmu.fault.status == .permission(level: 3))
            vcpu.pstate.pan = false
            vcpu.panChanged()
        }
    }

    @Test func tagsStayInTheFastTLB() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x7000)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables, tcr: 1 << 37)
        let tagged: UInt64 = 0xAB00_0000_0000_1000
        let reached = [vcpu.reach(tagged), vcpu.reach(0x1000), vcpu.reach(tagged)]
        #expect(reached == [0x7000, 0x7000, 0x7000])
        let isFast6 = vcpu.isFast(tagged)
        #expect(isFast6)
        #expect(vcpu.walks == 1)
        // An invalidation without the tag takes it all the same.
        tables.write(0x1000, level: 3, 0)
        _ = vcpu.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 7, 3), 0x1)
        let gone = vcpu.reach(tagged)
        #expect(gone == nil)
        #expect(vcpu.mmu.fault.address == tagged)
    }

    @Test func asidsKeepTheirEntries() {
        let one = Stage1Tables(fixture)
        let two = Stage1Tables(fixture)
        one.map(0x1000, to: MMUFixture.ramIPA + 0x1000, Stage1Tables.nonGlobal)
        two.map(0x1000, to: MMUFixture.ramIPA + 0x2000, Stage1Tables.nonGlobal)
        one.map(0xFFFF_0000_0000_5000, to: MMUFixture.ramIPA + 0x5000)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(one, asid: 1)
        for _ in 0..<4 {
            vcpu.switchASID(1, one)
            let first = [vcpu.reach(0x1000), vcpu.reach(0xFFFF_0000_0000_5000)]
            #expect(first == [0x1000, 0x5000])
            vcpu.switchASID(2, two)
            // The global kernel page stays fast over the switch, the other does not.
            let fast = [vcpu.isFast(0x1000), vcpu.isFast(0xFFFF_0000_0000_5000)]
            #expect(fast == [false, true])
            let second = vcpu.reach(0x1000)
            #expect(second == 0x2000)
        }
        #expect(vcpu.walks == 3)
    }

    @Test func eightBitASIDsIgnoreTheRest() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA, Stage1Tables.nonGlobal)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        vcpu.system.tcr_EL1 &= ~(1 << 36)
        vcpu.system.ttbr0_EL1 = tables.root | 0x1234 << 48
        vcpu.translationRegimeChanged()
        _ = vcpu.reach(0x1000)
        tables.write(0x1000, level: 3, 0)
        _ = vcpu.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 7, 1), 0xFF34 << 48 | 1)
        let gone = vcpu.reach(0x1000)
        #expect(gone == nil)
    }

    @Test func faultsAreNotCached() {
        let tables = Stage1Tables(fixture)
        tables.write(0x1000, level: 3, 0)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        let before = vcpu.reach(0x1000)
        #expect(before == nil)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000, Stage1Tables.readOnly)
        let after = [vcpu.reach(0x1000), vcpu.reach(0x1000, .write)]
        #expect(after == [0x1000, nil])
        // More permission needs no invalidation: what an entry does not permit is walked for.
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        let more = vcpu.reach(0x1000, .write)
        #expect(more == 0x1000)
    }

    @Test func stage2FaultsSayWhatTheHypervisorNeeds() {
        let tables = Stage1Tables(fixture)
        let device: UInt64 = 0x0900_0000
        tables.map(0x1000, to: device, Stage1Tables.device)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        let store = vcpu.reach(0x1018, .write, byteCount: 4)
        #expect(store == nil)
        let fault = vcpu.mmu.fault
        #expect(fault.isStage2 && fault.isWrite && !fault.isStage1Walk)
        #expect(fault.status == .translation(level: 1))
        #expect(fault.ipa == device + 0x18)
        #expect(fault.address == 0x1018)
    }

    /// Stage 1 of what stage 2 refuses is kept, stage 2 is not, and the access is checked each time.
    @Test func aRefusedPageIsWalkedOnceByStage1() {
        let tables = Stage1Tables(fixture)
        let device: UInt64 = 0x0900_0000
        tables.map(0x1000, to: device, Stage1Tables.device | Stage1Tables.readOnly)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        for offset in [0x18, 0x20, 0x18] as [UInt64] {
            let load = vcpu.reach(0x1000 + offset, byteCount: 4)
            #expect(load == nil)
            #expect(vcpu.mmu.fault.isStage2 && vcpu.mmu.fault.ipa == device + offset)
        }
        #expect(vcpu.walks == 1)
        // Stage 1 does not permit a store, nor EL0.
        let store = vcpu.reach(0x1018, .write, byteCount: 4)
        #expect(store == nil && !vcpu.mmu.fault.isStage2)
        let user = vcpu.reach(0x1018, unprivileged: true, byteCount: 4)
        #expect(user == nil && !vcpu.mmu.fault.isStage2)
        // An unaligned one is a fault of stage 1: Device memory.
        let unaligned = vcpu.reach(0x1019, byteCount: 4)
        #expect(unaligned == nil && vcpu.mmu.fault.status == .alignment)
        // Stage 2 is asked each time.
        fixture.mapStage2(ipa: device, level: 2, 0 | MMUFixture.stage2Leaf(level: 2))
        let mapped = vcpu.reach(0x1018, byteCount: 4)
        #expect(mapped == 0x18)
    }

    @Test func fetchesFollowTheCurrentLevel() {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000, Stage1Tables.uxn)
        tables.map(0x2000, to: MMUFixture.ramIPA + 0x2000, Stage1Tables.user | Stage1Tables.pxn)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        let atEL1 = [vcpu.translateFetch(0x1004)?.offset, vcpu.translateFetch(0x2004)?.offset]
        #expect(atEL1 == [0x1000, nil])
        #expect(vcpu.mmu.fault.isFetch)
        vcpu.pstate.el = 0
        let atEL0 = [vcpu.translateFetch(0x1004)?.offset, vcpu.translateFetch(0x2004)?.offset]
        #expect(atEL0 == [nil, 0x2000])
        let host = vcpu.translateFetch(0x2004)?.hostPage
        #expect(host == fixture.ram + 0x2000)
        vcpu.pstate.el = 1
    }

    /// A 2 MiB block of stage 1 over 4 KiB pages of stage 2: each page is where stage 2 puts it.
    @Test func blocksOverScatteredPages() {
        let fixture = MMUFixture(isStage2Flat: false)
        for page in 0..<512 as Range<UInt64> {
            fixture.mapStage2(
                ipa: MMUFixture.ramIPA + page << 12, level: 3,
                (511 - page) << 12 | MMUFixture.stage2Leaf(level: 3))
        }
        for block in 1..<8 as Range<UInt64> {
            fixture.mapStage2(
                ipa: MMUFixture.ramIPA + block << 21, level: 2, block << 21 | MMUFixture.stage2Leaf(level: 2))
        }
        let tables = Stage1Tables(fixture)
        tables.map(0x20_0000, to: MMUFixture.ramIPA, level: 2)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        for page in 0..<512 as Range<UInt64> {
            let reached = vcpu.reach(0x20_0000 + page << 12 + 0x10)
            #expect(reached == (511 - page) << 12 + 0x10)
        }
    }

    /// Random mappings, invalidations, context switches and accesses: what an access reaches is always what a walk of
    /// the tables as they are would reach.
    @Test(arguments: [(12, 1 as UInt64), (12, 2), (14, 3), (16, 4)])
    func cachesAgreeWithTheTables(granule: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let trees = (0..<3).map { _ in Stage1Tables(fixture, granule: granule) }
        let pageBytes = UInt64(1) << UInt64(granule)
        // Neighbours, and pages that share a fast slot or a set.
        let vas: [UInt64] = (0..<8).map { $0 * pageBytes } + (1..<8).map { $0 << 22 } + (1..<8).map { $0 << 32 }
        var vcpu = fixture.makeVCPU()
        vcpu.enable(trees[0], asid: 1)
        var current = 0
        for step in 0..<6000 {
            let va = vas[random.below(vas.count)]
            switch random.below(12) {
            case 0, 1:
                let target = UInt64(random.below(64)) * 0x1_0000
                var attributes = random.below(4) == 0 ? 0 : Stage1Tables.nonGlobal
                if random.below(2) == 0 { attributes |= Stage1Tables.user }
                if random.below(3) == 0 { attributes |= Stage1Tables.readOnly }
                if random.below(6) == 0 { attributes |= Stage1Tables.device }
                // A global page is the same in every tree.
                let isGlobal = attributes & Stage1Tables.nonGlobal == 0
                let wasGlobal = trees[current].slot(va, level: 3).load(as: UInt64.self) & (1 << 11 | 1) == 1
                // Where stage 2 has nothing.
                let base: UInt64 = random.below(4) == 0 ? 0x0900_0000 : MMUFixture.ramIPA
                for (index, tree) in trees.enumerated() where isGlobal || wasGlobal || index == current {
                    if random.below(5) == 0 && !isGlobal {
                        tree.write(va, level: 3, 0)
                    } else {
                        tree.map(va, to: base + target, attributes)
                    }
                }
                let isShared = isGlobal || wasGlobal
                let operand = UInt64(current + 1) << 48 | va >> 12
                let form: UInt16 =
                    isShared ? [0, 3, 7][random.below(3)] : [0, 1, 2, 3, 5, 7][random.below(6)]
                _ = vcpu.executeMaintenance(
                    SystemRegisterEncoding(1, 0, 8, random.below(2) == 0 ? 3 : 7, form), operand)
            case 2:
                current = random.below(3)
                vcpu.switchASID(UInt16(current + 1), trees[current])
            case 3:
                vcpu.pstate.pan.toggle()
                vcpu.panChanged()
            default:
                let kind: MemoryAccess.Kind = random.below(2) == 0 ? .read : .write
                let isUnprivileged = random.below(2) == 0
                let inside = UInt64(random.below(0xFF8))
                // Twice: what the first access leaves behind serves the second.
                _ = vcpu.reach(va + inside, kind, unprivileged: isUnprivileged)
                let reached = vcpu.reach(va + inside, kind, unprivileged: isUnprivileged)
                let expected = trees[current].regime().walk(
                    va + inside, kind, unprivileged: isUnprivileged, pan: vcpu.pstate.pan && !isUnprivileged,
                    unaligned: inside & 7 != 0, in: fixture)
                let outcome: WalkOutcome =
                    if let reached { .offset(reached) } else { .fault(vcpu.mmu.fault.ofWalk) }
                #expect(outcome == expected, "step \(step)")
                if outcome != expected { return }
            }
        }
    }
}
