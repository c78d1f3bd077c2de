import CHost
import Foundation
import Glibc
import Shared
import Testing

@testable import Coordinator

/// Real processes.
@Suite("Starting, losing and turning away workers", .serialized) final class WorkerStartTests {
    /// The armada-vcpu of this build: beside the test bundle, or where the checks of a release say.
    private static let program: String = {
        if let directory = ProcessInfo.processInfo.environment["ARMADA_BIN_DIR"] { return directory + "/armada-vcpu" }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.path + "/.build/debug/armada-vcpu"
    }()

    private let directory: String

    init() throws {
        var template = Array("/tmp/armada-worker-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("create a directory") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func failure(_ body: () throws(WorkerError) -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return error.description
        }
    }

    // MARK: Started by the coordinator

    @Test func startsGreetsAndEnds() throws {
        let channels = try WorkerPool.start(count: 4, program: Self.program)
        try WorkerPool.greet(channels, program: Self.program)
        for (index, channel) in channels.enumerated() {
            #expect(channel.vcpu == index)
            #expect(channel.hello?.pid == UInt32(channel.pid))
            #expect(channel.hello?.features == WorkerFeature.all.rawValue)
        }
        WorkerPool.end(channels)
        for channel in channels { #expect(kill(channel.pid, 0) != 0, "worker \(channel.pid) is still there") }
    }

    @Test func aMissingProgram() {
        let text = failure { () throws(WorkerError) in _ = try WorkerPool.start(count: 1, program: "/no/armada-vcpu") }
        #expect(
            text == "there is no worker program at /no/armada-vcpu: build armada-vcpu, or name it with --worker PATH")
    }

    @Test func aProgramThatIsNone() throws {
        let file = directory + "/data"
        try "no program".write(toFile: file, atomically: true, encoding: .utf8)
        for path in [file, directory] {
            let text = failure { () throws(WorkerError) in _ = try WorkerPool.start(count: 1, program: path) }
            #expect(text.contains("cannot be executed") && text.contains("--worker"), "\(text)")
        }
        chmod(file, 0o700)
        let text = failure { () throws(WorkerError) in _ = try WorkerPool.start(count: 1, program: file) }
        #expect(text.contains("cannot be executed"), "\(text)")
    }

    @Test(arguments: [("/bin/true", "exited with status 0"), ("/bin/false", "exited with status 1")])
    func anotherProgram(path: String, how: String) throws {
        let channels = try WorkerPool.start(count: 2, program: path)
        let text = failure { () throws(WorkerError) in try WorkerPool.greet(channels, program: path) }
        #expect(
            text == "the worker of vCPU 0 \(how) before it said Hello: check that \(path) is an armada-vcpu")
        WorkerPool.end(channels)
    }

    @Test func waitingCanBeInterrupted() throws {
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        // cat waits for input that never comes.
        let channels = try WorkerPool.start(count: 1, program: "/bin/cat")
        defer { WorkerPool.end(channels) }
        close(ends[1])
        ends[1] = -1
        let text = failure { () throws(WorkerError) in
            try WorkerPool.greet(channels, program: "/bin/cat", cancel: ends[0])
        }
        #expect(text == "interrupted while waiting for workers")
    }

    @Test func aKilledWorkerIsNoticed() throws {
        let channels = try WorkerPool.start(count: 1, program: Self.program)
        defer { WorkerPool.end(channels) }
        try WorkerPool.greet(channels, program: Self.program)
        let channel = channels[0]
        #expect(channel.process?.checkEnd() == nil)
        kill(channel.pid, SIGKILL)
        var requests = [
            pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: channel.processDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        #expect(poll(&requests, 2, 2000) > 0)
        var isClosed = false
        for _ in 0..<200 where !isClosed {
            if case .closed = channel.receive() { isClosed = true } else { usleep(1000) }
        }
        #expect(isClosed)
        #expect(channel.endDescription() == "killed by signal 9 (Killed)")
        #expect(channel.process?.checkEnd() == .killed(signal: SIGKILL))
    }

    @Test func aDroppedChannelLeavesNoProcess() throws {
        var pid: pid_t = 0
        do {
            let channels = try WorkerPool.start(count: 1, program: Self.program)
            pid = channels[0].pid
        }
        #expect(kill(pid, 0) != 0 && errno == ESRCH)
    }

    // MARK: Started by hand

    @Test func theSocketIsPrivateAndGoes() throws {
        let path = directory + "/socket"
        do {
            let listener = try WorkerListener(path: path)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let second = failure { () throws(WorkerError) in _ = try WorkerListener(path: path) }
            #expect(second == "cannot wait for workers at \(path): another coordinator listens there")
            #expect(lstat(path, &status) == 0)
            _ = listener.descriptor
        }
        #expect(access(path, F_OK) != 0)
    }

    /// The umask is the whole process's: a listener that set and restored it would, beside others, leave it changed.
    @Test func listenersOfManyThreadsLeaveTheUmaskAlone() async throws {
        func mask() throws -> Substring? {
            try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
                .first { $0.hasPrefix("Umask:") }
        }
        let before = try mask()
        #expect(before != nil)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { [directory] in
                    for round in 0..<200 {
                        #expect(throws: Never.self) {
                            _ = try WorkerListener(path: directory + "/socket-\(thread)-\(round)").descriptor
                        }
                    }
                }
            }
        }
        #expect(try mask() == before)
    }

    @Test func aLeftOverSocketIsReplaced() throws {
        let path = directory + "/socket"
        let moved = directory + "/moved"
        do {
            let listener = try WorkerListener(path: path)
            // As after SIGKILL: the file stays when the listener goes.
            #expect(link(path, moved) == 0)
            _ = listener.descriptor
        }
        #expect(rename(moved, path) == 0)
        let listener = try WorkerListener(path: path)
        #expect(access(path, F_OK) == 0)
        _ = listener.descriptor
    }

    @Test func aFileInTheWayStays() throws {
        let path = directory + "/file"
        try "precious".write(toFile: path, atomically: true, encoding: .utf8)
        let text = failure { () throws(WorkerError) in _ = try WorkerListener(path: path) }
        #expect(text == "cannot wait for workers at \(path): a file of that name exists, and is no socket")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func impossiblePaths() {
        for path in ["", directory + "/" + String(repeating: "x", count: 108)] {
            let text = failure { () throws(WorkerError) in _ = try WorkerListener(path: path) }
            #expect(text.contains("1 to 107 bytes"), "\(text)")
        }
        let text = failure { () throws(WorkerError) in _ = try WorkerListener(path: directory + "/none/socket") }
        #expect(text.contains("No such file or directory"), "\(text)")
    }

    /// Workers get the vCPU that they ask for; one that asks for a taken one is turned away.
    @Test func workersChooseTheirVCPU() throws {
        let path = directory + "/socket"
        let listener = try WorkerListener(path: path)
        func connect(_ vcpu: Int?) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.program)
            process.arguments = ["--connect", path] + (vcpu.map { ["--vcpu", "\($0)"] } ?? [])
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }
        let one = try connect(1)
        var lines: [String] = []
        var twin: Process?
        var any: Process?
        let channels = try WorkerPool.accept(count: 2, from: listener) { line in
            lines.append(line)
            // Each next one starts when the one before has been dealt with.
            do {
                if twin == nil { twin = try connect(1) } else if any == nil { any = try connect(nil) }
            } catch { Issue.record(error) }
        }
        #expect(channels.map(\.vcpu) == [0, 1])
        #expect(channels[1].pid == one.processIdentifier)
        #expect(channels[0].pid == any?.processIdentifier)
        #expect(lines.contains { $0.contains("turned away") })
        twin?.waitUntilExit()
        #expect(twin?.terminationStatus == 1)
        WorkerPool.end(channels)
        one.waitUntilExit()
        #expect(one.terminationStatus == 1)
        any?.waitUntilExit()
    }
}
