import Foundation
import Testing

@testable import Coordinator

@Suite final class BenchReportFileTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "armada-reports-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func `a file is replaced as a whole, and nothing stays beside it`() throws {
        let path = folder + "/report.json"
        try ReportFile.write("first, and longer", to: path)
        try ReportFile.write("second", to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: path)
        try ReportFile.write("third", to: folder + "/link")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "third")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link", "report.json"])
    }

    @Test func `an error names the file and the reason`() throws {
        try ReportFile.write("x", to: folder + "/file")
        let cases = [
            ("/dev/full", "No space left on device"), (folder, "it is a directory"),
            (folder + "/none/report", "directory \(folder)/none does not exist"),
            (folder + "/file/report", "Not a directory"),
        ]
        for (path, reason) in cases {
            #expect(throws: ReportError(path: path, reason: reason)) { try ReportFile.write("text", to: path) }
        }
        #expect(ReportError(path: "/a", reason: "why").description == "cannot write /a: why")
        #expect(throws: ReportError.self) { try ReportFile.makeDirectory(folder + "/file") }
    }

    /// Root may write anywhere, but not into /proc.
    @Test func `an unwritable directory is said to be one`() throws {
        let isRoot = getuid() == 0
        if !isRoot { try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder) }
        let path = (isRoot ? "/proc" : folder) + "/report"
        #expect {
            try ReportFile.write("text", to: path)
        } throws: { error in
            let text = String(describing: error)
            return text.hasPrefix("cannot write \(path): ") && !text.contains("\n")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a FIFO that nobody reads is an error, not a wait`() throws {
        try #require(mkfifo(folder + "/fifo", 0o600) == 0)
        #expect(throws: ReportError.self) { try ReportFile.write("text", to: folder + "/fifo") }
    }

    @Test func `the percentile files parse, and agree with the histogram`() throws {
        let report = BenchReportSamples.single
        let paths = try HGRMReport.write(report, directory: folder + "/hgrm")
        #expect(paths.count == 16)
        for (operation, path) in zip(report.runs[0].operations, paths) {
            #expect(path.hasSuffix("/\(operation.name).hgrm"))
            let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
            #expect(
                lines[0].split(separator: " ") == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
            #expect(lines[1].isEmpty)
            let rows = lines.dropFirst(2).prefix { !$0.hasPrefix("#") }.map {
                $0.split(separator: " ").compactMap { Double($0) }
            }
            let guest = operation.guest
            for row in rows.dropLast() {
                try #require(row.count == 4)
                // The file has twelve digits of the percentile: just below or above a sample it is rounded either way.
                let around = [-1e-9, 1e-9].map { guest.histogram.valueAtPercentile(max(0, row[1] * 100 + $0)) }
                // Its values are the upper ends of buckets, beyond the maximum in the last one.
                #expect(around[0]...around[1] ~= min(UInt64(row[0]), guest.maximum) || row[1] == 0)
                #expect(abs(row[3] - 1 / (1 - row[1])) <= row[3] * 0.01)
            }
            let last = try #require(rows.last)
            #expect(last[1] == 1 && UInt64(last[2]) == guest.count && last[0] >= Double(guest.maximum))
            #expect(zip(rows, rows.dropFirst()).allSatisfy { $0[0] <= $1[0] && $0[1] < $1[1] && $0[2] <= $1[2] })
            let footer = lines.suffix(4).map { $0.split { " =,[]#".contains($0) }.map(String.init) }
            #expect(footer[0].first == "Mean" && footer[1].first == "Max" && footer[2].first == "Buckets")
            let mean = try #require(Double(footer[0][1]))
            #expect(abs(mean - guest.mean) <= guest.mean / 1000 + 1)
        }
    }

    @Test func `each configuration has its own percentile files`() {
        let names = HGRMReport.files(of: BenchReportSamples.sweep).map(\.name)
        #expect(names.count == 12 * 16 - 4 * 3 && Set(names).count == names.count)
        #expect(names.contains("hyp_call-2vcpu-separate-poll200000-full.hgrm"))
        var twice = BenchReportSamples.small
        twice.runs += twice.runs
        #expect(Set(HGRMReport.files(of: twice).map(\.name)).count == 2)
        #expect(
            HGRMReport.files(of: BenchReportSamples.extreme).allSatisfy {
                !$0.name.contains("/") && !$0.name.contains("<")
            })
    }

    @Test func `what can be written is written although one file cannot`() throws {
        try FileManager.default.createDirectory(atPath: folder + "/hyp_call.hgrm", withIntermediateDirectories: true)
        #expect(throws: ReportError(path: folder + "/hyp_call.hgrm", reason: "it is a directory")) {
            try HGRMReport.write(BenchReportSamples.single, directory: folder)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 16)
    }
}
