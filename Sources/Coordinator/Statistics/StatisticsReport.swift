import Shared

/// A run's figures, or those of a part of it. The formats are in docs/exits.md.
struct StatisticsReport {
    struct Exit {
        var name: String
        var samples: UInt64
        var totalNanoseconds: UInt64
        var minimum: UInt64
        var mean: Double
        var p50: UInt64
        var p99: UInt64
        var maximum: UInt64
    }

    struct VCPU {
        var index: Int
        var pid: Int
        var exits: UInt64
        var sgis: UInt64
        var traffic = WireTraffic()
        /// In the order of `VCPUCounter`.
        var counters: [UInt64]
        var rows: [Exit]

        func counter(_ which: VCPUCounter) -> UInt64 { counters[which.rawValue] }
        /// Million instructions per second of time in the guest.
        var mips: Double {
            let time = counter(.guestNanoseconds)
            return time == 0 ? 0 : Double(counter(.retiredInstructions)) * 1000 / Double(time)
        }
    }

    var wallNanoseconds: UInt64 = 0
    var selection = ReportSelection()
    /// The selected vCPUs together, in the order of the selection's key.
    var exits: [Exit] = []
    var vcpus: [VCPU] = []
    var loop = LoopStatistics()
    var worldSwitch = WorldSwitch.vhe

    /// Fast exits: their names and where they are counted.
    static let fastExits: [(name: String, counter: VCPUCounter)] = [
        ("counter_read", .fastCounterRead), ("timer", .fastTimer), ("icc_iar", .fastInterruptAcknowledge),
        ("icc_eoir", .fastEndOfInterrupt), ("icc_other", .fastCPUInterface), ("wfe", .fastWFE), ("other", .fastOther),
    ]

    var totalSamples: UInt64 { exits.reduce(0) { $0 &+ $1.samples } }
    var totalNanoseconds: UInt64 { exits.reduce(0) { $0 &+ $1.totalNanoseconds } }

    var totalExits: UInt64 { vcpus.reduce(0) { $0 &+ $1.exits } }
    var traffic: WireTraffic { vcpus.reduce(into: WireTraffic()) { $0.add($1.traffic) } }

    /// Averages over all exits, each with the Entry that answers it.
    var perExit: [(name: String, value: Double)] {
        let (traffic, exits) = (traffic, Double(max(totalExits, 1)))
        return [
            ("registers_moved", Double(traffic.registersMoved) / exits),
            ("bytes_received", Double(traffic.receivedByteCount) / exits),
            ("bytes_sent", Double(traffic.sentByteCount) / exits),
        ]
    }

    func samples(_ reasons: ExitReason...) -> UInt64 {
        let names = reasons.map(\.name)
        return vcpus.flatMap(\.rows).reduce(0) { names.contains($1.name) ? $0 &+ $1.samples : $0 }
    }

    /// KVM's per-VM counters.
    var kvmCounters: [(name: String, value: UInt64)] {
        [
            ("exits", totalExits),
            ("hvc_exit_stat", samples(ExitReason(.hvc64))),
            ("wfi_exit_stat", samples(.wfi)),
            ("wfe_exit_stat", samples(.wfe)),
            ("mmio_exit_user", samples(.mmioReadUser, .mmioWriteUser)),
            ("mmio_exit_kernel", samples(.mmioReadKernel, .mmioWriteKernel)),
            ("signal_exits", samples(.irq)),
            ("sgis", vcpus.reduce(0) { $0 &+ $1.sgis }),
            ("kicks", loop.kicks),
            ("kicks_coalesced", loop.kicksCoalesced),
            ("entries_backed_out", loop.entriesBackedOut),
            ("remote_tlb_flush", loop.remoteTLBFlush),
            ("vcpus_lost", loop.vcpusLost),
            ("halt_attempted_poll", loop.haltAttemptedPoll),
            ("halt_successful_poll", loop.haltSuccessfulPoll),
            ("halt_poll_success_ns", loop.haltPollSuccessNanoseconds),
            ("halt_poll_fail_ns", loop.haltPollFailNanoseconds),
            ("halt_wait", loop.blocks),
            ("halt_wait_ns", loop.blockedNanoseconds),
            ("halt_wakeup", loop.haltWakeup),
            ("registers_moved", traffic.registersMoved),
            ("bytes_received", traffic.receivedByteCount),
            ("bytes_sent", traffic.sentByteCount),
        ]
    }

    // MARK: Text

    /// The table, in the form of `perf kvm stat report`, with a final newline.
    var text: String {
        let title = selection.vcpu.map { "VCPU \($0)" } ?? "all VCPUs"
        var out = "\nAnalyze events for \(title):\n\n" + Self.header + "\n\n"
        for exit in exits { out += row(exit) + "\n" }
        out += "\nTotal Samples:\(totalSamples), Total events handled time:\(microseconds(totalNanoseconds)).\n"
        out += "\nFast exits (answered in the worker, not among the samples):\n\n"
        for fast in Self.fastExits {
            let sum = vcpus.reduce(UInt64(0)) { $0 &+ $1.counter(fast.counter) }
            if sum > 0 { out += fast.name.right(26) + String(sum).right(11) + "\n" }
        }
        out += "\nWorld switch \(worldSwitch), for each exit and its entry:\n\n"
        for figure in perExit { out += figure.name.right(26) + decimal(figure.value, digits: 1).right(11) + "\n" }
        out +=
            "\n"
            + ["VCPU", "PID", "Exits", "SGIs", "Fast", "Retired", "Guest time", "MIPS"].enumerated()
            .map { $1.right($0 == 0 ? 6 : $0 < 2 ? 9 : $0 < 5 ? 11 : 15) }.joined() + "\n\n"
        for vcpu in vcpus {
            let fast = Self.fastExits.reduce(UInt64(0)) { $0 &+ vcpu.counter($1.counter) }
            out += String(vcpu.index).right(6) + String(vcpu.pid).right(9) + String(vcpu.exits).right(11)
            out += String(vcpu.sgis).right(11) + String(fast).right(11)
            out += String(vcpu.counter(.retiredInstructions)).right(15)
            out += microseconds(vcpu.counter(.guestNanoseconds)).right(15) + decimal(vcpu.mips).right(15) + "\n"
        }
        out += "\n"
        for counter in kvmCounters { out += counter.name.right(26) + String(counter.value).right(16) + "\n" }
        return out
    }

    private static let header =
        "VM-EXIT".right(26) + "Samples".right(11) + "Samples%".right(10) + "Time%".right(10) + "Min Time".right(13)
        + "Avg time".right(13) + "p50".right(13) + "p99".right(13) + "Max Time".right(15)

    private func row(_ exit: Exit) -> String {
        exit.name.right(26) + String(exit.samples).right(11) + percent(exit.samples, of: totalSamples).right(10)
            + percent(exit.totalNanoseconds, of: totalNanoseconds).right(10) + microseconds(exit.minimum).right(13)
            + microseconds(exit.mean).right(13) + microseconds(exit.p50).right(13) + microseconds(exit.p99).right(13)
            + microseconds(exit.maximum).right(15)
    }

    // MARK: JSON

    /// One JSON object on one line, with a final newline. Times are in nanoseconds.
    var json: String {
        var out = "{\"wall_ns\":\(wallNanoseconds),\"exits\":[" + exits.map(Self.json).joined(separator: ",") + "]"
        out += ",\"counters\":{" + kvmCounters.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
        out += ",\"world_switch\":{\"mode\":\"\(worldSwitch)\",\"per_exit\":{"
        out += perExit.map { "\"\($0.name)\":\(decimal($0.value, digits: 1))" }.joined(separator: ",") + "}}"
        out += ",\"vcpus\":["
        out += vcpus.map { vcpu in
            var text = "{\"vcpu\":\(vcpu.index),\"pid\":\(vcpu.pid),\"exits\":\(vcpu.exits),\"sgis\":\(vcpu.sgis)"
            text += ",\"retired\":\(vcpu.counter(.retiredInstructions))"
            text += ",\"guest_ns\":\(vcpu.counter(.guestNanoseconds)),\"mips\":\(decimal(vcpu.mips, digits: 3))"
            text += ",\"registers_moved\":\(vcpu.traffic.registersMoved)"
            text += ",\"bytes_received\":\(vcpu.traffic.receivedByteCount),\"bytes_sent\":\(vcpu.traffic.sentByteCount)"
            text += ",\"fast_exits\":{"
            text += Self.fastExits.map { "\"\($0.name)\":\(vcpu.counter($0.counter))" }.joined(separator: ",")
            text += "},\"counters\":{"
            text += VCPUCounter.allCases.map { "\"\($0)\":\(vcpu.counter($0))" }.joined(separator: ",")
            return text + "},\"by_reason\":[" + vcpu.rows.map(Self.json).joined(separator: ",") + "]}"
        }.joined(separator: ",")
        return out + "]}\n"
    }

    private static func json(_ exit: Exit) -> String {
        "{\"reason\":\"\(exit.name)\",\"samples\":\(exit.samples),\"total_ns\":\(exit.totalNanoseconds)"
            + ",\"min_ns\":\(exit.minimum),\"avg_ns\":\(decimal(exit.mean, digits: 1)),\"p50_ns\":\(exit.p50)"
            + ",\"p99_ns\":\(exit.p99),\"max_ns\":\(exit.maximum)}"
    }
}

extension StatisticsReport {
    /// The figures of `snapshot`, which may be a difference.
    init(_ snapshot: StatisticsSnapshot, _ selection: ReportSelection = ReportSelection()) {
        self.selection = selection
        wallNanoseconds = snapshot.elapsedNanoseconds
        loop = snapshot.loop
        worldSwitch = snapshot.worldSwitch
        var totals: [ExitReason: HistogramSnapshot] = [:]
        for vcpu in snapshot.vcpus where selection.vcpu == nil || selection.vcpu == vcpu.index {
            for row in vcpu.rows where selection.event.contains(row.reason) {
                totals[row.reason, default: HistogramSnapshot()].add(row.histogram)
            }
            vcpus.append(
                VCPU(
                    index: vcpu.index, pid: vcpu.pid, exits: vcpu.exits, sgis: vcpu.sgis, traffic: vcpu.traffic,
                    counters: vcpu.counters,
                    rows: Self.sorted(vcpu.rows.map { Exit($0.reason, $0.histogram) }, selection.key)))
        }
        exits = Self.sorted(totals.map { Exit($0.key, $0.value) }, selection.key)
    }

    private static func sorted(_ exits: [Exit], _ key: ReportSelection.Key) -> [Exit] {
        exits.sorted { key.isBefore($0, $1) || !key.isBefore($1, $0) && $0.name < $1.name }
    }
}

extension StatisticsReport.Exit {
    /// The figures of one histogram that has samples.
    init(_ reason: ExitReason, _ histogram: HistogramSnapshot) {
        self.init(
            name: reason.name, samples: histogram.count, totalNanoseconds: histogram.sum, minimum: histogram.minimum,
            mean: histogram.mean, p50: histogram.quantile(0.5), p99: histogram.quantile(0.99),
            maximum: histogram.maximum)
    }
}
