import Shared
import Testing

@testable import Coordinator

/// SplitMix64, so that a failure can be repeated from its seed.
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A GIC without lists, list registers and exits: each interrupt's state, and who may take it.
struct ReferenceGIC {
    struct Interrupt {
        let intid: UInt32
        var target: Int
        var isEdge: Bool
        var isEnabled = false
        var line = false
        var latch = false
        var isActive = false
        var priority: UInt8 = 0

        var isPending: Bool { latch || line && !isEdge }
    }

    var interrupts: [Interrupt] = []
    var isEnabled = true
    /// What each vCPU took and has not ended, the latest last: place and priority when taken.
    var stacks: [[(place: Int, priority: UInt8)]]
    var masks: [UInt8]

    /// Those that `vcpu` may take now, of the highest priority.
    func best(_ vcpu: Int) -> [Int] {
        let running = stacks[vcpu].last.map { Int($0.priority) } ?? 256
        let able = interrupts.indices.filter {
            let interrupt = interrupts[$0]
            return isEnabled && interrupt.isEnabled && interrupt.isPending && !interrupt.isActive
                && interrupt.target == vcpu && interrupt.priority < masks[vcpu] && Int(interrupt.priority) < running
        }
        let highest = able.map { interrupts[$0].priority }.min()
        return able.filter { interrupts[$0].priority == highest }
    }

    mutating func take(_ place: Int, _ vcpu: Int) {
        interrupts[place].latch = false
        interrupts[place].isActive = true
        stacks[vcpu].append((place, interrupts[place].priority))
    }

    mutating func end(_ vcpu: Int) -> Int? {
        guard let (place, _) = stacks[vcpu].popLast() else { return nil }
        interrupts[place].isActive = false
        return place
    }
}

/// Random sequences of everything that devices, guests and exits do, against the reference. Kicks and maintenance
/// conditions take effect at once, so that there is one right answer at each step.
@Suite struct VGICPropertyTests {
    struct Shape: CustomTestStringConvertible {
        var listRegisters: Int
        var vcpus: Int
        var spis: Int
        /// ISACTIVER and ICACTIVER: only without overflow, because the end of an interrupt that is in no list register
        /// is known by its place in the order of priorities alone.
        var writesActive = false

        var testDescription: String { "\(listRegisters) LRs, \(vcpus) vCPUs, \(spis) SPIs" }
    }

    @Test(arguments: [
        Shape(listRegisters: 1, vcpus: 1, spis: 6),
        Shape(listRegisters: 2, vcpus: 2, spis: 10),
        Shape(listRegisters: 4, vcpus: 3, spis: 24),
        Shape(listRegisters: 16, vcpus: 2, spis: 6, writesActive: true),
    ])
    func agreesWithTheReference(shape: Shape) {
        for seed in 0..<40 as Range<UInt64> {
            var run = PropertyRun(shape: shape, seed: seed)
            for step in 0..<600 {
                if let difference = run.step() {
                    Issue.record("seed \(seed), step \(step): \(run.last): \(difference)")
                    return
                }
            }
        }
    }
}

private struct PropertyRun {
    let shape: VGICPropertyTests.Shape
    let machine: VGICTestMachine
    var reference: ReferenceGIC
    var random: TestRandom
    /// The latest operation, for the report.
    var last = ""

    init(shape: VGICPropertyTests.Shape, seed: UInt64) {
        self.shape = shape
        random = TestRandom(state: seed)
        machine = VGICTestMachine(vcpus: shape.vcpus, listRegisters: shape.listRegisters, spis: 64)
        reference = ReferenceGIC(
            stacks: Array(repeating: [], count: shape.vcpus), masks: Array(repeating: 0xF0, count: shape.vcpus))
        for vcpu in 0..<shape.vcpus {
            for intid in [0, 1, 20] as [UInt32] {
                reference.interrupts.append(
                    .init(intid: intid, target: vcpu, isEdge: intid < 16, isEnabled: intid < 16))
            }
        }
        for spi in 0..<shape.spis {
            reference.interrupts.append(.init(intid: UInt32(32 + spi), target: 0, isEdge: false))
        }
    }

    /// Does one thing to both; returns what differs afterwards.
    mutating func step() -> String? {
        let place = Int.random(in: reference.interrupts.indices, using: &random)
        let vcpu = Int.random(in: 0..<shape.vcpus, using: &random)
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<4: setLine(place, Bool.random(using: &random))
        case 4..<6: enable(place, Int.random(in: 0..<4, using: &random) != 0)
        case 6: pend(place, Bool.random(using: &random))
        case 7: prioritise(place)
        case 8: configure(place)
        case 9: route(place)
        case 10: if shape.writesActive { activate(place, Bool.random(using: &random)) }
        case 11: sendSGI(from: vcpu)
        case 12:
            last = "mask of \(vcpu)"
            reference.masks[vcpu] = UInt8.random(in: 0..<32, using: &random) << 3
            machine.cpus[vcpu].state.vmcr &= ~(0xFF << ICH_VMCR.vpmrShift)
            machine.cpus[vcpu].state.vmcr |= UInt64(reference.masks[vcpu]) << ICH_VMCR.vpmrShift
        case 13:
            last = "distributor"
            reference.isEnabled = Int.random(in: 0..<4, using: &random) != 0
            machine.write(0, reference.isEnabled ? 2 : 0)
        case 14:
            last = "exit of \(vcpu)"
            machine.exit(vcpu)
        case 15..<18:
            last = "entry of \(vcpu)"
            machine.enter(vcpu)
        case 18..<22: return settleAnd { $0.acknowledge(vcpu) }
        default: return settleAnd { $0.end(vcpu) }
        }
        return settleAnd { $0.compareRegisters() }
    }

    private mutating func settleAnd(_ body: (inout Self) -> String?) -> String? {
        guard machine.settle() else { return "exits without end" }
        if let difference = body(&self) { return difference }
        return machine.settle() ? nil : "exits without end"
    }

    private mutating func acknowledge(_ vcpu: Int) -> String? {
        guard machine.inGuest[vcpu] else { return nil }
        last = "acknowledge at \(vcpu)"
        let best = reference.best(vcpu)
        let intid = machine.cpus[vcpu].acknowledge()
        guard intid != 1023 || !best.isEmpty else { return nil }
        guard let place = best.first(where: { reference.interrupts[$0].intid == intid }) else {
            return "took \(intid), not one of \(best.map { reference.interrupts[$0].intid })"
        }
        reference.take(place, vcpu)
        return nil
    }

    private mutating func end(_ vcpu: Int) -> String? {
        guard machine.inGuest[vcpu], let place = reference.end(vcpu) else { return nil }
        last = "end at \(vcpu)"
        machine.cpus[vcpu].end(reference.interrupts[place].intid)
        return nil
    }

    private mutating func setLine(_ place: Int, _ level: Bool) {
        let interrupt = reference.interrupts[place]
        guard interrupt.intid >= 16 else { return }
        last = "line \(interrupt.intid) of \(interrupt.target) \(level)"
        reference.interrupts[place].line = level
        if interrupt.isEdge, level { reference.interrupts[place].latch = true }
        if interrupt.intid < 32 {
            machine.vgic.setPPI(interrupt.intid, vcpu: interrupt.target, level: level)
        } else {
            machine.vgic.setSPI(interrupt.intid, level: level)
        }
        // A falling wire is not called back by itself.
        if !level { for vcpu in machine.cpus.indices where machine.inGuest[vcpu] { machine.cycle(vcpu) } }
    }

    private mutating func write(_ bank: UInt64, _ place: Int) {
        let interrupt = reference.interrupts[place]
        last = "bank \(String(bank, radix: 16)) for \(interrupt.intid) of \(interrupt.target)"
        if interrupt.intid < 32 {
            machine.writePrivate(interrupt.target, 0x1_0000 + bank, 1 << UInt64(interrupt.intid))
        } else {
            machine.writeBit(bank, interrupt.intid)
        }
    }

    private mutating func enable(_ place: Int, _ isEnabled: Bool) {
        write(isEnabled ? 0x100 : 0x180, place)
        reference.interrupts[place].isEnabled = isEnabled
    }

    private mutating func pend(_ place: Int, _ isPending: Bool) {
        write(isPending ? 0x200 : 0x280, place)
        reference.interrupts[place].latch = isPending
    }

    private mutating func activate(_ place: Int, _ isActive: Bool) {
        guard !reference.stacks.contains(where: { $0.contains { $0.place == place } }) else { return }
        write(isActive ? 0x300 : 0x380, place)
        reference.interrupts[place].isActive = isActive
    }

    private mutating func prioritise(_ place: Int) {
        let interrupt = reference.interrupts[place]
        guard !interrupt.isActive else { return }
        let priority = UInt8.random(in: 0..<30, using: &random) << 3
        last = "priority \(priority) of \(interrupt.intid)"
        reference.interrupts[place].priority = priority
        if interrupt.intid < 32 {
            machine.writePrivate(interrupt.target, 0x1_0400 + UInt64(interrupt.intid), UInt64(priority), 1)
        } else {
            machine.write(0x400 + UInt64(interrupt.intid), UInt64(priority), 1)
        }
    }

    /// Architecture leaves a change while pending unpredictable, so it is made while nothing is.
    private mutating func configure(_ place: Int) {
        let interrupt = reference.interrupts[place]
        guard interrupt.intid >= 32, !interrupt.isActive, !interrupt.isPending, !interrupt.line else { return }
        last = "configuration of \(interrupt.intid)"
        reference.interrupts[place].isEdge.toggle()
        let register = 0xC00 + UInt64(interrupt.intid / 16) * 4
        machine.write(register, machine.read(register) ^ 2 << UInt64(interrupt.intid % 16 * 2))
    }

    private mutating func route(_ place: Int) {
        guard reference.interrupts[place].intid >= 32 else { return }
        let target = Int.random(in: 0..<shape.vcpus, using: &random)
        last = "route of \(reference.interrupts[place].intid) to \(target)"
        reference.interrupts[place].target = target
        machine.write(0x6000 + UInt64(reference.interrupts[place].intid) * 8, MPIDR(vcpuIndex: target).rawValue, 8)
    }

    private mutating func sendSGI(from vcpu: Int) {
        let intid = UInt32.random(in: 0..<2, using: &random)
        let isBroadcast = Bool.random(using: &random)
        let targets = UInt64.random(in: 0..<1 << UInt64(shape.vcpus), using: &random)
        last = "SGI \(intid) from \(vcpu)"
        machine.vgic.sendSGI(
            from: vcpu, value: (isBroadcast ? 1 << 40 : 0) | UInt64(intid) << 24 | targets, group: 1)
        for place in reference.interrupts.indices where reference.interrupts[place].intid == intid {
            let target = reference.interrupts[place].target
            if isBroadcast ? target != vcpu : targets >> UInt64(target) & 1 != 0 {
                reference.interrupts[place].latch = true
            }
        }
    }

    /// With every vCPU out of the guest, as the registers show it; now and then only, because it takes them out.
    private mutating func compareRegisters() -> String? {
        guard Int.random(in: 0..<8, using: &random) == 0 else { return nil }
        let entered = machine.inGuest
        for vcpu in machine.cpus.indices { machine.exit(vcpu) }
        defer { for vcpu in machine.cpus.indices where entered[vcpu] { machine.enter(vcpu) } }
        for interrupt in reference.interrupts {
            let banks: [(UInt64, Bool)] = [
                (0x100, interrupt.isEnabled), (0x200, interrupt.isPending), (0x300, interrupt.isActive),
            ]
            for (bank, expected) in banks {
                let actual =
                    interrupt.intid < 32
                    ? machine.readPrivate(interrupt.target, 0x1_0000 + bank) >> UInt64(interrupt.intid) & 1 != 0
                    : machine.readBit(bank, interrupt.intid)
                if actual != expected { return "\(interrupt) reads \(actual) in bank \(String(bank, radix: 16))" }
            }
        }
        for vcpu in machine.cpus.indices {
            let wakes = machine.vgic.hasPending(vcpu: vcpu, state: machine.cpus[vcpu].state)
            if wakes == reference.best(vcpu).isEmpty { return "hasPending of \(vcpu) is \(wakes)" }
        }
        return nil
    }
}
