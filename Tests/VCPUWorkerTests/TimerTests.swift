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
        #expect(!timer.update(at: 99, intid: 27, interface: &empty))
        #expect(timer.update(at: 100, intid: 27, interface: &empty))
        var holding = interface(pending27)
        #expect(!timer.update(at: 100, intid: 27, interface: &holding))
        holding = interface(active27)
        #expect(!timer.update(at: 100, intid: 27, interface: &holding))
    }

    @Test func reportedLineMakesNoStorm() {
        var timer = GenericTimer(control: 1, compare: 100)
        var empty = interface()
        #expect(timer.update(at: 100, intid: 27, interface: &empty))
        timer.isReported = true
        #expect(!timer.update(at: 200, intid: 27, interface: &empty))
        // The next deadline is an edge of its own.
        timer.compare = 300
        #expect(!timer.update(at: 200, intid: 27, interface: &empty))
        #expect(timer.update(at: 300, intid: 27, interface: &empty))
    }

    @Test func fallingLineTakesAPendingInterruptBack() {
        var timer = GenericTimer(control: 1, compare: 100)
        var holding = interface(pending27)
        _ = timer.update(at: 100, intid: 27, interface: &holding)
        timer.control = 3
        #expect(!timer.update(at: 101, intid: 27, interface: &holding))
        #expect(holding.state.listRegisters[2] >> 62 == 0)
    }

    @Test func fallingLineLeavesAnActiveInterruptAlone() {
        var timer = GenericTimer(control: 1, compare: 100)
        var holding = interface(active27)
        _ = timer.update(at: 100, intid: 27, interface: &holding)
        timer.control = 0
        _ = timer.update(at: 101, intid: 27, interface: &holding)
        #expect(holding.state.listRegisters[2] == active27)
    }

    @Test func pendingBitSetByTheGuestStaysWithoutALine() {
        var timer = GenericTimer()
        var holding = interface(pending27)
        _ = timer.update(at: 100, intid: 27, interface: &holding)
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
