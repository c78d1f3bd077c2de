import Foundation
import Glibc
import Shared
import Testing

@testable import Coordinator

@Suite struct StatisticsFileTests {
    private let path = "/tmp/armada-stat-test-\(getpid())-\(UUID().uuidString.prefix(8)).data"

    /// A description and two snapshots.
    private func write() throws -> [UInt8] {
        let writer = try StatisticsFileWriter(path: path)
        try writer.append(ControlEncoder.encode(.description(ControlSamples.description)))
        try writer.append(ControlEncoder.encode(.snapshot(ControlSamples.snapshot(nanoseconds: 2_000))))
        try writer.append(ControlEncoder.encode(.snapshot(ControlSamples.snapshot(nanoseconds: 3_000))))
        return Array(FileManager.default.contents(atPath: path) ?? Data())
    }

    private func read(_ bytes: [UInt8]) throws -> StatisticsRecording {
        defer { unlink(path) }
        try Data(bytes).write(to: URL(filePath: path))
        return try StatisticsRecording(path: path)
    }

    @Test func `what was written is read`() throws {
        let recording = try read(try write())
        #expect(recording.problem == nil && recording.snapshotCount == 2)
        #expect(recording.description == ControlSamples.description)
        #expect(recording.first?.nanoseconds == 2_000 && recording.last?.nanoseconds == 3_000)
    }

    @Test func `a shorter file gives what is whole and the place`() throws {
        let bytes = try write()
        for count in stride(from: 0, to: bytes.count, by: 13) {
            let recording = try read(Array(bytes[..<count]))
            #expect(recording.snapshotCount < 2)
            // Cut between two messages it is whole.
            if let problem = recording.problem {
                #expect(problem.hasPrefix("at offset "))
            } else {
                #expect(count >= StatisticsFile.headerByteCount)
            }
        }
    }

    @Test func `foreign files and other versions`() throws {
        #expect(try read(Array("#!/bin/sh\n# not a recording\n".utf8)).problem?.contains("at offset 0") == true)
        var bytes = try write()
        bytes[8] = 2
        #expect(try read(bytes).problem == "at offset 8: file version 2, this program reads version 1")
        bytes[8] = 1
        bytes[15] = 0x7F
        #expect(try read(bytes).problem?.hasPrefix("at offset 12: a message of") == true)
        bytes = try write() + ControlProtocol.delimited(ControlEncoder.encode(.snapshot(ControlSamples.snapshot())))
        let backwards = try read(bytes)
        #expect(backwards.problem?.hasSuffix("a snapshot that does not follow the one before") == true)
        #expect(backwards.snapshotCount == 2)
    }

    @Test func `a file that cannot be written is an error`() {
        #expect(throws: SystemError.self) { _ = try StatisticsFileWriter(path: "/no/such/file") }
        #expect(throws: SystemError.self) { _ = try StatisticsFileWriter(path: "/dev/full") }
    }
}
