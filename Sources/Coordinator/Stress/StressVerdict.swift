import Shared

/// What the guest's ledger and the coordinator's say of all rounds so far: arithmetic, when nothing is under way.
struct StressVerdict {
    /// A rule that was broken, with the figures that say so.
    struct Violation: Equatable, Sendable {
        enum Rule: String, CaseIterable, Sendable {
            /// Raised, and never taken.
            case lost
            /// Taken more often than raised.
            case duplicated
            /// Taken although its priority does not allow it.
            case order
            /// Active where it must not be, or not where it must.
            case active
            /// Whoever waited, waited longer than the bound.
            case starved
            /// A timer struck before its time.
            case early
            /// An access went through a translation that was invalidated before.
            case stale
            /// Nothing happened any more.
            case hang
            /// The guest's kernel found something wrong.
            case complaint
        }

        let rule: Rule
        let text: String
    }

    /// What the coordinator knows.
    struct Coordinator {
        /// Of a vCPU's SGI, and of a line.
        var sgi: (_ vcpu: Int, _ intid: Int) -> InterruptLedger.Account
        var line: (_ line: Int) -> InterruptLedger.Account
        /// Raised level lines; nil: the lines are edge-triggered.
        var assertions: [UInt64]?
        var needlessLowerings: UInt64 = 0
        /// SGIs that have come from a vCPU's worker.
        var sgisReceived: (_ vcpu: Int) -> UInt64
        /// How often the device has struck its edge-triggered lines.
        var strikeCount: UInt64 = 0
        /// Interrupts that are still pending or active: "SPI 161 pending".
        var leftovers: [String] = []
        /// Every timer that was armed has struck.
        var countsTimers = false
    }

    /// No more of them than anyone would read.
    private static let limit = 32
    private(set) var violations: [Violation] = []

    init(_ ledger: StressLedger, _ coordinator: Coordinator) {
        for vcpu in 0..<ledger.vcpuCount {
            checkComplaints(ledger, vcpu)
            checkEnds(ledger, vcpu)
            checkSGIs(ledger, coordinator, vcpu)
            let (written, received) = (ledger.sgis(vcpu: vcpu), coordinator.sgisReceived(vcpu))
            if written != received {
                add(
                    received < written ? .lost : .duplicated,
                    "vCPU \(vcpu) wrote ICC_SGI1R_EL1 \(written) times, \(received) SGIs came from its worker")
            }
            if coordinator.countsTimers {
                compare(
                    raised: ledger.armed(vcpu: vcpu), taken: ledger.taken(vcpu: vcpu, slot: 27),
                    "PPI 27 of vCPU \(vcpu)")
            }
        }
        checkLines(ledger, coordinator)
        for leftover in coordinator.leftovers {
            add(leftover.hasSuffix("active") ? .active : .lost, "\(leftover) when nothing was under way any more")
        }
    }

    private mutating func add(_ rule: Violation.Rule, _ text: String) {
        if violations.count < Self.limit { violations.append(Violation(rule: rule, text: text)) }
    }

    private mutating func compare(raised: UInt64, taken: UInt64, _ name: String) {
        if taken < raised { add(.lost, "\(name): \(raised) to be taken, \(taken) were") }
        if taken > raised { add(.duplicated, "\(name): \(raised) to be taken, \(taken) were") }
    }

    private mutating func checkComplaints(_ ledger: StressLedger, _ vcpu: Int) {
        for complaint in StressComplaint.allCases {
            let (count, detail) = ledger.complaints(vcpu: vcpu, complaint)
            guard count > 0 else { continue }
            let times = count == 1 ? "" : ", and \(count - 1) times more"
            add(complaint.rule, "vCPU \(vcpu): \(complaint.description(of: detail))\(times)")
        }
    }

    private mutating func checkEnds(_ ledger: StressLedger, _ vcpu: Int) {
        for slot in 0..<StressLedger.slotCount {
            let (taken, ended) = (ledger.taken(vcpu: vcpu, slot: slot), ledger.ended(vcpu: vcpu, slot: slot))
            if taken != ended {
                let intid = slot < 32 ? slot : Int(StressDevice.firstINTID) + slot - 32
                add(.active, "INTID \(intid) on vCPU \(vcpu): taken \(taken) times, ended \(ended) times")
            }
        }
    }

    private mutating func checkSGIs(_ ledger: StressLedger, _ coordinator: Coordinator, _ vcpu: Int) {
        var sent = [UInt64](repeating: 0, count: 8)
        for sender in 0..<ledger.vcpuCount {
            let (raised, seen) = (
                ledger.raised(sender: sender, target: vcpu), ledger.seen(sender: sender, target: vcpu)
            )
            let sgi = StressLedger.sgi(sender: sender, target: vcpu)
            sent[sgi] &+= raised
            if seen != raised {
                add(
                    .lost,
                    "SGI \(sgi) from vCPU \(sender) to vCPU \(vcpu): number \(raised) was sent, \(seen) was seen last")
            }
        }
        for intid in 0..<16 {
            let account = coordinator.sgi(vcpu, intid)
            if intid < 8, account.raised != sent[intid] {
                let rule: Violation.Rule = account.raised < sent[intid] ? .lost : .duplicated
                add(rule, "SGI \(intid) of vCPU \(vcpu): \(sent[intid]) were sent, the vGIC counts \(account.raised)")
            }
            compare(
                raised: account.toBeTaken, taken: ledger.taken(vcpu: vcpu, slot: intid), "SGI \(intid) of vCPU \(vcpu)")
        }
    }

    private mutating func checkLines(_ ledger: StressLedger, _ coordinator: Coordinator) {
        if coordinator.assertions == nil {
            let struck = (0..<ledger.vcpuCount).reduce(coordinator.strikeCount) { $0 &+ ledger.pended(vcpu: $1) }
            let raised = (0..<StressDevice.lineCount).reduce(0) { $0 &+ coordinator.line($1).raised }
            if raised != struck {
                add(
                    raised < struck ? .lost : .duplicated,
                    "the device's lines were struck or set pending \(struck) times, the vGIC counts \(raised)")
            }
        }
        for line in 0..<StressDevice.lineCount {
            let taken = (0..<ledger.vcpuCount).reduce(0) { $0 &+ ledger.taken(vcpu: $1, slot: 32 + line) }
            let raised = coordinator.assertions?[line] ?? coordinator.line(line).toBeTaken
            compare(raised: raised, taken: taken, "SPI \(Int(StressDevice.firstINTID) + line)")
        }
        if coordinator.needlessLowerings > 0 {
            add(.duplicated, "\(coordinator.needlessLowerings) level interrupts taken while their line was low")
        }
    }
}
