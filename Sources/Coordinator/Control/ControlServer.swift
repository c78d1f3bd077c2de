import CHost
import Glibc
import Shared

/// The VM's end of the control socket. It lives on the VM's loop and never makes it wait: every buffer is bounded, and a
/// client that does not do its part in time is dropped.
final class ControlServer {
    private let socket: ListeningSocket
    private let events: EventSet
    private let answer: (ControlRequest) -> ControlAnswer
    private var clients: [ControlConnection?] = Array(repeating: nil, count: ControlProtocol.maximumClientCount)
    /// Until then nobody is accepted, because the process has no descriptors left; 0: accepting.
    private var pausedUntil: UInt64 = 0
    /// CLOCK_MONOTONIC at which `expire` has something to do; `UInt64.max` while no client is behind.
    private(set) var deadline = UInt64.max
    /// How often it is looked whether a `LaterReply` is due, since nobody tells the loop: soon at first, and less often when it
    /// takes long.
    private static let laterNanoseconds: ClosedRange<UInt64> = 50_000...5_000_000
    /// CLOCK_MONOTONIC when somebody began to wait for a `LaterReply`; 0: nobody waits.
    private var waitsSince: UInt64 = 0

    init(
        path: String, events: EventSet, answer: @escaping (ControlRequest) -> ControlAnswer
    ) throws(ControlPathError) {
        do throws(SocketPathError) {
            socket = try ListeningSocket(path: path, backlog: CInt(ControlProtocol.maximumClientCount))
        } catch { throw .socket(error) }
        self.events = events
        self.answer = answer
        do throws(SystemError) { try events.add(socket.descriptor, .control) } catch { throw .host(error) }
    }

    var clientCount: Int { clients.reduce(0) { $1 == nil ? $0 : $0 + 1 } }

    // MARK: Events

    /// Takes one client that has connected.
    func accept() {
        var pid: pid_t = 0
        var user: uid_t = 0
        let descriptor = armada_accept(socket.descriptor, &pid, &user)
        guard descriptor >= 0 else {
            switch errno {
            case EAGAIN, EINTR, ECONNABORTED: return
            default: return pause()
            }
        }
        let client = ControlConnection(OwnedDescriptor(descriptor))
        guard user == geteuid() else {
            return client.dismiss("this VM belongs to user \(geteuid()), and user \(user) may not ask it")
        }
        guard let slot = clients.firstIndex(where: { $0 == nil }) else {
            return client.dismiss("\(clients.count) clients are connected already: try again later")
        }
        guard (try? events.add(client.descriptor, .controlClient(slot))) != nil else { return }
        clients[slot] = client
    }

    /// The client in `slot` has sent something, has room again, or is gone.
    func serve(_ slot: Int) {
        guard clients.indices.contains(slot), let client = clients[slot] else { return }
        if client.isSending {
            client.flush()
        } else {
            switch client.receive() {
            case .incomplete: break
            case .closed: client.isFinished = true
            case .request(let bytes): handle(bytes, client)
            case .violation(let error): client.refuse("\(error)")
            }
        }
        settle(slot, client)
    }

    /// Drops the clients that are too late.
    func expire(_ now: UInt64) {
        guard deadline <= now else { return }
        sendDue()
        if pausedUntil != 0, pausedUntil <= now {
            pausedUntil = 0
            try? events.add(socket.descriptor, .control)
        }
        for slot in clients.indices {
            if let client = clients[slot], client.deadline <= now { drop(slot, client) }
        }
        updateDeadline()
    }

    /// The VM has ended: answers those who have waited for that, but waits for none of them for long.
    func finish(_ snapshot: StatisticsSnapshot) {
        let waiting = clients.compactMap { $0 }.filter {
            if case .end = $0.awaits { !$0.isSending } else { false }
        }
        guard !waiting.isEmpty else { return }
        let reply = ControlEncoder.encode(.snapshot(snapshot))
        let limit = armada_monotonic() &+ 200_000_000
        for client in waiting {
            client.send(reply)
            while client.isSending, !client.isFinished, case let now = armada_monotonic(), now < limit {
                var request = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, CInt(truncatingIfNeeded: (limit &- now) / 1_000_000 &+ 1))
                client.flush()
            }
        }
    }

    /// All vCPUs that are to be paused have left the guest: answers those who have waited for that.
    func paused() {
        for slot in clients.indices {
            guard let client = clients[slot], case .pause = client.awaits else { continue }
            client.awaits = .nothing
            client.send(ControlEncoder.encode(.done))
            settle(slot, client)
        }
    }

    /// Sends the replies that have become true.
    private func sendDue() {
        for slot in clients.indices {
            guard let client = clients[slot], case .due(let later) = client.awaits, later.isDue() else { continue }
            client.awaits = .nothing
            client.send(ControlEncoder.encode(later.reply))
            settle(slot, client)
        }
    }

    /// Answers the client that waits for `ticket`, if it is still there.
    func complete(_ ticket: ControlTicket, _ reply: ControlReply) {
        for slot in clients.indices {
            guard let client = clients[slot], case .ticket(ticket) = client.awaits else { continue }
            client.awaits = .nothing
            client.send(ControlEncoder.encode(reply))
            settle(slot, client)
        }
    }

    // MARK: Clients

    private func handle(_ bytes: [UInt8], _ client: ControlConnection) {
        // A client that does not wait for its answer gets the next one's only.
        client.awaits = .nothing
        client.undelivered?()
        client.undelivered = nil
        do throws(ControlError) {
            switch answer(try ControlDecoder.request(bytes)) {
            case .now(let reply): client.send(ControlEncoder.encode(reply))
            case .atEnd: client.awaits = .end
            case .whenPaused: client.awaits = .pause
            case .later(let ticket): client.awaits = .ticket(ticket)
            case .whenDue(let later):
                client.undelivered = later.undelivered
                client.awaits = .due(later)
                sendDue()
            }
        } catch { client.refuse("\(error)") }
    }

    /// Brings what is watched in line with what the client is doing.
    private func settle(_ slot: Int, _ client: ControlConnection) {
        if client.isFinished { return drop(slot, client) }
        if client.isSending != client.isWatchedForRoom {
            events.remove(client.descriptor)
            guard
                (try? events.add(client.descriptor, .controlClient(slot), writable: client.isSending)) != nil
            else { return drop(slot, client) }
            client.isWatchedForRoom = client.isSending
        }
        updateDeadline()
    }

    private func drop(_ slot: Int, _ client: ControlConnection) {
        events.remove(client.descriptor)
        clients[slot] = nil
        client.undelivered?()
        updateDeadline()
    }

    private func updateDeadline() {
        deadline = clients.reduce(pausedUntil == 0 ? .max : pausedUntil) { min($0, $1?.deadline ?? .max) }
        guard clients.contains(where: { $0?.awaitsMore == true }) else {
            waitsSince = 0
            return
        }
        let now = armada_monotonic()
        if waitsSince == 0 { waitsSince = now }
        let limits = Self.laterNanoseconds
        let pause = min(max((now &- waitsSince) / 8, limits.lowerBound), limits.upperBound)
        deadline = min(deadline, now &+ pause)
    }

    /// Leaves those who connect in the queue for a second: the loop must not spin on a descriptor that stays readable.
    private func pause() {
        events.remove(socket.descriptor)
        pausedUntil = armada_monotonic() &+ 1_000_000_000
        updateDeadline()
    }
}
