import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct ExceptionsTests {
    @Test(arguments: [(UInt8(1), UInt8(0), UInt64(0x000)), (1, 1, 0x200), (0, 0, 0x400)])
    func vectorFollowsTheStateBefore(_ el: UInt8, _ sp: UInt8, _ part: UInt64) {
        for (kind, offset) in [(0, UInt64(0)), (1, 0x80), (2, 0x100), (3, 0x180)] {
            let fixture = SystemFixture()
            fixture.vcpu.pointee.selectStack(el: el, sp: sp)
            fixture.pstate.daif = 0
            fixture.vcpu.pointee.nzcv = 0x6000_0000
            switch kind {
            case 0: #expect(fixture.run { $0.supervisorCall(0x12) } == .redirect)
            case 1: fixture.setPending(40)
            case 2: fixture.setPending(40, isGroup1: false)
            default: fixture.vcpu.pointee.inject(InjectedException(.serror, syndrome: 0x155))
            }
            if kind != 0 { #expect(fixture.run { $0.takePendingInterrupt() }) }
            #expect(fixture.pc == 0x4008_0000 + part + offset)
            #expect(fixture.system.elr_EL1 == 0x4000_1000 + (kind == 0 ? 4 : 0))
            #expect(fixture.system.spsr_EL1 == 0x6000_0000 | UInt64(el) << 2 | UInt64(sp))
            #expect(fixture.pstate.el == 1 && fixture.pstate.sp == 1 && fixture.pstate.daif == 0x3C0)
            #expect(fixture.sp == 0x1111)
            if kind == 0 { #expect(fixture.esr == ExceptionSyndrome(.svc64, iss: 0x12)) }
            if kind == 3 { #expect(fixture.esr == ExceptionSyndrome(.serror, iss: 0x155)) }
        }
    }

    @Test func entryAndReturnAreInverse() {
        let fixture = SystemFixture()
        fixture.write(.sctlr_EL1, 0)
        fixture.goToEL0()
        fixture.vcpu.pointee.nzcv = 0x9000_0000
        fixture.vcpu.pointee.setUAO(true)
        #expect(fixture.run { $0.breakpointInstruction(0x800) } == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.brk64, iss: 0x800))
        #expect(fixture.pstate.pan && !fixture.pstate.uao, "SPAN = 0 sets PAN")
        fixture.vcpu.pointee.nzcv = 0
        fixture.vcpu.pointee.eventRegister = false
        #expect(fixture.eret() == .redirect)
        #expect(fixture.pc == 0x4000_1000 && fixture.pstate.el == 0 && fixture.sp == 0x2222)
        #expect(fixture.run { $0.nzcv } == 0x9000_0000 && fixture.pstate.daif == 0)
        #expect(fixture.pstate.uao && !fixture.pstate.pan)
        #expect(fixture.run { $0.eventRegister }, "an exception return is an event")
    }

    @Test func spanKeepsPAN() {
        let fixture = SystemFixture()
        fixture.write(.sctlr_EL1, SCTLR.span)
        _ = fixture.vcpu.pointee.supervisorCall(0)
        #expect(!fixture.pstate.pan)
    }

    @Test(arguments: [UInt64(0x1), 0x2, 0x6, 0x7, 0x8, 0x9, 0xC, 0xD, 0x10, 0x13])
    func illegalReturnSetsIL(_ mode: UInt64) {
        let fixture = SystemFixture()
        fixture.system.spsr_EL1 = 0x8000_0000 | mode
        fixture.system.elr_EL1 = 0x4000_5000
        #expect(fixture.eret() == .redirect)
        #expect(fixture.pstate.il && fixture.pstate.el == 1 && fixture.pstate.sp == 1)
        #expect(fixture.pc == 0x4000_5000 && fixture.run { $0.nzcv } == 0x8000_0000)
        #expect(fixture.run { $0.illegalState() } == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.illegalState) && !fixture.pstate.il)
        #expect(fixture.system.spsr_EL1 & SPSR.il != 0)
    }

    @Test func returnIsUndefinedAtEL0() {
        let fixture = SystemFixture()
        fixture.goToEL0()
        #expect(fixture.eret() == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.unknown) && fixture.pc == 0x4008_0400)
    }

    @Test func returnDropsAnIgnoredTag() {
        let fixture = SystemFixture()
        fixture.system.tcr_EL1 = 1 << 37
        fixture.system.spsr_EL1 = 0
        fixture.system.elr_EL1 = 0xAA00_0000_0000_4000
        _ = fixture.eret()
        #expect(fixture.pc == 0x4000)
        let target = fixture.vcpu.pointee.branchTarget(0xAAFF_0000_0000_4000)
        #expect(target == 0xAAFF_0000_0000_4000, "TBI1 is not set")
    }

    @Test func callsLeaveTheGuest() {
        let fixture = SystemFixture()
        #expect(fixture.run { $0.hypervisorCall(3) } == .exit)
        #expect(fixture.pc == 0x4000_1004, "past it")
        #expect(fixture.exit.code == .trap && fixture.exit.esr == ExceptionSyndrome(.hvc64, iss: 3))
        fixture.pc = 0x4000_1000
        #expect(fixture.run { $0.secureMonitorCall(0) } == .exit)
        #expect(fixture.pc == 0x4000_1000, "at it")
        #expect(fixture.exit.esr == ExceptionSyndrome(.smc64))
        fixture.goToEL0()
        #expect(fixture.run { $0.hypervisorCall(3) } == .redirect && fixture.esr.exceptionClass == .unknown)
        fixture.goToEL0()
        #expect(fixture.run { $0.secureMonitorCall(3) } == .redirect && fixture.esr.exceptionClass == .unknown)
    }

    @Test func alignmentFaults() {
        let fixture = SystemFixture()
        fixture.pc = 0x4000_1002
        #expect(fixture.run { $0.pcAlignmentFault() } == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.pcAlignment) && fixture.system.far_EL1 == 0x4000_1002)
        #expect(fixture.system.elr_EL1 == 0x4000_1002)
        #expect(fixture.run { $0.spAlignmentFault() } == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.spAlignment))
    }

    // MARK: Aborts

    @Test(arguments: [false, true], [false, true])
    func stage1AbortGoesToEL1(_ isEL0: Bool, _ isFetch: Bool) {
        let fixture = SystemFixture()
        if isEL0 { fixture.goToEL0() }
        let fault = MemoryFault(
            status: .permission(level: 3), address: 0xDEAD_0000, isWrite: !isFetch, isFetch: isFetch)
        #expect(fixture.run { $0.raise(fault, instruction: 0xF900_0023) } == .redirect)
        let expected: ExceptionClass =
            isFetch ? (isEL0 ? .iabtLow : .iabtCurrent) : (isEL0 ? .dabtLow : .dabtCurrent)
        #expect(fixture.esr == ExceptionSyndrome(expected, iss: 0x0F | (isFetch ? 0 : 1 << 6)), "no ISV in stage 1")
        #expect(fixture.system.far_EL1 == 0xDEAD_0000)
    }

    @Test func cacheMaintenanceCountsAsWrite() {
        let fixture = SystemFixture()
        let fault = MemoryFault(status: .translation(level: 1), address: 0x1000, isCacheMaintenance: true)
        _ = fixture.vcpu.pointee.raise(fault, instruction: 0)
        #expect(fixture.esr.isCacheMaintenance && fixture.esr.isWrite)
    }

    @Test func stage2AbortIsAnExit() {
        let fixture = SystemFixture()
        let fault = MemoryFault(
            isStage2: true, status: .translation(level: 2), address: 0xFFFF_0000_0900_0018, ipa: 0x0900_0018,
            isWrite: true)
        // STR W3, [X1]
        #expect(fixture.run { $0.raise(fault, instruction: 0xB900_0023) } == .exit)
        let exit = fixture.exit
        #expect(
            exit.code == .trap && exit.esr.exceptionClass == .dabtLow && exit.esr.faultStatus == .translation(level: 2))
        #expect(exit.esr.isSyndromeValid && exit.esr.isWrite && exit.esr.transferRegister == 3)
        #expect(exit.far == 0xFFFF_0000_0900_0018 && exit.hpfar == 0x9_0000 && exit.instruction == 0xB900_0023)
        #expect(fixture.pc == 0x4000_1000 && fixture.system.esr_EL1 == 0)
    }

    @Test func stage2FaultOfAWalkHasNoSyndrome() {
        let fixture = SystemFixture()
        let fault = MemoryFault(
            isStage2: true, isStage1Walk: true, status: .translation(level: 3), address: 0x10_0000, ipa: 0x4123_4000,
            isWrite: true)
        #expect(fixture.run { $0.raise(fault, instruction: 0xB900_0023) } == .exit)
        #expect(fixture.exit.esr == ExceptionSyndrome(.dabtLow, iss: 1 << 7 | 0x07))
        #expect(fixture.exit.hpfar == 0x41_2340)
        let fetch = MemoryFault(
            isStage2: true, status: .translation(level: 3), address: 0x10_0000, ipa: 0x4123_4000, isFetch: true)
        #expect(fixture.run { $0.raise(fetch, instruction: 0xB900_0023) } == .exit)
        #expect(fixture.exit.esr == ExceptionSyndrome(.iabtLow, iss: 0x07) && fixture.exit.instruction == 0)
    }

    // MARK: Injection

    @Test func injectedAbortsLookLikeExternalOnes() {
        let fixture = SystemFixture()
        fixture.vcpu.pointee.inject(InjectedException(.dataAbort, address: 0x1234))
        #expect(fixture.esr == ExceptionSyndrome(.dabtCurrent, iss: 0x10) && fixture.system.far_EL1 == 0x1234)
        #expect(fixture.system.elr_EL1 == 0x4000_1000 && fixture.pc == 0x4008_0200)
        // Of a write; nothing else of the syndrome is taken.
        fixture.vcpu.pointee.inject(InjectedException(.dataAbort, address: 0x1234, syndrome: ~0))
        #expect(fixture.esr == ExceptionSyndrome(.dabtCurrent, iss: 0x50))
        fixture.goToEL0()
        fixture.vcpu.pointee.inject(InjectedException(.instructionAbort, address: 0x5678))
        #expect(fixture.esr == ExceptionSyndrome(.iabtLow, iss: 0x10) && fixture.system.far_EL1 == 0x5678)
        fixture.goToEL0()
        fixture.vcpu.pointee.inject(InjectedException(.undefined))
        #expect(fixture.esr == ExceptionSyndrome(.unknown))
    }

    @Test func serrorWaitsUntilUnmasked() {
        let fixture = SystemFixture()
        fixture.vcpu.pointee.inject(InjectedException(.serror, syndrome: 0x1_0000_0007))
        #expect(!fixture.run { $0.takePendingInterrupt() })
        #expect(fixture.value(.isr_EL1) == 1 << 8)
        // The coordinator sees it as well.
        var exit = ExitFrame()
        fixture.vcpu.pointee.leave(into: &exit, at: 0)
        #expect(exit.isSErrorPending)
        #expect(fixture.write(.daif, 0x2C0) == .redirect)
        fixture.vcpu.pointee.leave(into: &exit, at: 0)
        #expect(!exit.isSErrorPending)
        #expect(fixture.pc == 0x4008_0380 && fixture.system.elr_EL1 == 0x4000_1004)
        #expect(fixture.esr == ExceptionSyndrome(.serror, iss: 7))
        #expect(fixture.value(.isr_EL1) == 0)
    }

    // MARK: Waiting

    @Test func waitForInterruptGoesOnWhenOneIsPending() {
        let fixture = SystemFixture()
        #expect(fixture.run { $0.waitForInterrupt(word: 0xD503_207F) } == .exit)
        #expect(fixture.exit.esr == ExceptionSyndrome(.wfx, iss: 0x1E0_0000) && fixture.pc == 0x4000_1000)
        fixture.setPending(40)
        #expect(fixture.run { $0.waitForInterrupt(word: 0xD503_207F) } == .next, "masked, and yet it wakes")
    }

    @Test func waitingOfEL0Traps() {
        let fixture = SystemFixture()
        fixture.goToEL0()
        #expect(fixture.run { $0.waitForInterrupt(word: 0xD503_207F) } == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.wfx, iss: 0x1E0_0000) && fixture.system.elr_EL1 == 0x4000_1000)
        fixture.goToEL0()
        #expect(fixture.run { $0.waitForEvent(word: 0xD503_205F) } == .redirect)
        #expect(fixture.esr.isWFE)
        fixture.write(.sctlr_EL1, SCTLR.nTWI | SCTLR.nTWE)
        fixture.goToEL0()
        #expect(fixture.run { $0.waitForInterrupt(word: 0xD503_207F) } == .exit)
        #expect(fixture.run { $0.waitForEvent(word: 0xD503_205F) } == .next)
        #expect(fixture.counter(.fastWFE) == 1)
    }

    @Test func eventsReachTheOthers() {
        let fixture = SystemFixture(vcpuCount: 3)
        let others = [1, 2].map { VCPUControl(page: fixture.memory.controlPage, vcpu: $0) }
        fixture.vcpu.pointee.sendEvent()
        #expect(others.allSatisfy { armada_load32($0.event) == 1 })
        #expect(armada_load32(fixture.run { $0.control.event }) == 0)
        #expect(fixture.run { $0.waitForEvent(word: 0) } == .next)
        #expect(fixture.counter(.fastWFE) == 0, "its own event")
        #expect(fixture.run { $0.waitForEvent(word: 0) } == .next)
        #expect(fixture.counter(.fastWFE) == 1)
        armada_store32(fixture.vcpu.pointee.control.event, 1)
        #expect(fixture.run { $0.waitForEvent(word: 0) } == .next)
        #expect(fixture.counter(.fastWFE) == 1, "another's event")
        #expect(armada_load32(fixture.run { $0.control.event }) == 0)
    }
}
