import Shared

/// The GIC CPU interface of one PE, answered from the list registers: the virtual CPU interface that real hardware shows
/// to a guest. One security state (DS = 1): group 0 signals FIQ, group 1 signals IRQ. Five bits of priority, all of
/// them preemption bits, so there is one active-priorities register for each group.
///
/// Source: GICv3 "Virtual interrupt handling and prioritization", "ICV_* registers"; one `ICH_VMCR_EL2`.
struct VirtualCPUInterface {
    /// What ICC_IAR and ICC_HPPIR answer when there is nothing.
    static let spurious: UInt32 = 1023
    /// ICC_RPR with nothing active.
    static let idlePriority: UInt32 = 0xFF
    /// ICH_VTR_EL2.PRIbits and PREbits, one less than the number of bits.
    static let priorityBits: UInt64 = 4
    private static let priorityMask: UInt32 = 0xF8
    private static let firstLPI: UInt32 = 8192

    var state = CPUInterfaceState()
    /// How many list registers the VM has, as Welcome says.
    var listRegisterCount: Int {
        didSet { listRegisterCount = Self.clamped(listRegisterCount) }
    }
    /// A group 1 interrupt is signalled. Like `fiqPending` it is a cache, renewed by `refresh` after each change.
    private(set) var irqPending = false
    /// A group 0 interrupt is signalled.
    private(set) var fiqPending = false
    /// The maintenance interrupt: the coordinator asked to hear of what the guest just did to the list registers.
    ///
    /// It is raised by the guest's own acknowledge, end, deactivate and group enable only, never by entering with a
    /// condition that holds already: such an entry would be left again before its first instruction.
    private(set) var maintenancePending = false

    init(listRegisterCount: Int = 4) {
        self.listRegisterCount = Self.clamped(listRegisterCount)
    }

    private static func clamped(_ count: Int) -> Int { min(max(count, 0), CPUInterfaceState.maximumListRegisterCount) }

    /// Goes into the guest again: what was said when it was left is done with.
    mutating func enter() { maintenancePending = false }

    // MARK: Priorities

    /// Finds the pending interrupt of the highest priority in an enabled group; the lowest list register among equals.
    private mutating func highestPending() -> (index: Int, priority: UInt32, isGroup1: Bool)? {
        guard state.hcr & ICH_HCR.en != 0 else { return nil }
        var found: (index: Int, priority: UInt32, isGroup1: Bool)?
        for index in 0..<listRegisterCount {
            let raw = state.listRegisters[index]
            // Pending and not active: an interrupt that is both waits for its deactivation.
            guard raw >> 62 == 1 else { continue }
            let register = ListRegister(rawValue: raw)
            let isGroup1 = register.isGroup1
            guard state.vmcr & (isGroup1 ? ICH_VMCR.veng1 : ICH_VMCR.veng0) != 0 else { continue }
            let priority = UInt32(register.priority) & Self.priorityMask
            if let best = found, best.priority <= priority { continue }
            found = (index, priority, isGroup1)
        }
        return found
    }

    private var binaryPoint0: UInt64 { state.vmcr >> ICH_VMCR.vbpr0Shift & 7 }

    /// ICC_BPR1_EL1: with CBPR it mirrors BPR0 + 1.
    var binaryPoint1: UInt64 {
        if state.vmcr & ICH_VMCR.vcbpr != 0 { return min(binaryPoint0 + 1, 7) }
        return state.vmcr >> ICH_VMCR.vbpr1Shift & 7
    }

    /// The part of a priority that decides about preemption.
    private func groupPriority(_ priority: UInt32, isGroup1: Bool) -> UInt32 {
        // With CBPR group 1 has the binary point of group 0, whose highest value ICC_BPR1_EL1 cannot show.
        let usesPoint0 = !isGroup1 || state.vmcr & ICH_VMCR.vcbpr != 0
        let cleared = UInt32(truncatingIfNeeded: usesPoint0 ? binaryPoint0 + 1 : binaryPoint1)
        return priority & (0xFF << cleared) & Self.priorityMask
    }

    /// ICC_RPR_EL1: the highest active priority of both groups.
    var runningPriority: UInt32 {
        let active = state.ap0r0 | state.ap1r0
        return active == 0 ? Self.idlePriority : UInt32(truncatingIfNeeded: active.trailingZeroBitCount) << 3
    }

    private var priorityThreshold: UInt32 { UInt32(truncatingIfNeeded: state.vmcr >> ICH_VMCR.vpmrShift & 0xFF) }

    /// The highest pending interrupt, if it is above the mask and preempts what runs.
    private mutating func signalled() -> (index: Int, priority: UInt32, isGroup1: Bool)? {
        guard let best = highestPending(), best.priority < priorityThreshold,
            groupPriority(best.priority, isGroup1: best.isGroup1) < runningPriority
        else { return nil }
        return best
    }

    /// Renews what is signalled; after every change of `state`.
    mutating func refresh() {
        let best = signalled()
        irqPending = best?.isGroup1 == true
        fiqPending = best?.isGroup1 == false
    }

    // MARK: Life of an interrupt

    /// ICC_IAR0_EL1, ICC_IAR1_EL1: acknowledges, and returns the INTID or 1023.
    mutating func acknowledge(isGroup1: Bool) -> UInt32 {
        guard let best = signalled(), best.isGroup1 == isGroup1 else { return Self.spurious }
        var register = ListRegister(rawValue: state.listRegisters[best.index])
        let intid = register.virtualINTID & 0xFF_FFFF
        register.isPending = false
        // LPIs have no active state.
        register.isActive = intid < Self.firstLPI
        state.listRegisters[best.index] = register.rawValue
        let level = UInt32(1) << (groupPriority(best.priority, isGroup1: isGroup1) >> 3)
        if isGroup1 { state.ap1r0 |= level } else { state.ap0r0 |= level }
        noteMaintenance(register)
        refresh()
        return intid
    }

    /// ICC_HPPIR0_EL1, ICC_HPPIR1_EL1.
    mutating func highestPendingINTID(isGroup1: Bool) -> UInt32 {
        guard let best = highestPending(), best.isGroup1 == isGroup1 else { return Self.spurious }
        return ListRegister(rawValue: state.listRegisters[best.index]).virtualINTID & 0xFF_FFFF
    }

    /// ICC_EOIR0_EL1, ICC_EOIR1_EL1: drops the running priority, and with EOImode 0 deactivates. True if it did.
    mutating func end(_ value: UInt32, isGroup1: Bool) -> Bool {
        let intid = value & 0xFF_FFFF
        guard !(1020...1023 ~= intid), let dropped = dropPriority() else { return false }
        defer { refresh() }
        guard state.vmcr & ICH_VMCR.veoim == 0, intid < Self.firstLPI else { return false }
        guard let index = activeIndex(of: intid) else {
            countEOI()
            return false
        }
        let register = ListRegister(rawValue: state.listRegisters[index])
        // An end that does not belong to what runs drops the priority and nothing more.
        let ownPriority = groupPriority(UInt32(register.priority) & Self.priorityMask, isGroup1: register.isGroup1)
        guard register.isGroup1 == isGroup1, ownPriority == dropped else { return false }
        deactivate(at: index)
        return true
    }

    /// ICC_DIR_EL1: deactivates, with EOImode 1. True if it did.
    mutating func deactivate(_ value: UInt32) -> Bool {
        let intid = value & 0xFF_FFFF
        guard state.vmcr & ICH_VMCR.veoim != 0, intid < Self.firstLPI, !(1020...1023 ~= intid) else { return false }
        defer { refresh() }
        guard let index = activeIndex(of: intid) else {
            countEOI()
            return false
        }
        deactivate(at: index)
        return true
    }

    /// ICH_HCR_EL2.TDIR: whether the coordinator wants to see the deactivation of `value`, which no list register holds.
    mutating func trapsDeactivation(_ value: UInt32) -> Bool {
        state.hcr & ICH_HCR.tdir != 0 && activeIndex(of: value & 0xFF_FFFF) == nil
    }

    /// Clears the highest active priority of both groups and returns it; nil if nothing is active.
    private mutating func dropPriority() -> UInt32? {
        let active = state.ap0r0 | state.ap1r0
        guard active != 0 else { return nil }
        let level = UInt32(truncatingIfNeeded: active.trailingZeroBitCount)
        let bit = UInt32(1) << level
        if state.ap0r0 & bit != 0 { state.ap0r0 &= ~bit } else { state.ap1r0 &= ~bit }
        return level << 3
    }

    private mutating func activeIndex(of intid: UInt32) -> Int? {
        for index in 0..<listRegisterCount {
            let raw = state.listRegisters[index]
            if raw >> 63 != 0, UInt32(truncatingIfNeeded: raw) & 0xFF_FFFF == intid { return index }
        }
        return nil
    }

    private mutating func deactivate(at index: Int) {
        var register = ListRegister(rawValue: state.listRegisters[index])
        register.isActive = false
        state.listRegisters[index] = register.rawValue
        noteMaintenance(register)
    }

    /// ICH_HCR_EL2.EOIcount: the guest ended an interrupt that has no list register.
    private mutating func countEOI() {
        let count = (state.hcr >> ICH_HCR.eoiCountShift &+ 1) << ICH_HCR.eoiCountShift & ICH_HCR.eoiCountMask
        state.hcr = state.hcr & ~ICH_HCR.eoiCountMask | count
        if state.hcr & ICH_HCR.lrenpie != 0 { maintenancePending = true }
    }

    /// Raises the maintenance interrupt where the guest has just enabled or disabled a group that the coordinator asked
    /// about.
    mutating func noteGroupEnables() {
        let group0 = state.vmcr & ICH_VMCR.veng0 != 0 ? ICH_HCR.vgrp0eie : ICH_HCR.vgrp0die
        let group1 = state.vmcr & ICH_VMCR.veng1 != 0 ? ICH_HCR.vgrp1eie : ICH_HCR.vgrp1die
        if state.hcr & (group0 | group1) != 0 { maintenancePending = true }
    }

    /// Raises the maintenance interrupt where the change of a list register to `register` met a condition of its own or
    /// of ICH_HCR_EL2.
    private mutating func noteMaintenance(_ register: ListRegister) {
        let freed = register.isInvalid
        if freed, !register.isHardware, register.wantsEOIMaintenance { maintenancePending = true }
        guard state.hcr & (ICH_HCR.uie | ICH_HCR.npie) != 0 else { return }
        var validCount = 0
        var pendingCount = 0
        for index in 0..<listRegisterCount {
            let raw = state.listRegisters[index]
            if raw >> 62 != 0 { validCount += 1 }
            // Pending and active is another state: it cannot be taken.
            if raw >> 62 == 1 { pendingCount += 1 }
        }
        if state.hcr & ICH_HCR.uie != 0, freed, validCount <= 1 { maintenancePending = true }
        if state.hcr & ICH_HCR.npie != 0, pendingCount == 0 { maintenancePending = true }
    }

    // MARK: For the timers

    /// Whether a list register holds `intid`, pending or active.
    mutating func holds(_ intid: UInt32) -> Bool {
        for index in 0..<listRegisterCount {
            let raw = state.listRegisters[index]
            if raw >> 62 != 0, UInt32(truncatingIfNeeded: raw) == intid { return true }
        }
        return false
    }

    /// Takes back `intid` where it is pending and not active.
    mutating func retirePending(_ intid: UInt32) {
        for index in 0..<listRegisterCount {
            let raw = state.listRegisters[index]
            guard raw >> 62 == 1, UInt32(truncatingIfNeeded: raw) == intid else { continue }
            state.listRegisters[index] = raw & ~(3 << 62)
            noteMaintenance(ListRegister(rawValue: raw & ~(3 << 62)))
            refresh()
            return
        }
    }
}
