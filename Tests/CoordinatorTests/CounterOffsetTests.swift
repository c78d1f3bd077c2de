import CHost
import Shared
import Testing

@testable import Coordinator

/// KVM_ARM_SET_COUNTER_OFFSET, on machines with scripted workers: all have it, or nobody runs.
@Suite struct CounterOffsetTests {
    private static let hour: UInt64 = 3_600_000_000_000

    private func parked(_ worldSwitch: WorldSwitch = .vhe, vcpuLoss: VCPULossPolicy = .stop) throws -> ControlledMachine
    {
        let setting = try ControlledMachine(vcpuCount: 2, worldSwitch: worldSwitch, vcpuLoss: vcpuLoss)
        setting.vm.counterOffset = armada_monotonic()
        setting.park()
        return setting
    }

    @Test func everyWorkerHasItBeforeTheClient() throws {
        let setting = try parked()
        setting.vm.vcpus[0].virtualCounterOffset = 5
        try setting.ask(.counterOffset(~0))
        // The second is off.
        setting.answer(vcpu: 1)
        #expect(setting.machine.workers[1].access.counterOffset == ~0 && setting.reply() == nil)
        // What was left of the exit went along.
        setting.answer()
        #expect(setting.worker.access.counterOffset == ~0 && setting.worker.access.pending.writeCount == 1)
        #expect(setting.reply() == .done)
        #expect(setting.vm.counterOffset == ~0 && setting.vm.vcpus[0].virtualCounterOffset == 0)
        try setting.ask(.counterOffset(nil))
        #expect(setting.reply() == .counterOffset(~0))
        setting.vm.resume(0..<2)
        #expect(setting.worker.next() == .entry && setting.vm.vcpus[1].state == .poweredOff)
    }

    @Test func notWhileAVCPURuns() throws {
        let setting = try ControlledMachine(vcpuCount: 2)
        setting.machine.boot()
        let before = setting.vm.counterOffset
        try setting.ask(.counterOffset(1))
        #expect(setting.failure()?.hasPrefix("vCPU 0 runs (EBUSY)") == true)
        // Asked to stop, and not there yet.
        setting.vm.pause(0..<2)
        try setting.ask(.counterOffset(1))
        #expect(setting.failure() != nil && setting.vm.counterOffset == before)
        #expect(setting.worker.next() == .nothing && setting.machine.workers[1].next() == .nothing)
    }

    /// One that has it may go on; the other waits for its own worker.
    @Test func nobodyRunsWithTheOldOne() throws {
        let setting = try parked()
        try setting.ask(.counterOffset(1))
        setting.vm.resume(0..<2)
        setting.vm.powerOn(setting.vm.vcpus[1], ResetState(pc: 1, x0: 2))
        setting.vm.wakeKicked()
        #expect(setting.vm.vcpus[0].state == .paused && setting.vm.vcpus[1].state == .paused)
        setting.answer(vcpu: 1)
        #expect(setting.vm.vcpus[1].state == .running && setting.vm.vcpus[0].state == .paused)
        setting.answer()
        #expect(setting.vm.vcpus[0].state == .running && setting.reply() == .done)
    }

    @Test func aLostVCPUNeedsNone() throws {
        let setting = try parked(vcpuLoss: .offline)
        try setting.ask(.counterOffset(1))
        setting.answer()
        setting.vm.lost(setting.vm.vcpus[1], .gone)
        #expect(setting.reply() == .done)
        try setting.ask(.counterOffset(2))
        setting.answer()
        #expect(setting.reply() == .done)
    }

    @Test func theEndOfTheRunIsTold() throws {
        let setting = try parked()
        try setting.ask(.counterOffset(1))
        setting.answer()
        setting.vm.lost(setting.vm.vcpus[1], .gone)
        #expect(setting.failure()?.contains("the worker of vCPU 1") == true)
        try setting.ask(.counterOffset(1))
        #expect(setting.failure() == "the VM is ending")
    }

    @Test func anEndFromElsewhereIsToldToo() throws {
        let setting = try parked(vcpuLoss: .offline)
        try setting.ask(.counterOffset(1))
        setting.vm.end(.shutDown)
        #expect(setting.failure() != nil)
    }

    /// A sleeper's background timer: due by the offset, and put off by the next.
    @Test func aSleepersTimerFollows() throws {
        let setting = try ControlledMachine()
        let vm = setting.vm
        vm.counterOffset = armada_monotonic()
        setting.machine.boot()
        setting.machine.exit(ExceptionSyndrome(.wfx))
        vm.pause(0..<1)
        func set(_ offset: UInt64) throws -> UInt64 {
            try setting.ask(.counterOffset(offset))
            setting.answer {
                $0.timer.physicalControl = 1
                $0.timer.physicalCompare = Self.hour
            }
            #expect(setting.reply() == .done && vm.vcpus[0].state == .blocked)
            return vm.timers.earliest
        }
        let start = armada_monotonic()
        #expect(try set(start) == start + Self.hour)
        #expect(try set(start &- 2 * Self.hour) <= armada_monotonic(), "due")
        #expect(try set(start &+ 5) == start + Self.hour + 5)
        // The counter is beyond its compare value, and 2^63.
        #expect(try set(start &- 1 << 63) <= armada_monotonic())
        // It has half its range still before it.
        #expect(try set(start &+ 1 << 63) <= armada_monotonic())
    }

    @Test func withNVHEThePhysicalTimerIsTheVMs() throws {
        let setting = try parked(.nvhe)
        let vm = setting.vm
        vm.writePhysicalTimer(vm.vcpus[0], .cval, 2 * Self.hour)
        vm.writePhysicalTimer(vm.vcpus[0], .ctl, 1)
        func line() -> Bool { vm.vgic.interrupts[vm.vgic.privateIndex(30, vcpu: 0) ?? 0].lineLevel }
        func set(_ offset: UInt64) throws {
            try setting.ask(.counterOffset(offset))
            setting.answer()
            setting.answer(vcpu: 1)
            #expect(setting.reply() == .done)
        }
        let start = armada_monotonic()
        try set(start)
        #expect(!line() && vm.physicalTimers.earliest == start + 2 * Self.hour)
        try set(start &- 3 * Self.hour)
        #expect(line() && vm.physicalTimers.earliest == .max)
        try set(start &- 1 << 63)
        #expect(line())
        try set(start &+ 1)
        #expect(!line(), "what is due falls again")
    }
}
