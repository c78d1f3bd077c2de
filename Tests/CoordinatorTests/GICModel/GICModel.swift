/// A GICv3 as its specification describes one: the state of each interrupt, and what follows from it. One security state,
/// affinity routing on, five bits of priority. It has no lists, list registers or exits, and knows nothing of who runs.
///
/// Source: GICv3 "Interrupt handling state machine", "Interrupt prioritization", "Affinity routing".
struct GICModel {
    /// Where an SPI goes: GICD_IROUTER.
    enum Route: Equatable {
        case pe(Int)
        /// Interrupt_Routing_Mode: one of those that take the group. Which one is up to the implementation.
        case any
        /// An affinity that no PE has.
        case nowhere
    }

    struct Interrupt {
        let intid: UInt32
        /// The PE of an SGI or PPI; nil: an SPI.
        let owner: Int?
        var route: Route
        var isEdge: Bool
        var isEnabled: Bool
        var isGroup1 = true
        var priority: UInt32 = 0
        /// The input wire.
        var line = false
        /// What an edge, an SGI or ISPENDR left behind.
        var latch = false
        var isActive = false
        /// What a PE cannot know yet that runs with the interrupt: see `Late`.
        var late: Late?

        var isPending: Bool { latch || late?.latch == true || line && !isEdge }
        /// As GICD_ISACTIVER shows it: with a write that has not arrived.
        var readsAsActive: Bool { late?.active ?? isActive }
    }

    var interrupts: [Interrupt] = []
    var interfaces: [GICModelInterface]
    /// The running PE that has a copy of each interrupt, by place.
    var holders: [Int?] = []
    /// GICD_CTLR.EnableGrp0 (bit 0) and EnableGrp1 (bit 1).
    var forwardedGroups: UInt32 = 0
    /// Makes the model wrong in one point: see `GICMutation`.
    var mutation: GICMutation?

    let shape: GICShape

    init(_ shape: GICShape) {
        self.shape = shape
        interfaces = Array(repeating: GICModelInterface(), count: shape.vcpus)
        for pe in 0..<shape.vcpus {
            for intid in GICShape.privateINTIDs {
                // As KVM: SGIs are enabled from the start.
                interrupts.append(
                    Interrupt(intid: intid, owner: pe, route: .pe(pe), isEdge: intid < 16, isEnabled: intid < 16))
            }
        }
        for spi in 0..<shape.spis {
            interrupts.append(
                Interrupt(intid: UInt32(32 + spi), owner: nil, route: .pe(0), isEdge: false, isEnabled: false))
        }
        holders = Array(repeating: nil, count: interrupts.count)
    }

    // MARK: Distributor and redistributors

    /// The places of the interrupts that a frame shows, GICR of `pe` or GICD.
    func places(of pe: Int?) -> Range<Int> {
        let privates = GICShape.privateINTIDs.count
        guard let pe else { return shape.vcpus * privates..<interrupts.count }
        return pe * privates..<(pe + 1) * privates
    }

    func place(_ intid: UInt32, of pe: Int?) -> Int? { places(of: pe).first { interrupts[$0].intid == intid } }

    /// A write of a register with one bit for each interrupt, the first of them `first`.
    mutating func write(_ bank: GICBank, of pe: Int?, first: UInt32, _ value: UInt32) {
        for place in places(of: pe) where interrupts[place].intid / 32 == first / 32 {
            write(bank, place, value >> (interrupts[place].intid % 32) & 1 != 0)
        }
    }

    private mutating func write(_ bank: GICBank, _ place: Int, _ bit: Bool) {
        switch bank {
        case .group: interrupts[place].isGroup1 = bit
        case .setEnable: if bit { interrupts[place].isEnabled = true }
        case .clearEnable:
            guard bit else { return }
            interrupts[place].isEnabled = false
            if mutation == .disablingForgets { interrupts[place].latch = false }
        case .setPending: if bit { setPending(place) }
        case .clearPending:
            guard bit, mutation != .clearPendingIgnored else { return }
            interrupts[place].latch = false
            interrupts[place].late?.latch = false
        case .setActive: if bit, mutation != .setActiveIgnored { setActive(place, true) }
        case .clearActive: if bit, mutation != .clearActiveIgnored { setActive(place, false) }
        }
    }

    func reads(_ bank: GICBank, _ place: Int) -> Bool {
        switch bank {
        case .group: interrupts[place].isGroup1
        case .setEnable, .clearEnable: interrupts[place].isEnabled
        case .setPending, .clearPending: interrupts[place].isPending
        case .setActive, .clearActive: interrupts[place].readsAsActive
        }
    }

    mutating func setPriority(_ place: Int, _ priority: UInt32) {
        interrupts[place].priority = mutation == .allPriorityBits ? priority : priority & 0xF8
    }

    /// GICD_ICFGR; that of SGIs and PPIs is fixed.
    mutating func setConfiguration(_ place: Int, isEdge: Bool) {
        guard interrupts[place].owner == nil else { return }
        interrupts[place].isEdge = isEdge
    }

    mutating func setRoute(_ place: Int, _ route: Route) {
        guard mutation != .routeIgnored else { return }
        interrupts[place].route = route
    }

    mutating func setLine(_ place: Int, _ level: Bool) {
        interrupts[place].line = level
        if level, interrupts[place].isEdge || mutation == .levelIsLatched { setPending(place) }
    }

    // MARK: SGIs

    /// ICC_SGI1R_EL1 (`group` 1), or ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 (`group` 0).
    mutating func sendSGI(from sender: Int, _ value: UInt64, group: UInt32) {
        let intid = UInt32(value >> 24 & 15)
        for pe in 0..<shape.vcpus {
            let isTarget: Bool
            if value >> 40 & 1 != 0 {
                isTarget = pe != sender || mutation == .broadcastIncludesSelf
            } else {
                // Sixteen PEs have the same Aff1, so the range of Aff0 is 0 for all of them.
                let isInCluster =
                    value >> 48 & 0xFF == 0 && value >> 32 & 0xFF == 0 && value >> 16 & 0xFF == UInt64(pe / 16)
                let isInRange = value >> 44 & 15 == 0 || mutation == .rangeSelectorIgnored
                isTarget = isInCluster && isInRange && value >> UInt64(pe % 16) & 1 != 0
            }
            guard isTarget, let place = place(intid, of: pe) else { continue }
            // As KVM: a write for group 0 does not raise what is in group 1.
            if group == 0, interrupts[place].isGroup1, mutation != .groupOfSGIIgnored { continue }
            setPending(place)
        }
    }
}
