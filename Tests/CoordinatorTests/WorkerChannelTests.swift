import CHost
import Glibc
import Shared
import Testing

@testable import Coordinator

/// A channel, and the test in the worker's place at the other end.
private final class FakeWorker {
    let channel: WorkerChannel
    let socket: CInt
    var encoder = FrameEncoder()
    var carried = CarriedState()

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw SystemError("create a socket pair")
        }
        socket = ends[1]
        channel = WorkerChannel(vcpu: 2, socket: OwnedDescriptor(ends[0]), process: nil, pid: getpid())
    }

    deinit { close(socket) }

    func hello(version: UInt32 = WireProtocol.version) throws {
        let frame = HelloFrame(protocolVersion: version, pid: UInt32(getpid()), features: 0)
        try FrameWriter.send(encoder.encode(frame), to: socket)
    }

    func exit(_ sequence: UInt64) throws {
        var frame = ExitFrame()
        frame.sequence = sequence
        frame.pstate = 5
        try FrameWriter.send(encoder.encode(&frame, carried: &carried), to: socket)
    }

    func sgi() throws {
        try FrameWriter.send(encoder.encode(SGIFrame(value: 1, group: 1, timestamp: 0)), to: socket)
    }

    func raw(_ bytes: [UInt8]) { _ = send(socket, bytes, bytes.count, 0) }

    /// Brings the channel to where the first Entry may be sent.
    func greet() throws {
        try hello()
        _ = channel.receive()
        var welcome = WelcomeFrame()
        welcome.protocolVersion = WireProtocol.version
        try channel.send(welcome: welcome, ram: socket, stage2Tables: socket, controlPage: socket)
    }

    func enter() throws {
        var entry = EntryFrame()
        try channel.send(entry: &entry)
    }

    /// What the channel says next, in words.
    func event() -> String {
        switch channel.receive() {
        case .hello: "hello"
        case .exit: "exit \(channel.exit.sequence)"
        case .sgi: "sgi"
        case .registerAnswer: "register answer"
        case .wouldBlock: "nothing"
        case .closed: "closed"
        case .violation(let error): "violation: \(error)"
        }
    }
}

@Suite("What a worker may say, and when") struct WorkerChannelTests {
    @Test func anOrderlyLife() throws {
        let worker = try FakeWorker()
        #expect(worker.event() == "nothing")
        try worker.greet()
        try worker.enter()
        try worker.sgi()
        try worker.exit(1)
        #expect(worker.event() == "sgi")
        #expect(worker.event() == "exit 1")
        #expect(worker.event() == "nothing")
        var entry = EntryFrame()
        try worker.channel.send(entry: &entry)
        #expect(entry.sequence == 1)
        try worker.exit(2)
        #expect(worker.event() == "exit 2")
        worker.channel.sendStop()
        #expect(worker.event() == "closed")
    }

    @Test func exitsAreCounted() throws {
        let worker = try FakeWorker()
        try worker.greet()
        try worker.enter()
        try worker.exit(2)
        #expect(worker.event() == "violation: Exit has sequence number 2 instead of 1")
        // Nothing more is believed.
        try worker.exit(1)
        #expect(worker.event() == "closed")
    }

    @Test func anExitNeedsAnEntry() throws {
        let worker = try FakeWorker()
        try worker.greet()
        try worker.exit(1)
        #expect(worker.event() == "violation: Exit came while the vCPU was outside the guest")
    }

    @Test func twoExitsForOneEntry() throws {
        let worker = try FakeWorker()
        try worker.greet()
        try worker.enter()
        try worker.exit(1)
        try worker.exit(2)
        #expect(worker.event() == "exit 1")
        #expect(worker.event() == "violation: Exit came while the vCPU was outside the guest")
    }

    @Test func sgisComeFromTheGuestOnly() throws {
        let worker = try FakeWorker()
        try worker.greet()
        try worker.sgi()
        #expect(worker.event() == "violation: SGI came while the vCPU was outside the guest")
    }

    @Test func helloComesFirst() throws {
        let early = try FakeWorker()
        try early.exit(1)
        #expect(early.event() == "violation: Exit came before Hello")
        let twice = try FakeWorker()
        try twice.greet()
        try twice.enter()
        try twice.hello()
        #expect(twice.event() == "violation: Hello came while the vCPU was in the guest")
    }

    @Test func anotherVersion() throws {
        let worker = try FakeWorker()
        try worker.hello(version: 99)
        #expect(throws: WorkerError.self) { try WorkerPool.greet([worker.channel], program: "/some/worker") }
        let again = try FakeWorker()
        try again.hello(version: 99)
        do {
            try WorkerPool.greet([again.channel], program: "/some/worker")
        } catch {
            #expect(
                error.description == "the worker program /some/worker speaks protocol version 99, this program version "
                    + "\(WireProtocol.version): install armada and armada-vcpu of the same release")
        }
    }

    @Test func rubbish() throws {
        let worker = try FakeWorker()
        worker.raw(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(worker.event() == "violation: a frame of 542393671 bytes is larger than the cap of 65536")
    }

    @Test func endWithinAFrame() throws {
        let worker = try FakeWorker()
        worker.raw([40, 0, 0, 0, 1])
        shutdown(worker.socket, Int32(SHUT_WR))
        #expect(worker.event() == "violation: the stream ended after 5 of a frame's 44 bytes")
    }

    @Test func anEntryBeforeItsTimeIsOurOwnMistake() throws {
        let worker = try FakeWorker()
        #expect(throws: WireError.self) { try worker.enter() }
        try worker.greet()
        try worker.enter()
        #expect(throws: WireError.self) { try worker.enter() }
    }

    /// The coordinator does not wait for a worker that sends and never reads.
    @Test func aWorkerThatDoesNotRead() throws {
        let worker = try FakeWorker()
        try worker.greet()
        var sequence: UInt64 = 0
        #expect(throws: WireError.peerNotReading) {
            while sequence < 1_000_000 {
                try worker.enter()
                sequence += 1
                try worker.exit(sequence)
                _ = worker.channel.receive()
            }
        }
    }

    /// A long run of exits in which nothing is allocated would need a counter; that the frames themselves are right
    /// over many rounds with changing state is shown here.
    @Test func manyRounds() throws {
        let worker = try FakeWorker()
        try worker.greet()
        var reader = FrameReader()
        var decoder = FrameDecoder()
        var entry = EntryFrame()
        // Welcome.
        _ = try reader.next(from: worker.socket)
        for round in 1...2000 as ClosedRange<UInt64> {
            var sent = EntryFrame()
            sent.cpuInterface.listRegisters[0] = round / 3
            try worker.channel.send(entry: &sent)
            guard case .frame(let bytes) = try reader.next(from: worker.socket),
                case .entry = try decoder.decodeFromCoordinator(bytes, entry: &entry, carried: &worker.carried)
            else {
                Issue.record("no Entry in round \(round)")
                return
            }
            #expect(entry.cpuInterface.listRegisters[0] == round / 3)
            var exit = ExitFrame()
            exit.sequence = round
            exit.pstate = 5
            exit.cpuInterface = entry.cpuInterface
            exit.cpuInterface.listRegisters[1] = round / 5
            exit.timer.virtualCompare = round / 7
            try FrameWriter.send(worker.encoder.encode(&exit, carried: &worker.carried), to: worker.socket)
            #expect(worker.event() == "exit \(round)")
            #expect(worker.channel.exit.cpuInterface.listRegisters[0] == round / 3)
            #expect(worker.channel.exit.cpuInterface.listRegisters[1] == round / 5)
            #expect(worker.channel.exit.timer.virtualCompare == round / 7)
        }
    }
}
