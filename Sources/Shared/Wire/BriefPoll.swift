/// A poll for what has to come within microseconds, from a process that is at work on another processor. It pays even where
/// no processor is to spare: to wake a sleeper on another processor takes longer, on a virtual machine several times.
///
/// Each one in vain lets twice as many chances pass, up to 1024: the other process may have been called off its processor.
package struct BriefPoll: Sendable {
    /// How long it may last: longer than the way out of the guest and through the socket.
    package static let nanoseconds: UInt64 = 20_000

    private var passing = 0
    private var next = 1

    package init() {}

    /// Whether to try; to be asked once for each chance.
    package mutating func mayTry() -> Bool {
        guard passing > 0 else { return true }
        passing &-= 1
        return false
    }

    package mutating func succeeded() { next = 1 }

    package mutating func failed() {
        passing = next
        next = min(next &* 2, 1024)
    }
}
