/// The CPU interface of one PE: ICC registers, and the priorities of what runs.
struct GICModelInterface {
    /// ICC_PMR_EL1.
    var mask: UInt32 = 0
    /// ICC_IGRPEN0_EL1 (bit 0), ICC_IGRPEN1_EL1 (bit 1).
    var groups: UInt32 = 0
    /// ICC_BPR0_EL1, ICC_BPR1_EL1.
    var binaryPoint0: UInt32 = 2
    var binaryPoint1: UInt32 = 3
    /// ICC_CTLR_EL1.CBPR: both groups have the binary point of group 0.
    var sharesBinaryPoint = false
    /// ICC_CTLR_EL1.EOImode: a priority drop does not deactivate.
    var splitsEnd = false
    /// Group priorities of what was acknowledged and not dropped, the latest last.
    var running: [(priority: UInt32, isGroup1: Bool)] = []

    /// ICC_RPR_EL1.
    var runningPriority: UInt32 { running.last?.priority ?? 0xFF }

    /// ICC_AP0R0_EL1 or ICC_AP1R0_EL1: a bit for each group priority.
    func activePriorities(isGroup1: Bool) -> UInt32 {
        var bits: UInt32 = 0
        for one in running where one.isGroup1 == isGroup1 { bits |= 1 << (one.priority >> 3) }
        return bits
    }

    /// The part of a priority that decides about preemption.
    func groupPriority(_ priority: UInt32, isGroup1: Bool, _ mutation: GICMutation?) -> UInt32 {
        if mutation == .binaryPointIgnored { return priority }
        let usesPoint0 = !isGroup1 || sharesBinaryPoint && mutation != .commonBinaryPointIgnored
        return priority & (0xFF << (usesPoint0 ? binaryPoint0 + 1 : binaryPoint1)) & 0xFF
    }
}

extension GICModel {
    /// What a PE is told.
    struct Signal {
        /// The highest-priority pending interrupts that the interface takes, all of one priority: ICC_HPPIR.
        var highest: [Int] = []
        /// Those of them that pass the mask and preempt what runs. Which one of several is the highest is up to the
        /// implementation, and with two binary points one may preempt and another not.
        var signalled: [Int] = []

        var mustSignal: Bool { !highest.isEmpty && signalled.count == highest.count }
    }

    /// Whether the distributor forwards the interrupt to some PE.
    func isForwarded(_ place: Int) -> Bool {
        isForwardedOnceInactive(place) && (!interrupts[place].isActive || mutation == .activeIsSignalledAgain)
    }

    func isForwardedOnceInactive(_ place: Int) -> Bool {
        let interrupt = interrupts[place]
        return interrupt.isPending && (interrupt.isEnabled || mutation == .enableIgnored)
            && (forwardedGroups >> (interrupt.isGroup1 ? 1 : 0) & 1 != 0 || mutation == .distributorIgnored)
    }

    /// - Parameters:
    ///   - choice: the PE that the implementation has chosen for a 1 of N interrupt, by place.
    ///   - isWithheld: the interrupt is not to be had.
    func signal(_ pe: Int, choice: (Int) -> Int, isWithheld: (Int) -> Bool) -> Signal {
        let interface = interfaces[pe]
        var signal = Signal()
        var best: UInt32 = 0x100
        // Private interrupts of this PE, then SPIs.
        var place = places(of: pe).lowerBound
        let spis = places(of: nil)
        while place < spis.upperBound {
            if place == places(of: pe).upperBound, place < spis.lowerBound { place = spis.lowerBound }
            if place >= spis.upperBound { break }
            defer { place += 1 }
            guard isForwarded(place), !isWithheld(place) else { continue }
            let interrupt = interrupts[place]
            guard interface.groups >> (interrupt.isGroup1 ? 1 : 0) & 1 != 0 || mutation == .interfaceGroupIgnored
            else { continue }
            switch interrupt.route {
            case .pe(let target): if target != pe { continue }
            case .any: if choice(place) != pe { continue }
            case .nowhere: continue
            }
            if interrupt.priority > best { continue }
            if interrupt.priority < best { signal.highest.removeAll(keepingCapacity: true) }
            best = interrupt.priority
            signal.highest.append(place)
        }
        for place in signal.highest where preempts(place, interface) { signal.signalled.append(place) }
        return signal
    }

    private func preempts(_ place: Int, _ interface: GICModelInterface) -> Bool {
        let priority = interrupts[place].priority
        guard priority < interface.mask || mutation == .maskIsInclusive && priority == interface.mask else {
            return false
        }
        let group = interface.groupPriority(priority, isGroup1: interrupts[place].isGroup1, mutation)
        return group < interface.runningPriority
            || mutation == .equalPriorityPreempts && group == interface.runningPriority
    }

    // MARK: Life of an interrupt

    /// ICC_IAR0_EL1, ICC_IAR1_EL1 for what was offered.
    mutating func acknowledge(_ offer: Offer, by pe: Int) {
        let place = offer.place
        if mutation != .acknowledgeKeepsPending { interrupts[place].latch = false }
        if mutation != .acknowledgeIsNotActive { interrupts[place].isActive = true }
        let priority = interfaces[pe].groupPriority(offer.priority, isGroup1: offer.isGroup1, mutation)
        interfaces[pe].running.append((priority, offer.isGroup1))
    }

    /// ICC_EOIR0_EL1, ICC_EOIR1_EL1 for what was acknowledged last.
    mutating func end(_ place: Int, by pe: Int) {
        if mutation == .dropsOldest {
            interfaces[pe].running.removeFirst()
        } else {
            interfaces[pe].running.removeLast()
        }
        if !interfaces[pe].splitsEnd || mutation == .splitEndDeactivates, mutation != .endLeavesActive {
            interrupts[place].isActive = false
        }
    }

    /// ICC_DIR_EL1.
    mutating func deactivate(_ place: Int, by pe: Int) {
        guard mutation != .deactivateIgnored else { return }
        if holders[place] == pe { interrupts[place].isActive = false } else { setActive(place, false) }
    }
}
