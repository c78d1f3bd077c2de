import Shared

/// What only the guest can see going wrong, in the order of its accounts.
enum StressComplaint: Int, CaseIterable {
    case order, active, starved, early, stale

    var rule: StressVerdict.Violation.Rule {
        switch self {
        case .order: .order
        case .active: .active
        case .starved: .starved
        case .early: .early
        case .stale: .stale
        }
    }

    /// What happened the first time. The guest's `detail`: a circumstance in the uppermost byte, a value in three more,
    /// and an INTID; of a timer, when it was due; of a translation, the page's move and what was read.
    func description(of detail: UInt64) -> String {
        let value = detail >> 32 & 0xFF_FFFF
        let intid = detail & 0xFFFF_FFFF
        switch (self, detail >> 56) {
        case (.order, 1): return "INTID \(intid) at priority \(hexadecimal(value)) preempted one that is as urgent"
        case (.order, 2):
            return "INTID \(intid) at priority \(hexadecimal(value)) was taken though ICC_PMR_EL1 masks it"
        case (.order, 3): return "one that is less urgent was taken in the handler of INTID \(intid)"
        case (.order, 4): return "ICC_HPPIR1_EL1 had INTID \(value) where INTID \(intid) was to come"
        case (.active, 1): return "INTID \(intid) was taken while it was active"
        case (.active, 2): return "INTID \(intid) did not read as active in its handler"
        case (.active, 3): return "INTID \(intid) was active after the round"
        case (.starved, 1): return "SGI \(intid) to vCPU \(value) was not seen there"
        case (.starved, 2): return "INTID \(intid), a timer's, did not come"
        case (.starved, 3): return "nothing but the rescuing timer, INTID \(intid), ended a WFI"
        case (.starved, 4): return "the device's storm did not end"
        case (.starved, 5): return "what had been sent to a vCPU that was to be switched off did not come"
        case (.starved, 6): return "INTID \(intid), the more urgent one, did not preempt"
        case (.starved, 7): return "interrupts stayed pending or active at the end of the round"
        case (.starved, 8): return "INTID \(intid) did not come when ICC_PMR_EL1 let it"
        case (.early, _): return "a timer struck that was due when CNTVCT_EL0 was \(detail)"
        case (.stale, _):
            return "move \(detail >> 9) of the page was done, and the content of place \(detail & 0xFF) was read"
        default: return hexadecimal(detail)
        }
    }
}
