import Shared

@testable import Coordinator
@testable import VCPUWorker

/// The real machine and the model, side by side.
final class GICComparison {
    let machine: GICMachine
    var model: GICModel
    let shape: GICShape
    /// Kicks arrive with `.settle` only, or when a vCPU comes out by itself; otherwise at once.
    let delaysKicks: Bool

    // The guest's software: it ends what it took last, and deactivates what it dropped.
    var taken: [[GICModel.Offer]]
    var dropped: [[Int]]

    /// The place in the vGIC of each interrupt of the model.
    let indices: [Int]
    private var offers: [[GICModel.Offer]]
    /// A wire fell of which a running vCPU is not told.
    var isWireStale: [Bool]
    /// vCPUs outside that had nothing to take when last looked at: somebody must wake them.
    private var sleeps: [Bool]

    init(_ shape: GICShape, delaysKicks: Bool, mutation: GICMutation? = nil, fault: GICMachineFault? = nil) {
        self.shape = shape
        self.delaysKicks = delaysKicks
        machine = GICMachine(shape, fault: fault)
        model = GICModel(shape)
        model.mutation = mutation
        taken = Array(repeating: [], count: shape.vcpus)
        dropped = Array(repeating: [], count: shape.vcpus)
        offers = Array(repeating: [], count: shape.vcpus)
        isWireStale = Array(repeating: false, count: shape.vcpus)
        sleeps = Array(repeating: true, count: shape.vcpus)
        indices = model.interrupts.map { [machine] in machine.index($0.intid, of: $0.owner) ?? 0 }
    }

    /// Does one thing to both. Returns what differs then, or nil.
    func step(_ operation: GICOperation) -> String? {
        if let difference = apply(operation) { return difference }
        return settle(kicks: !delaysKicks) ? compare() : "exits without end"
    }

    /// Whether the vCPU runs and has not heard of everything.
    func isLate(_ vcpu: Int) -> Bool { machine.inGuest[vcpu] && (machine.kicked[vcpu] || isWireStale[vcpu]) }

    // MARK: World switch

    func enter(_ vcpu: Int) {
        guard !machine.inGuest[vcpu] else { return }
        offers[vcpu] = model.offers(to: vcpu)
        machine.enter(vcpu)
        isWireStale[vcpu] = false
        noteHolders()
    }

    func leave(_ vcpu: Int) {
        guard machine.inGuest[vcpu] else { return }
        machine.leave(vcpu)
        model.leave(vcpu)
        noteHolders()
        sleeps[vcpu] = false
    }

    private func noteHolders() {
        for place in indices.indices { model.holders[place] = machine.interrupt(at: indices[place]).holder }
    }

    /// Lets maintenance conditions take effect, and kicks as well if so wanted. False if that never ends.
    func settle(kicks: Bool) -> Bool {
        for _ in 0..<64 {
            var isQuiet = true
            for vcpu in 0..<shape.vcpus where machine.wantsOut(vcpu) || kicks && isLate(vcpu) {
                leave(vcpu)
                enter(vcpu)
                isQuiet = false
            }
            if isQuiet { return true }
        }
        return false
    }

    // MARK: What must be the same

    func compare() -> String? {
        noteHolders()
        for place in indices.indices {
            if let difference = compare(place) { return difference }
        }
        for vcpu in 0..<shape.vcpus {
            if let difference = compareInterface(vcpu) { return difference }
        }
        return nil
    }

    func name(_ place: Int) -> String {
        let interrupt = model.interrupts[place]
        return "INTID \(interrupt.intid)" + (interrupt.owner.map { " of vCPU \($0)" } ?? "")
    }

    private func compare(_ place: Int) -> String? {
        let index = indices[place]
        let expected = model.interrupts[place]
        let real = machine.vgic.interrupts[index]
        let state = machine.interrupt(at: index)
        if state.isPending != expected.isPending { return "\(name(place)): pending is \(state.isPending)" }
        if state.isActive != expected.readsAsActive { return "\(name(place)): active is \(state.isActive)" }
        if real.isEnabled != expected.isEnabled { return "\(name(place)): enabled is \(real.isEnabled)" }
        if real.isGroup1 != expected.isGroup1 { return "\(name(place)): group 1 is \(real.isGroup1)" }
        if real.isEdge != expected.isEdge { return "\(name(place)): edge is \(real.isEdge)" }
        if real.lineLevel != expected.line { return "\(name(place)): the line is \(real.lineLevel)" }
        if UInt32(real.priority) != expected.priority { return "\(name(place)): priority is \(real.priority)" }
        if expected.route == .any, !expected.isActive, model.isForwarded(place) {
            // With someone who takes it, if there is anyone. Who has not heard of it yet does not count.
            let group: UInt32 = expected.isGroup1 ? 2 : 1
            let takers = (0..<shape.vcpus).filter { model.interfaces[$0].groups & group != 0 }
            let choice = Int(real.queuedOn)
            let isWaiting = !takers.contains { !isLate($0) } || choice >= 0 && isLate(choice)
            if !isWaiting, !takers.contains(choice) {
                return "\(name(place)): 1 of N went to \(choice), not one of \(takers)"
            }
        }
        return nil
    }

    /// What a vCPU is told now, but for what is still in the hands of another that has not heard of a change.
    func signal(_ vcpu: Int) -> GICModel.Signal {
        var withheld = false
        for holder in 0..<shape.vcpus where holder != vcpu && isLate(holder) { withheld = true }
        return model.signal(
            vcpu, choice: { Int(machine.vgic.interrupts[indices[$0]].queuedOn) },
            isWithheld: { [self] place in
                guard withheld, let holder = model.holders[place] else { return false }
                return holder != vcpu && isLate(holder)
            })
    }

    private func compareInterface(_ vcpu: Int) -> String? {
        let interface = model.interfaces[vcpu]
        let state = machine.interfaces[vcpu].state
        for isGroup1 in [false, true]
        where (isGroup1 ? state.ap1r0 : state.ap0r0) != interface.activePriorities(isGroup1: isGroup1) {
            return "vCPU \(vcpu): active priorities are \(state.ap0r0) and \(state.ap1r0)"
        }
        if isLate(vcpu) { return nil }
        let signal = signal(vcpu)
        guard machine.inGuest[vcpu] else { return compareWaiting(vcpu, signal) }
        let isIRQ = machine.interfaces[vcpu].irqPending
        let isFIQ = machine.interfaces[vcpu].fiqPending
        if isIRQ || isFIQ {
            let allowed = signal.signalled.contains { model.interrupts[$0].isGroup1 == isIRQ }
            if isIRQ != isFIQ, allowed { return nil }
        } else if !signal.mustSignal {
            return nil
        }
        return "vCPU \(vcpu): IRQ \(isIRQ), FIQ \(isFIQ), not \(signal.signalled.map(name))"
    }

    private func compareWaiting(_ vcpu: Int, _ signal: GICModel.Signal) -> String? {
        let hasPending = machine.vgic.hasPending(vcpu: vcpu, state: machine.interfaces[vcpu].state)
        if hasPending ? signal.signalled.isEmpty : signal.mustSignal {
            return "vCPU \(vcpu) waits: hasPending is \(hasPending)"
        }
        defer {
            sleeps[vcpu] = !hasPending
            machine.kicked[vcpu] = false
        }
        return hasPending && sleeps[vcpu] && !machine.kicked[vcpu] ? "vCPU \(vcpu) waits, and is not woken" : nil
    }

    /// The offer that the vCPU took when it got `intid`, or nil if it was not to have it.
    func accepted(_ intid: UInt32, by vcpu: Int, isGroup1: Bool, _ signal: GICModel.Signal) -> GICModel.Offer? {
        guard let place = model.place(intid, of: intid < 32 ? vcpu : nil) else { return nil }
        if isLate(vcpu) {
            return offers[vcpu].first { $0.place == place && $0.isGroup1 == isGroup1 }
        }
        let interrupt = model.interrupts[place]
        guard signal.signalled.contains(place), interrupt.isGroup1 == isGroup1 else { return nil }
        return GICModel.Offer(place: place, priority: interrupt.priority, isGroup1: isGroup1)
    }
}
