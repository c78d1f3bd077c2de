import CHost
import Glibc
import Shared

/// The backend of a device, as a virtual machine monitor has it: a thread beside the loop that works on its own and then
/// signals through a descriptor, as through KVM's irqfd.
final class BenchBackend {
    /// Readable when the backend has signalled: see `take`.
    var descriptor: CInt { signals.rawValue }

    private let orders: OwnedDescriptor
    private let signals: OwnedDescriptor

    init() throws(SystemError) {
        let there = try PipeEnds()
        let back = try PipeEnds()
        let order = there.split()
        let signal = back.split()
        orders = OwnedDescriptor(order.writer)
        signals = OwnedDescriptor(signal.reader)
        // The thread owns its ends, and ends itself when the other end of the orders is closed.
        let ends = UnsafeMutablePointer<(reader: CInt, writer: CInt)>.allocate(capacity: 1)
        ends.initialize(to: (order.reader, signal.writer))
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let ends = argument.assumingMemoryBound(to: (reader: CInt, writer: CInt).self)
                BenchBackend.serve(reader: ends.pointee.reader, writer: ends.pointee.writer)
                ends.deallocate()
                return nil
            }, ends)
        guard error == 0 else {
            _ = close(ends.pointee.reader)
            _ = close(ends.pointee.writer)
            ends.deallocate()
            throw SystemError("start a thread", code: error)
        }
        pthread_detach(thread)
    }

    /// Asks for a signal in so many nanoseconds, a second at most.
    func order(afterNanoseconds delay: UInt64) {
        var delay = min(delay, 1_000_000_000)
        _ = write(orders.rawValue, &delay, 8)
    }

    /// When the backend signalled, in nanoseconds of CLOCK_MONOTONIC; call it when `descriptor` is readable.
    func take() -> UInt64? {
        var time: UInt64 = 0
        return read(signals.rawValue, &time, 8) == 8 ? time : nil
    }

    private static func serve(reader: CInt, writer: CInt) {
        _ = armada_timer_slack(1)
        var delay: UInt64 = 0
        while read(reader, &delay, 8) == 8 {
            var wait = timespec(tv_sec: Int(delay / 1_000_000_000), tv_nsec: Int(delay % 1_000_000_000))
            nanosleep(&wait, nil)
            var time = armada_monotonic()
            guard write(writer, &time, 8) == 8 else { break }
        }
        _ = close(reader)
        _ = close(writer)
    }
}
