import Shared
import Testing

@testable import VCPUWorker

@Suite struct TimerTests {
    private func interface(_ register: UInt64 = 0) -> VirtualCPUInterface {
        var interface = VirtualCPUInterface(listRegisterCount: 4)
        interface.state.hcr = ICH_HCR.en
        interface.state.listRegisters[2] = register
        return interface
    }

    private let pending27: UInt64 = 1 << 62 | 1 << 60 | 27
    private let active27: UInt64 = 1 << 63 | 1 << 60 | 27

    /// `GenericTimer.update` of timer 27, in a form that expectations can call.
    private func isWaiting(_ timer: inout GenericTimer, at counter: UInt64, _ interface: inout VirtualCPUInterface)
        -> Bool
    {
        timer.update(at: counter, intid: 27, interface: &interface)
    }

    @Test func statusNeedsEnableAndTheLineNeedsNoMask() {
        var timer = GenericTimer()
        timer.compare = 100
        #expect(timer.controlValue(at: 100) == 0)
        timer.control = 1
        #expect(timer.controlValue(at: 99) == 1)
        #expect(timer.controlValue(at: 100) == 5)
        #expect(timer.isLineHigh(at: 100))
        timer.control = 3
        #expect(timer.controlValue(at: 100) == 7)
        #expect(!timer.isLineHigh(at: 100))
    }

    @Test func highLineIsTheCoordinatorsUntilSomebodyHasIt() {
        var timer = GenericTimer(control: 1, compare: 100)
        var empty = interface()
        #expect(!isWaiting(&timer, at: 99, &empty))
        #expect(isWaiting(&timer, at: 100, &empty))
        var holding = interface(pending27)
        #expect(!isWaiting(&timer, at: 100, &holding))
        holding = interface(active27)
        #expect(!isWaiting(&timer, at: 100, &holding))
    }

    @Test func reportedLineMakesNoStorm() {
        var timer = GenericTimer(control: 1, compare: 100)
        var empty = interface()
        #expect(isWaiting(&timer, at: 100, &empty))
        timer.isReported = true
        #expect(!isWaiting(&timer, at: 200, &empty))
        // The next deadline is an edge of its own.
        timer.compare = 300
        #expect(!isWaiting(&timer, at: 200, &empty))
        #expect(isWaiting(&timer, at: 300, &empty))
    }

    @Test func fallingLineTakesAPendingInterruptBack() {
        var timer = GenericTimer(control: 1, compare: 100)
        var holding = interface(pending27)
        _ = isWaiting(&timer, at: 100, &holding)
        timer.control = 3
        #expect(!isWaiting(&timer, at: 101, &holding))
        #expect(holding.state.listRegisters[2] >> 62 == 0)
    }

    @Test func fallingLineLeavesAnActiveInterruptAlone() {
        var timer = GenericTimer(control: 1, compare: 100)
        var holding = interface(active27)
        _ = isWaiting(&timer, at: 100, &holding)
        timer.control = 0
        _ = isWaiting(&timer, at: 101, &holding)
        #expect(holding.state.listRegisters[2] == active27)
    }

    @Test func pendingBitSetByTheGuestStaysWithoutALine() {
        var timer = GenericTimer()
        var holding = interface(pending27)
        _ = isWaiting(&timer, at: 100, &holding)
        #expect(holding.state.listRegisters[2] == pending27)
    }

    @Test func deadlineIsTheEarlierAndNeverInThePast() {
        var timers = GenericTimers(counterOffset: 1000)
        #expect(timers.deadline(after: 0) == nil)
        timers.virtual = GenericTimer(control: 1, compare: 500)
        #expect(timers.deadline(after: 0) == 1500)
        timers.physical = GenericTimer(control: 1, compare: 400)
        #expect(timers.deadline(after: 0) == 1400)
        #expect(timers.deadline(after: 400) == 1500)
        timers.physical.control = 3
        #expect(timers.deadline(after: 0) == 1500)
        timers.virtual.compare = ~0
        #expect(timers.deadline(after: 0) == nil, "never, not a wrapped host time")
    }
}
