import CHost
import Shared

/// What a VM's exits have cost up to a moment, or, as a difference, between two moments.
struct StatisticsSnapshot: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        var reason: ExitReason
        var histogram: HistogramSnapshot
    }

    struct VCPU: Equatable, Sendable {
        var index: Int
        var pid: Int
        var exits: UInt64
        var sgis: UInt64
        var traffic = WireTraffic()
        /// In the order of `VCPUCounter`.
        var counters: [UInt64]
        /// By rising reason; none without samples.
        var rows: [Row]
    }

    /// CLOCK_MONOTONIC when it was taken.
    var nanoseconds: UInt64
    /// CLOCK_MONOTONIC when the guest started or, of a difference, when the earlier snapshot was taken.
    var started: UInt64
    var worldSwitch = WorldSwitch.vhe
    var vcpus: [VCPU] = []
    var loop = LoopStatistics()

    var elapsedNanoseconds: UInt64 { nanoseconds > started ? nanoseconds - started : 0 }

    /// True if this is a later, or the same, snapshot of the run that `earlier` is of.
    func follows(_ earlier: Self) -> Bool {
        guard started == earlier.started, nanoseconds >= earlier.nanoseconds, vcpus.count == earlier.vcpus.count else {
            return false
        }
        return zip(vcpus, earlier.vcpus).allSatisfy { later, earlier in
            later.pid == earlier.pid && later.exits >= earlier.exits
                && earlier.rows.allSatisfy { row in
                    later.rows.contains { $0.reason == row.reason && $0.histogram.count >= row.histogram.count }
                }
        }
    }

    /// What came after `earlier`, which this one follows.
    func subtracting(_ earlier: Self) -> Self {
        var difference = Self(
            nanoseconds: nanoseconds, started: earlier.nanoseconds, worldSwitch: worldSwitch)
        difference.loop = loop.subtracting(earlier.loop)
        difference.vcpus = zip(vcpus, earlier.vcpus).map { $0.subtracting($1) }
        return difference
    }
}

extension StatisticsSnapshot.VCPU {
    fileprivate func subtracting(_ earlier: Self) -> Self {
        var difference = self
        difference.exits = exits &- earlier.exits
        difference.sgis = sgis &- earlier.sgis
        difference.traffic = traffic.subtracting(earlier.traffic)
        difference.counters = zip(counters, earlier.counters).map { $0 &- $1 }
        difference.rows = rows.compactMap { row in
            let old = earlier.rows.first { $0.reason == row.reason }?.histogram
            let histogram = old.map(row.histogram.subtracting) ?? row.histogram
            return histogram.count == 0 ? nil : .init(reason: row.reason, histogram: histogram)
        }
        return difference
    }
}

extension VirtualMachine {
    func takeSnapshot() -> StatisticsSnapshot {
        var snapshot = StatisticsSnapshot(
            nanoseconds: clock.now, started: startTime, worldSwitch: configuration.worldSwitch)
        snapshot.loop = loopStatistics
        snapshot.loop.remoteTLBFlush = dvm.invalidationCount
        snapshot.vcpus = vcpus.map { vcpu in
            StatisticsSnapshot.VCPU(
                index: vcpu.index, pid: Int(vcpu.channel.pid), exits: vcpu.statistics.exits,
                sgis: vcpu.statistics.sgis, traffic: vcpu.channel.traffic,
                counters: VCPUCounter.allCases.map { vcpu.control.counter($0) },
                rows: vcpu.statistics.histograms)
        }
        return snapshot
    }
}
