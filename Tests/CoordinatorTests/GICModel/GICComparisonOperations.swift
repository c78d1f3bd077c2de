import Shared

@testable import Coordinator
@testable import VCPUWorker

// What each operation does to both. What the architecture leaves open to software that does it is left out.
extension GICComparison {
    func apply(_ operation: GICOperation) -> String? {
        switch operation {
        case .write, .priority, .configuration, .route, .distributor: access(operation)
        case .line(let intid, let pe, let level): setLine(intid, pe, level)
        case .sgi(let vcpu, let value, let group):
            model.sendSGI(from: vcpu, value, group: group)
            machine.vgic.sendSGI(from: vcpu, value: value, group: group)
        case .enter(let vcpu): enter(vcpu)
        case .leave(let vcpu): leave(vcpu)
        case .backOut(let vcpu): machine.backOut(vcpu)
        case .reset(let vcpu): reset(vcpu)
        case .settle: return settle(kicks: true) ? nil : "exits without end"
        case .acknowledge(let vcpu, let group): return acknowledge(vcpu, isGroup1: group == 1)
        case .end(let vcpu): end(vcpu)
        case .deactivate(let vcpu, let owner, let which): deactivate(vcpu, owner, which)
        case .mask(let vcpu, let mask): setInterface(vcpu) { $0.mask = mask }
        case .groups(let vcpu, let groups): setInterface(vcpu) { $0.groups = groups }
        case .binaryPoints(let vcpu, let point0, let point1, let isShared):
            // The end of what runs is found by its group priority.
            guard taken[vcpu].isEmpty else { break }
            setInterface(vcpu) {
                $0.binaryPoint0 = point0
                $0.binaryPoint1 = point1
                $0.sharesBinaryPoint = isShared
            }
        case .endMode(let vcpu, let isSplit):
            guard taken[vcpu].isEmpty, dropped[vcpu].isEmpty else { break }
            setInterface(vcpu) { $0.splitsEnd = isSplit }
        case .registers: return compareRegisters()
        }
        return nil
    }

    // MARK: Accesses

    private func access(_ operation: GICOperation) {
        let vcpu: Int
        switch operation {
        case .write(_, _, _, _, let by), .priority(_, _, _, let by), .configuration(_, _, let by), .route(_, _, let by),
            .distributor(_, let by):
            vcpu = by
        default: return
        }
        // As every access to a device: outside the guest.
        let wasInGuest = machine.inGuest[vcpu]
        leave(vcpu)
        perform(operation)
        if wasInGuest { enter(vcpu) }
    }

    private func perform(_ operation: GICOperation) {
        switch operation {
        case .write(let bank, let pe, let first, let value, _):
            let bits = permitted(bank, pe, first, value)
            model.write(bank, of: pe, first: first, bits)
            machine.write(of: pe, bank.rawValue + UInt64(first / 8), UInt64(bits))
        case .priority(let intid, let pe, let value, _):
            guard let place = model.place(intid, of: pe) else { return }
            model.setPriority(place, value)
            machine.write(of: pe, 0x400 + UInt64(intid), UInt64(value), byteCount: 1)
        case .configuration(let intid, let isEdge, _):
            // A change while it is pending leaves open whether it stays so.
            guard let place = model.place(intid, of: nil), model.holders[place] == nil,
                !model.interrupts[place].isPending, !model.interrupts[place].isActive
            else { return }
            model.setConfiguration(place, isEdge: isEdge)
            let register = 0xC00 + UInt64(intid / 16) * 4
            let field = UInt64(intid % 16) * 2
            let others = machine.read(of: nil, register) & ~(3 << field)
            machine.write(of: nil, register, others | (isEdge ? 2 : 0) << field)
        case .route(let intid, let route, _):
            guard let place = model.place(intid, of: nil) else { return }
            model.setRoute(place, route)
            machine.write(of: nil, 0x6000 + UInt64(intid) * 8, affinity(route), byteCount: 8)
        case .distributor(let groups, _):
            model.forwardedGroups = groups
            machine.write(of: nil, 0, UInt64(groups))
        default: return
        }
    }

    private func affinity(_ route: GICModel.Route) -> UInt64 {
        switch route {
        case .pe(let pe): UInt64(pe % 16 | pe / 16 << 8)
        case .any: 1 << 31
        case .nowhere: 0x0F_0000_0000
        }
    }

    /// `value` without the writes to the active state that no software can make: of what a vCPU runs at the moment, or may
    /// be taking.
    private func permitted(_ bank: GICBank, _ pe: Int?, _ first: UInt32, _ value: UInt32) -> UInt32 {
        guard bank == .setActive || bank == .clearActive else { return value }
        var bits = value
        for place in model.places(of: pe) where model.interrupts[place].intid / 32 == first / 32 {
            let bit: UInt32 = 1 << (model.interrupts[place].intid % 32)
            guard bits & bit != 0 else { continue }
            let isRunning = taken.contains { $0.contains { $0.place == place } }
            let isRacing = model.interrupts[place].isPending && model.holders[place] != nil
            if isRunning || isRacing && delaysKicks || bank == .setActive && !shape.allowsOrphans { bits &= ~bit }
            if bits & bit != 0, bank == .clearActive {
                for vcpu in 0..<shape.vcpus { dropped[vcpu].removeAll { $0 == place } }
            }
        }
        return bits
    }

    private func setLine(_ intid: UInt32, _ pe: Int?, _ level: Bool) {
        guard intid >= 16, let place = model.place(intid, of: pe) else { return }
        model.setLine(place, level)
        if let pe {
            machine.vgic.setPPI(intid, vcpu: pe, level: level)
        } else {
            machine.vgic.setSPI(intid, level: level)
        }
        // A wire that falls is not called back.
        if !level, let holder = model.holders[place] { isWireStale[holder] = true }
    }

    // MARK: The guest

    private func reset(_ vcpu: Int) {
        guard !machine.inGuest[vcpu], shape.allowsOrphans || taken[vcpu].isEmpty && dropped[vcpu].isEmpty else {
            return
        }
        taken[vcpu] = []
        dropped[vcpu] = []
        model.interfaces[vcpu] = GICModelInterface()
        machine.reset(vcpu)
    }

    private func acknowledge(_ vcpu: Int, isGroup1: Bool) -> String? {
        guard machine.inGuest[vcpu],
            shape.splitsEnd ?? model.interfaces[vcpu].splitsEnd == model.interfaces[vcpu].splitsEnd
        else { return nil }
        let signal = signal(vcpu)
        let pendingINTID = machine.interfaces[vcpu].highestPendingINTID(isGroup1: isGroup1)
        let intid = machine.interfaces[vcpu].acknowledge(isGroup1: isGroup1)
        if !isLate(vcpu), pendingINTID != VirtualCPUInterface.spurious,
            !signal.highest.contains(where: { model.interrupts[$0].intid == pendingINTID })
        {
            return "vCPU \(vcpu): ICC_HPPIR is \(pendingINTID), not one of \(signal.highest.map(name))"
        }
        // What it should have taken instead is found in the comparison that follows each step.
        guard intid != VirtualCPUInterface.spurious else { return nil }
        guard let offer = accepted(intid, by: vcpu, isGroup1: isGroup1, signal) else {
            return "vCPU \(vcpu): took \(intid), not one of \(signal.signalled.map(name))"
        }
        model.acknowledge(offer, by: vcpu)
        taken[vcpu].append(offer)
        return nil
    }

    private func end(_ vcpu: Int) {
        guard machine.inGuest[vcpu], let offer = taken[vcpu].popLast() else { return }
        model.end(offer.place, by: vcpu)
        let intid = model.interrupts[offer.place].intid
        _ = machine.interfaces[vcpu].end(intid, isGroup1: offer.isGroup1)
        if model.interfaces[vcpu].splitsEnd { dropped[vcpu].append(offer.place) }
    }

    private func deactivate(_ vcpu: Int, _ owner: Int, _ which: Int) {
        guard machine.inGuest[vcpu], model.interfaces[vcpu].splitsEnd, !dropped[owner].isEmpty else { return }
        let place = dropped[owner][which % dropped[owner].count]
        // A private interrupt can be named by its own PE only.
        if let pe = model.interrupts[place].owner, pe != vcpu { return }
        dropped[owner].removeAll { $0 == place }
        let intid = model.interrupts[place].intid
        if machine.interfaces[vcpu].trapsDeactivation(intid) {
            leave(vcpu)
            model.deactivate(place, by: vcpu)
            machine.vgic.deactivate(vcpu: vcpu, intid: intid)
            enter(vcpu)
        } else {
            model.deactivate(place, by: vcpu)
            _ = machine.interfaces[vcpu].deactivate(intid)
        }
    }

    private func setInterface(_ vcpu: Int, _ change: (inout GICModelInterface) -> Void) {
        guard machine.inGuest[vcpu] else { return }
        change(&model.interfaces[vcpu])
        let interface = model.interfaces[vcpu]
        machine.interfaces[vcpu].write(.iccPMR, UInt64(interface.mask))
        machine.interfaces[vcpu].write(.iccBPR0, UInt64(interface.binaryPoint0))
        machine.interfaces[vcpu].write(
            .iccCTLR, (interface.splitsEnd ? 2 : 0))
        machine.interfaces[vcpu].write(.iccBPR1, UInt64(interface.binaryPoint1))
        machine.interfaces[vcpu].write(
            .iccCTLR, (interface.sharesBinaryPoint ? 1 : 0) | (interface.splitsEnd ? 2 : 0))
        machine.interfaces[vcpu].write(.iccIGRPEN0, UInt64(interface.groups & 1))
        machine.interfaces[vcpu].write(.iccIGRPEN1, UInt64(interface.groups >> 1))
    }

    // MARK: All registers

    /// Reads everything with all vCPUs out of the guest, and lets those that ran go on.
    private func compareRegisters() -> String? {
        let running = machine.inGuest
        for vcpu in 0..<shape.vcpus { leave(vcpu) }
        defer { for vcpu in 0..<shape.vcpus where running[vcpu] { enter(vcpu) } }
        for pe in [nil] + (0..<shape.vcpus).map(Optional.some) {
            for bank in GICBank.allCases {
                let first: UInt32 = pe == nil ? 32 : 0
                let value = UInt32(machine.read(of: pe, bank.rawValue + UInt64(first / 8))) & shape.known(of: pe)
                var expected: UInt32 = 0
                for place in model.places(of: pe) where model.reads(bank, place) {
                    expected |= 1 << (model.interrupts[place].intid % 32)
                }
                if value != expected {
                    return "\(bank) of \(pe.map { "vCPU \($0)" } ?? "GICD") reads \(value), not \(expected)"
                }
            }
        }
        for place in indices.indices {
            let interrupt = model.interrupts[place]
            let priority = machine.read(of: interrupt.owner, 0x400 + UInt64(interrupt.intid), byteCount: 1)
            if priority != UInt64(interrupt.priority) { return "\(name(place)): the priority reads \(priority)" }
            guard interrupt.owner == nil else { continue }
            let route = machine.read(of: nil, 0x6000 + UInt64(interrupt.intid) * 8, byteCount: 8)
            if route != affinity(interrupt.route) { return "\(name(place)): the route reads \(route)" }
        }
        let control = machine.read(of: nil, 0) & 3
        return control == UInt64(model.forwardedGroups) ? nil : "GICD_CTLR reads \(control)"
    }
}
