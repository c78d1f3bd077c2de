import CHost
import Glibc
import Shared

/// One virtual machine's end of the line between two that take turns on a processor.
final class BenchPeer {
    /// Readable when the other machine has handed over, and at its end: see `take`.
    var descriptor: CInt { socket.rawValue }

    private let socket: OwnedDescriptor
    /// The machine that waits first keeps its first hand-over to itself.
    private var holdsBack: Bool

    init(socket: consuming OwnedDescriptor, waitsFirst: Bool) {
        self.socket = socket
        holdsBack = waitsFirst
    }

    /// Hands over to the other machine; the guest here stopped at `time`, in nanoseconds of CLOCK_MONOTONIC.
    func signal(_ time: UInt64) {
        guard !holdsBack else { return holdsBack = false }
        var time = time
        _ = send(socket.rawValue, &time, 8, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// When the other machine's guest stopped; nil: the other machine is gone.
    func take() -> UInt64? {
        var time: UInt64 = 0
        return recv(socket.rawValue, &time, 8, Int32(MSG_DONTWAIT)) == 8 ? time : nil
    }
}
