import CHost
import Shared
import Testing

@testable import VCPUWorker

/// KVM_ARM_SET_COUNTER_OFFSET at the worker, and counters that show anything.
@Suite struct CounterOffsetTests {
    private static let second: UInt64 = 1_000_000_000

    private func set(_ offset: UInt64, _ fixture: SystemFixture) -> RegisterAnswerFrame {
        var access = RegisterAccessFrame()
        access.counterOffset = offset
        return fixture.run { $0.perform(access, at: armada_monotonic()) }
    }

    private func write(_ register: OneRegister.Timer, _ value: UInt64, _ fixture: SystemFixture) -> RegisterAnswerFrame
    {
        var access = RegisterAccessFrame()
        access.ids = [OneRegister.timer(register).id]
        access.values = [UInt128(value)]
        return fixture.run { $0.perform(access, at: armada_monotonic()) }
    }

    /// Both counters jump, and the virtual one's own offset is gone.
    @Test(arguments: [0, 1 << 32, 1 << 63, ~0] as [UInt64])
    func bothCountersAreTheHostsLessTheOffset(offset: UInt64) {
        let fixture = SystemFixture()
        #expect(write(.virtualCounter, 1 << 50, fixture).virtualOffset != 0)
        let answer = set(offset, fixture)
        #expect(answer.problem == nil && answer.virtualOffset == 0 && answer.ids.isEmpty)
        let now = armada_monotonic()
        let counters = [fixture.run { $0.readVirtualCounter() }, fixture.run { $0.readCounter() }]
        for counter in counters { #expect(counter &+ offset &- now < Self.second) }
    }

    @Test func nobodySetsACounterAnyMore() {
        let fixture = SystemFixture()
        #expect(write(.physicalCounter, 5, fixture).problem == .readOnly)
        _ = set(7, fixture)
        for counter in [OneRegister.Timer.virtualCounter, .physicalCounter] {
            let answer = write(counter, 1 << 50, fixture)
            #expect(answer.problem == nil && answer.virtualOffset == 0)
        }
        let counter = fixture.run { $0.readVirtualCounter() }
        #expect(counter &+ 7 &- armada_monotonic() &+ Self.second < 2 * Self.second)
    }

    /// A timer becomes due by an offset, and is not due any more by the next.
    @Test func theLinesFollow() {
        let fixture = SystemFixture()
        fixture.run {
            $0.timers.virtual = GenericTimer(control: 1, compare: 1000 * Self.second)
            $0.timers.physical = GenericTimer(control: 1, compare: 2000 * Self.second)
        }
        let start = armada_monotonic()
        let before = set(start, fixture)
        #expect(!before.timer.virtualLine && !before.timer.physicalLine)
        let virtual = set(start &- 1500 * Self.second, fixture)
        #expect(virtual.timer.virtualLine && !virtual.timer.physicalLine)
        let both = set(start &- 3000 * Self.second, fixture)
        #expect(both.timer.virtualLine && both.timer.physicalLine)
        let after = set(start, fixture)
        #expect(!after.timer.virtualLine && !after.timer.physicalLine)
    }

    /// What is left of the exit is done with it, as with any access.
    @Test func theExitIsCompleted() {
        let fixture = SystemFixture()
        var access = RegisterAccessFrame()
        access.counterOffset = 1
        access.pending.advancePC = true
        _ = fixture.run { $0.perform(access, at: armada_monotonic()) }
        #expect(fixture.pc == 0x4000_1004)
    }

    private static let counters: [UInt64] = [0, 1, 1 << 32 - 5, 1 << 63 - 5, 1 << 63, ~0 - 10 * second, ~0 - 1]

    /// At a host time of 100 s, whatever the counter shows then.
    @Test(arguments: counters) func aStrikeIsAsFarFromNowAsTheCounterIsFromIt(counter: UInt64) {
        let now = 100 * Self.second
        var timers = GenericTimers(counterOffset: now &- counter)
        timers.physical = GenericTimer(control: 1, compare: counter &+ 1)
        #expect(timers.deadline(after: counter) == now + 1)
        timers.physical.compare = counter
        #expect(timers.deadline(after: counter) == nil, "due")
        // Beyond the host's clock, or the counter's largest value.
        timers.physical.compare = ~0
        #expect(timers.deadline(after: counter) == (~counter < 1 << 62 ? now &+ ~counter : nil))
        // The same for the virtual one, which shows something else.
        timers.physical.control = 0
        for virtual in Self.counters {
            timers.virtualOffset = counter &- virtual
            timers.virtual = GenericTimer(control: 1, compare: virtual &+ 1)
            #expect(timers.deadline(after: counter) == now + 1)
            timers.virtual.compare = virtual
            #expect(timers.deadline(after: counter) == nil)
        }
    }

    /// The counter passes its end: what was due is not any more, and time goes on.
    @Test func wrappingRound() {
        var timers = GenericTimers(counterOffset: 0 &- (~0 - 4))
        timers.virtual = GenericTimer(control: 1, compare: ~0)
        #expect(timers.deadline(after: ~0 - 4) == 4)
        #expect(timers.virtual.isLineHigh(at: ~0) && !timers.virtual.isLineHigh(at: 0))
        #expect(timers.deadline(after: 0) == nil, "584 years")
    }
}
