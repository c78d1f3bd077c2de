import Shared

@testable import Coordinator
@testable import VCPUWorker

/// The real thing: the coordinator's vGIC with the workers' CPU interfaces, and the way between the two.
final class GICMachine {
    let vgic: VGIC
    let shape: GICShape
    var interfaces: [VirtualCPUInterface]
    private(set) var inGuest: [Bool]
    /// vCPUs that were kicked since they last came out, or since they were last looked at while out.
    var kicked: [Bool]
    /// Each vCPU's state at its last Entry.
    private var entered: [CPUInterfaceState]
    private let fault: GICMachineFault?

    init(_ shape: GICShape, fault: GICMachineFault? = nil) {
        self.shape = shape
        self.fault = fault
        vgic = VGIC(vcpuCount: shape.vcpus, listRegisterCount: shape.listRegisters, spiCount: shape.spis)
        // Its line is the coordinator's then, like that of any other PPI.
        vgic.isPhysicalTimerEmulated = true
        interfaces = Array(
            repeating: VirtualCPUInterface(listRegisterCount: shape.listRegisters), count: shape.vcpus)
        for vcpu in 0..<shape.vcpus { interfaces[vcpu].state.vmcr = ICH_VMCR.reset }
        entered = interfaces.map(\.state)
        inGuest = Array(repeating: false, count: shape.vcpus)
        kicked = Array(repeating: false, count: shape.vcpus)
        vgic.kick = { [unowned self] vcpu in
            if fault == (inGuest[vcpu] ? .kickLost : .wakeUpLost) { return }
            kicked[vcpu] = true
        }
    }

    // MARK: World switch

    func enter(_ vcpu: Int) {
        guard !inGuest[vcpu] else { return }
        vgic.flush(vcpu: vcpu, into: &interfaces[vcpu].state)
        if fault == .deactivationNotTrapped { interfaces[vcpu].state.hcr &= ~ICH_HCR.tdir }
        interfaces[vcpu].refresh()
        interfaces[vcpu].enter()
        entered[vcpu] = interfaces[vcpu].state
        inGuest[vcpu] = true
        kicked[vcpu] = false
    }

    /// Fills the list registers, and does not enter: a request came at the last moment.
    func backOut(_ vcpu: Int) {
        guard !inGuest[vcpu] else { return }
        vgic.flush(vcpu: vcpu, into: &interfaces[vcpu].state)
        vgic.flush(vcpu: vcpu, into: &interfaces[vcpu].state)
        vgic.recall(vcpu: vcpu)
    }

    func leave(_ vcpu: Int) {
        guard inGuest[vcpu] else { return }
        inGuest[vcpu] = false
        var state = interfaces[vcpu].state
        switch fault {
        case .endCountLost: state.hcr &= ~ICH_HCR.eoiCountMask
        case .pendingLost: state.listRegisters[0] &= ~(1 << 62)
        case .lastListRegisterStale:
            let last = shape.listRegisters - 1
            state.listRegisters[last] = entered[vcpu].listRegisters[last]
        case .interfaceStateStale: state.vmcr = entered[vcpu].vmcr
        default: break
        }
        vgic.sync(vcpu: vcpu, from: &state)
    }

    func cycle(_ vcpu: Int) {
        leave(vcpu)
        enter(vcpu)
    }

    /// Whether the worker leaves the guest by itself.
    func wantsOut(_ vcpu: Int) -> Bool {
        inGuest[vcpu] && interfaces[vcpu].maintenancePending && fault != .maintenanceIgnored
    }

    /// PSCI CPU_ON after CPU_OFF.
    func reset(_ vcpu: Int) {
        vgic.reset(vcpu: vcpu)
        interfaces[vcpu].state = CPUInterfaceState()
        interfaces[vcpu].state.vmcr = ICH_VMCR.reset
    }

    // MARK: What the guest does

    func deactivate(_ intid: UInt32, by vcpu: Int) {
        guard interfaces[vcpu].trapsDeactivation(intid) else {
            _ = interfaces[vcpu].deactivate(intid)
            return
        }
        leave(vcpu)
        vgic.deactivate(vcpu: vcpu, intid: intid)
        enter(vcpu)
    }

    /// One access with the vCPU out of the guest, as every access to a device is.
    func access(by vcpu: Int, _ body: (GICMachine) -> Void) {
        let wasInGuest = inGuest[vcpu]
        leave(vcpu)
        body(self)
        if wasInGuest { enter(vcpu) }
    }

    /// `pe` is whose redistributor, or nil for the distributor; offsets are those in GICD and SGI_base.
    func write(of pe: Int?, _ offset: UInt64, _ value: UInt64, byteCount: Int = 4) {
        if let pe {
            vgic.redistributor(vcpu: pe).write(
                offset: 0x1_0000 + offset, byteCount: byteCount, value: value, vcpu: 0)
        } else {
            vgic.distributor.write(offset: offset, byteCount: byteCount, value: value, vcpu: 0)
        }
    }

    func read(of pe: Int?, _ offset: UInt64, byteCount: Int = 4) -> UInt64 {
        if let pe {
            vgic.redistributor(vcpu: pe).read(offset: 0x1_0000 + offset, byteCount: byteCount, vcpu: 0)
        } else {
            vgic.distributor.read(offset: offset, byteCount: byteCount, vcpu: 0)
        }
    }

    // MARK: What is so, wherever it is known

    struct Interrupt {
        var isPending: Bool
        var isActive: Bool
        /// The running vCPU in one of whose list registers it is.
        var holder: Int?
    }

    func index(_ intid: UInt32, of pe: Int?) -> Int? {
        if let pe { vgic.privateIndex(intid, vcpu: pe) } else { vgic.spiIndex(intid) }
    }

    /// The interrupt as it will be once its holder has come out.
    func interrupt(at index: Int) -> Interrupt {
        let interrupt = vgic.interrupts[index]
        var result = Interrupt(isPending: interrupt.isPending, isActive: interrupt.readsAsActive)
        guard interrupt.inListRegister else { return result }
        let holder = Int(interrupt.queuedOn)
        result.holder = holder
        let owners = vgic.listRegisterOwners + holder * 16
        var place = 0
        while Int(owners[place]) != index { place += 1 }
        let register = interfaces[holder].state.listRegisters[place]
        if interrupt.activeOverride == .none { result.isActive = register >> 63 & 1 != 0 }
        guard interrupt.pendingInListRegister else { return result }
        let isUntaken = register >> 62 & 1 != 0
        if interrupt.latchInListRegister {
            result.isPending = result.isPending || isUntaken && !interrupt.dropsPending
        } else {
            // Taking a level-sensitive interrupt consumes what software made pending before.
            let isLatched = interrupt.pendingLatch && (isUntaken || interrupt.wasRelatched)
            result.isPending = isLatched || interrupt.lineLevel && !interrupt.isEdge
        }
        return result
    }
}
