/// The real-time clock. Source: DDI 0224 "PrimeCell Real Time Clock (PL031) Technical Reference Manual".
final class PL031: MMIODevice {
    private let interrupt: (Bool) -> Void
    private let now: () -> UInt64

    /// `interrupt` is called with the new level whenever RTCINTR changes; `now` is the host's time in seconds since 1970.
    init(interrupt: @escaping (Bool) -> Void, now: @escaping () -> UInt64 = PL031.hostSeconds) {
        self.interrupt = interrupt
        self.now = now
    }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 { 0 }
    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {}

    /// Seconds from now to the match register's alarm; nil: none is armed. Call `tick()` when they have passed.
    var secondsToAlarm: UInt64? { nil }
    /// Looks at the clock and raises the alarm if it is due.
    func tick() {}

    /// CLOCK_REALTIME in seconds.
    static func hostSeconds() -> UInt64 { 0 }
}
