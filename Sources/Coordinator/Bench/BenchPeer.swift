import CHost
import Glibc
import Shared

/// One virtual machine's end of the line between two that take turns on a processor.
final class BenchPeer {
    /// Readable when the other machine has handed over, and at its end: see `take`.
    var descriptor: CInt { reader.rawValue }

    private let reader: OwnedDescriptor
    private let writer: OwnedDescriptor
    /// The machine that waits first keeps its first hand-over to itself.
    private var holdsBack: Bool

    private init(reader: consuming OwnedDescriptor, writer: consuming OwnedDescriptor, holdsBack: Bool) {
        self.reader = reader
        self.writer = writer
        self.holdsBack = holdsBack
    }

    /// Two that talk with each other; the first one begins.
    static func pair() throws(SystemError) -> (BenchPeer, BenchPeer) {
        let there = try Pipe()
        let back = try Pipe()
        let (thereReader, thereWriter) = there.split()
        let (backReader, backWriter) = back.split()
        return (
            BenchPeer(reader: OwnedDescriptor(backReader), writer: OwnedDescriptor(thereWriter), holdsBack: false),
            BenchPeer(reader: OwnedDescriptor(thereReader), writer: OwnedDescriptor(backWriter), holdsBack: true)
        )
    }

    /// Hands over to the other machine; the guest here stopped at `time`.
    func signal(_ time: UInt64) {
        guard !holdsBack else { return holdsBack = false }
        var time = time
        _ = write(writer.rawValue, &time, 8)
    }

    /// When the other machine's guest stopped; nil: the other machine is gone.
    func take() -> UInt64? {
        var time: UInt64 = 0
        return read(reader.rawValue, &time, 8) == 8 ? time : nil
    }
}
