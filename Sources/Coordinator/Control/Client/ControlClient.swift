import CHost
import Glibc
import Shared

/// Why a VM has not answered. The description is a clause for the user.
enum ControlClientError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens there.
    case noVM
    case path(SocketPathError)
    /// The VM has closed the connection: it has ended, or has dropped this client.
    case closed
    case silent(seconds: Int)
    case violation(ControlError)
    /// The VM's own words.
    case refused(String)
    case host(SystemError)
    case interrupted

    var description: String {
        switch self {
        case .noVM: "no VM listens there"
        case .path(let error): "\(error.path): \(error.why)"
        case .closed: "the VM has ended"
        case .silent(let seconds): "the VM does not answer (\(seconds) s)"
        case .violation(let error): "what listens there is no VM of this release: \(error)"
        case .refused(let text): text
        case .host(let error): error.description
        case .interrupted: "interrupted"
        }
    }
}

/// A connection to a VM's control socket.
final class ControlClient {
    static let answerSeconds = 5

    private let socket: OwnedDescriptor
    private var input: [UInt8] = []

    /// Readable when an answer comes, or the VM ends.
    var descriptor: CInt { socket.rawValue }

    init(path: String) throws(ControlClientError) {
        let address: UnixAddress
        do throws(SocketPathError) { address = try UnixAddress(path: path) } catch { throw .path(error) }
        socket = OwnedDescriptor(UnixAddress.makeSocket(nonblocking: true))
        guard socket.rawValue >= 0 else { throw .host(SystemError("create a socket")) }
        guard address.connect(socket.rawValue) == 0 else {
            switch errno {
            case ENOENT, ECONNREFUSED: throw .noVM
            // Nobody has taken those before us.
            case EAGAIN: throw .silent(seconds: 0)
            default: throw .host(SystemError("connect to \(path)"))
            }
        }
    }

    func send(_ request: ControlRequest) throws(ControlClientError) {
        let bytes = ControlProtocol.delimited(ControlEncoder.encode(request))
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // A request is far smaller than an empty socket's buffer. If the VM has gone, it may still have said why.
        guard count == bytes.count || errno == EPIPE || errno == ECONNRESET else {
            throw .host(SystemError("send to the VM"))
        }
    }

    /// The payload of the next answer; `cancel`, if not -1, ends the wait when it is readable.
    func receive(cancel: CInt = -1, seconds: Int = answerSeconds) throws(ControlClientError) -> [UInt8] {
        let deadline = armada_monotonic() &+ UInt64(seconds) &* 1_000_000_000
        while true {
            if let payload = try takePayload() { return payload }
            let now = armada_monotonic()
            guard now < deadline else { throw .silent(seconds: seconds) }
            var requests = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: cancel, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&requests, 2, CInt(truncatingIfNeeded: (deadline &- now) / 1_000_000 &+ 1))
            if requests[1].revents != 0 { throw .interrupted }
            if requests[0].revents != 0 { try fill() }
        }
    }

    /// Asks and waits for the answer, decoded and as it came.
    func ask(
        _ request: ControlRequest, cancel: CInt = -1, seconds: Int = answerSeconds
    ) throws(ControlClientError) -> (reply: ControlReply, payload: [UInt8]) {
        try send(request)
        let payload = try receive(cancel: cancel, seconds: seconds)
        return (try Self.decode(payload), payload)
    }

    /// A failure becomes an error.
    static func decode(_ payload: [UInt8]) throws(ControlClientError) -> ControlReply {
        let reply: ControlReply
        do throws(ControlError) { reply = try ControlDecoder.reply(payload) } catch { throw .violation(error) }
        if case .failure(let text) = reply { throw .refused(text) }
        return reply
    }

    private func takePayload() throws(ControlClientError) -> [UInt8]? {
        guard input.count >= ControlProtocol.lengthByteCount else { return nil }
        let length = ControlProtocol.length(input)
        guard length <= ControlProtocol.maximumReplyByteCount else {
            throw .violation(.oversized(byteCount: length, limit: ControlProtocol.maximumReplyByteCount))
        }
        let whole = ControlProtocol.lengthByteCount + length
        guard input.count >= whole else { return nil }
        let payload = Array(input[ControlProtocol.lengthByteCount..<whole])
        input.removeFirst(whole)
        return payload
    }

    private func fill() throws(ControlClientError) {
        let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { input.append(contentsOf: buffer[..<count]) }
            return count
        }
        if count > 0 { return }
        if count == 0 || errno == ECONNRESET { throw .closed }
        guard errno == EAGAIN || errno == EINTR else { throw .host(SystemError("receive from the VM")) }
    }
}
