import CHost
import Glibc
import Shared

/// One client of a VM's control socket. A client has one request under way: while its reply has not gone, nothing more is
/// read from it.
final class ControlConnection {
    enum Received {
        case incomplete
        case closed
        case request([UInt8])
        case violation(ControlError)
    }

    private let socket: OwnedDescriptor
    /// Of the request that is coming in: never more than one.
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var sent = 0
    private var closesAfterReply = false

    /// CLOCK_MONOTONIC by which the client must have done its part; `UInt64.max` while it is not its turn.
    private(set) var deadline = UInt64.max
    /// It is of no use any more.
    var isFinished = false

    enum Awaited {
        case nothing
        case end
        case pause
        case ticket(ControlTicket)
        case due(LaterReply)
    }
    /// When its reply is made.
    var awaits = Awaited.nothing
    /// To be called if the client goes before its reply has gone to it.
    var undelivered: (() -> Void)?
    /// The event set watches it for room to send, not for what it sends.
    var isWatchedForRoom = false

    init(_ socket: consuming OwnedDescriptor) { self.socket = socket }

    var descriptor: CInt { socket.rawValue }
    /// Its reply is made, and not yet true.
    var awaitsMore: Bool { if case .due = awaits { true } else { false } }
    var isSending: Bool { sent < output.count }

    /// Takes what has come of a request, and not a byte of the next.
    func receive() -> Received {
        // The length first: it says how much may be read.
        if input.count < ControlProtocol.lengthByteCount {
            if let status = fill(to: ControlProtocol.lengthByteCount) { return status }
            guard input.count == ControlProtocol.lengthByteCount else { return .incomplete }
        }
        let length = ControlProtocol.length(input)
        guard length <= ControlProtocol.maximumRequestByteCount else {
            return .violation(.oversized(byteCount: length, limit: ControlProtocol.maximumRequestByteCount))
        }
        let whole = ControlProtocol.lengthByteCount + length
        if input.count < whole, let status = fill(to: whole) { return status }
        guard input.count == whole else { return .incomplete }
        let request = Array(input.dropFirst(ControlProtocol.lengthByteCount))
        input.removeAll(keepingCapacity: true)
        deadline = .max
        return .request(request)
    }

    /// Receives until `input` holds `count` bytes; nil: there may be enough.
    private func fill(to count: Int) -> Received? {
        let missing = count - input.count
        let received = withUnsafeTemporaryAllocation(byteCount: missing, alignment: 1) { buffer in
            let received = recv(descriptor, buffer.baseAddress, missing, Int32(MSG_DONTWAIT))
            if received > 0 { input.append(contentsOf: buffer[..<received]) }
            return received
        }
        if received == 0 { return .closed }
        if received < 0 { return errno == EAGAIN || errno == EINTR ? .incomplete : .closed }
        if deadline == .max { deadline = armada_monotonic() &+ ControlProtocol.stallNanoseconds }
        return nil
    }

    func send(_ payload: [UInt8]) {
        output = ControlProtocol.delimited(payload)
        sent = 0
        deadline = armada_monotonic() &+ ControlProtocol.stallNanoseconds
        flush()
    }

    /// Says why, and is finished as soon as that has gone.
    func refuse(_ why: String) {
        closesAfterReply = true
        send(ControlEncoder.encode(.failure(why)))
    }

    /// Says why, if there is room, and is finished.
    func dismiss(_ why: String) {
        refuse(why)
        isFinished = true
    }

    /// Sends as much of the reply as there is room for.
    func flush() {
        while isSending {
            let count = output.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                isFinished = true
                return
            }
            sent += count
        }
        output = []
        sent = 0
        deadline = .max
        undelivered = nil
        if closesAfterReply { isFinished = true }
    }
}
