import Foundation
import Glibc
import Shared
import Testing

@testable import Coordinator

@Suite struct OutputFileTests {
    @Test func cannotBeOpened() {
        #expect(throws: SystemError("write the trace /no/such/file", code: ENOENT)) {
            _ = try OutputFile(path: "/no/such/file", name: "trace")
        }
        var configuration = VMConfiguration(kernelPath: "/nonexistent")
        configuration.memoryByteCount = 16 << 20
        configuration.recordPath = "/"
        do {
            _ = try VirtualMachine(configuration: configuration, console: TerminalConsole(input: -1, output: -1))
            Issue.record("a directory was opened")
        } catch { #expect(error.description == "write the recording /: Is a directory") }
    }

    @Test func bothToOneFile() {
        let file = ScratchFile()
        var configuration = VMConfiguration(kernelPath: "/nonexistent")
        configuration.memoryByteCount = 16 << 20
        configuration.tracePath = file.path
        configuration.recordPath = file.path
        do {
            _ = try VirtualMachine(configuration: configuration, console: TerminalConsole(input: -1, output: -1))
            Issue.record("one file for both")
        } catch { #expect(error.description.contains("give two files")) }
    }

    /// Reported once; what comes later is lost, without an end.
    @Test func fullFromTheBeginning() throws {
        let file = try OutputFile(path: "/dev/full", name: "trace", tail: "]")
        var errors: [SystemError] = []
        file.onFailure = { errors.append($0) }
        for _ in 0..<10 {
            file.append("x")
            file.flush()
        }
        file.finish()
        #expect(errors == [SystemError("write the trace /dev/full", code: ENOSPC)])
        #expect(file.failure == errors.first)
    }

    /// After each flush the tail stands at the end, once.
    @Test func alwaysClosed() throws {
        let scratch = ScratchFile()
        let file = try OutputFile(path: scratch.path, name: "trace", tail: "\n]")
        file.append("[1")
        file.flush()
        #expect(scratch.bytes == Array("[1\n]".utf8))
        for number in UInt64(2)...200_000 {
            file.reserve(32)
            file.append(",\n")
            file.append(decimal: number)
        }
        file.flush()
        let numbers = try #require(try JSONSerialization.jsonObject(with: Data(scratch.bytes)) as? [Int])
        #expect(numbers == Array(1...200_000))
        file.append(",\n0")
        file.finish()
        #expect(scratch.bytes.suffix(11) == Array("200000,\n0\n]".utf8)[...])
    }

    @Test func numbers() throws {
        let scratch = ScratchFile()
        let file = try OutputFile(path: scratch.path, name: "trace")
        for value in [0, 9, 10, UInt64.max] { file.append(decimal: value) }
        file.append(" ")
        for value in [0, 0x1F, UInt64.max] { file.append(hex: value) }
        file.append(" ")
        for value: UInt64 in [0, 7, 1_234_567] { file.append(microsecondsOf: value) }
        file.finish()
        #expect(
            String(decoding: scratch.bytes, as: UTF8.self)
                == "091018446744073709551615 \"0x0\"\"0x1f\"\"0xffffffffffffffff\" 0.0000.0071234.567")
    }

    /// A pipe gets everything in its order, and the end once.
    @Test func pipe() throws {
        let scratch = ScratchFile()
        try #require(mkfifo(scratch.path, 0o600) == 0)
        #expect(throws: SystemError.self) { _ = try OutputFile(path: scratch.path, name: "trace") }
        let reader = open(scratch.path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let file = try OutputFile(path: scratch.path, name: "trace", tail: "]")
        file.append("[1")
        file.flush()
        file.append(",2")
        file.finish()
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(reader, &bytes, 16)
        #expect(Array(bytes.prefix(max(0, count))) == Array("[1,2]".utf8))
    }
}
