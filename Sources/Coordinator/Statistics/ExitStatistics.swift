/// What the exits of one vCPU have cost, by reason. Handling time runs from the Exit's arrival to the departure of the Entry that
/// answers it; for WFI that includes the time blocked, as in `perf kvm stat`.
struct ExitStatistics: ~Copyable {
    private let rows: UnsafeMutablePointer<UnsafeMutablePointer<LatencyHistogram>?>
    /// KVM's `exits`.
    private(set) var exits: UInt64 = 0
    /// SGI frames: writes to ICC_SGI1R_EL1 and its relatives.
    var sgis: UInt64 = 0

    init() {
        rows = .allocate(capacity: ExitReason.count)
        rows.initialize(repeating: nil, count: ExitReason.count)
    }

    deinit {
        for index in 0..<ExitReason.count {
            rows[index]?.deinitialize(count: 1)
            rows[index]?.deallocate()
        }
        rows.deallocate()
    }

    mutating func countExit() { exits &+= 1 }

    mutating func record(_ reason: ExitReason, nanoseconds: UInt64) {
        let index = Int(reason.rawValue)
        if let row = rows[index] {
            row.pointee.record(nanoseconds)
        } else {
            let row = UnsafeMutablePointer<LatencyHistogram>.allocate(capacity: 1)
            row.initialize(to: LatencyHistogram())
            row.pointee.record(nanoseconds)
            rows[index] = row
        }
    }

    func samples(_ reason: ExitReason) -> UInt64 { rows[Int(reason.rawValue)]?.pointee.count ?? 0 }

    /// The histogram of each reason that occurred, by rising reason.
    var histograms: [StatisticsSnapshot.Row] {
        (0..<ExitReason.count).compactMap { number in
            rows[number].map {
                StatisticsSnapshot.Row(reason: ExitReason(rawValue: UInt8(number)), histogram: $0.pointee.snapshot)
            }
        }
    }
}

/// The loop's counters, with KVM's names where KVM has the thing.
struct LoopStatistics: Equatable, Sendable {
    /// Waits that began with polling.
    var haltAttemptedPoll: UInt64 = 0
    /// … and did not need to block.
    var haltSuccessfulPoll: UInt64 = 0
    var haltPollSuccessNanoseconds: UInt64 = 0
    var haltPollFailNanoseconds: UInt64 = 0
    /// Waits that blocked.
    var blocks: UInt64 = 0
    var blockedNanoseconds: UInt64 = 0
    /// Blocked vCPUs that were woken.
    var haltWakeup: UInt64 = 0
    /// Doorbells rung.
    var kicks: UInt64 = 0
    /// Kicks that found the vCPU on its way out already: mode was EXITING_GUEST_MODE.
    var kicksCoalesced: UInt64 = 0
    /// Entries backed out of because a request came at the last moment.
    var entriesBackedOut: UInt64 = 0
    /// Stage-2 invalidations that were broadcast to the vCPUs.
    var remoteTLBFlush: UInt64 = 0
    /// vCPUs without which the run goes on.
    var vcpusLost: UInt64 = 0

    func subtracting(_ earlier: Self) -> Self {
        var difference = Self()
        difference.haltAttemptedPoll = haltAttemptedPoll &- earlier.haltAttemptedPoll
        difference.haltSuccessfulPoll = haltSuccessfulPoll &- earlier.haltSuccessfulPoll
        difference.haltPollSuccessNanoseconds = haltPollSuccessNanoseconds &- earlier.haltPollSuccessNanoseconds
        difference.haltPollFailNanoseconds = haltPollFailNanoseconds &- earlier.haltPollFailNanoseconds
        difference.blocks = blocks &- earlier.blocks
        difference.blockedNanoseconds = blockedNanoseconds &- earlier.blockedNanoseconds
        difference.haltWakeup = haltWakeup &- earlier.haltWakeup
        difference.kicks = kicks &- earlier.kicks
        difference.kicksCoalesced = kicksCoalesced &- earlier.kicksCoalesced
        difference.entriesBackedOut = entriesBackedOut &- earlier.entriesBackedOut
        difference.remoteTLBFlush = remoteTLBFlush &- earlier.remoteTLBFlush
        difference.vcpusLost = vcpusLost &- earlier.vcpusLost
        return difference
    }
}
