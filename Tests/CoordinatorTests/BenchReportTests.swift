import Foundation
import Testing

@testable import Coordinator

@Suite struct BenchReportTests {
    // MARK: Text

    @Test func `times have three digits and a unit`() {
        let texts = [0, 306, 999, 1000, 5150, 99_949, 99_951, 999_499, 999_500, 61_000_000, 300_000_000_000].map {
            readableTime(UInt64($0))
        }
        #expect(
            texts == [
                "0 ns", "306 ns", "999 ns", "1.00 µs", "5.15 µs", "99.9 µs", "100 µs", "999 µs", "1.00 ms", "61.0 ms",
                "300 s",
            ])
        #expect(readableTime(5.5) == "5.5 ns" && readableTime(.nan) == "-" && readableTime(-1.0) == "-")
        #expect(grouped(65536, separator: ",") == "65,536" && grouped(999) == "999")
    }

    @Test func `the table has every figure of an operation in its row`() throws {
        let report = BenchReportSamples.single
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("2 vCPUs, pin separate, halt-poll-ns 200000, world switch full"))
        let operation = try #require(report.runs[0].operations.first)
        let guest = operation.guest
        let floor = try #require(operation.floor)
        let figures = [
            "4000", readableTime(guest.minimum), readableTime(guest.percentile(50)), readableTime(guest.mean),
            readableTime(guest.percentile(90)), readableTime(guest.percentile(99)),
            readableTime(guest.percentile(99.9)),
            readableTime(guest.maximum), readableTime(floor.percentile(50)),
            decimal(try #require(operation.floorRatio)),
        ]
        let row = (["hyp_call"] + figures).joined(separator: " ")
        #expect(lines.contains { $0.split(separator: " ").joined(separator: " ") == row })
        #expect(lines.allSatisfy { $0.count <= 140 })
        let heads = lines.filter { $0.hasPrefix("operation") }
        #expect(heads.count == 4)
        // Figures stand under their heads: the ends of the columns are aligned.
        let table = lines.filter { line in BenchReportSamples.operations.contains { line.hasPrefix($0.name + " ") } }
        #expect(Set(table.prefix(16).map(\.count)) == [heads[0].count])
        #expect(lines.contains { $0.hasPrefix("Real hardware, published by others, not measured here") })
    }

    @Test func `the stages' shares are of their sum`() throws {
        var operation = BenchReport.Operation(name: "hyp_call", guest: .init([4000]))
        operation.stages = [.init(name: "trap", time: .init([500])), .init(name: "handle", time: .init([1500]))]
        let text = BenchReport(runs: [.init(configuration: configuration, operations: [operation])]).text
        let words = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            words.contains([
                "hyp_call", "500", "ns", "25%", "1.50", "µs", "75%", "2.00", "µs", "0.50",
            ]))
    }

    @Test func `an operation without samples says why, and nobody's text reaches the terminal as a command`() {
        let text = BenchReportSamples.extreme.text
        #expect(text.contains("no samples") && text.contains("Not complete: the guest failed"))
        #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    }

    @Test func `without runs, a report is still a report`() {
        let report = BenchReport(facts: [.init(name: "kernel", value: "x")])
        #expect(report.text == "kernel  x\n")
        #expect(report.html.contains("Nothing was measured"))
        #expect(HGRMReport.files(of: report).isEmpty)
    }

    private let configuration = BenchReport.Configuration(
        vcpuCount: 1, pin: .none, haltPoll: HaltPoll(nanoseconds: 0), worldSwitch: "")

    // MARK: Published figures

    @Test func `cycles and nanoseconds are never of one source`() {
        #expect(PublishedFigure.all.count == 12 + 9)
        #expect(PublishedFigure.figures(of: "hyp_call", in: .nanoseconds).map(\.value) == [306, 408])
        #expect(PublishedFigure.figures(of: "hyp_call", in: .cycles).map(\.value) == [6500, 752])
        let known = Set(BenchReportSamples.operations.map(\.name))
        for figure in PublishedFigure.all {
            #expect(known.contains(figure.operation))
            #expect(!figure.source.reference.isEmpty && !figure.source.machine.isEmpty)
        }
        // No range of times includes a number of cycles.
        #expect(!RangeChart.times(of: BenchReportSamples.small).contains(6500))
    }

    // MARK: JSON

    @Test(arguments: ["single", "sweep", "extreme", "empty"]) func `the JSON holds the numbers`(name: String) throws {
        let report = Self.report(name)
        #expect(report.json.hasSuffix("}\n") && report.json.filter { $0 == "\n" }.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(report.json.utf8))
        let top = try #require(object as? [String: Any])
        #expect(top["interruption"] as? String == report.interruption)
        let facts = try #require(top["facts"] as? [String: String])
        for fact in report.facts { #expect(facts[fact.name] == fact.value) }
        let runs = try #require(top["runs"] as? [[String: Any]])
        #expect(runs.count == report.runs.count)
        for (run, json) in zip(report.runs, runs) {
            let configuration = try #require(json["configuration"] as? [String: Any])
            #expect((configuration["halt_poll_ns"] as? NSNumber)?.uint64Value == run.configuration.haltPoll.nanoseconds)
            #expect(configuration["world_switch"] as? String == run.configuration.worldSwitch)
            let operations = try #require(json["operations"] as? [[String: Any]])
            #expect(operations.count == run.operations.count)
            for (operation, json) in zip(run.operations, operations) { try check(operation, json) }
        }
        #expect((top["published"] as? [[String: Any]])?.count == PublishedFigure.all.count)
    }

    private func check(_ operation: BenchReport.Operation, _ json: [String: Any]) throws {
        #expect(json["name"] as? String == operation.name && json["note"] as? String == operation.note)
        #expect(json["exit_bytes"] as? Int == operation.exitByteCount)
        #expect(json["registers_moved"] as? Int == operation.registersMoved)
        guard operation.hasSamples else {
            #expect(json["guest"] is NSNull)
            return
        }
        let guest = try #require(json["guest"] as? [String: Any])
        #expect(
            guest["count"] as? UInt64 == operation.guest.count && guest["min_ns"] as? UInt64 == operation.guest.minimum)
        #expect(guest["max_ns"] as? UInt64 == operation.guest.maximum)
        let percentiles = try #require(guest["percentiles_ns"] as? [String: UInt64])
        for (percent, name) in BenchReport.percentiles {
            #expect(percentiles[name] == operation.guest.percentile(percent))
        }
        #expect((json["stages"] as? [[String: Any]])?.count == operation.stages.count)
        #expect((json["floor"] is NSNull) == (operation.measuredFloor == nil))
    }

    private static func report(_ name: String) -> BenchReport {
        switch name {
        case "single": BenchReportSamples.single
        case "sweep": BenchReportSamples.sweep
        case "extreme": BenchReportSamples.extreme
        default: BenchReport()
        }
    }

    // MARK: The model

    @Test func `a distribution holds what was recorded within a thousandth`() {
        let samples = (1...10_000).map { UInt64($0 * 7) }
        let distribution = BenchReport.Distribution(samples)
        for percent in [50.0, 90, 99, 99.9] {
            let exact = Double(samples[Int((percent / 100 * 10_000).rounded(.up)) - 1])
            let value = Double(distribution.percentile(percent))
            #expect(value >= exact && value <= exact * 1.001 + 1)
        }
        #expect(distribution.mean == 35_003.5 && distribution.maximum == 70_000 && distribution.minimum == 7)
        // A sweep has thousands of them: what is small stays small.
        #expect(distribution.histogram.estimatedFootprintInBytes < 70_000)
        #expect(BenchReport.Distribution([0, .max]).percentile(99) == 60_000_000_000)
    }
}
