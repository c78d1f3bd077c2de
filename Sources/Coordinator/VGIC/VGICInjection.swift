import Shared

// Interrupts arriving: wires, SGIs, and the state changes that guests ask for with register writes.

extension VGIC {
    /// Sets the input wire of an SPI: KVM's `kvm_vgic_inject_irq`. For an edge-triggered one each call with `level`
    /// true is an edge. An INTID that is no SPI of this VM is ignored.
    func setSPI(_ intid: UInt32, level: Bool) {
        guard let index = spiIndex(intid) else { return }
        if let faults {
            if !level {
                faults.held.wireFell(intid, isEdge: interrupts[index].isEdge)
            } else if faults.holds(.spi(intid), target: Int(interrupts[index].target), vgic: self) {
                return
            }
        }
        setLine(index, level: level)
    }

    /// What was held back arrives.
    func deliver(_ signal: InterruptSignal) {
        switch signal {
        case .sgi(let sender, let value, let group): raiseSGIs(from: sender, value: value, group: group)
        case .spi(let intid, let hasFallen):
            guard let index = spiIndex(intid) else { return }
            setLine(index, level: true)
            if hasFallen { setLine(index, level: false) }
        }
    }

    /// Sets the input wire of a vCPU's PPI (INTID 16…31).
    func setPPI(_ intid: UInt32, vcpu: Int, level: Bool) {
        if intid >= 16, let index = privateIndex(intid, vcpu: vcpu) { setLine(index, level: level) }
    }

    @inline(__always)
    private func setLine(_ index: Int, level: Bool) {
        // Each exit says what the timers' lines are, which seldom is news. For an edge-triggered one it is, each time.
        let interrupt = interrupts + index
        if interrupt.pointee.lineLevel == level, !level || !interrupt.pointee.isEdge { return }
        driveLine(index, level: level)
    }

    /// The line has changed, or an edge has come while it was high.
    private func driveLine(_ index: Int, level: Bool) {
        let interrupt = interrupts + index
        let changed = interrupt.pointee.lineLevel != level
        interrupt.pointee.lineLevel = level
        if changed, let tracer {
            tracer.lineChanged(UInt32(interrupt.pointee.intid), vcpu: Int(interrupt.pointee.target), level: level)
        }
        if interrupt.pointee.isEdge {
            guard level else { return }
            if let ledger { ledger.raised(index, wasPending: interrupt.pointee.pendingLatch) }
            interrupt.pointee.pendingLatch = true
        }
        guard interrupt.pointee.inListRegister else { return reconsider(index) }
        // A wire that falls while the interrupt is pending in a list register is not called back: the guest sees a
        // spurious interrupt at worst. One that rises is noticed at deactivation where that was asked for.
        if level, !interrupt.pointee.endNoticeInListRegister { kickHolder(interrupt) }
    }

    /// A write to ICC_SGI1R_EL1 (`group` 1), ICC_SGI0R_EL1 or ICC_ASGI1R_EL1 (`group` 0) by `vcpu`.
    ///
    /// Source: GICv3 "ICC_SGI1R_EL1, Interrupt Controller Software Generated Interrupt Group 1 Register".
    func sendSGI(from vcpu: Int, value: UInt64, group: UInt32) {
        if let ledger {
            forEachSGI(from: vcpu, value: value, group: group) { index, _ in ledger.sent(index) }
        }
        if let faults {
            let signal = InterruptSignal.sgi(sender: vcpu, value: value, group: group)
            if faults.holds(signal, target: firstTarget(ofSGI: value, from: vcpu), vgic: self) { return }
        }
        raiseSGIs(from: vcpu, value: value, group: group)
    }

    private func raiseSGIs(from vcpu: Int, value: UInt64, group: UInt32) {
        forEachSGI(from: vcpu, value: value, group: group) { index, target in
            if let faults, faults.strikes(.loseSGI, target) { return }
            if let tracer { tracer.sgiRaised(UInt32(interrupts[index].intid), at: target) }
            setPending(index)
        }
    }

    /// The place in `interrupts`, and the vCPU, of each SGI that such a write makes pending. As in KVM a write for group 0
    /// cannot raise an SGI that is in group 1, the other way round it can.
    @inline(__always)
    func forEachSGI(from vcpu: Int, value: UInt64, group: UInt32, _ body: (_ index: Int, _ target: Int) -> Void) {
        let intid = UInt32(value >> 24 & 0xF)
        func visit(_ target: Int) {
            guard let index = privateIndex(intid, vcpu: target), !interrupts[index].isGroup1 || group == 1 else {
                return
            }
            body(index, target)
        }
        if value & 1 << 40 != 0 {
            // Interrupt Routing Mode: everyone else.
            for target in 0..<vcpuCount where target != vcpu { visit(target) }
            return
        }
        var targets = value & 0xFFFF
        while targets != 0 {
            let target = target(targets.trailingZeroBitCount, ofSGI: value)
            targets &= targets &- 1
            if let target { visit(target) }
        }
    }

    /// The vCPU of bit `number` in a target list.
    private func target(_ number: Int, ofSGI value: UInt64) -> Int? {
        let affinity = (value >> 48 & 0xFF) << 32 | (value >> 32 & 0xFF) << 16 | (value >> 16 & 0xFF) << 8
        let range = (value >> 44 & 0xF) << 4
        return MPIDR(rawValue: affinity | range | UInt64(number)).vcpuIndex(count: vcpuCount)
    }

    private func firstTarget(ofSGI value: UInt64, from vcpu: Int) -> Int? {
        if value & 1 << 40 != 0 { return (0..<vcpuCount).first { $0 != vcpu } }
        return target((value & 0xFFFF).trailingZeroBitCount, ofSGI: value)
    }

    /// An edge, or GICD_ISPENDR.
    func setPending(_ index: Int) {
        let interrupt = interrupts + index
        if let ledger { ledger.raised(index, wasPending: interrupt.pointee.pendingLatch) }
        interrupt.pointee.pendingLatch = true
        guard interrupt.pointee.inListRegister else { return reconsider(index) }
        interrupt.pointee.wasRelatched = true
        kickHolder(interrupt)
    }

    /// GICD_ICPENDR. A level-sensitive interrupt stays pending as long as its wire is high.
    func clearPending(_ index: Int) {
        let interrupt = interrupts + index
        if let ledger, interrupt.pointee.pendingLatch { ledger.cleared(index) }
        interrupt.pointee.pendingLatch = false
        interrupt.pointee.wasRelatched = false
        guard interrupt.pointee.inListRegister else { return reconsider(index) }
        guard interrupt.pointee.pendingInListRegister else { return }
        interrupt.pointee.dropsPending = true
        if !interrupt.pointee.isPending { withdraw(interrupt) }
    }

    func setEnabled(_ index: Int, _ enabled: Bool) {
        let interrupt = interrupts + index
        guard interrupt.pointee.isEnabled != enabled else { return }
        interrupt.pointee.isEnabled = enabled
        guard interrupt.pointee.inListRegister else { return reconsider(index) }
        if enabled {
            if interrupt.pointee.isPending { kickHolder(interrupt) }
        } else if interrupt.pointee.pendingInListRegister {
            withdraw(interrupt)
        }
    }

    /// GICD_ISACTIVER and ICACTIVER. If a running vCPU has the interrupt in a list register it is brought out, and the
    /// change is made when its list registers are folded.
    func setActive(_ index: Int, _ active: Bool) {
        let interrupt = interrupts + index
        if interrupt.pointee.inListRegister {
            interrupt.pointee.activeOverride = active ? .set : .clear
            kickHolder(interrupt)
        } else if interrupt.pointee.isActive != active {
            interrupt.pointee.isActive = active
            interrupt.pointee.noteTaken()
            reconsider(index)
        }
    }

    func setGroup(_ index: Int, isGroup1: Bool) {
        guard interrupts[index].isGroup1 != isGroup1 else { return }
        interrupts[index].isGroup1 = isGroup1
        reconsiderOrKick(index)
    }

    /// Five bits of priority are implemented.
    func setPriority(_ index: Int, _ priority: UInt8) {
        let interrupt = interrupts + index
        guard interrupt.pointee.priority != priority & 0xF8 else { return }
        interrupt.pointee.priority = priority & 0xF8
        kickHolder(interrupt)
    }

    /// GICD_ICFGR. As in KVM, SGIs are edge-triggered and PPIs level-sensitive, whatever is written.
    func setConfiguration(_ index: Int, isEdge: Bool) {
        guard interrupts[index].intid >= 32, interrupts[index].isEdge != isEdge else { return }
        interrupts[index].isEdge = isEdge
        reconsiderOrKick(index)
    }

    private func reconsiderOrKick(_ index: Int) {
        if interrupts[index].inListRegister {
            kickHolder(interrupts + index)
        } else {
            reconsider(index)
        }
    }

    /// A trapped write of ICC_DIR_EL1: deactivates an interrupt that is in no list register of this vCPU. Nothing with
    /// EOImode 0, where the end of an interrupt deactivates it.
    func deactivate(vcpu: Int, intid: UInt32) {
        guard vcpu >= 0, vcpu < vcpuCount, cpus[vcpu].vmcr & ICH_VMCR.veoim != 0,
            let index = intid < 32 ? privateIndex(intid, vcpu: vcpu) : spiIndex(intid)
        else { return }
        setActive(index, false)
    }

    /// GICD_IROUTER. An interrupt that is pending moves to its new vCPU; an active one only for the next time.
    func setRoute(_ index: Int, _ value: UInt64) {
        let route = value & 0xFF_80FF_FFFF
        let spi = index &- vcpuCount &* Self.privateCount
        let interrupt = interrupts + index
        routes[spi] = route
        if interrupt.pointee.target == VGICInterrupt.anyVCPU { oneOfNCount &-= 1 }
        if route & 1 << 31 != 0 {
            interrupt.pointee.target = VGICInterrupt.anyVCPU
            oneOfNCount &+= 1
            // From now on the running vCPUs must tell when they enable or disable a group.
            if oneOfNCount == 1 { for vcpu in 0..<vcpuCount { kick(vcpu) } }
        } else if let vcpu = MPIDR(rawValue: route).vcpuIndex(count: vcpuCount) {
            interrupt.pointee.target = Int16(truncatingIfNeeded: vcpu)
        } else {
            interrupt.pointee.target = VGICInterrupt.noVCPU
        }
        guard interrupt.pointee.inListRegister else { return reconsider(index) }
        if interrupt.pointee.pendingInListRegister, interrupt.pointee.target != interrupt.pointee.queuedOn {
            kickHolder(interrupt)
        }
    }
}
