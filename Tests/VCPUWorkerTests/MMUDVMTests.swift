import CHost
import Glibc
import Shared
import Synchronization
import Testing

@testable import VCPUWorker

@Suite struct MMUDVMTests {
    private static func control(_ fixture: MMUFixture, _ index: Int) -> VCPUControl {
        VCPUControl(page: fixture.controlPage, vcpu: index)
    }

    private static func ring(_ fixture: MMUFixture) -> DVMRing {
        DVMRing(controlPage: fixture.controlPage, vcpuCount: fixture.vcpuCount)
    }

    // MARK: The ring

    @Test func operationsComeOutAsTheyWentIn() {
        let ring = Self.ring(MMUFixture(vcpuCount: 2))
        let operations = [
            DVMOperation(.va, operand: ~0), DVMOperation(.ipa, operand: 0x4000_0000, length: 0x20_0000),
            DVMOperation(.ipa), DVMOperation(.instructionCacheLine, operand: 0x40),
        ]
        for round in 0..<200 {
            for operation in operations {
                let ticket = ring.append(operation)
                #expect(ring.read(ticket) == .operation(operation), "round \(round)")
                #expect(ring.head == ticket + 1)
            }
        }
    }

    @Test func aLengthThatDoesNotFitMeansEverything() {
        let ring = Self.ring(MMUFixture(vcpuCount: 2))
        for length in [1 << 36, ~0, 1 << 63] as [UInt64] {
            let ticket = ring.append(DVMOperation(.ipa, operand: 0, length: length))
            #expect(ring.read(ticket) == .operation(DVMOperation(.ipa)))
        }
        let odd = ring.append(DVMOperation(.ipa, operand: 0, length: 1))
        #expect(ring.read(odd) == .operation(DVMOperation(.ipa, length: 0x1000)))
    }

    @Test func whatWasOverwrittenIsUnknown() {
        let ring = Self.ring(MMUFixture(vcpuCount: 2))
        let first = ring.append(DVMOperation(.allE1))
        for _ in 0..<DVMRing.slotCount - 1 { _ = ring.append(DVMOperation(.asid, operand: 3)) }
        #expect(ring.read(first) == .operation(DVMOperation(.allE1)))
        _ = ring.append(DVMOperation(.asid, operand: 4))
        #expect(ring.read(first) == .unknown)
    }

    @Test func doorbellsRingForOthersInTheGuestOnly() {
        let fixture = MMUFixture(vcpuCount: 3)
        let ring = Self.ring(fixture)
        armada_store32(Self.control(fixture, 0).dvmActive, 1)
        armada_store32(Self.control(fixture, 1).dvmActive, 1)
        armada_store32(Self.control(fixture, 1).doorbell, Doorbell.kick)
        ring.ringDoorbells(except: 0)
        #expect((0..<3).map { armada_load32(Self.control(fixture, $0).doorbell) } == [0, 3, 0])
        ring.ringDoorbells()
        #expect((0..<3).map { armada_load32(Self.control(fixture, $0).doorbell) } == [2, 3, 0])
    }

    @Test func anOperationIsCompleteWhenTheActiveOnesSaidSo() {
        let fixture = MMUFixture(vcpuCount: 3)
        let ring = Self.ring(fixture)
        let ticket = ring.append(DVMOperation(.allE1))
        #expect(ring.isApplied(ticket))
        armada_store32(Self.control(fixture, 2).dvmActive, 1)
        #expect(!ring.isApplied(ticket))
        #expect(ring.isApplied(ticket, except: 2))
        DVMRing.acknowledge(ticket, by: Self.control(fixture, 2))
        #expect(!ring.isApplied(ticket))
        DVMRing.acknowledge(ticket + 1, by: Self.control(fixture, 2))
        #expect(ring.isApplied(ticket))
    }

    /// Whatever its worker has written, or still writes.
    @Test func nobodyWaitsForALostVCPU() {
        let fixture = MMUFixture(vcpuCount: 3)
        let ring = Self.ring(fixture)
        armada_store32(Self.control(fixture, 1).dvmActive, 1)
        armada_store32(Self.control(fixture, 2).dvmActive, 1)
        let ticket = ring.append(DVMOperation(.allE1))
        armada_store32(Self.control(fixture, 2).dvmGone, 1)
        #expect(!ring.isApplied(ticket) && ring.isApplied(ticket, by: 2))
        DVMRing.acknowledge(ticket + 1, by: Self.control(fixture, 1))
        #expect(ring.isApplied(ticket))
    }

    /// Its producer has died between taking the ticket and filling the slot: readers go on, and forget everything.
    @Test func aTicketThatIsNeverPublishedHoldsNobodyUp() {
        let fixture = MMUFixture(vcpuCount: 2)
        let ring = Self.ring(fixture)
        let abandoned = armada_fetch_add64(fixture.controlPage + ControlPage.dvmOffset, 1)
        let next = ring.append(DVMOperation(.asid, operand: 3))
        #expect(next == abandoned + 1)
        #expect(ring.read(abandoned) == .unknown)
        #expect(ring.read(next) == .operation(DVMOperation(.asid, operand: 3)))
        for _ in 0..<DVMRing.slotCount - 2 { _ = ring.append(DVMOperation(.allE1)) }
        let lap = ring.append(DVMOperation(.asid, operand: 4))
        #expect(lap == abandoned + DVMRing.slotCount)
        #expect(ring.read(lap) == .operation(DVMOperation(.asid, operand: 4)))
    }

    // MARK: Two vCPUs, one after the other

    @Test func aVCPUInTheGuestAppliesWhenItsDoorbellRings() {
        let fixture = MMUFixture(vcpuCount: 2)
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var issuer = fixture.makeVCPU(index: 0)
        var other = fixture.makeVCPU(index: 1)
        issuer.enable(tables)
        other.enable(tables)
        issuer.beginGuestExecution()
        other.beginGuestExecution()
        _ = other.reach(0x1000)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        _ = issuer.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 3, 1), 1 << 48 | 1)
        #expect(armada_load32(other.control.doorbell) == Doorbell.dvm)
        // Not drained yet: the old translation is still allowed, and a kick takes the issuer out of its DSB.
        let stale = other.reach(0x1000)
        #expect(stale == 0)
        _ = armada_fetch_or32(issuer.control.doorbell, Doorbell.kick)
        let isInterrupted = issuer.synchronizeDVM()
        #expect(!isInterrupted)
        armada_store32(issuer.control.doorbell, 0)
        other.drainDVM()
        #expect(armada_load32(other.control.doorbell) == 0)
        let fresh = other.reach(0x1000)
        #expect(fresh == 0x1000)
        let isDone = issuer.synchronizeDVM()
        #expect(isDone)
        #expect(other.control.counter(.dvmApplied) == 1)
        #expect(issuer.control.counter(.dvmSent) == 1)
    }

    @Test func aVCPUOutsideAppliesOnItsWayIn() {
        let fixture = MMUFixture(vcpuCount: 2)
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var issuer = fixture.makeVCPU(index: 0)
        var other = fixture.makeVCPU(index: 1)
        issuer.enable(tables)
        other.enable(tables)
        issuer.beginGuestExecution()
        other.beginGuestExecution()
        _ = other.reach(0x1000)
        other.endGuestExecution()
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        _ = issuer.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 3, 7), 1)
        let isDone = issuer.synchronizeDVM()
        #expect(isDone)
        #expect(armada_load32(other.control.doorbell) == 0)
        other.beginGuestExecution()
        let fresh = other.reach(0x1000)
        #expect(fresh == 0x1000)
    }

    @Test func localInvalidationsStayLocal() {
        let fixture = MMUFixture(vcpuCount: 2)
        var issuer = fixture.makeVCPU(index: 0)
        for op2 in [0, 1, 2, 3, 5, 7] as [UInt16] {
            _ = issuer.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 7, op2), 1)
        }
        #expect(Self.ring(fixture).head == 0)
    }

    @Test(arguments: [255, 256, 257, 1000])
    func aBurstIsNeverTooMuch(_ count: Int) {
        let fixture = MMUFixture(vcpuCount: 2)
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var issuer = fixture.makeVCPU(index: 0)
        var other = fixture.makeVCPU(index: 1)
        issuer.enable(tables)
        other.enable(tables)
        _ = other.reach(0x1000)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        issuer.beginGuestExecution()
        // The one that matters comes first.
        issuer.broadcastDVM(DVMOperation(.va, operand: 1 << 48 | 1))
        for _ in 1..<count { issuer.broadcastDVM(DVMOperation(.va, operand: 0x999)) }
        other.beginGuestExecution()
        let fresh = other.reach(0x1000)
        #expect(fresh == 0x1000)
        let isDone = issuer.synchronizeDVM()
        #expect(isDone)
    }

    @Test(arguments: [0, 1, 500, 999])
    func aBurstTakesDecodedCodeOnlyIfThereWasReason(_ place: Int) {
        let fixture = MMUFixture(vcpuCount: 2)
        var issuer = fixture.makeVCPU(index: 0)
        var other = fixture.makeVCPU(index: 1)
        issuer.beginGuestExecution()
        issuer.broadcastDVM(DVMOperation(.instructionCacheAll))
        other.beginGuestExecution()
        other.endGuestExecution()
        let ops = other.code.ops(offset: 0x1000, hostPage: other.ram + 0x1000)
        ops[7] = Op(.noOperation)
        for _ in 0..<1000 { issuer.broadcastDVM(DVMOperation(.va, operand: 0x999)) }
        other.beginGuestExecution()
        #expect(ops[7].code == .noOperation)
        other.endGuestExecution()
        for index in 0..<1000 {
            let kind: DVMOperation.Kind = index == place ? .instructionCacheLine : .va
            issuer.broadcastDVM(DVMOperation(kind, operand: 0x1000))
        }
        other.beginGuestExecution()
        #expect(ops[7].code == .decode)
    }

    @Test func aProducerThatDiedBetweenTicketAndSlotHarmsNobody() {
        let fixture = MMUFixture(vcpuCount: 2)
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var vcpu = fixture.makeVCPU(index: 0)
        vcpu.enable(tables)
        vcpu.beginGuestExecution()
        _ = vcpu.reach(0x1000)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        _ = armada_fetch_add64(fixture.controlPage + ControlPage.dvmOffset, 1)
        vcpu.drainDVM()
        let fresh = vcpu.reach(0x1000)
        #expect(fresh == 0x1000)
        #expect(vcpu.mmu.dvmPosition == 1)
        // A later operation goes its usual way.
        vcpu.broadcastDVM(DVMOperation(.allE1))
        let isDone = vcpu.synchronizeDVM()
        #expect(isDone)
    }

    @Test func stage2ChangesForgetEverything() {
        let fixture = MMUFixture(vcpuCount: 1)
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var vcpu = fixture.makeVCPU()
        vcpu.enable(tables)
        vcpu.beginGuestExecution()
        _ = vcpu.reach(0x1000)
        fixture.mapStage2(ipa: MMUFixture.ramIPA, level: 2, 0x20_0000 | MMUFixture.stage2Leaf(level: 2))
        let ring = Self.ring(fixture)
        let ticket = ring.append(DVMOperation(.ipa, operand: MMUFixture.ramIPA, length: 0x20_0000))
        ring.ringDoorbells()
        #expect(!ring.isApplied(ticket))
        vcpu.drainDVM()
        #expect(ring.isApplied(ticket))
        let fresh = vcpu.reach(0x1000)
        #expect(fresh == 0x20_0000)
    }

    /// A hostile peer may write anything into the page; it can cost time, but neither a crash nor an endless loop.
    @Test func rubbishInThePageIsSurvived() {
        var random = SplitMix64(seed: 11)
        let fixture = MMUFixture(vcpuCount: 2)
        let words = ControlPage.byteCount(vcpuCount: 2) / 8
        var vcpu = fixture.makeVCPU(index: 0)
        for _ in 0..<300 {
            for _ in 0..<200 {
                fixture.controlPage.storeBytes(
                    of: random.next(), toByteOffset: random.below(words) * 8, as: UInt64.self)
            }
            armada_store32(vcpu.control.doorbell, Doorbell.kick | Doorbell.dvm)
            vcpu.beginGuestExecution()
            vcpu.broadcastDVM(DVMOperation(.va, operand: 5))
            _ = armada_fetch_or32(vcpu.control.doorbell, Doorbell.kick)
            _ = vcpu.synchronizeDVM()
            vcpu.endGuestExecution()
        }
        #expect(armada_load32(vcpu.control.dvmActive) == 0)
    }

    // MARK: Many at once

    /// Every vCPU moves pages of its own about and reads all the others'. After its DSB the mover spoils the page that
    /// was left behind: who still reads through an old translation sees it.
    @Test(arguments: [2, 3, 5])
    func noInvalidationIsMissed(_ vcpuCount: Int) {
        let fixture = MMUFixture(vcpuCount: vcpuCount)
        let stress = DVMStress(fixture: fixture)
        let threads = (0..<vcpuCount).map { index in HostThread { stress.run(index) } }
        for thread in threads { thread.join() }
        #expect(stress.spoiled.load(ordering: .relaxed) == 0)
        #expect(stress.finished.load(ordering: .relaxed) == vcpuCount)
    }
}

/// The shared half of the stress.
final class DVMStress: Sendable {
    static let pagesPerVCPU = 4
    static let moves = 1500
    static let live: UInt64 = 0x600D

    let fixture: MMUFixture
    let tables: Stage1Tables
    let spoiled = Atomic<Int>(0)
    let finished = Atomic<Int>(0)

    init(fixture: MMUFixture) {
        self.fixture = fixture
        tables = Stage1Tables(fixture)
        for page in 0..<fixture.vcpuCount * Self.pagesPerVCPU {
            armada_store64(fixture.ram + Int(Self.place(page, 0)), Self.live)
            tables.map(Self.va(page), to: MMUFixture.ramIPA + Self.place(page, 0), Stage1Tables.nonGlobal)
        }
    }

    /// Pages lie side by side in VA, and some share a fast slot.
    static func va(_ page: Int) -> UInt64 { 0x10_0000 + UInt64(page) << (page & 1 == 0 ? 12 : 20) }
    static func place(_ page: Int, _ which: Int) -> UInt64 { UInt64(page * 2 + which) << 12 }

    func run(_ index: Int) {
        var random = SplitMix64(seed: UInt64(index))
        var vcpu = fixture.makeVCPU(index: index)
        vcpu.enable(tables)
        vcpu.beginGuestExecution()
        var current = [Int](repeating: 0, count: Self.pagesPerVCPU)
        for _ in 0..<Self.moves {
            // A doorbell is looked at now and then, as at the ends of blocks.
            for _ in 0..<4 {
                if armada_load_relaxed32(vcpu.control.doorbell) != 0 { vcpu.drainDVM() }
                for _ in 0..<10 { read(&vcpu, random.below(fixture.vcpuCount * Self.pagesPerVCPU)) }
            }
            let own = random.below(Self.pagesPerVCPU)
            let page = index * Self.pagesPerVCPU + own
            let (old, new) = (Self.place(page, current[own]), Self.place(page, 1 - current[own]))
            current[own] = 1 - current[own]
            armada_store64(fixture.ram + Int(new), Self.live)
            armada_store64(
                tables.slot(Self.va(page), level: 3),
                MMUFixture.ramIPA + new | Stage1Tables.accessFlag | Stage1Tables.nonGlobal | 3)
            invalidate(&vcpu, page, &random)
            while !vcpu.synchronizeDVM() {}
            armada_store64(fixture.ram + Int(old), 0)
            if random.below(8) == 0 {
                vcpu.endGuestExecution()
                if random.below(2) == 0 { sched_yield() }
                vcpu.beginGuestExecution()
            }
        }
        vcpu.endGuestExecution()
        finished.add(1, ordering: .relaxed)
    }

    private func invalidate(_ vcpu: inout VCPU, _ page: Int, _ random: inout SplitMix64) {
        let operand = 1 << 48 | Self.va(page) >> 12
        let form: UInt16 = [0, 1, 2, 3, 5, 7, 1, 1][random.below(8)]
        _ = vcpu.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 3, form), operand)
        // Now and then more than the ring holds.
        guard random.below(64) == 0 else { return }
        for _ in 0..<300 { vcpu.broadcastDVM(DVMOperation(.va, operand: 0x7777)) }
    }

    private func read(_ vcpu: inout VCPU, _ page: Int) {
        guard let offset = vcpu.reach(Self.va(page)),
            armada_load64(fixture.ram + Int(offset)) == Self.live
        else {
            spoiled.add(1, ordering: .relaxed)
            return
        }
    }
}

/// A thread of the host: what it runs may block.
final class HostThread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
    }

    func join() { pthread_join(thread, nil) }

    private final class Body: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
