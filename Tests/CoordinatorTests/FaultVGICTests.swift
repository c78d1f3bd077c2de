import Shared
import Testing

@testable import Coordinator

/// A vGIC with faults, and a clock that stands still unless a test moves it.
private final class FaultyVGIC {
    let machine: VGICTestMachine
    let faults: FaultInjector
    private let clock = Clock()
    var now: UInt64 { clock.now }

    private final class Clock { var now: UInt64 = 1_000_000_000 }

    init(_ faults: [Fault: UInt32], vcpus: Int = 2, listRegisters: Int = 4, seed: UInt64 = 1) {
        var plan = FaultPlan(seed: seed)
        for (fault, interval) in faults { plan[fault] = interval }
        machine = VGICTestMachine(vcpus: vcpus, listRegisters: listRegisters)
        let clock = clock
        self.faults = FaultInjector(plan, vcpuCount: vcpus) { clock.now }
        machine.vgic.faults = self.faults
    }

    /// Group 1, to vCPUs by bits.
    func send(_ intid: UInt64, from vcpu: Int = 0, to targets: UInt64) {
        machine.vgic.sendSGI(from: vcpu, value: intid << 24 | targets, group: 1)
    }

    func pass(_ nanoseconds: UInt64) {
        clock.now += nanoseconds
        faults.release(at: clock.now, to: machine.vgic)
    }
}

@Suite struct FaultVGICTests {
    // MARK: Legal

    @Test(arguments: [Fault.delay, .reorder, .coalesce, .window])
    func whatIsHeldBackArrivesInTheEnd(_ fault: Fault) {
        let faulty = FaultyVGIC([fault: 1])
        faulty.send(5, to: 2)
        faulty.machine.configure(40, isEdge: true, vcpu: 1)
        faulty.machine.pulse(40)
        #expect(faulty.machine.takeAll(1) == [])
        #expect(faulty.faults.deadline > faulty.now)
        #expect(faulty.faults.deadline < faulty.now + 10_000_000)
        faulty.pass(10_000_000)
        #expect(faulty.faults.deadline == .max)
        #expect(Set(faulty.machine.takeAll(1)) == [5, 40])
        #expect(faulty.faults.count(fault) == 2)
    }

    @Test func aLevelThatFellWhileItWasHeldWasNeverThere() {
        let faulty = FaultyVGIC([.delay: 1])
        faulty.machine.configure(40, isEdge: false, vcpu: 1)
        faulty.machine.pulse(40)
        faulty.pass(10_000_000)
        #expect(faulty.machine.takeAll(1) == [])
        faulty.machine.vgic.setSPI(40, level: true)
        faulty.pass(10_000_000)
        faulty.machine.settle()
        #expect(faulty.machine.cpus[1].acknowledge() == 40)
    }

    @Test func heldBackTheyMerge() {
        let faulty = FaultyVGIC([.coalesce: 1])
        faulty.send(5, from: 0, to: 2)
        #expect(faulty.machine.takeAll(1) == [])
        faulty.send(5, from: 1, to: 2)
        // At once, and as one.
        #expect(faulty.machine.takeAll(1) == [5])
        faulty.pass(10_000_000)
        #expect(faulty.machine.takeAll(1) == [])
    }

    @Test func whatCannotBeHeldArrives() {
        let faulty = FaultyVGIC([.delay: 1], vcpus: 1)
        for _ in 0..<1024 { faulty.send(5, to: 1) }
        #expect(faulty.machine.takeAll(0) == [])
        faulty.send(6, to: 1)
        #expect(Set(faulty.machine.takeAll(0)) == [5, 6])
        #expect(faulty.faults.deadline == .max)
    }

    @Test func entriesHaveFewerListRegisters() {
        let faulty = FaultyVGIC([.reduce: 1], vcpus: 1)
        var counts: Set<Int> = []
        for _ in 0..<100 {
            for intid in 0..<8 as Range<UInt64> { faulty.send(intid, to: 1) }
            faulty.machine.enter(0)
            counts.insert(faulty.machine.cpus[0].valid.count)
            #expect(faulty.machine.takeAll(0).sorted() == Array(0..<8))
            faulty.machine.exit(0)
        }
        #expect(counts == [1, 2, 3])
    }

    // MARK: Illegal

    @Test func loseSGI() {
        let faulty = FaultyVGIC([.loseSGI: 1])
        faulty.send(5, to: 3)
        #expect(faulty.machine.takeAll(0) + faulty.machine.takeAll(1) == [])
        #expect(faulty.faults.count(.loseSGI) == 2)
    }

    @Test func duplicate() {
        let faulty = FaultyVGIC([.duplicate: 1])
        faulty.send(5, to: 2)
        faulty.machine.enter(1)
        for _ in 0..<3 {
            #expect(faulty.machine.cpus[1].acknowledge() == 5)
            faulty.machine.cpus[1].end(5)
            faulty.machine.cycle(1)
        }
        #expect(faulty.faults.count(.duplicate) == 3)
    }

    @Test func loseEOI() {
        let faulty = FaultyVGIC([.loseEOI: 1])
        faulty.send(5, to: 2)
        #expect(faulty.machine.takeAll(1) == [5])
        faulty.machine.exit(1)
        #expect(faulty.faults.count(.loseEOI) == 1)
        // Active for ever, it is not taken again; another one is.
        faulty.send(5, to: 2)
        faulty.send(6, to: 2)
        #expect(faulty.machine.takeAll(1) == [6])
        #expect(faulty.machine.readPrivate(1, 0x1_0300) & 1 << 5 != 0)
    }

    // MARK: Repetition

    @Test func theSameSeedDoesTheSame() {
        func history(seed: UInt64) -> [UInt64] {
            let faulty = FaultyVGIC(
                Dictionary(uniqueKeysWithValues: Fault.allCases.map { ($0, 3) }), vcpus: 4, seed: seed)
            var history: [UInt64] = []
            for round in 0..<200 as Range<UInt64> {
                faulty.send(round % 16, from: Int(round % 4), to: 1 << (round / 4 % 4))
                history.append(faulty.faults.deadline)
                for vcpu in 0..<4 { history += faulty.machine.takeAll(vcpu, limit: 20).map(UInt64.init) + [99] }
                faulty.pass(100_000)
            }
            return history + Fault.allCases.map(faulty.faults.count)
        }
        #expect(history(seed: 1) == history(seed: 1))
        #expect(history(seed: 1) != history(seed: 2))
    }
}
