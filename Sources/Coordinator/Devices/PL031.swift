import Glibc

/// The real-time clock: seconds since 1970, from the host's clock.
///
/// Source: DDI 0224 "PrimeCell Real Time Clock (PL031) Technical Reference Manual".
final class PL031: MMIODevice {
    private let interrupt: (Bool) -> Void
    private let now: () -> UInt64

    /// RTCDR minus the host's seconds. RTCLR sets it.
    private var offset: UInt32 = 0
    private var mr: UInt32 = 0
    private var lr: UInt32 = 0
    private var imsc: UInt32 = 0
    private var ris: UInt32 = 0
    /// The count up to which the match has been looked for.
    private var lastCount: UInt32
    private var level = false

    /// `interrupt` is called with the new level whenever RTCINTR changes; `now` is the host's time in nanoseconds
    /// since 1970.
    init(interrupt: @escaping (Bool) -> Void, now: @escaping () -> UInt64 = PL031.hostNanoseconds) {
        self.interrupt = interrupt
        self.now = now
        lastCount = UInt32(truncatingIfNeeded: now() / 1_000_000_000)
    }

    /// Nanoseconds until the alarm raises the interrupt, when `tick()` is to be called; nil: none is enabled.
    var nanosecondsToAlarm: UInt64? {
        guard imsc & 1 != 0, ris & 1 == 0 else { return nil }
        // The match has been reached, and nobody has looked since.
        let distance = mr &- lastCount
        if distance != 0, distance <= count &- lastCount { return 0 }
        let seconds = UInt64(mr &- count)
        return seconds == 0 ? nil : seconds * 1_000_000_000 - now() % 1_000_000_000
    }

    /// Looks at the clock and raises the alarm if it is due.
    func tick() {
        let count = count
        let distance = mr &- lastCount
        if distance != 0, distance <= count &- lastCount { ris |= 1 }
        lastCount = count
        updateInterrupt()
    }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        tick()
        switch offset & ~3 {
        case 0x00: return UInt64(count)
        case 0x04: return UInt64(mr)
        case 0x08: return UInt64(lr)
        case 0x0C: return 1
        case 0x10: return UInt64(imsc)
        case 0x14: return UInt64(ris)
        case 0x18: return UInt64(ris & imsc)
        default: return UInt64(PrimeCell.identification(offset: offset, peripheral: 0x0014_1031))
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        tick()
        let value = UInt32(truncatingIfNeeded: value)
        switch offset & ~3 {
        case 0x04:
            mr = value
            if mr == count { ris |= 1 }
        case 0x08:
            lr = value
            self.offset = value &- hostSeconds
            lastCount = value
            if mr == value { ris |= 1 }
        case 0x10: imsc = value & 1
        case 0x1C: ris &= ~value
        default: break
        }
        updateInterrupt()
    }

    /// CLOCK_REALTIME in nanoseconds.
    static func hostNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    private var hostSeconds: UInt32 { UInt32(truncatingIfNeeded: now() / 1_000_000_000) }
    private var count: UInt32 { hostSeconds &+ offset }

    private func updateInterrupt() {
        let new = ris & imsc != 0
        guard new != level else { return }
        level = new
        interrupt(new)
    }
}
