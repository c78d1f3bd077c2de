import CWire
import Shared

extension MessagePool {
    mutating func message(_ value: StatisticsSnapshot) -> UnsafeMutablePointer<Armada__Control__Snapshot> {
        let message: UnsafeMutablePointer<Armada__Control__Snapshot> = message(armada__control__snapshot__init)
        message.pointee.nanoseconds = value.nanoseconds
        message.pointee.started = value.started
        message.pointee.world_switch = value.worldSwitch.wireValue
        var vcpus: [UnsafeMutablePointer<Armada__Control__VCPUStatistics>?] = []
        for vcpu in value.vcpus { vcpus.append(self.message(vcpu)) }
        message.pointee.n_vcpus = vcpus.count
        message.pointee.vcpus = array(vcpus)
        message.pointee.loop = self.message(value.loop)
        return message
    }

    private mutating func message(
        _ value: StatisticsSnapshot.VCPU
    ) -> UnsafeMutablePointer<Armada__Control__VCPUStatistics> {
        let message: UnsafeMutablePointer<Armada__Control__VCPUStatistics> = message(
            armada__control__vcpustatistics__init)
        message.pointee.index = UInt32(truncatingIfNeeded: value.index)
        message.pointee.worker_pid = UInt32(truncatingIfNeeded: value.pid)
        message.pointee.exits = value.exits
        message.pointee.sgis = value.sgis
        message.pointee.bytes_received = value.traffic.receivedByteCount
        message.pointee.bytes_sent = value.traffic.sentByteCount
        message.pointee.registers_moved = value.traffic.registersMoved
        message.pointee.n_counters = value.counters.count
        message.pointee.counters = array(value.counters)
        var histograms: [UnsafeMutablePointer<Armada__Control__Histogram>?] = []
        for row in value.rows { histograms.append(self.message(row)) }
        message.pointee.n_histograms = histograms.count
        message.pointee.histograms = array(histograms)
        return message
    }

    private mutating func message(
        _ row: StatisticsSnapshot.Row
    ) -> UnsafeMutablePointer<Armada__Control__Histogram> {
        let message: UnsafeMutablePointer<Armada__Control__Histogram> = message(armada__control__histogram__init)
        message.pointee.reason = UInt32(row.reason.rawValue)
        message.pointee.count = row.histogram.count
        message.pointee.sum = row.histogram.sum
        message.pointee.minimum = row.histogram.minimum
        message.pointee.maximum = row.histogram.maximum
        let filled = row.histogram.buckets.indices.filter { row.histogram.buckets[$0] != 0 }
        message.pointee.n_bucket_numbers = filled.count
        message.pointee.bucket_numbers = array(filled.map { UInt32(truncatingIfNeeded: $0) })
        message.pointee.n_bucket_counts = filled.count
        message.pointee.bucket_counts = array(filled.map { row.histogram.buckets[$0] })
        return message
    }

    private mutating func message(_ value: LoopStatistics) -> UnsafeMutablePointer<Armada__Control__LoopCounters> {
        message(armada__control__loop_counters__init) {
            $0.halt_attempted_poll = value.haltAttemptedPoll
            $0.halt_successful_poll = value.haltSuccessfulPoll
            $0.halt_poll_success_nanoseconds = value.haltPollSuccessNanoseconds
            $0.halt_poll_fail_nanoseconds = value.haltPollFailNanoseconds
            $0.blocks = value.blocks
            $0.blocked_nanoseconds = value.blockedNanoseconds
            $0.halt_wakeup = value.haltWakeup
            $0.kicks = value.kicks
            $0.kicks_coalesced = value.kicksCoalesced
            $0.entries_backed_out = value.entriesBackedOut
            $0.remote_tlb_flush = value.remoteTLBFlush
            $0.vcpus_lost = value.vcpusLost
        }
    }
}

extension ControlDecoder {
    static func decode(_ message: Armada__Control__Snapshot) throws(ControlError) -> StatisticsSnapshot {
        try checkFields(message.base)
        guard message.nanoseconds >= message.started else {
            throw .inconsistent("a snapshot was taken before the guest started")
        }
        guard 1...WireProtocol.maximumVCPUCount ~= message.n_vcpus else {
            throw .outOfRange("vCPU count", UInt64(message.n_vcpus))
        }
        guard let worldSwitch = WorldSwitch(wireValue: message.world_switch) else {
            throw .outOfRange("world switch", UInt64(message.world_switch))
        }
        var snapshot = StatisticsSnapshot(
            nanoseconds: message.nanoseconds, started: message.started, worldSwitch: worldSwitch)
        for position in 0..<message.n_vcpus {
            snapshot.vcpus.append(try decode(try body(message.vcpus[position]), at: position))
        }
        snapshot.loop = try decode(try body(message.loop))
        return snapshot
    }

    private static func decode(
        _ message: Armada__Control__VCPUStatistics, at position: Int
    ) throws(ControlError) -> StatisticsSnapshot.VCPU {
        try checkFields(message.base)
        guard message.n_counters == VCPUCounter.allCases.count else {
            throw .outOfRange("counter count", UInt64(message.n_counters))
        }
        guard message.n_histograms <= ExitReason.count else {
            throw .outOfRange("histogram count", UInt64(message.n_histograms))
        }
        var rows: [StatisticsSnapshot.Row] = []
        for number in 0..<message.n_histograms {
            let row = try decode(try body(message.histograms[number]))
            if let last = rows.last, last.reason.rawValue >= row.reason.rawValue {
                throw .inconsistent("the exit reasons do not rise")
            }
            rows.append(row)
        }
        return StatisticsSnapshot.VCPU(
            index: try index(message.index, at: position), pid: try pid(message.worker_pid), exits: message.exits,
            sgis: message.sgis,
            traffic: WireTraffic(
                receivedByteCount: message.bytes_received, sentByteCount: message.bytes_sent,
                registersMoved: message.registers_moved),
            counters: Array(UnsafeBufferPointer(start: message.counters, count: message.n_counters)),
            rows: rows)
    }

    private static func decode(
        _ message: Armada__Control__Histogram
    ) throws(ControlError) -> StatisticsSnapshot.Row {
        try checkFields(message.base)
        guard message.reason < UInt32(ExitReason.count) else {
            throw .outOfRange("exit reason", UInt64(message.reason))
        }
        guard message.count > 0 else { throw .inconsistent("a histogram has no samples") }
        guard message.minimum <= message.maximum else { throw .inconsistent("a minimum is above its maximum") }
        guard message.n_bucket_numbers == message.n_bucket_counts else {
            throw .inconsistent(
                "\(message.n_bucket_numbers) buckets came with \(message.n_bucket_counts) counts")
        }
        var histogram = HistogramSnapshot()
        var next = 0
        var sum: UInt32 = 0
        for position in 0..<message.n_bucket_numbers {
            let number = Int(message.bucket_numbers[position])
            guard next..<LatencyHistogram.bucketCount ~= number else {
                throw .outOfRange("bucket", UInt64(number))
            }
            next = number + 1
            histogram.buckets[number] = message.bucket_counts[position]
            sum &+= message.bucket_counts[position]
        }
        // A bucket holds the lowest 32 bits of its count, and so does their sum.
        guard sum == UInt32(truncatingIfNeeded: message.count) else {
            throw .inconsistent("the buckets of a histogram do not add up to its \(message.count) samples")
        }
        histogram.count = message.count
        histogram.sum = message.sum
        histogram.minimum = message.minimum
        histogram.maximum = message.maximum
        return StatisticsSnapshot.Row(
            reason: ExitReason(rawValue: UInt8(truncatingIfNeeded: message.reason)), histogram: histogram)
    }

    private static func decode(_ message: Armada__Control__LoopCounters) throws(ControlError) -> LoopStatistics {
        try checkFields(message.base)
        var loop = LoopStatistics()
        loop.haltAttemptedPoll = message.halt_attempted_poll
        loop.haltSuccessfulPoll = message.halt_successful_poll
        loop.haltPollSuccessNanoseconds = message.halt_poll_success_nanoseconds
        loop.haltPollFailNanoseconds = message.halt_poll_fail_nanoseconds
        loop.blocks = message.blocks
        loop.blockedNanoseconds = message.blocked_nanoseconds
        loop.haltWakeup = message.halt_wakeup
        loop.kicks = message.kicks
        loop.kicksCoalesced = message.kicks_coalesced
        loop.entriesBackedOut = message.entries_backed_out
        loop.remoteTLBFlush = message.remote_tlb_flush
        loop.vcpusLost = message.vcpus_lost
        return loop
    }
}
