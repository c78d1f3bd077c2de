import CHost
import Shared

/// The worker's waiting for an Entry: adaptive polling, then blocking. It gives way, that is, does not poll, when the
/// processors are needed for running guests and the coordinator; while the coordinator is at work on another processor it
/// polls briefly all the same.
struct EntryWait: ~Copyable {
    /// A hole of this size between two looks: this process was off its processor, so another one needs it.
    private static let preemptionNanoseconds: UInt64 = 40_000
    /// Only so many other vCPUs are looked at before polling; with more, a different part each time.
    private static let sampleCount = 16

    private var window: AdaptiveWindow
    private let processorCount: Int
    private let vcpuIndex: Int
    private let vcpuCount: Int
    private let controlPage: UnsafeMutableRawPointer
    private let control: VCPUControl
    private var nextSample = 0
    private var hostLoad = HostLoad()

    private enum Polling { case none, adaptive, brief }
    private var polling = Polling.none
    private var brief = BriefPoll()
    private var started: UInt64 = 0
    private var lastLook: UInt64 = 0

    init(welcome: WelcomeFrame, controlPage: UnsafeMutableRawPointer, processorCount: Int) {
        window = AdaptiveWindow(
            maximumNanoseconds: welcome.haltPollNanoseconds, isFixed: welcome.haltPollIsFixed)
        self.processorCount = processorCount
        vcpuIndex = Int(welcome.vcpuIndex)
        vcpuCount = Int(welcome.vcpuCount)
        self.controlPage = controlPage
        control = VCPUControl(page: controlPage, vcpu: vcpuIndex)
    }

    /// Begins a wait for the answer to an exit at `time`. `answeredQuickly` is false for an exit after which the vCPU is likely
    /// to block, as for WFI.
    mutating func begin(answeredQuickly: Bool, at time: UInt64) {
        polling = answeredQuickly && window.maximumNanoseconds > 0 ? choosePolling() : .none
        // Waits that the coordinator prolongs on purpose say nothing about the window.
        started = answeredQuickly && window.maximumNanoseconds > 0 ? time : 0
        lastLook = started
    }

    /// Whether to look at the socket before blocking.
    var polls: Bool { polling != .none }

    /// After a look that found nothing: waits for a sign that an Entry is on its way, which is the mode that the
    /// coordinator sets before. Whether to look again; a worker that misses a sign only blocks earlier.
    ///
    /// The socket itself is left alone: a call to the host for each look takes its lock from the sender.
    mutating func continuesPolling() -> Bool {
        while true {
            // The clock costs more than the look.
            for _ in 0..<16 {
                armada_spin_hint()
                if armada_load_relaxed32(control.mode) != VCPUMode.outsideGuest.rawValue { return true }
            }
            let now = armada_monotonic()
            if polling == .brief {
                if now &- started < BriefPoll.nanoseconds { continue }
                brief.failed()
                return false
            }
            if now &- lastLook > Self.preemptionNanoseconds {
                window.giveWay()
                return false
            }
            lastLook = now
            if now &- started >= window.nanoseconds { return false }
        }
    }

    /// The Entry came while polling.
    mutating func endPolled() {
        if polling == .brief { brief.succeeded() } else { window.polledWithSuccess() }
        control.increment(.pollSuccess)
    }

    /// The Entry came after blocking.
    mutating func endBlocked() {
        if polling != .none { control.increment(.pollFail) }
        guard started != 0, polling != .brief else { return }
        let now = armada_monotonic()
        if polling == .adaptive, hostLoad.isCrowded(at: now) {
            window.giveWay()
        } else {
            window.blocked(waitedNanoseconds: now &- started)
        }
    }

    private mutating func choosePolling() -> Polling {
        if window.nanoseconds > 0, hasSpareProcessor() { return .adaptive }
        let coordinator = armada_load_relaxed32(controlPage + ControlPage.coordinatorOffset)
        let isElsewhere = coordinator != 0 && coordinator != UInt32(truncatingIfNeeded: armada_processor()) &+ 1
        return isElsewhere && brief.mayTry() ? .brief : .none
    }

    /// Whether there is a processor for this poll beside the coordinator and the vCPUs that run their guest.
    private mutating func hasSpareProcessor() -> Bool {
        let others = vcpuCount &- 1
        // One for this worker, one for the coordinator.
        var spare = processorCount &- 2
        guard spare >= 0 else { return false }
        guard others > spare else { return true }
        var index = others <= Self.sampleCount ? 0 : nextSample
        for _ in 0..<min(others, Self.sampleCount) {
            if index >= vcpuCount { index = 0 }
            if index != vcpuIndex {
                let mode = VCPUControl(page: controlPage, vcpu: index).mode
                if armada_load_relaxed32(mode) != VCPUMode.outsideGuest.rawValue {
                    spare &-= 1
                    if spare < 0 { return false }
                }
            }
            index &+= 1
        }
        nextSample = index
        return true
    }
}
