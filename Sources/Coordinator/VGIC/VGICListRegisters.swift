import Shared

// The world switch: filling list registers before an entry and folding them after an exit.

extension VGIC {
    /// Fills the list registers of a vCPU that is about to enter: KVM's `kvm_vgic_flush_hwstate`.
    ///
    /// - Parameter state: what came with the last exit; VMCR and the active priorities are left as they are.
    func flush(vcpu: Int, into state: inout CPUInterfaceState) {
        let cpu = cpus + vcpu
        if cpu.pointee.usedListRegisterCount != 0 { recall(vcpu: vcpu) }
        // With separate deactivation an interrupt may be in no list register of the vCPU that deactivates it: because
        // there were too few, or because another vCPU took it. Such a write of ICC_DIR_EL1 must be seen; EOIcount is
        // no name.
        state.hcr = ICH_HCR.en | ICH_HCR.tdir
        state.listRegisters = InlineArray(repeating: 0)
        if oneOfNCount > 0 { state.hcr |= groupChangeNotices(vmcr: state.vmcr) }
        guard cpu.pointee.listCount != 0 else { return }
        prune(vcpu: vcpu)
        let count = cpu.pointee.listCount
        var available = listRegisterCount
        if let faults { available = faults.listRegisterCount(of: vcpu, available) }
        if count <= available {
            let list = lists + vcpu &* listCapacity
            for place in 0..<count { state.listRegisters[place] = fill(Int(list[place]), vcpu: vcpu, place: place) }
            cpu.pointee.usedListRegisterCount = count
        } else {
            flushOverflowing(vcpu: vcpu, into: &state, listRegisterCount: available)
        }
    }

    /// More interrupts than list registers: the important ones first, and the conditions on which the worker comes
    /// out for the rest. Each condition is false at the entry, otherwise the guest would come out at once, for ever.
    private func flushOverflowing(vcpu: Int, into state: inout CPUInterfaceState, listRegisterCount: Int) {
        let cpu = cpus + vcpu
        let list = lists + vcpu &* listCapacity
        let count = cpu.pointee.listCount
        sort(vcpu: vcpu, vmcr: state.vmcr)
        var activeCount = 0
        while activeCount < count, interrupts[Int(list[activeCount])].isActive { activeCount &+= 1 }
        // Active interrupts fill every list register: the last one goes to the best pending interrupt all the same,
        // because it may preempt them. The deactivation of one that is outside is counted in EOIcount.
        let givesLast = activeCount >= listRegisterCount && activeCount < count
        let head = givesLast ? listRegisterCount &- 1 : listRegisterCount
        for place in 0..<listRegisterCount {
            let index = Int(list[place < head ? place : activeCount])
            state.listRegisters[place] = fill(index, vcpu: vcpu, place: place)
        }
        cpu.pointee.usedListRegisterCount = listRegisterCount

        let activeOutside = max(activeCount &- head, 0)
        cpu.pointee.activeOutsideCount = activeOutside
        let pendingOutside = count &- listRegisterCount &- activeOutside
        if listRegisterCount >= 2 {
            state.hcr |= ICH_HCR.uie
        } else {
            // With a single list register there is never more than one interrupt, which is what UIE reports.
            var register = ListRegister(rawValue: state.listRegisters[0])
            register.wantsEOIMaintenance = true
            state.listRegisters[0] = register.rawValue
        }
        // Which ones are inside depends on the groups that the CPU interface takes.
        state.hcr |= groupChangeNotices(vmcr: state.vmcr)
        // There is one inside then.
        if pendingOutside > 0 { state.hcr |= ICH_HCR.npie }
        if activeOutside > 0 { state.hcr |= ICH_HCR.lrenpie }
    }

    /// The conditions on which the worker comes out when the guest enables or disables a group.
    private func groupChangeNotices(vmcr: UInt64) -> UInt64 {
        (vmcr & ICH_VMCR.veng0 == 0 ? ICH_HCR.vgrp0eie : ICH_HCR.vgrp0die)
            | (vmcr & ICH_VMCR.veng1 == 0 ? ICH_HCR.vgrp1eie : ICH_HCR.vgrp1die)
    }

    /// KVM's `vgic_v3_populate_lr`.
    private func fill(_ index: Int, vcpu: Int, place: Int) -> UInt64 {
        let interrupt = interrupts + index
        let isActive = interrupt.pointee.isActive
        let isEdge = interrupt.pointee.isEdge
        let isSignalled = canBeSignalled(interrupt)
        var register = ListRegister(rawValue: UInt64(interrupt.pointee.intid))
        if !isActive { interrupt.pointee.noteTaken() }
        register.priority = interrupt.pointee.takenPriority
        register.isGroup1 = interrupt.pointee.isTakenInGroup1
        register.isActive = isActive
        // A level-sensitive interrupt is never pending and active: its wire may have fallen by the time it is
        // deactivated. Nor is one that goes to another vCPU once it is deactivated, or has another priority then.
        let isPending =
            isSignalled
            && (!isActive || isEdge && interrupt.pointee.isTakenAsIs && Int(destination(of: interrupt)) == vcpu)
        if isPending {
            register.isPending = true
            interrupt.pointee.pendingInListRegister = true
            if isEdge {
                interrupt.pointee.pendingLatch = false
                interrupt.pointee.latchInListRegister = true
            }
        }
        // The end of an interrupt matters only if it is to be signalled again then. A wire that rises later kicks.
        let isSignalledAgain = isPending ? !isEdge && interrupt.pointee.lineLevel : isSignalled
        if isSignalledAgain, !isWatchedByWorker(interrupt) {
            register.wantsEOIMaintenance = true
            interrupt.pointee.endNoticeInListRegister = true
        }
        interrupt.pointee.inListRegister = true
        listRegisterOwners[vcpu &* 16 &+ place] = UInt16(truncatingIfNeeded: index)
        return register.rawValue
    }

    /// The timers' PPIs: the worker watches those lines itself and leaves when one is high and no list register holds
    /// it.
    func isWatchedByWorker(_ interrupt: UnsafeMutablePointer<VGICInterrupt>) -> Bool {
        switch UInt32(interrupt.pointee.intid) {
        case PhysicalMap.virtualTimerINTID: true
        case PhysicalMap.physicalTimerINTID: !isPhysicalTimerEmulated
        default: false
        }
    }

    /// Takes the list registers back after an exit: KVM's `kvm_vgic_sync_hwstate`.
    ///
    /// Only the two state bits of a list register are read, and only of those that were filled: a worker speaks for the
    /// interrupts that it was given. `state` is inout only because it would be copied otherwise.
    func sync(vcpu: Int, from state: inout CPUInterfaceState) {
        let cpu = cpus + vcpu
        let newlyEnabled = state.vmcr & ~cpu.pointee.vmcr & (ICH_VMCR.veng0 | ICH_VMCR.veng1)
        cpu.pointee.vmcr = state.vmcr
        if cpu.pointee.listCount != 0 {
            let ended = state.hcr & ICH_HCR.eoiCountMask
            if ended != 0, state.vmcr & ICH_VMCR.veoim == 0 {
                deactivateOutside(vcpu: vcpu, count: Int(ended >> ICH_HCR.eoiCountShift))
            }
            let owners = listRegisterOwners + vcpu &* 16
            for place in 0..<cpu.pointee.usedListRegisterCount {
                let register = ListRegister(rawValue: state.listRegisters[place])
                fold(interrupts + Int(owners[place]), pending: register.isPending, active: register.isActive)
            }
            finishFold(cpu)
            prune(vcpu: vcpu)
        }
        if newlyEnabled != 0, oneOfNCount > 0 { reconsiderOneOfN() }
    }

    /// Takes back list registers that never reached the worker, as they were filled.
    func recall(vcpu: Int) {
        let owners = listRegisterOwners + vcpu &* 16
        for place in 0..<cpus[vcpu].usedListRegisterCount {
            let interrupt = interrupts + Int(owners[place])
            fold(interrupt, pending: interrupt.pointee.pendingInListRegister, active: interrupt.pointee.isActive)
        }
        finishFold(cpus + vcpu)
    }

    private func finishFold(_ cpu: UnsafeMutablePointer<VGICCPU>) {
        cpu.pointee.usedListRegisterCount = 0
        cpu.pointee.activeOutsideCount = 0
        if cpu.pointee.isWithdrawing {
            cpu.pointee.isWithdrawing = false
            withdrawingCount &-= 1
        }
    }

    /// KVM's `vgic_v3_fold_lr_state` for one list register.
    private func fold(_ interrupt: UnsafeMutablePointer<VGICInterrupt>, pending: Bool, active: Bool) {
        let wasActive = interrupt.pointee.isActive
        switch interrupt.pointee.activeOverride {
        case .none: interrupt.pointee.isActive = active
        case .clear: interrupt.pointee.isActive = false
        case .set: interrupt.pointee.isActive = true
        }
        if interrupt.pointee.pendingInListRegister {
            if pending {
                // Not taken: an edge goes back where it came from.
                if interrupt.pointee.latchInListRegister {
                    if let ledger { account(interrupt, ledger) }
                    if !interrupt.pointee.dropsPending { interrupt.pointee.pendingLatch = true }
                }
            } else if !interrupt.pointee.latchInListRegister, !interrupt.pointee.wasRelatched {
                // Taken: that consumes what software made pending.
                interrupt.pointee.pendingLatch = false
            }
        }
        if let faults { corrupt(interrupt, isPending: pending, isActive: active, wasActive: wasActive, faults) }
        interrupt.pointee.inListRegister = false
        interrupt.pointee.pendingInListRegister = false
        interrupt.pointee.latchInListRegister = false
        interrupt.pointee.endNoticeInListRegister = false
        interrupt.pointee.wasRelatched = false
        interrupt.pointee.dropsPending = false
        interrupt.pointee.activeOverride = .none
    }

    /// An edge that was not taken comes back: to nothing if software has cleared it, to one that was raised meanwhile.
    private func account(_ interrupt: UnsafeMutablePointer<VGICInterrupt>, _ ledger: InterruptLedger) {
        let index = interrupt - interrupts
        if interrupt.pointee.dropsPending {
            ledger.cleared(index)
        } else if interrupt.pointee.pendingLatch {
            ledger.merged(index)
        }
    }

    /// The guest ended `count` interrupts that were in no list register. With EOImode 0 it ends them in the reverse
    /// order of taking them, which is the order of their group priorities, and so of the sorted list.
    private func deactivateOutside(vcpu: Int, count: Int) {
        let list = lists + vcpu &* listCapacity
        // More than there were would be others: one that ISACTIVER has set since.
        var remaining = min(count, cpus[vcpu].activeOutsideCount)
        for place in 0..<cpus[vcpu].listCount where remaining > 0 {
            let interrupt = interrupts + Int(list[place])
            if interrupt.pointee.isActive, !interrupt.pointee.inListRegister {
                interrupt.pointee.isActive = false
                remaining &-= 1
            }
        }
    }

    private func reconsiderOneOfN() {
        for index in vcpuCount &* Self.privateCount..<interruptCount
        where interrupts[index].target == VGICInterrupt.anyVCPU { reconsider(index) }
    }

    /// Active first, by group priority, then those whose group the CPU interface takes, then the others, by priority.
    /// Stable, in time proportional to the list.
    private func sort(vcpu: Int, vmcr: UInt64) {
        let list = lists + vcpu &* listCapacity
        let count = cpus[vcpu].listCount
        var starts = InlineArray<97, UInt16>(repeating: 0)
        for place in 0..<count { starts[sortKey(Int(list[place]), vmcr: vmcr) &+ 1] &+= 1 }
        for key in 1..<97 { starts[key] &+= starts[key &- 1] }
        for place in 0..<count {
            let key = sortKey(Int(list[place]), vmcr: vmcr)
            sortScratch[Int(starts[key])] = list[place]
            starts[key] &+= 1
        }
        list.update(from: sortScratch, count: count)
    }

    private func sortKey(_ index: Int, vmcr: UInt64) -> Int {
        let interrupt = interrupts + index
        if interrupt.pointee.isActive {
            // The order in which they were taken, the latest first: each has preempted the next.
            let group = Self.groupPriority(
                interrupt.pointee.takenPriority, isGroup1: interrupt.pointee.isTakenInGroup1, vmcr: vmcr)
            return Int(group >> 3)
        }
        return (takesGroup(interrupt, vmcr: vmcr) ? 32 : 64) &+ Int(interrupt.pointee.priority >> 3)
    }

    func takesGroup(_ interrupt: UnsafeMutablePointer<VGICInterrupt>, vmcr: UInt64) -> Bool {
        vmcr & (interrupt.pointee.isGroup1 ? ICH_VMCR.veng1 : ICH_VMCR.veng0) != 0
    }
}
