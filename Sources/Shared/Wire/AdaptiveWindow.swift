/// How long to poll before blocking, as KVM's `halt_poll_ns` does it: the window grows while what is waited for comes
/// soon, and shrinks to nothing when polling did not help.
package struct AdaptiveWindow: Sendable {
    /// The first step up from nothing.
    private static let firstNanoseconds: UInt64 = 10_000

    /// 0: never poll.
    package let maximumNanoseconds: UInt64
    /// Poll this long at most; 0: block at once.
    package private(set) var nanoseconds: UInt64 = 0
    /// Waits that must pass before the window may grow again.
    private var penalty = 0
    private var nextPenalty = 1

    package init(maximumNanoseconds: UInt64) { self.maximumNanoseconds = maximumNanoseconds }

    /// What was waited for came while polling.
    package mutating func polledWithSuccess() {
        nextPenalty = 1
    }

    /// It came after blocking; `waited` counts from the beginning of the wait, the polling included.
    package mutating func blocked(waitedNanoseconds waited: UInt64) {
        if penalty > 0 {
            penalty &-= 1
        } else if waited > maximumNanoseconds {
            nanoseconds = 0
        } else if waited > nanoseconds {
            nanoseconds = min(nanoseconds == 0 ? Self.firstNanoseconds : nanoseconds &* 2, maximumNanoseconds)
        }
    }

    /// Others need the processor that the polling burns: block at once, for longer each time this happens again.
    package mutating func giveWay() {
        nanoseconds = 0
        penalty = nextPenalty
        nextPenalty = min(nextPenalty &* 2, 1024)
    }
}
