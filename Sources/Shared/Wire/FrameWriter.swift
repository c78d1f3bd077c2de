import CHost
import Glibc

/// Sends encoded frames over a socket, one `send` each.
package enum FrameWriter {
    /// Sends all of `frame`, and waits while the peer does not read.
    package static func send(_ frame: UnsafeRawBufferPointer, to socket: CInt) throws(WireError) {
        var sent = 0
        while sent < frame.count {
            let count = transmit(frame, from: sent, to: socket)
            if count >= 0 {
                sent &+= count
            } else if errno == EAGAIN {
                var request = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                throw .socketFailed(errno)
            }
        }
    }

    /// Sends all of `frame` or fails: for a sender that must not wait for a peer who does not read.
    package static func sendAtOnce(_ frame: UnsafeRawBufferPointer, to socket: CInt) throws(WireError) {
        while true {
            let count = transmit(frame, from: 0, to: socket)
            if count == frame.count { return }
            if count >= 0 || errno == EAGAIN { throw .peerNotReading }
            if errno != EINTR { throw .socketFailed(errno) }
        }
    }

    /// As `sendAtOnce`, with descriptors of which the peer gets duplicates.
    package static func sendAtOnce(
        _ frame: UnsafeRawBufferPointer, descriptors: InlineArray<3, CInt>, to socket: CInt
    ) throws(WireError) {
        var descriptors = descriptors
        while true {
            let count = withUnsafeBytes(of: &descriptors) { buffer in
                armada_send_descriptors(
                    socket, frame.baseAddress, frame.count, buffer.baseAddress?.assumingMemoryBound(to: CInt.self),
                    WireProtocol.welcomeDescriptorCount)
            }
            if count == frame.count { return }
            if count >= 0 || errno == EAGAIN { throw .peerNotReading }
            if errno != EINTR { throw .socketFailed(errno) }
        }
    }

    private static func transmit(_ frame: UnsafeRawBufferPointer, from offset: Int, to socket: CInt) -> Int {
        guard let base = frame.baseAddress else { return 0 }
        return Glibc.send(
            socket, base + offset, frame.count &- offset, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
}

// Frames that are not on the way of an exit.
extension FrameWriter {
    package static func send(_ frame: [UInt8], to socket: CInt) throws(WireError) {
        let result = frame.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try send(bytes, to: socket) }
        }
        try result.get()
    }

    package static func sendAtOnce(_ frame: [UInt8], to socket: CInt) throws(WireError) {
        let result = frame.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try sendAtOnce(bytes, to: socket) }
        }
        try result.get()
    }
}
