import Shared
import Testing

@testable import Coordinator

/// KVM_SET_MP_STATE, on machines with scripted workers.
@Suite struct MPStateTests {
    private static let cpuOn: UInt32 = 0xC400_0003
    private static let affinityInfo: UInt32 = 0xC400_0004

    /// Two vCPUs in the guest, of which the second is paused at an HVC.
    private func setting(
        _ worldSwitch: WorldSwitch = .vhe, vcpuLoss: VCPULossPolicy = .stop
    ) throws -> ControlledMachine {
        let setting = try ControlledMachine(vcpuCount: 2, worldSwitch: worldSwitch, vcpuLoss: vcpuLoss)
        setting.machine.boot()
        setting.machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(setting.machine.workers[1].next() == .entry)
        setting.vm.pause(1..<2)
        setting.machine.call(0x8400_0000, vcpu: 1)
        #expect(setting.vm.vcpus[1].state == .paused)
        return setting
    }

    private func set(_ state: MPState, _ setting: ControlledMachine) throws {
        try setting.ask(.mpState(vcpu: 1, state))
        #expect(setting.reply() == .done)
    }

    private func state(_ setting: ControlledMachine) throws -> ControlReply? {
        try setting.ask(.mpState(vcpu: 1, nil))
        return setting.reply()
    }

    @Test func stoppedIsOffForPSCI() throws {
        let setting = try setting()
        let machine = setting.machine
        try set(.stopped, setting)
        #expect(try state(setting) == .mpState(.stopped))
        machine.call(Self.affinityInfo, 1)
        #expect(machine.x0() == PSCI.Result.off)
        // CPU_ON starts it over: nothing is left of the call that it was stopped at.
        setting.vm.resume(1..<2)
        #expect(machine.workers[1].next() == .nothing)
        machine.call(Self.cpuOn, 1, 0x4008_2000, 7)
        #expect(machine.workers[1].next() == .entry)
        let entry = machine.workers[1].entry
        #expect(entry.reset == ResetState(pc: 0x4008_2000, x0: 7) && entry.writeCount == 0 && !entry.advancePC)
        #expect(try state(setting) == .mpState(.runnable))
    }

    /// The way of a debugger: nothing of the vCPU is lost.
    @Test func stoppedAndRunnableAgainGoesOnWhereItWas() throws {
        let setting = try setting()
        try set(.stopped, setting)
        try set(.runnable, setting)
        #expect(setting.vm.vcpus[1].state == .paused && setting.machine.workers[1].next() == .nothing)
        setting.vm.resume(1..<2)
        #expect(setting.machine.workers[1].next() == .entry)
        let entry = setting.machine.workers[1].entry
        #expect(entry.reset == nil && entry.writeCount == 1 && entry.writeValues[0] == 0x1_0001)
    }

    /// A vCPU that never ran, and is not paused: at once, from its registers.
    @Test func runnableRunsWhatWasOff() throws {
        let setting = try ControlledMachine(vcpuCount: 2)
        setting.machine.boot()
        try setting.ask(.writeRegisters(vcpu: 1, [RegisterValue(id: OneRegister.pc.id, value: 0x4008_0000)]))
        setting.answer(vcpu: 1)
        #expect(setting.reply() == .done)
        try set(.runnable, setting)
        #expect(setting.machine.workers[1].next() == .entry)
        let entry = setting.machine.workers[1].entry
        #expect(entry.reset == nil && entry.sequence == 0 && entry.cpuInterface.vmcr == ICH_VMCR.reset)
        setting.machine.call(Self.affinityInfo, 1)
        #expect(setting.machine.x0() == PSCI.Result.on)
        setting.machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(setting.machine.x0() == PSCI.Result.alreadyOn)
    }

    /// Its own CPU_OFF has returned then, as KVM has it return.
    @Test func runnableAfterCPUOff() throws {
        let setting = try setting()
        setting.vm.resume(1..<2)
        #expect(setting.machine.workers[1].next() == .entry)
        setting.machine.exit(ExceptionSyndrome(.smc64), registers: [0x8400_0002], vcpu: 1)
        #expect(try state(setting) == .mpState(.stopped))
        try set(.runnable, setting)
        #expect(setting.machine.workers[1].next() == .entry && setting.machine.workers[1].entry.advancePC)
        #expect(setting.machine.x0(1) == PSCI.Result.success)
        // The guest's own way is another start: PC is not that of the SMC.
        setting.machine.exit(ExceptionSyndrome(.smc64), registers: [0x8400_0002], vcpu: 1)
        setting.machine.call(Self.cpuOn, 1, 0x4008_2000)
        #expect(setting.machine.workers[1].next() == .entry)
        #expect(!setting.machine.workers[1].entry.advancePC && setting.machine.workers[1].entry.writeCount == 0)
    }

    @Test func suspendedWaitsForAnInterrupt() throws {
        let setting = try setting()
        let machine = setting.machine
        machine.enableTimers(vcpu: 1)
        setting.vm.vcpus[1].entry.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        try set(.suspended, setting)
        #expect(try state(setting) == .mpState(.suspended) && setting.vm.vcpus[1].state == .paused)
        machine.call(Self.affinityInfo, 1)
        #expect(machine.x0() == PSCI.Result.on)
        setting.vm.resume(1..<2)
        #expect(setting.vm.vcpus[1].state == .blocked && machine.workers[1].next() == .nothing)
        #expect(setting.vm.vcpuDump.contains("vCPU 1: blocked, suspended, "))
        // A kick alone is none.
        setting.vm.kick(setting.vm.vcpus[1], .irqPending)
        setting.vm.wakeKicked()
        #expect(try state(setting) == .mpState(.suspended))
        setting.vm.vgic.setPPI(27, vcpu: 1, level: true)
        setting.vm.wakeKicked()
        #expect(machine.workers[1].next() == .entry)
        #expect(try state(setting) == .mpState(.runnable))
        // What the exit had left is done by this entry.
        #expect(machine.register(0, 1) == 0x1_0001)
    }

    @Test func aPendingInterruptEndsItAtOnce() throws {
        let setting = try setting()
        setting.machine.enableTimers(vcpu: 1)
        setting.vm.vcpus[1].entry.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        setting.vm.vgic.setPPI(27, vcpu: 1, level: true)
        try set(.suspended, setting)
        #expect(try state(setting) == .mpState(.suspended))
        setting.vm.resume(1..<2)
        #expect(setting.machine.workers[1].next() == .entry)
        #expect(try state(setting) == .mpState(.runnable))
    }

    /// Its timers stand while it waits, and not once it is off.
    @Test func suspendedHasItsTimers() throws {
        let setting = try setting()
        setting.vm.vcpus[1].channel.exit.timer.virtualControl = 1
        setting.vm.vcpus[1].channel.exit.timer.virtualCompare = 1 << 62
        try set(.suspended, setting)
        #expect(setting.vm.timers.earliest == .max)
        setting.vm.resume(1..<2)
        #expect(setting.vm.timers.earliest != .max)
        setting.vm.pause(1..<2)
        try set(.stopped, setting)
        #expect(setting.vm.timers.earliest == .max)
        // On again by the guest: it does not wait.
        setting.vm.resume(1..<2)
        setting.machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(setting.machine.workers[1].next() == .entry)
        #expect(try state(setting) == .mpState(.runnable))
    }

    /// What was to wait, and never got so far, does not wait when the guest switches it on.
    @Test func stoppedForgetsASuspension() throws {
        let setting = try setting()
        try set(.suspended, setting)
        try set(.stopped, setting)
        setting.vm.resume(1..<2)
        setting.machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(setting.machine.workers[1].next() == .entry)
        #expect(try state(setting) == .mpState(.runnable))
    }

    @Test func runnableEndsASuspension() throws {
        let setting = try setting()
        try set(.suspended, setting)
        try set(.runnable, setting)
        setting.vm.resume(1..<2)
        #expect(setting.machine.workers[1].next() == .entry)
        setting.vm.pause(1..<2)
        setting.machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq, vcpu: 1)
        // And one under way.
        try set(.suspended, setting)
        setting.vm.resume(1..<2)
        #expect(setting.vm.vcpus[1].state == .blocked)
        setting.vm.pause(1..<2)
        try set(.runnable, setting)
        #expect(setting.vm.vcpus[1].state == .paused)
        setting.vm.resume(1..<2)
        #expect(setting.machine.workers[1].next() == .entry)
        #expect(setting.vm.timers.earliest == .max)
    }

    /// Off, and to wait as soon as it is on.
    @Test func suspendedOfOneThatIsOff() throws {
        let setting = try ControlledMachine(vcpuCount: 2)
        setting.machine.boot()
        try set(.suspended, setting)
        #expect(setting.vm.vcpus[1].state == .blocked && setting.machine.workers[1].next() == .nothing)
        setting.machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(setting.machine.x0() == PSCI.Result.alreadyOn)
    }

    @Test func oneThatRunsIsRefused() throws {
        let setting = try setting()
        for state in MPState.allCases {
            try setting.ask(.mpState(vcpu: 0, state))
            #expect(setting.failure() == "vCPU 0 runs: pause it first, with armada ctl pause --vcpu 0")
        }
        try setting.ask(.mpState(vcpu: 0, nil))
        #expect(setting.reply() == .mpState(.runnable))
        for state in [nil, MPState.stopped] {
            try setting.ask(.mpState(vcpu: 2, state))
            #expect(setting.failure() == "there is no vCPU 2: the VM has 2, from 0 on")
        }
    }

    /// Without a loss all may be off; a run that has lost one ends when none is on, which nobody has asked for.
    @Test func theLastOne() throws {
        let setting = try setting()
        setting.vm.pause(0..<1)
        setting.machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        try set(.stopped, setting)
        try setting.ask(.mpState(vcpu: 0, .stopped))
        #expect(setting.reply() == .done && setting.vm.outcome == nil)

        let lossy = try self.setting(vcpuLoss: .offline)
        lossy.vm.lost(lossy.vm.vcpus[0], .gone)
        try lossy.ask(.mpState(vcpu: 1, .stopped))
        #expect(lossy.failure()?.contains("the last that is on") == true && lossy.vm.outcome == nil)
        for state in [nil, MPState.runnable] {
            try lossy.ask(.mpState(vcpu: 0, state))
            #expect(lossy.failure()?.hasPrefix("the worker of vCPU 0 is gone") == true)
        }
    }

    /// With nvhe the physical timer is the coordinator's: low while its vCPU is off, and as it was afterwards.
    @Test func theEmulatedTimerStaysOff() throws {
        let setting = try setting(.nvhe)
        let vm = setting.vm
        vm.writePhysicalTimer(vm.vcpus[1], .ctl, 1)
        func line() -> Bool { vm.vgic.interrupts[vm.vgic.privateIndex(30, vcpu: 1) ?? 0].lineLevel }
        #expect(line())
        try set(.stopped, setting)
        #expect(!line())
        vm.writePhysicalTimer(vm.vcpus[1], .cval, 1 << 62)
        #expect(vm.physicalTimers.earliest == .max)
        vm.writePhysicalTimer(vm.vcpus[1], .cval, 0)
        #expect(!line())
        try set(.runnable, setting)
        #expect(line())
    }
}
