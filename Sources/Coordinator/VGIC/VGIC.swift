import Shared

/// KVM's vGICv3: distributor, redistributors, the per-vCPU lists of active and pending interrupts, and the list
/// registers that carry them to the workers. The CPU interface (ICC_*) is the worker's.
///
/// Everything runs on the coordinator's one thread, so there are no locks. `kick` must not call back into this object.
///
/// Source: GICv3 and GICv4 "Virtual interrupt handling"; docs/vgic.md.
final class VGIC {
    static let privateCount = 32
    static let distributorByteCount: UInt64 = 0x1_0000
    /// RD_base and SGI_base.
    static let redistributorByteCount: UInt64 = 0x2_0000
    /// Redistributors in the first region of the address map; the others are in the second.
    static let firstRegionRedistributorCount = 123

    let vcpuCount: Int
    let listRegisterCount: Int
    let spiCount: Int

    /// Called when vCPU i has something new to take, or must come out of the guest to give an interrupt back: make the
    /// request IRQ_PENDING and kick or wake it.
    var kick: (Int) -> Void = { _ in }
    /// Takes one line for each register access that is not in the tables, once an address.
    var log: (String) -> Void = { _ in }

    /// nil: the run is not traced.
    var tracer: Tracer?
    /// nil: nobody accounts for interrupts.
    var ledger: InterruptLedger?
    /// nil: no faults are injected.
    var faults: FaultInjector?

    private(set) lazy var distributor: any MMIODevice = VGICDistributor(self)

    /// SGIs and PPIs of vCPU 0, of vCPU 1 …, then the SPIs.
    let interrupts: UnsafeMutablePointer<VGICInterrupt>
    let interruptCount: Int
    /// GICD_IROUTER of each SPI as written.
    let routes: UnsafeMutablePointer<UInt64>
    let cpus: UnsafeMutablePointer<VGICCPU>
    /// The ap_lists, `listCapacity` places for each vCPU: places in `interrupts`.
    let lists: UnsafeMutablePointer<UInt16>
    /// As long as the longest list can get: an interrupt is on one list at most, a private one on its own vCPU's.
    let listCapacity: Int
    /// What the list registers of each vCPU hold: 16 places each, positions in `interrupts`.
    let listRegisterOwners: UnsafeMutablePointer<UInt16>
    /// Room for sorting one list.
    let sortScratch: UnsafeMutablePointer<UInt16>

    /// GICD_CTLR.EnableGrp0 (bit 0) and EnableGrp1 (bit 1).
    var groupEnables: UInt32 = 0
    /// The line of PPI 30 is the coordinator's, not the worker's.
    var isPhysicalTimerEmulated = false
    /// vCPUs that still run with an interrupt in a list register that was disabled since: GICD_CTLR.RWP.
    var withdrawingCount = 0
    /// SPIs that are routed to any vCPU.
    var oneOfNCount = 0

    /// - Parameters:
    ///   - vcpuCount: 1…512.
    ///   - listRegisterCount: 1…16.
    ///   - spiCount: rounded up to a multiple of 32, at most 960 (INTIDs to 991): GICD_TYPER counts in 32s.
    init(vcpuCount: Int, listRegisterCount: Int, spiCount: Int = 224) {
        let spis = min(max(spiCount, 0) &+ 31, 960) / 32 * 32
        self.vcpuCount = min(max(vcpuCount, 1), 512)
        self.listRegisterCount = min(max(listRegisterCount, 1), CPUInterfaceState.maximumListRegisterCount)
        self.spiCount = spis
        interruptCount = self.vcpuCount * Self.privateCount + spis
        listCapacity = Self.privateCount + spis
        interrupts = .allocate(capacity: interruptCount)
        routes = .allocate(capacity: max(spis, 1))
        routes.initialize(repeating: 0, count: max(spis, 1))
        cpus = .allocate(capacity: self.vcpuCount)
        cpus.initialize(repeating: VGICCPU(), count: self.vcpuCount)
        lists = .allocate(capacity: self.vcpuCount * listCapacity)
        lists.initialize(repeating: 0, count: self.vcpuCount * listCapacity)
        listRegisterOwners = .allocate(capacity: self.vcpuCount * 16)
        listRegisterOwners.initialize(repeating: 0, count: self.vcpuCount * 16)
        sortScratch = .allocate(capacity: listCapacity)
        sortScratch.initialize(repeating: 0, count: listCapacity)
        for vcpu in 0..<self.vcpuCount {
            for intid in 0..<Self.privateCount {
                // SGIs are edge-triggered always, and as in KVM enabled from the start.
                (interrupts + (vcpu * Self.privateCount + intid)).initialize(
                    to: VGICInterrupt(
                        intid: UInt16(intid), target: Int16(vcpu), isEdge: intid < 16, isEnabled: intid < 16))
            }
        }
        for spi in 0..<spis {
            (interrupts + (self.vcpuCount * Self.privateCount + spi)).initialize(
                to: VGICInterrupt(intid: UInt16(Self.privateCount + spi), target: 0, isEdge: false, isEnabled: false))
        }
    }

    deinit {
        interrupts.deallocate()
        routes.deallocate()
        cpus.deallocate()
        lists.deallocate()
        listRegisterOwners.deallocate()
        sortScratch.deallocate()
    }

    /// The redistributor frames of one vCPU: RD_base, then SGI_base.
    func redistributor(vcpu: Int) -> any MMIODevice { redistributors(first: vcpu, count: 1) }

    /// A region of `count` redistributors, 128 KiB each, of vCPU `first` and those after it.
    func redistributors(first: Int, count: Int) -> any MMIODevice {
        VGICRedistributorRegion(self, firstVCPU: first, count: count)
    }

    /// GICR_TYPER.Last: the final redistributor of its region.
    func isLastOfRegion(vcpu: Int) -> Bool {
        vcpu == vcpuCount - 1 || vcpu == Self.firstRegionRedistributorCount - 1
    }

    /// The place of a vCPU's SGI or PPI in `interrupts`.
    func privateIndex(_ intid: UInt32, vcpu: Int) -> Int? {
        guard intid < 32, vcpu >= 0, vcpu < vcpuCount else { return nil }
        return vcpu &* Self.privateCount &+ Int(intid)
    }

    /// The place of an SPI in `interrupts`.
    func spiIndex(_ intid: UInt32) -> Int? {
        guard intid >= 32, Int(intid) < Self.privateCount &+ spiCount else { return nil }
        return vcpuCount &* Self.privateCount &+ Int(intid) &- Self.privateCount
    }

    /// The vCPU starts over (PSCI CPU_ON) or is off (CPU_OFF): what its list registers held goes back into the model.
    /// As in KVM the redistributor's registers and pending interrupts stay.
    func reset(vcpu: Int) {
        guard vcpu >= 0, vcpu < vcpuCount else { return }
        recall(vcpu: vcpu)
        cpus[vcpu].vmcr = 0
        prune(vcpu: vcpu)
    }
}

/// What the vGIC keeps for a vCPU beside its private interrupts: KVM's `struct vgic_cpu`.
struct VGICCPU {
    /// Length of the ap_list.
    var listCount = 0
    /// List registers that were filled by the last flush and not folded yet.
    var usedListRegisterCount = 0
    /// Active interrupts that the last flush left without a list register.
    var activeOutsideCount = 0
    /// ICH_VMCR_EL2 at the last exit.
    var vmcr: UInt64 = 0
    /// A running vCPU holds an interrupt that must not be taken any more.
    var isWithdrawing = false
    /// GICR_WAKER.ProcessorSleep.
    var isAsleep = false
}
