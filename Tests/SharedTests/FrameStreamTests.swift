import CHost
import Glibc
import Testing

@testable import Shared

/// Two ends of a real socket.
private struct SocketPair: ~Copyable {
    let near: OwnedDescriptor
    let far: OwnedDescriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw SystemError("create a socket pair")
        }
        near = OwnedDescriptor(ends[0])
        far = OwnedDescriptor(ends[1])
    }

    func write(_ bytes: [UInt8]) throws {
        let count = send(far.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard count == bytes.count else { throw SystemError("send \(bytes.count) bytes") }
    }
}

/// What a reader said, in a form that compares.
private enum Said: Equatable {
    case frame([UInt8])
    case wouldBlock
    case closed
    case failed(WireError)
}

extension FrameReader {
    fileprivate mutating func say(from socket: CInt) -> Said {
        do {
            switch try next(from: socket) {
            case .frame(let bytes): return .frame(Array(bytes))
            case .wouldBlock: return .wouldBlock
            case .closed: return .closed
            }
        } catch {
            return .failed(error)
        }
    }
}

@Suite("Frames in a stream")
struct FrameStreamTests {
    private func framed(_ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + payload
    }

    @Test func nothingYet() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        #expect(reader.say(from: pair.near.rawValue) == .wouldBlock)
    }

    @Test func byteByByte() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        let bytes = framed(Encoded.exit)
        for byte in bytes.dropLast() {
            try pair.write([byte])
            #expect(reader.say(from: pair.near.rawValue) == .wouldBlock)
        }
        try pair.write([bytes[bytes.count - 1]])
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.exit))
        #expect(reader.say(from: pair.near.rawValue) == .wouldBlock)
    }

    @Test func severalInOnePacket() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        let half = framed(Encoded.exit)
        try pair.write(framed(Encoded.hello) + framed([]) + framed(Encoded.sgi) + half.prefix(7))
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.hello))
        #expect(reader.say(from: pair.near.rawValue) == .frame([]))
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.sgi))
        #expect(reader.say(from: pair.near.rawValue) == .wouldBlock)
        try pair.write(Array(half.dropFirst(7)))
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.exit))
    }

    @Test func theLargestFrameAndOneByteMore() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        let largest = [UInt8](repeating: 0x55, count: 65536)
        // A small one before, so that the large one does not begin at the buffer's beginning.
        try pair.write(framed([1, 2, 3]))
        try pair.write(framed(largest))
        #expect(reader.say(from: pair.near.rawValue) == .frame([1, 2, 3]))
        #expect(reader.say(from: pair.near.rawValue) == .frame(largest))
        try pair.write([0x01, 0x00, 0x01, 0x00])
        #expect(reader.say(from: pair.near.rawValue) == .failed(.oversized(byteCount: 65537)))
    }

    @Test func anAbsurdLength() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        try pair.write([0xFF, 0xFF, 0xFF, 0xFF])
        #expect(reader.say(from: pair.near.rawValue) == .failed(.oversized(byteCount: UInt32.max)))
    }

    @Test func endBetweenFrames() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        try pair.write(framed(Encoded.sgi))
        shutdown(pair.far.rawValue, Int32(SHUT_WR))
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.sgi))
        #expect(reader.say(from: pair.near.rawValue) == .closed)
    }

    @Test func endWithinAFrame() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        try pair.write(Array(framed(Encoded.exit).prefix(20)))
        shutdown(pair.far.rawValue, Int32(SHUT_WR))
        let whole = Encoded.exit.count + 4
        #expect(reader.say(from: pair.near.rawValue) == .failed(.truncated(byteCount: 20, of: whole)))
    }

    @Test func endWithinALength() throws {
        let pair = try SocketPair()
        var reader = FrameReader()
        try pair.write([1, 0])
        shutdown(pair.far.rawValue, Int32(SHUT_WR))
        #expect(reader.say(from: pair.near.rawValue) == .failed(.truncated(byteCount: 2, of: 4)))
    }

    @Test func aPeerThatDoesNotReadIsNotWaitedFor() throws {
        let pair = try SocketPair()
        var encoder = FrameEncoder()
        var exit = WireSamples.exit
        let bytes = encoder.encodeAll(&exit)
        var sent = 0
        #expect(throws: WireError.peerNotReading) {
            while true {
                try FrameWriter.sendAtOnce(bytes, to: pair.near.rawValue)
                sent += 1
            }
        }
        #expect(sent > 10)
    }

    @Test func aWriterThatWaits() async throws {
        let pair = try SocketPair()
        let near = pair.near.rawValue
        let far = pair.far.rawValue
        let count = 5000
        // More than the socket holds: the writer must wait for the reader.
        let writing = Task.detached {
            var encoder = FrameEncoder()
            for index in 0..<count {
                let sgi = SGIFrame(value: UInt64(index), group: 1, timestamp: 0)
                try FrameWriter.send(encoder.encode(sgi), to: near)
            }
        }
        let values = await Task.detached {
            var reader = FrameReader()
            var decoder = FrameDecoder()
            var exit = ExitFrame()
            var carried = CarriedState()
            var values: [UInt64] = []
            usleep(20_000)
            while values.count < count {
                guard case .frame(let bytes) = try? reader.next(from: far, waiting: .untilFrame),
                    case .sgi(let sgi) = try? decoder.decodeFromWorker(bytes, exit: &exit, carried: &carried)
                else { break }
                values.append(sgi.value)
            }
            return values
        }.value
        try await writing.value
        #expect(values == (0..<UInt64(count)).map { $0 })
    }

    @Test func aClosedPeer() throws {
        let pair = try SocketPair()
        shutdown(pair.far.rawValue, Int32(SHUT_RDWR))
        var encoder = FrameEncoder()
        let bytes = encoder.encode(WireSamples.hello)
        #expect(throws: WireError.socketFailed(EPIPE)) { try FrameWriter.send(bytes, to: pair.near.rawValue) }
    }

    // MARK: Descriptors

    @Test func descriptorsComeWithWelcome() throws {
        let pair = try SocketPair()
        let files = try (1...3 as ClosedRange<UInt64>).map {
            try MemoryFile.create(name: "test", byteCount: $0 * 4096).release()
        }
        defer { for file in files { _ = close(file) } }
        var encoder = FrameEncoder()
        try FrameWriter.sendAtOnce(
            encoder.encode(WireSamples.welcome), descriptors: [files[0], files[1], files[2]],
            to: pair.far.rawValue)
        var entry = EntryFrame()
        try pair.write(framed(Encoded.payload { $0.encodeAll(&entry) }))

        var reader = FrameReader()
        var received = ReceivedDescriptors()
        guard case .frame(let bytes) = try reader.next(from: pair.near.rawValue, collecting: &received) else {
            Issue.record("no frame")
            return
        }
        #expect(Array(bytes) == Encoded.welcome)
        #expect(received.count == 3)
        for index in 0..<3 {
            guard let file = received.take(index) else {
                Issue.record("no descriptor \(index)")
                continue
            }
            var status = stat()
            #expect(fstat(file.rawValue, &status) == 0)
            #expect(Int(status.st_size) == (index + 1) * 4096)
            #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
            if received.take(index) != nil { Issue.record("descriptor \(index) was handed out twice") }
        }
        if received.take(3) != nil { Issue.record("a fourth descriptor") }
        // The Entry behind it is still there.
        #expect(reader.say(from: pair.near.rawValue) != .wouldBlock)
    }

    @Test func descriptorsNobodyTakesAreClosed() throws {
        let pair = try SocketPair()
        let (reading, writing) = try pipe()
        defer { close(reading) }
        do {
            var encoder = FrameEncoder()
            try FrameWriter.sendAtOnce(
                encoder.encode(WireSamples.welcome), descriptors: [writing, writing, writing], to: pair.far.rawValue)
            var reader = FrameReader()
            var received = ReceivedDescriptors()
            _ = try reader.next(from: pair.near.rawValue, collecting: &received)
            #expect(received.count == 3)
        }
        close(writing)
        #expect(isAtEnd(reading))
    }

    @Test func descriptorsThatNobodyAskedForAreClosed() throws {
        let pair = try SocketPair()
        let (reading, writing) = try pipe()
        defer { close(reading) }
        var encoder = FrameEncoder()
        try FrameWriter.sendAtOnce(
            encoder.encode(WireSamples.welcome), descriptors: [writing, writing, writing], to: pair.far.rawValue)
        close(writing)
        #expect(!isAtEnd(reading))
        var reader = FrameReader()
        #expect(reader.say(from: pair.near.rawValue) == .frame(Encoded.welcome))
        #expect(isAtEnd(reading))
    }

    private func pipe() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        guard Glibc.pipe(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else {
            throw SystemError("create a pipe")
        }
        return (ends[0], ends[1])
    }

    /// Whether every writing end of this pipe is closed.
    private func isAtEnd(_ descriptor: CInt) -> Bool {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 0
    }
}
