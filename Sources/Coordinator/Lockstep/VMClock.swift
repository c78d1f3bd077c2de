import CHost
import Shared

/// The clock of one VM: the host's, or in lock-step one that only the guest's own instructions move. All that the guest
/// can see of time, and all that is written about a run, goes by it.
final class VMClock {
    let isVirtual: Bool
    private var virtual: UInt64
    /// The latest time that the vCPU in the guest can come back with.
    private var limit: UInt64

    init(isVirtual: Bool) {
        self.isVirtual = isVirtual
        virtual = Lockstep.start
        limit = Lockstep.start
    }

    /// Nanoseconds of CLOCK_MONOTONIC, or virtual ones.
    var now: UInt64 { isVirtual ? virtual : armada_monotonic() }

    /// Nanoseconds since 1970.
    var sinceEpoch: UInt64 {
        isVirtual ? Lockstep.wallClock &+ virtual &- Lockstep.start : PL031.hostNanoseconds()
    }

    /// A vCPU goes into the guest for `budget` instructions. An exit that is emulated takes the time of one more.
    func allow(_ budget: UInt64) { limit = virtual &+ budget &+ 1 }

    /// A worker says that it is `time` in its guest.
    func follow(_ time: UInt64) throws(WireError) {
        guard time >= virtual, time <= limit else { throw .outOfRange("timestamp", time) }
        virtual = time
    }

    /// Nothing happens until `time`.
    func skip(to time: UInt64) { virtual = max(virtual, time) }
}
