import Shared

// The ap_lists: which vCPU an interrupt is for, and getting it there.

extension VGIC {
    /// KVM's `vgic_target_oracle`: where the interrupt belongs now, or `VGICInterrupt.noVCPU`.
    func target(of interrupt: UnsafeMutablePointer<VGICInterrupt>) -> Int16 {
        // An active interrupt stays where it is: the guest deactivates it there.
        if interrupt.pointee.isActive {
            let current = interrupt.pointee.queuedOn
            return current >= 0 ? current : destination(of: interrupt)
        }
        return canBeSignalled(interrupt) ? destination(of: interrupt) : VGICInterrupt.noVCPU
    }

    /// Pending, enabled and of a group that the distributor forwards.
    func canBeSignalled(_ interrupt: UnsafeMutablePointer<VGICInterrupt>) -> Bool {
        interrupt.pointee.isEnabled && interrupt.pointee.isPending
            && groupEnables & (interrupt.pointee.isGroup1 ? 2 : 1) != 0
    }

    /// Where the interrupt is signalled the next time.
    func destination(of interrupt: UnsafeMutablePointer<VGICInterrupt>) -> Int16 {
        let target = interrupt.pointee.target
        guard target == VGICInterrupt.anyVCPU else { return target }
        // 1 of N: where it is already if that vCPU still takes the group, otherwise the lowest-numbered that does.
        let enable = interrupt.pointee.isGroup1 ? ICH_VMCR.veng1 : ICH_VMCR.veng0
        let current = Int(interrupt.pointee.queuedOn)
        if current >= 0, cpus[current].vmcr & enable != 0 { return Int16(truncatingIfNeeded: current) }
        for vcpu in 0..<vcpuCount where cpus[vcpu].vmcr & enable != 0 { return Int16(truncatingIfNeeded: vcpu) }
        return VGICInterrupt.noVCPU
    }

    /// Puts an interrupt whose state changed onto the list where it belongs now, and kicks who must look.
    ///
    /// While a list register of a running vCPU holds it, its state is only known when that vCPU comes out: then nothing
    /// moves here, and whoever changed it decides whether the holder must come out for that.
    func reconsider(_ index: Int) {
        let interrupt = interrupts + index
        guard !interrupt.pointee.inListRegister else { return }
        let current = interrupt.pointee.queuedOn
        let wanted = target(of: interrupt)
        if wanted == current {
            if current >= 0, !interrupt.pointee.isActive { kick(Int(current)) }
            return
        }
        if current >= 0 { remove(index, from: Int(current)) }
        if wanted >= 0 { append(index, to: Int(wanted)) }
    }

    /// After a change that concerns many interrupts: GICD_CTLR.
    func reconsiderAll() {
        for index in 0..<interruptCount {
            let interrupt = interrupts + index
            if interrupt.pointee.inListRegister {
                if !canStay(interrupt) {
                    if interrupt.pointee.pendingInListRegister { withdraw(interrupt) }
                } else if interrupt.pointee.isPending {
                    kickHolder(interrupt)
                }
            } else if interrupt.pointee.queuedOn >= 0 || interrupt.pointee.isPending || interrupt.pointee.isActive {
                reconsider(index)
            }
        }
    }

    /// Whether the pending state in a list register is still wanted there.
    private func canStay(_ interrupt: UnsafeMutablePointer<VGICInterrupt>) -> Bool {
        interrupt.pointee.isEnabled && groupEnables & (interrupt.pointee.isGroup1 ? 2 : 1) != 0
    }

    /// Brings the vCPU that runs with this interrupt in a list register out of the guest; until it is, RWP reads 1.
    func withdraw(_ interrupt: UnsafeMutablePointer<VGICInterrupt>) {
        let holder = Int(interrupt.pointee.queuedOn)
        guard holder >= 0 else { return }
        if !cpus[holder].isWithdrawing {
            cpus[holder].isWithdrawing = true
            withdrawingCount &+= 1
        }
        kick(holder)
    }

    /// Brings the holder out so that its list registers are filled anew.
    func kickHolder(_ interrupt: UnsafeMutablePointer<VGICInterrupt>) {
        if interrupt.pointee.queuedOn >= 0 { kick(Int(interrupt.pointee.queuedOn)) }
    }

    /// KVM's `vgic_prune_ap_list`: drops what is no longer pending or active, hands over what was routed elsewhere.
    func prune(vcpu: Int) {
        let cpu = cpus + vcpu
        let list = lists + vcpu &* listCapacity
        var kept = 0
        for place in 0..<cpu.pointee.listCount {
            let index = Int(list[place])
            let interrupt = interrupts + index
            let wanted = target(of: interrupt)
            if Int(wanted) == vcpu {
                list[kept] = UInt16(truncatingIfNeeded: index)
                kept &+= 1
                continue
            }
            interrupt.pointee.queuedOn = VGICInterrupt.noVCPU
            if wanted >= 0 { append(index, to: Int(wanted)) }
        }
        cpu.pointee.listCount = kept
    }

    private func append(_ index: Int, to vcpu: Int) {
        let cpu = cpus + vcpu
        guard cpu.pointee.listCount < listCapacity else { return }
        lists[vcpu &* listCapacity &+ cpu.pointee.listCount] = UInt16(truncatingIfNeeded: index)
        cpu.pointee.listCount &+= 1
        interrupts[index].queuedOn = Int16(truncatingIfNeeded: vcpu)
        kick(vcpu)
    }

    private func remove(_ index: Int, from vcpu: Int) {
        let cpu = cpus + vcpu
        let list = lists + vcpu &* listCapacity
        var kept = 0
        for place in 0..<cpu.pointee.listCount where Int(list[place]) != index {
            list[kept] = list[place]
            kept &+= 1
        }
        cpu.pointee.listCount = kept
        interrupts[index].queuedOn = VGICInterrupt.noVCPU
    }
}
