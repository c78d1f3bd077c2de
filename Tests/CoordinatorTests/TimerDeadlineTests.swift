import Shared
import Testing

@testable import Coordinator

/// Compare values as times of the host, for counters that show anything.
@Suite struct TimerDeadlineTests {
    private static let now: UInt64 = 1_000_000
    private static let counters: [UInt64] = [0, 1, 5_000_000, 1 << 32 - 1, 1 << 63 - 1, 1 << 63, ~0 - 1, ~0]

    @Test(arguments: counters) func onlyTheDistanceCounts(counter: UInt64) {
        let now = Self.now
        #expect(strike(of: counter, counter: counter, at: now) == now)
        for distance in [1, 1000, 1 << 62] as [UInt64] {
            if counter <= ~distance {
                #expect(strike(of: counter + distance, counter: counter, at: now) == now + distance)
            }
            if counter >= distance {
                let past = distance > now ? 0 : now - distance
                #expect(strike(of: counter - distance, counter: counter, at: now) == past)
            }
        }
    }

    @Test func beyondTheClocksEndIsNever() {
        #expect(strike(of: ~0, counter: 0, at: 1) == .max)
        #expect(strike(of: ~0, counter: 1, at: 1) == .max)
        #expect(strike(of: ~0, counter: 2, at: 1) == UInt64.max - 1)
        #expect(strike(of: 0, counter: ~0, at: ~0 - 1) == 0)
    }

    /// The two counters need have nothing in common.
    @Test(arguments: counters, counters) func bothTimers(physical: UInt64, virtual: UInt64) {
        var timer = TimerState()
        timer.virtualCompare = virtual
        timer.physicalCompare = physical
        func deadlines() -> [UInt64] {
            let both = timer.deadlines(
                at: Self.now, counterOffset: Self.now &- physical, virtualOffset: physical &- virtual)
            return [both.virtual, both.physical]
        }
        #expect(deadlines() == [.max, .max])
        timer.virtualControl = 1
        #expect(deadlines() == [Self.now, .max])
        timer.virtualControl = 3
        timer.physicalControl = 1
        #expect(deadlines() == [.max, Self.now])
    }
}
