import Shared
import Testing

@testable import Coordinator

@Suite struct StatisticsTests {
    @Test func `each value falls into a bucket that ends at most an eighth above it`() {
        var last = -1
        for exponent in UInt64(0)..<37 {
            let power = UInt64(1) << exponent
            for value in [power, power + power / 3, 2 * power - 1] {
                let bucket = LatencyHistogram.bucket(of: value)
                #expect(bucket >= last && bucket < LatencyHistogram.bucketCount)
                last = bucket
                let bound = LatencyHistogram.upperBound(ofBucket: bucket)
                #expect(bound >= value && bound - value <= value / 8)
            }
        }
        #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.bucketCount - 1)
    }

    @Test func `buckets do not leave gaps`() {
        #expect(LatencyHistogram.lowerBound(ofBucket: 0) == 0)
        for bucket in 0..<LatencyHistogram.bucketCount {
            #expect(LatencyHistogram.bucket(of: LatencyHistogram.lowerBound(ofBucket: bucket)) == bucket)
        }
    }

    private func histogram(_ values: some Sequence<UInt64>) -> HistogramSnapshot {
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        return histogram.snapshot
    }

    @Test func `quantiles of a known distribution`() {
        let histogram = histogram((UInt64(1)...1000).map { $0 * 100 })
        #expect(histogram.minimum == 100 && histogram.maximum == 100_000 && histogram.count == 1000)
        #expect(histogram.mean == 50_050)
        for (fraction, exact) in [(0.5, 50_000.0), (0.99, 99_000.0)] {
            let value = Double(histogram.quantile(fraction))
            #expect(value >= exact && value <= exact * 1.125)
        }
        #expect(histogram.quantile(1) == 100_000)
        #expect(HistogramSnapshot().quantile(0.5) == 0)
    }

    // MARK: Differences

    @Test func `a difference has what came in between`() {
        let early: [UInt64] = [1_000, 50_000]
        let late: [UInt64] = [2_000, 3_000, 3_000, 40_000]
        let difference = histogram(early + late).subtracting(histogram(early))
        #expect(difference.count == 4 && difference.sum == 48_000)
        // Not extremes of the run: the edges of their buckets.
        #expect(difference.minimum <= 2_000 && difference.minimum >= 1_750)
        #expect(difference.maximum >= 40_000 && difference.maximum <= 45_000)
        #expect(difference.quantile(0.5) >= 3_000 && difference.quantile(0.5) <= 3_375)
    }

    @Test func `extremes of the run are exact in a difference, too`() {
        let early: [UInt64] = [1_000, 50_000]
        let difference = histogram(early + [999, 2_000, 50_001]).subtracting(histogram(early))
        #expect(difference.minimum == 999 && difference.maximum == 50_001)
        let first = histogram([7_777]).subtracting(HistogramSnapshot())
        #expect(first == histogram([7_777]))
        #expect(histogram(early).subtracting(histogram(early)) == HistogramSnapshot())
    }

    @Test func `an extreme at the run's own edge is not beyond it`() {
        // The bucket of 1000 begins at 960 and ends at 1023: the run's extremes are nearer.
        let difference = histogram([1_000, 1_000]).subtracting(histogram([1_000]))
        #expect(difference.minimum == 1_000 && difference.maximum == 1_000)
    }

    @Test func `differences of snapshots add up`() {
        let first = ControlSamples.snapshot(nanoseconds: 2_000, [(ExitReason(.hvc64), [5])])
        var second = ControlSamples.snapshot(nanoseconds: 5_000, [(ExitReason(.hvc64), [5, 6]), (.wfi, [9])])
        second.loop.kicks += 5
        #expect(second.follows(first) && !first.follows(second))
        let difference = second.subtracting(first)
        #expect(difference.elapsedNanoseconds == 3_000 && difference.loop.kicks == 5 && difference.loop.blocks == 0)
        #expect(difference.vcpus[1].exits == 2 && difference.vcpus[1].counters.allSatisfy { $0 == 0 })
        let report = StatisticsReport(difference)
        #expect(report.exits.map(\.name) == ["WFx wfi", "HVC64"])
        #expect(report.exits.map(\.samples) == [2, 2] && report.totalNanoseconds == 30)
        #expect(report.samples(.wfi) == 2)
    }

    @Test func `a snapshot of another run does not follow`() {
        let first = ControlSamples.snapshot()
        var second = first
        second.started += 1
        #expect(!second.follows(first))
        second = first
        second.vcpus[1].rows.removeFirst()
        #expect(!second.follows(first))
        #expect(!ControlSamples.snapshot(vcpuCount: 3).follows(first))
    }

    // MARK: Reports

    @Test func `the report adds up over vCPUs`() throws {
        var snapshot = ControlSamples.snapshot([(ExitReason(.hvc64), [1000]), (.wfi, [9000])])
        snapshot.vcpus[1] = ControlSamples.snapshot([(ExitReason(.hvc64), [3000])]).vcpus[1]
        let report = StatisticsReport(snapshot)
        #expect(report.exits.map(\.name) == ["WFx wfi", "HVC64"])
        let row = report.exits[1]
        #expect(row.samples == 2 && row.totalNanoseconds == 4000 && row.minimum == 1000 && row.maximum == 3000)
    }

    @Test func `a report shows one vCPU, one event, and falls by its key`() {
        let snapshot = ControlSamples.snapshot([
            (ExitReason(.hvc64), [1, 1, 1]), (.wfi, [900]), (.wfe, [1_000]), (.mmioReadUser, [40, 50]),
        ])
        func names(_ selection: ReportSelection) -> [String] { StatisticsReport(snapshot, selection).exits.map(\.name) }
        #expect(names(.init(event: .mmio)) == ["DABT_LOW mmio_read_user"])
        #expect(names(.init(event: .wfx)) == ["WFx wfe", "WFx wfi"])
        #expect(names(.init(key: .samples)).first == "HVC64")
        #expect(names(.init(key: .avg)) == ["WFx wfe", "WFx wfi", "DABT_LOW mmio_read_user", "HVC64"])
        let one = StatisticsReport(snapshot, .init(vcpu: 1, event: .wfx))
        #expect(one.exits.map(\.samples) == [1, 1] && one.vcpus.map(\.index) == [1])
        #expect(one.text.contains("Analyze events for VCPU 1:"))
        // The counters do not depend on the event.
        #expect(one.samples(ExitReason(.hvc64)) == 3)
    }

    private var report: StatisticsReport {
        var report = StatisticsReport()
        report.wallNanoseconds = 5
        report.exits = [
            .init(
                name: "HVC64", samples: 3, totalNanoseconds: 6000, minimum: 1000, mean: 2000, p50: 2000, p99: 3000,
                maximum: 3000),
            .init(
                name: "WFx wfi", samples: 1, totalNanoseconds: 2000, minimum: 2000, mean: 2000, p50: 2000, p99: 2000,
                maximum: 2000),
        ]
        var counters = Array(repeating: UInt64(0), count: VCPUCounter.allCases.count)
        counters[VCPUCounter.retiredInstructions.rawValue] = 5_000_000
        counters[VCPUCounter.guestNanoseconds.rawValue] = 10_000_000
        counters[VCPUCounter.fastTimer.rawValue] = 12
        let traffic = WireTraffic(receivedByteCount: 400, sentByteCount: 100, registersMoved: 242)
        report.worldSwitch = .nvhe
        report.vcpus = [
            .init(index: 0, pid: 77, exits: 4, sgis: 2, traffic: traffic, counters: counters, rows: report.exits)
        ]
        return report
    }

    @Test func `the table has the form of perf kvm stat report`() {
        let lines = report.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            lines.contains([
                "VM-EXIT", "Samples", "Samples%", "Time%", "Min", "Time", "Avg", "time", "p50", "p99", "Max", "Time",
            ]))
        #expect(lines.contains(["HVC64", "3", "75.00%", "75.00%", "1.00us", "2.00us", "2.00us", "3.00us", "3.00us"]))
        #expect(lines.contains(["Total", "Samples:4,", "Total", "events", "handled", "time:8.00us."]))
        #expect(lines.contains(["timer", "12"]))
        #expect(lines.contains(["0", "77", "4", "2", "12", "5000000", "10000.00us", "500.00"]))
        #expect(lines.contains(["hvc_exit_stat", "3"]))
        #expect(report.text.contains("World switch nvhe"))
        #expect(lines.contains(["registers_moved", "60.5"]))
        #expect(lines.contains(["bytes_received", "100.0"]))
        #expect(lines.contains(["bytes_sent", "100"]))
    }

    @Test func `the JSON is one line with the same figures`() {
        let json = report.json
        #expect(json.hasSuffix("}\n") && json.filter { $0 == "\n" }.count == 1)
        #expect(json.filter { $0 == "{" }.count == json.filter { $0 == "}" }.count)
        #expect(json.contains("\"reason\":\"HVC64\",\"samples\":3,\"total_ns\":6000,\"min_ns\":1000,\"avg_ns\":2000.0"))
        #expect(
            json.contains(
                "\"world_switch\":{\"mode\":\"nvhe\",\"per_exit\":{\"registers_moved\":60.5,\"bytes_received\":100.0,"
                    + "\"bytes_sent\":25.0}}"))
        #expect(json.contains("\"registers_moved\":242,\"bytes_received\":400,\"bytes_sent\":100,\"fast_exits\""))
        #expect(json.contains("\"wfi_exit_stat\":1") && json.contains("\"mips\":500.000"))
    }

    @Test func `numbers`() {
        #expect(decimal(1234.567) == "1234.57")
        #expect(decimal(-0.004) == "0.00")
        #expect(decimal(-1.5, digits: 1) == "-1.5")
        #expect(decimal(.infinity) == "-")
        #expect(hexadecimal(0xAB, digits: 4) == "0x00ab")
        #expect(percent(1, of: 0) == "-")
    }
}
