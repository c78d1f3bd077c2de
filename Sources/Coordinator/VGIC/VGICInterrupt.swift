/// One interrupt of the distributor or of a redistributor: KVM's `struct vgic_irq`.
///
/// A plain value in a contiguous buffer; the code works on it through a pointer.
struct VGICInterrupt {
    /// Value of `queuedOn` and `target`: no vCPU.
    static let noVCPU: Int16 = -1
    /// Value of `target`: any vCPU that takes the interrupt's group (GICD_IROUTER.Interrupt_Routing_Mode = 1).
    static let anyVCPU: Int16 = -2

    /// What a write to ISACTIVER or ICACTIVER found in a list register of a running vCPU, and so left for the fold.
    enum ActiveOverride: UInt8 {
        case none, clear, set
    }

    let intid: UInt16
    /// The owner of an SGI or PPI, the vCPU that GICD_IROUTER names for an SPI, `noVCPU` or `anyVCPU`.
    var target: Int16
    /// The vCPU on whose ap_list this is. An active interrupt stays there until it is deactivated.
    var queuedOn = Self.noVCPU
    var priority: UInt8 = 0
    var isEnabled = false
    var isEdge = false
    /// Group 1 from reset, as KVM's GICv3 has it.
    var isGroup1 = true
    /// The input wire. It is kept for edge interrupts too, though only level-sensitive ones are pending through it.
    var lineLevel = false
    /// An edge that was not taken yet, or for a level-sensitive interrupt a write to ISPENDR.
    var pendingLatch = false
    var isActive = false
    /// Priority and group when it was offered to the vCPU that took it: the CPU interface finds the end of an interrupt by
    /// those, whatever is written to IPRIORITYR and IGROUPR meanwhile.
    private(set) var takenPriority: UInt8 = 0
    private(set) var isTakenInGroup1 = true

    // The rest is meaningful only while a list register of `queuedOn` holds the interrupt (between flush and sync).

    var inListRegister = false
    /// The list register was given the pending state.
    var pendingInListRegister = false
    /// `pendingLatch` was moved into the list register and comes back if the guest did not take it.
    var latchInListRegister = false
    /// The list register asks for an exit on deactivation.
    var endNoticeInListRegister = false
    /// ISPENDR was written since: an acknowledge does not consume that.
    var wasRelatched = false
    /// ICPENDR was written since: the list register's pending state is void.
    var dropsPending = false
    var activeOverride = ActiveOverride.none

    init(intid: UInt16, target: Int16, isEdge: Bool, isEnabled: Bool) {
        self.intid = intid
        self.target = target
        self.isEdge = isEdge
        self.isEnabled = isEnabled
    }

    /// It may be taken from now on, as it is.
    mutating func noteTaken() {
        takenPriority = priority
        isTakenInGroup1 = isGroup1
    }

    /// Priority and group are still those with which it was taken.
    var isTakenAsIs: Bool { takenPriority == priority && isTakenInGroup1 == isGroup1 }

    /// KVM's `irq_is_pending`.
    var isPending: Bool { pendingLatch || lineLevel && !isEdge }

    /// As GICD_ISPENDR shows it: with what travels in a list register.
    var readsAsPending: Bool { isPending || latchInListRegister && !dropsPending }

    /// As GICD_ISACTIVER shows it. While a running vCPU holds the interrupt this is the state of its last entry.
    var readsAsActive: Bool {
        switch activeOverride {
        case .none: isActive
        case .clear: false
        case .set: true
        }
    }
}
