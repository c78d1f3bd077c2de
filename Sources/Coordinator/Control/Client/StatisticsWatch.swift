import CHost
import Glibc
import Shared

/// Follows a VM's statistics from outside: a snapshot at the start, one each interval, and the last one when the VM ends.
final class StatisticsWatch {
    enum Step {
        case snapshot(StatisticsSnapshot, payload: [UInt8])
        /// The VM has ended; with its last snapshot unless it was killed.
        case ended((StatisticsSnapshot, payload: [UInt8])?)
        case interrupted
    }

    private let client: ControlClient
    /// Waits for the end.
    private let farewell: ControlClient
    private let events: EventSet
    let description: VMDescription
    /// The description as it came.
    let descriptionPayload: [UInt8]

    /// Signals that would end the program are taken by `events` from here on.
    init(path: String, events: EventSet) throws(ControlClientError) {
        self.events = events
        client = try ControlClient(path: path)
        farewell = try ControlClient(path: path)
        let answer = try client.ask(.describe, cancel: events.signalDescriptor)
        guard case .description(let description) = answer.reply else { throw .violation(.missingBody) }
        self.description = description
        descriptionPayload = answer.payload
        try farewell.send(.statistics(atEnd: true))
    }

    /// Waits until CLOCK_MONOTONIC is `time`, and takes a snapshot then.
    func next(at time: UInt64) throws(ControlClientError) -> Step {
        while case let now = armada_monotonic(), now < time {
            var requests = [
                pollfd(fd: farewell.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: events.signalDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            let milliseconds = min((time &- now) / 1_000_000 &+ 1, 1_000_000)
            _ = poll(&requests, 2, CInt(truncatingIfNeeded: milliseconds))
            if requests[1].revents != 0, events.takeEndingSignal() { return .interrupted }
            if requests[0].revents != 0 { return try end() }
        }
        return try take()
    }

    /// A snapshot at once.
    func take() throws(ControlClientError) -> Step {
        let payload: [UInt8]
        do throws(ControlClientError) {
            payload = try client.ask(.statistics(atEnd: false), cancel: events.signalDescriptor).payload
        } catch {
            switch error {
            case .closed: return try end()
            case .interrupted:
                _ = events.takeEndingSignal()
                return .interrupted
            default: throw error
            }
        }
        return .snapshot(try Self.snapshot(payload), payload: payload)
    }

    private func end() throws(ControlClientError) -> Step {
        let payload: [UInt8]
        do throws(ControlClientError) {
            payload = try farewell.receive(seconds: 1)
        } catch {
            switch error {
            case .closed, .silent: return .ended(nil)
            default: throw error
            }
        }
        return .ended((try Self.snapshot(payload), payload))
    }

    private static func snapshot(_ payload: [UInt8]) throws(ControlClientError) -> StatisticsSnapshot {
        guard case .snapshot(let snapshot) = try ControlClient.decode(payload) else { throw .violation(.missingBody) }
        return snapshot
    }
}
