import CHost
import Shared
import Testing

@testable import VCPUWorker

/// Interrupts and timers as the guest's instructions and the doorbell see them, on a real vCPU.
@Suite struct SystemInterruptTests {
    @Test func unmaskingTakesThePendingInterruptBehindTheInstruction() {
        let fixture = SystemFixture()
        fixture.setPending(40)
        #expect(!fixture.run { $0.takePendingInterrupt() })
        #expect(fixture.run { $0.writePSTATEField(word: 0xD503_42FF) } == .redirect, "MSR DAIFClr, #2")
        #expect(fixture.pc == 0x4008_0280 && fixture.system.elr_EL1 == 0x4000_1004)
        #expect(fixture.value(.icc_IAR1_EL1) == 40)
        #expect(fixture.write(.icc_EOIR1_EL1, 40) == .next)
        #expect(fixture.counter(.fastInterruptAcknowledge) == 1 && fixture.counter(.fastEndOfInterrupt) == 1)
        #expect(fixture.value(.icc_IAR1_EL1) == 1023)
    }

    @Test func loweringTheMaskTakesThePendingInterrupt() {
        let fixture = SystemFixture()
        fixture.write(.icc_PMR_EL1, 0x80)
        fixture.setPending(40)
        #expect(fixture.write(.daif, 0) == .next)
        #expect(fixture.write(.icc_PMR_EL1, 0xF0) == .redirect)
        #expect(fixture.pc == 0x4008_0280)
    }

    @Test func returnWithoutMaskLeavesThePendingInterruptToTheNextLook() {
        let fixture = SystemFixture()
        fixture.setPending(40)
        fixture.system.spsr_EL1 = 0
        fixture.system.elr_EL1 = 0x1000
        #expect(fixture.eret() == .redirect)
        #expect(fixture.run { $0.takePendingInterrupt() })
        #expect(fixture.pc == 0x4008_0480 && fixture.system.elr_EL1 == 0x1000)
    }

    @Test func doorbellSaysWhetherToLeave() {
        let fixture = SystemFixture()
        let doorbell = fixture.vcpu.pointee.control.doorbell
        func ring(_ bits: UInt32) -> Bool {
            armada_store32(doorbell, bits)
            return fixture.vcpu.pointee.handleDoorbell()
        }
        #expect(!ring(Doorbell.timer))
        #expect(!ring(Doorbell.dvm))
        #expect(ring(Doorbell.kick))
        #expect(fixture.exit.code == .irq && armada_load32(doorbell) == 0)
    }

    @Test func maintenanceLeavesTheGuest() {
        let fixture = SystemFixture()
        fixture.vcpu.pointee.cpuInterface.state.hcr |= ICH_HCR.uie
        fixture.setPending(40)
        #expect(fixture.value(.icc_IAR1_EL1) == 40)
        #expect(fixture.write(.icc_EOIR1_EL1, 40) == .exit)
        #expect(fixture.exit.code == .irq && fixture.pc == 0x4000_1004, "the EOI has retired")
        #expect(!fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
    }

    @Test func acknowledgeThatAsksForMaintenanceKeepsItsResult() {
        let fixture = SystemFixture()
        fixture.vcpu.pointee.cpuInterface.state.hcr |= ICH_HCR.npie
        fixture.setPending(40)
        #expect(fixture.value(.icc_IAR1_EL1) == 40)
        #expect(fixture.run { $0.handleDoorbell() })
        #expect(fixture.exit.code == .irq)
    }

    @Test func deactivationOfWhatIsOutsideIsTrappedOnDemand() {
        let fixture = SystemFixture()
        fixture.write(.icc_CTLR_EL1, 2)
        fixture.vcpu.pointee.cpuInterface.state.hcr |= ICH_HCR.tdir
        fixture.setPending(40)
        #expect(fixture.value(.icc_IAR1_EL1) == 40)
        #expect(fixture.write(.icc_EOIR1_EL1, 40) == .next)
        #expect(fixture.write(.icc_DIR_EL1, 40) == .next)
        #expect(fixture.write(.icc_DIR_EL1, 41) == .exit)
        #expect(fixture.exit.code == .trap && fixture.exit.esr.exceptionClass == .sys64)
        #expect(fixture.exit.esr.systemRegister == .icc_DIR_EL1 && !fixture.exit.esr.isSystemRead)
        #expect(fixture.exit.esr.systemTransferRegister == 5 && fixture.pc == 0x4000_1000)
    }

    // MARK: Timers

    @Test func counterStartsWithTheMachine() throws {
        let fixture = SystemFixture()
        let first = try #require(fixture.value(.cntvct_EL0))
        let second = try #require(fixture.value(.cntpct_EL0))
        #expect(first < 1_000_000_000 && second >= first)
        #expect(fixture.value(.cntfrq_EL0) == 1_000_000_000)
        #expect(fixture.counter(.fastCounterRead) == 2)
    }

    @Test func timerValueIsARelativeCompareValue() throws {
        let fixture = SystemFixture()
        let before = try #require(fixture.value(.cntvct_EL0))
        fixture.write(.cntv_TVAL_EL0, 0x7000_0000)
        let compare = try #require(fixture.value(.cntv_CVAL_EL0))
        #expect(compare >= before + 0x7000_0000)
        let left = try #require(fixture.value(.cntv_TVAL_EL0))
        #expect(left <= 0x7000_0000 && left > 0x6000_0000)
        fixture.write(.cntv_TVAL_EL0, 0xFFFF_FFFF)
        let past = try #require(fixture.value(.cntv_CVAL_EL0))
        #expect(past < compare, "TVAL is signed")
    }

    @Test func firedTimerLeavesTheGuestOnceAndThenWaitsForAnAnswer() {
        let fixture = SystemFixture()
        fixture.write(.cntv_CVAL_EL0, 0)
        #expect(fixture.write(.cntv_CTL_EL0, 1) == .exit)
        #expect(fixture.exit.code == .irq && fixture.pc == 0x4000_1004)
        #expect(fixture.value(.cntv_CTL_EL0) == 5)
        let state = fixture.vcpu.pointee.timerState(at: armada_monotonic())
        #expect(state.virtualLine && state.virtualControl == 1 && !state.physicalLine)
        // The coordinator has the interrupt disabled: nothing more comes of the line.
        #expect(!fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
        #expect(fixture.write(.cntv_CTL_EL0, 1) == .next)
    }

    @Test func interruptedTimerRunsThroughWithoutAnExit() {
        let fixture = SystemFixture()
        fixture.write(.cntv_CVAL_EL0, 0)
        #expect(fixture.write(.cntv_CTL_EL0, 1) == .exit)
        _ = fixture.vcpu.pointee.timerState(at: armada_monotonic())
        fixture.setPending(27)
        #expect(!fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
        #expect(fixture.write(.daif, 0) == .redirect)
        #expect(fixture.value(.icc_IAR1_EL1) == 27)
        #expect(fixture.write(.cntv_CVAL_EL0, 1 << 60) == .next)
        #expect(fixture.write(.icc_EOIR1_EL1, 27) == .next)
        let state = fixture.vcpu.pointee.timerState(at: armada_monotonic())
        #expect(!state.virtualLine)
    }

    @Test func lineThatIsStillHighAsksAgainAfterTheEnd() {
        let fixture = SystemFixture()
        fixture.write(.cntp_CVAL_EL0, 0)
        #expect(fixture.write(.cntp_CTL_EL0, 1) == .exit)
        _ = fixture.vcpu.pointee.timerState(at: armada_monotonic())
        fixture.setPending(30)
        #expect(!fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
        #expect(fixture.value(.icc_IAR1_EL1) == 30)
        #expect(fixture.write(.icc_EOIR1_EL1, 30) == .exit)
        #expect(fixture.exit.code == .irq)
    }

    @Test func maskedTimerTakesItsPendingInterruptBack() {
        let fixture = SystemFixture()
        fixture.write(.cntv_CVAL_EL0, 0)
        #expect(fixture.write(.cntv_CTL_EL0, 1) == .exit)
        _ = fixture.vcpu.pointee.timerState(at: armada_monotonic())
        fixture.setPending(27)
        #expect(!fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
        #expect(fixture.value(.isr_EL1) == 1 << 7)
        #expect(fixture.write(.cntv_CTL_EL0, 3) == .next)
        #expect(fixture.value(.isr_EL1) == 0)
        #expect(fixture.value(.icc_IAR1_EL1) == 1023)
    }

    @Test func timerThatFiredOutsideTheGuestIsReportedOnEntry() {
        let fixture = SystemFixture()
        fixture.vcpu.pointee.timers.virtual = GenericTimer(control: 1, compare: 0)
        #expect(fixture.run { $0.resumeInterrupts(at: armada_monotonic()) })
        #expect(fixture.exit.code == .irq)
    }
}
