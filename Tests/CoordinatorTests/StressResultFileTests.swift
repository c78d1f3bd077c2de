import Foundation
import Testing

@testable import Coordinator

/// A result file says itself whether it is whole and whose it is.
@Suite final class StressResultFileTests {
    private let directory: String
    private let file: StressResultFile

    init() throws {
        directory = NSTemporaryDirectory() + "/armada-results-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        file = StressResultFile(directory: directory, configuration: "stress \"all\"", seed: 7)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func report(_ rules: [StressVerdict.Violation] = []) -> StressReport {
        var result = StressResult(scenario: .sgiAll, vcpuCount: 2, seed: 7)
        result.rounds = 3
        result.violations = rules
        return StressReport(results: [result])
    }

    @Test func whatIsNotThereIsMissing() { #expect(file.state == .missing) }

    @Test func whatWasWrittenIsWhole() throws {
        try file.write(report())
        #expect(file.state == .whole(exitCode: 0))
        try file.write(report([.init(rule: .lost, text: "SGI 3 of vCPU 1")]))
        #expect(file.state == .whole(exitCode: 2))
    }

    @Test func anotherSeedOrConfigurationIsForeign() throws {
        try file.write(report())
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        let seed = StressResultFile(directory: directory, configuration: file.configuration, seed: 8)
        try bytes.write(to: URL(filePath: seed.path))
        #expect(seed.state == .foreign("it is of another campaign or version"))
        let configuration = StressResultFile(directory: directory, configuration: "stress", seed: 7)
        #expect(configuration.state == .foreign("it is of another campaign or version"))
    }

    @Test func noPartOfAFileIsTrusted() throws {
        try file.write(report())
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        for count in 0..<bytes.count {
            try bytes.prefix(count).write(to: URL(filePath: file.path))
            #expect(file.state == .foreign("it is not whole"), "\(count) bytes")
        }
    }

    @Test func noChangedByteIsTrusted() throws {
        try file.write(report())
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            try changed.write(to: URL(filePath: file.path))
            #expect(file.state == .foreign("it is not whole"), "byte \(index)")
        }
    }

    @Test func whatCannotBeReadIsForeign() throws {
        try FileManager.default.createDirectory(atPath: file.path, withIntermediateDirectories: false)
        #expect(file.state == .foreign("it cannot be read"))
    }
}
