import Shared

extension VGIC {
    /// Whether a vCPU that is outside the guest has an interrupt that its CPU interface would signal to the PE, and
    /// so ends its WFI: KVM's `kvm_vgic_vcpu_pending_irq`.
    ///
    /// - Parameter state: what came with the last exit; VMCR (priority mask, binary points, group enables) and the
    ///   active priorities count, PSTATE does not.
    func hasPending(vcpu: Int, state: CPUInterfaceState) -> Bool {
        let list = lists + vcpu &* listCapacity
        // As the CPU interface does it: the first of the highest priority in an enabled group is the one that counts.
        // With two binary points another one might preempt where this one does not.
        var highest: UnsafeMutablePointer<VGICInterrupt>?
        for place in 0..<cpus[vcpu].listCount {
            let interrupt = interrupts + Int(list[place])
            guard !interrupt.pointee.isActive, takesGroup(interrupt, vmcr: state.vmcr),
                target(of: interrupt) == Int16(truncatingIfNeeded: vcpu)
            else { continue }
            if let highest, highest.pointee.priority <= interrupt.pointee.priority { continue }
            highest = interrupt
        }
        guard let highest else { return false }
        return Self.signals(priority: highest.pointee.priority, isGroup1: highest.pointee.isGroup1, state: state)
    }

    /// Whether the CPU interface signals a pending interrupt of this priority and group.
    ///
    /// Source: GICv3 "Interrupt prioritization", "Preemption".
    static func signals(priority: UInt8, isGroup1: Bool, state: CPUInterfaceState) -> Bool {
        let vmcr = state.vmcr
        guard vmcr & (isGroup1 ? ICH_VMCR.veng1 : ICH_VMCR.veng0) != 0 else { return false }
        guard UInt64(priority) < vmcr >> ICH_VMCR.vpmrShift & 0xFF else { return false }
        let active = state.ap0r0 | state.ap1r0
        guard active != 0 else { return true }
        // Five bits of priority: bit n of the active priorities stands for n × 8.
        let running = UInt8(truncatingIfNeeded: active.trailingZeroBitCount) << 3
        return groupPriority(priority, isGroup1: isGroup1, vmcr: vmcr) < running
    }

    /// The part of a priority that decides about preemption.
    static func groupPriority(_ priority: UInt8, isGroup1: Bool, vmcr: UInt64) -> UInt8 {
        let usesGroup0Point = !isGroup1 || vmcr & ICH_VMCR.vcbpr != 0
        let point =
            usesGroup0Point ? (vmcr >> ICH_VMCR.vbpr0Shift & 7) &+ 1 : vmcr >> ICH_VMCR.vbpr1Shift & 7
        return UInt8(truncatingIfNeeded: 0xFF << max(point, 3)) & priority
    }
}
