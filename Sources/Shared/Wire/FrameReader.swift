import CHost
import Glibc

/// Cuts the stream of a socket into frames: one `recv` per frame in the common case, however the stream was cut into
/// packets on its way.
package struct FrameReader: ~Copyable {
    package enum Status {
        /// A frame's payload, valid until the next call.
        case frame(UnsafeRawBufferPointer)
        /// Nothing complete has come yet.
        case wouldBlock
        /// The peer has closed its end, between two frames.
        case closed
    }

    /// Whether a call waits for a frame.
    package enum Waiting {
        case never
        /// Blocks if the socket is a blocking one.
        case untilFrame
    }

    private static let capacity = WireProtocol.lengthByteCount + WireProtocol.maximumFrameByteCount

    /// Backed by the host only as far as it was ever used.
    private let buffer: UnsafeMutableRawPointer
    /// Received and not yet handed out: `start..<end`.
    private var start = 0
    private var end = 0

    package init() { buffer = .allocate(byteCount: Self.capacity, alignment: 16) }

    deinit { buffer.deallocate() }

    /// Returns the next frame of `socket`.
    package mutating func next(from socket: CInt, waiting: Waiting = .never) throws(WireError) -> Status {
        let flags = waiting == .never ? Int32(MSG_DONTWAIT) : 0
        while true {
            if let payload = try takeFrame() { return .frame(payload) }
            makeRoom()
            let count = recv(socket, buffer + end, Self.capacity &- end, flags)
            if let status = try account(count) { return status }
        }
    }

    /// As `next`, and keeps descriptors that come along in `descriptors`.
    package mutating func next(
        from socket: CInt, waiting: Waiting = .never, collecting descriptors: inout ReceivedDescriptors
    ) throws(WireError) -> Status {
        let flags = waiting == .never ? Int32(MSG_DONTWAIT) : 0
        while true {
            if let payload = try takeFrame() { return .frame(payload) }
            makeRoom()
            let count = descriptors.receive(from: socket, into: buffer + end, byteCount: Self.capacity &- end, flags)
            if let status = try account(count) { return status }
        }
    }

    /// Takes in the result of one receiving call; nil says that there is something new in the buffer, or to try again.
    private mutating func account(_ count: Int) throws(WireError) -> Status? {
        if count > 0 {
            end &+= count
            return nil
        }
        if count == 0 {
            if start == end { return .closed }
            let whole = frameByteCount ?? WireProtocol.lengthByteCount
            throw .truncated(byteCount: end &- start, of: whole)
        }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EINTR: return nil
        // What was not read when the peer died: the same as an orderly end.
        case ECONNRESET: return .closed
        default: throw .socketFailed(errno)
        }
    }

    /// Bytes of the frame at `start`, its length word included, as soon as that has come.
    private var frameByteCount: Int? {
        guard end &- start >= WireProtocol.lengthByteCount else { return nil }
        let length = UInt32(littleEndian: (buffer + start).loadUnaligned(as: UInt32.self))
        return Int(length) &+ WireProtocol.lengthByteCount
    }

    private mutating func takeFrame() throws(WireError) -> UnsafeRawBufferPointer? {
        guard let byteCount = frameByteCount else { return nil }
        guard byteCount <= Self.capacity else {
            throw .oversized(byteCount: UInt32(truncatingIfNeeded: byteCount &- WireProtocol.lengthByteCount))
        }
        guard byteCount <= end &- start else { return nil }
        let payload = UnsafeRawBufferPointer(
            start: buffer + start + WireProtocol.lengthByteCount, count: byteCount &- WireProtocol.lengthByteCount)
        start &+= byteCount
        return payload
    }

    /// Moves an incomplete frame to the beginning, so that all of it fits.
    private mutating func makeRoom() {
        guard start > 0 else { return }
        if end > start { memmove(buffer, buffer + start, end &- start) }
        end &-= start
        start = 0
    }
}

/// Descriptors that came over a socket and that nobody has taken yet; closes what is left.
package struct ReceivedDescriptors: ~Copyable {
    private var values: InlineArray<8, CInt> = InlineArray(repeating: -1)
    package private(set) var count = 0

    package init() {}

    deinit {
        for index in 0..<count where values[index] >= 0 { _ = close(values[index]) }
    }

    /// Hands out descriptor `index`, once.
    package mutating func take(_ index: Int) -> OwnedDescriptor? {
        guard index >= 0, index < count, values[index] >= 0 else { return nil }
        let value = values[index]
        values[index] = -1
        return OwnedDescriptor(value)
    }

    fileprivate mutating func receive(
        from socket: CInt, into bytes: UnsafeMutableRawPointer, byteCount: Int, _ flags: Int32
    ) -> Int {
        var received: InlineArray<8, CInt> = InlineArray(repeating: -1)
        // More than fit are closed by the call.
        var receivedCount = 8 &- count
        let result = withUnsafeMutableBytes(of: &received) { buffer in
            armada_receive_descriptors(
                socket, bytes, byteCount, buffer.baseAddress?.assumingMemoryBound(to: CInt.self), &receivedCount, flags)
        }
        for index in 0..<receivedCount {
            values[count] = received[index]
            count &+= 1
        }
        return result
    }
}
