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

    @Test func `quantiles of a known distribution`() {
        var histogram = LatencyHistogram()
        for value in UInt64(1)...1000 { histogram.record(value * 100) }
        let (minimum, maximum, count) = (histogram.minimum, histogram.maximum, histogram.count)
        #expect(minimum == 100 && maximum == 100_000 && count == 1000)
        let mean = histogram.mean
        #expect(mean == 50_050)
        for (fraction, exact) in [(0.5, 50_000.0), (0.99, 99_000.0)] {
            let value = Double(histogram.quantile(fraction))
            #expect(value >= exact && value <= exact * 1.125)
        }
        let last = histogram.quantile(1)
        #expect(last == 100_000)
        let empty = LatencyHistogram()
        let nothing = empty.quantile(0.5)
        #expect(nothing == 0)
    }

    @Test func `the report adds up over vCPUs`() throws {
        var first = ExitStatistics()
        var second = ExitStatistics()
        first.record(ExitReason(.hvc64), nanoseconds: 1000)
        first.record(.wfi, nanoseconds: 9000)
        second.record(ExitReason(.hvc64), nanoseconds: 3000)
        var total = LatencyHistogram()
        first.add(ExitReason(.hvc64), to: &total)
        second.add(ExitReason(.hvc64), to: &total)
        first.add(ExitReason(.smc64), to: &total)
        let sum = StatisticsReport.Exit(ExitReason(.hvc64), total)
        let row = try #require(sum)
        #expect(row.samples == 2 && row.totalNanoseconds == 4000 && row.minimum == 1000 && row.maximum == 3000)
        let names = first.rowList.map(\.name)
        #expect(names == ["WFx wfi", "HVC64"])
        let none = StatisticsReport.Exit(.irq, LatencyHistogram())
        #expect(none == nil)
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
