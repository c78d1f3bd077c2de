import CHost
import Foundation
import Glibc
import Shared
import Testing

@testable import Coordinator

/// The server against good and bad clients, driven event by event as the loop does.
@Suite struct ControlServerTests {
    /// A server whose events are handled when a test says so.
    private final class Machine {
        let path = "/tmp/armada-control-test-\(getpid())-\(UUID().uuidString.prefix(8)).sock"
        let events: EventSet
        let server: ControlServer
        nonisolated(unsafe) var snapshot = ControlSamples.snapshot()
        /// Of the answer to `dirtyLog`: whether it is true, and how often it did not arrive.
        nonisolated(unsafe) var isDue = false
        nonisolated(unsafe) var undelivered = 0
        /// What came through.
        nonisolated(unsafe) var asked: [ControlRequest] = []

        init() throws {
            events = try EventSet()
            nonisolated(unsafe) weak var machine: Machine?
            server = try ControlServer(path: path, events: events) { request in
                machine?.asked.append(request)
                return switch request {
                case .describe: .now(.description(ControlSamples.description))
                case .statistics(true): .atEnd
                case .statistics(false): .now(.snapshot(machine?.snapshot ?? ControlSamples.snapshot()))
                case .inspect(let part): .now(.text("\(part)"))
                case .pause: .whenPaused
                case .dirtyLog:
                    .whenDue(
                        LaterReply(reply: .dirtyPages(ControlSamples.dirtyLog), isDue: { machine?.isDue ?? true }) {
                            machine?.undelivered += 1
                        })
                case .resume, .changeSlot, .slotPages, .kick, .inject, .irq, .shutdown: .now(.done)
                case .walk: .later(ControlTicket(number: 7))
                case .readRegisters, .writeRegisters, .readMemory, .writeMemory, .counterOffset, .mpState:
                    .now(.failure("not here"))
                }
            }
            machine = self
        }

        func turn() {
            for _ in 0..<8 {
                for index in 0..<events.wait(nanoseconds: 0) {
                    switch events.event(at: index) {
                    case .control: server.accept()
                    case .controlClient(let slot): server.serve(slot)
                    default: break
                    }
                }
            }
        }
    }

    private let machine: Machine

    init() throws { machine = try Machine() }

    private func connect() throws -> ControlClient {
        let client = try ControlClient(path: machine.path)
        machine.turn()
        return client
    }

    private func send(_ bytes: [UInt8], _ client: ControlClient) {
        #expect(bytes.withUnsafeBytes { Glibc.send(client.descriptor, $0.baseAddress, $0.count, 0) } == bytes.count)
        machine.turn()
    }

    private func reply(_ client: ControlClient) throws -> ControlReply {
        try ControlDecoder.reply(try client.receive(seconds: 0))
    }

    private func isClosed(_ client: ControlClient) -> Bool {
        do throws(ControlClientError) { _ = try client.receive(seconds: 1) } catch { return error == .closed }
        return false
    }

    @Test func `the socket is the user's alone and goes with the server`() throws {
        let path: String
        do {
            let machine = try Machine()
            path = machine.path
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_uid == geteuid())
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func `requests are answered, in pieces and one after another`() throws {
        let client = try connect()
        let bytes = ControlProtocol.delimited(ControlEncoder.encode(.describe))
        for byte in bytes.dropLast() { send([byte], client) }
        #expect(machine.server.deadline != .max)
        send(
            [bytes[bytes.count - 1]] + bytes
                + ControlProtocol.delimited(ControlEncoder.encode(.statistics(atEnd: false))), client)
        #expect(machine.server.deadline == .max)
        #expect(try client.receive(seconds: 1) == ControlEncoder.encode(.description(ControlSamples.description)))
        #expect(try client.receive(seconds: 1) == ControlEncoder.encode(.description(ControlSamples.description)))
        #expect(try client.receive(seconds: 1) == ControlEncoder.encode(.snapshot(ControlSamples.snapshot())))
    }

    @Test(arguments: [
        [4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], [2, 0, 0, 0, 0x08, 0x03],
        Array("GET / HTTP/1.1\r\n\r\n".utf8),
    ])
    func `garbage gets an error and the end`(bytes: [UInt8]) throws {
        let client = try connect()
        send(bytes, client)
        guard case .failure(let text) = try ControlDecoder.reply(try client.receive(seconds: 1)) else {
            return #expect(Bool(false))
        }
        #expect(!text.isEmpty)
        #expect(isClosed(client))
        #expect(machine.server.clientCount == 0)
    }

    @Test func `a client that goes in the middle of a request is dropped`() throws {
        do {
            let client = try connect()
            send([9, 0, 0], client)
            #expect(machine.server.clientCount == 1)
        }
        machine.turn()
        #expect(machine.server.clientCount == 0 && machine.server.deadline == .max)
    }

    /// A half injection changes nothing, and a whole one counts, whether its client waits for the answer or not.
    @Test func `an injection happens as a whole or not at all`() throws {
        let request = ControlRequest.inject(.serror(iss: 0x1FF_FFFF), vcpu: 0)
        let bytes = ControlProtocol.delimited(ControlEncoder.encode(request))
        for count in 0..<bytes.count {
            let client = try connect()
            send(Array(bytes[..<count]), client)
        }
        machine.turn()
        #expect(machine.asked.isEmpty && machine.server.clientCount == 0)
        do {
            let client = try connect()
            #expect(bytes.withUnsafeBytes { Glibc.send(client.descriptor, $0.baseAddress, $0.count, 0) } == bytes.count)
        }
        machine.turn()
        #expect(machine.asked == [request] && machine.server.clientCount == 0)
    }

    @Test func `a client that stays in the middle of a request is dropped in time`() throws {
        let client = try connect()
        send([9, 0, 0, 0, 1], client)
        let deadline = machine.server.deadline
        #expect(deadline != .max)
        // More bytes do not buy more time.
        send([1], client)
        #expect(machine.server.deadline == deadline)
        machine.server.expire(deadline - 1)
        #expect(machine.server.clientCount == 1)
        machine.server.expire(deadline)
        #expect(machine.server.clientCount == 0 && machine.server.deadline == .max)
        #expect(isClosed(client))
    }

    @Test func `a client that does not read is dropped in time, and the others are served`() throws {
        let times = (0..<37).map { UInt64(1) << UInt64($0) }
        machine.snapshot = ControlSamples.snapshot(
            vcpuCount: 512, (0..<20).map { (ExitReason(rawValue: UInt8($0)), times) })
        let lazy = try connect()
        try lazy.send(.statistics(atEnd: false))
        machine.turn()
        let deadline = machine.server.deadline
        #expect(deadline != .max, "the reply fits into the socket: this proves nothing")
        // What it sends now is not read.
        for _ in 0..<4 { try lazy.send(.statistics(atEnd: false)) }
        machine.turn()
        #expect(machine.server.deadline == deadline)
        let other = try connect()
        try other.send(.describe)
        machine.turn()
        #expect(try other.receive(seconds: 1) == ControlEncoder.encode(.description(ControlSamples.description)))
        machine.server.expire(deadline)
        #expect(machine.server.clientCount == 1)
    }

    @Test func `a large reply goes out as fast as it is read`() throws {
        machine.snapshot = ControlSamples.snapshot(
            vcpuCount: 512, (0..<20).map { (ExitReason(rawValue: UInt8($0)), [1, 2, 300, 40_000, 5_000_000]) })
        let client = try connect()
        try client.send(.statistics(atEnd: false))
        let expected = ControlEncoder.encode(.snapshot(machine.snapshot))
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<10_000 where received.count < expected.count + 4 {
            machine.turn()
            let count = recv(client.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { received += buffer[..<count] }
        }
        #expect(received == ControlProtocol.delimited(expected))
        #expect(machine.server.deadline == .max)
    }

    @Test func `the seventeenth client is told to come back`() throws {
        var clients: [ControlClient] = []
        for _ in 0..<16 { clients.append(try connect()) }
        let late = try connect()
        guard case .failure(let text) = try ControlDecoder.reply(try late.receive(seconds: 1)) else {
            return #expect(Bool(false))
        }
        #expect(text.contains("16 clients"))
        #expect(isClosed(late))
        clients.removeLast()
        machine.turn()
        let next = try connect()
        try next.send(.describe)
        machine.turn()
        #expect(try next.receive(seconds: 1).isEmpty == false)
    }

    @Test func `those who wait for the end get the last snapshot`() throws {
        let waiting = try connect()
        try waiting.send(.statistics(atEnd: true))
        let other = try connect()
        machine.turn()
        machine.server.finish(ControlSamples.snapshot(nanoseconds: 77_777))
        #expect(
            try waiting.receive(seconds: 1)
                == ControlEncoder.encode(.snapshot(ControlSamples.snapshot(nanoseconds: 77_777))))
        #expect(throws: ControlClientError.self) { try other.receive(seconds: 0) }
    }

    @Test func `a reply that is not true yet waits until it is`() throws {
        let client = try connect()
        try client.send(.dirtyLog(slot: 0))
        machine.turn()
        #expect(throws: ControlClientError.silent(seconds: 0)) { try client.receive(seconds: 0) }
        // The loop looks again soon.
        let deadline = machine.server.deadline
        #expect(deadline < armada_monotonic() + 1_000_000)
        machine.server.expire(deadline)
        #expect(throws: ControlClientError.silent(seconds: 0)) { try client.receive(seconds: 0) }
        machine.isDue = true
        machine.server.expire(machine.server.deadline)
        #expect(try client.receive(seconds: 1) == ControlEncoder.encode(.dirtyPages(ControlSamples.dirtyLog)))
        #expect(machine.server.deadline == .max)
        #expect(machine.undelivered == 0)
        // One that is true already comes at once, and the client may go then.
        try client.send(.dirtyLog(slot: 0))
        machine.turn()
        #expect(try client.receive(seconds: 1) == ControlEncoder.encode(.dirtyPages(ControlSamples.dirtyLog)))
        #expect(machine.undelivered == 0)
    }

    @Test func `what a client did not get is given back`() throws {
        do {
            let client = try connect()
            try client.send(.dirtyLog(slot: 0))
            machine.turn()
            #expect(machine.undelivered == 0)
        }
        machine.turn()
        #expect(machine.server.clientCount == 0 && machine.undelivered == 1 && machine.server.deadline == .max)
    }

    @Test func `a live socket is not taken over, a stale one is`() throws {
        #expect(throws: ControlPathError.self) {
            _ = try ControlServer(path: machine.path, events: machine.events) { _ in .atEnd }
        }
        let path = machine.path + "x"
        let address = try UnixAddress(path: path)
        do {
            let left = OwnedDescriptor(UnixAddress.makeSocket())
            #expect(address.bind(left.rawValue) == 0)
        }
        #expect(address.isAbandoned)
        let server = try ControlServer(path: path, events: machine.events) { _ in .atEnd }
        #expect(!address.isAbandoned && server.clientCount == 0)
    }
}

@Suite struct ControlDirectoryTests {
    private let scratch = "/tmp/armada-directory-test-\(getpid())-\(UUID().uuidString.prefix(8))"

    private func problem(_ prepare: (String) -> Void) -> String? {
        mkdir(scratch, 0o700)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let path = scratch + "/armada"
        prepare(path)
        do throws(ControlPathError) { try ControlDirectory(path: path).create() } catch { return error.description }
        return nil
    }

    @Test func `a directory of its own is made and kept`() {
        #expect(problem { _ in } == nil)
        #expect(problem { mkdir($0, 0o700) } == nil)
    }

    @Test func `what others may have a hand in is refused`() {
        #expect(
            problem {
                mkdir($0, 0o755); chmod($0, 0o755)
            }?.contains("mode 755") == true)
        #expect(problem { symlink("/tmp", $0) }?.contains("symbolic link") == true)
        #expect(problem { close(creat($0, 0o600)) }?.contains("no directory") == true)
        if geteuid() == 0 {
            #expect(
                problem {
                    mkdir($0, 0o700); chown($0, 65534, 65534)
                }?.contains("user 65534") == true)
        }
    }

    @Test func `what dead VMs left is removed, and nothing else`() throws {
        mkdir(scratch, 0o700)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let directory = ControlDirectory(path: scratch)
        #expect(try ControlDirectory(path: scratch + "/none").sockets().isEmpty)
        // Pids beyond the kernel's limit are nobody's.
        for pid: pid_t in [99_999_998, getpid()] {
            let left = OwnedDescriptor(UnixAddress.makeSocket())
            #expect(try UnixAddress(path: directory.socketPath(pid: pid)).bind(left.rawValue) == 0)
        }
        close(creat(scratch + "/notes", 0o600))
        #expect(try directory.sockets().map(\.pid) == [getpid()])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).sorted() == ["\(getpid()).sock", "notes"])
    }
}
