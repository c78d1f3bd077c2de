/// How long to poll before blocking, as KVM's `halt_poll_ns` does it: the window grows while what is waited for comes
/// soon, and shrinks to nothing when polling did not help.
package struct AdaptiveWindow: Sendable {
    /// The first step up from nothing.
    private static let firstNanoseconds: UInt64 = 10_000

    /// 0: never poll.
    package let maximumNanoseconds: UInt64
    /// The window stays as long as it may be, whatever polling brings.
    private let isFixed: Bool
    /// Poll this long at most; 0: block at once.
    package private(set) var nanoseconds: UInt64 = 0
    /// Waits that must pass before the window may grow again.
    private var penalty = 0
    private var nextPenalty = 1

    package init(maximumNanoseconds: UInt64, isFixed: Bool = false) {
        self.maximumNanoseconds = maximumNanoseconds
        self.isFixed = isFixed
        if isFixed { nanoseconds = maximumNanoseconds }
    }

    /// What was waited for came while polling.
    package mutating func polledWithSuccess() {
        nextPenalty = 1
    }

    /// It came after blocking; `waited` counts from the beginning of the wait, the polling included.
    package mutating func blocked(waitedNanoseconds waited: UInt64) {
        if isFixed {
            return
        } else if penalty > 0 {
            penalty &-= 1
        } else if waited > maximumNanoseconds {
            nanoseconds = 0
        } else if waited > nanoseconds {
            nanoseconds = min(nanoseconds == 0 ? Self.firstNanoseconds : nanoseconds &* 2, maximumNanoseconds)
        }
    }

    /// Others need the processor that the polling burns: block at once, for longer each time this happens again.
    package mutating func giveWay() {
        guard !isFixed else { return }
        nanoseconds = 0
        penalty = nextPenalty
        nextPenalty = min(nextPenalty &* 2, 1024)
    }
}
