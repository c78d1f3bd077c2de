import CHost
import Glibc
import Shared
import Testing

@testable import Coordinator

@Suite struct VMRunTests {
    private let wfi = ExceptionSyndrome(.wfx)

    // MARK: WFI and timers

    /// Lets PPI 27 through: distributor, redistributor, CPU interface.
    private func enableVirtualTimer(_ machine: TestMachine) {
        machine.vm.vgic.distributor.write(offset: 0, byteCount: 4, value: 0x12, vcpu: 0)
        let redistributor = machine.vm.vgic.redistributor(vcpu: 0)
        redistributor.write(offset: 0x1_0080, byteCount: 4, value: 0xFFFF_FFFF, vcpu: 0)
        redistributor.write(offset: 0x1_0100, byteCount: 4, value: 1 << 27, vcpu: 0)
        machine.workers[0].exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
    }

    @Test func `WFI blocks, WFE goes on; both advance`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.exit(ExceptionSyndrome(.wfx, iss: 1)) == .entry)
        #expect(machine.workers[0].entry.advancePC)
        #expect(machine.exit(wfi) == .nothing)
        #expect(machine.vm.vcpus[0].state == .blocked)
    }

    @Test func `a futile kick leaves the vCPU blocked, an interrupt wakes it`() throws {
        let machine = try TestMachine()
        machine.boot()
        enableVirtualTimer(machine)
        machine.exit(wfi)
        machine.vm.kick(machine.vm.vcpus[0], .irqPending)
        machine.vm.wakeKicked()
        #expect(machine.workers[0].next() == .nothing)
        machine.vm.vgic.setPPI(27, vcpu: 0, level: true)
        machine.vm.wakeKicked()
        #expect(machine.workers[0].next() == .entry)
        let register = ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0])
        #expect(register.virtualINTID == 27 && register.isPending)
        #expect(machine.workers[0].entry.advancePC)
        #expect(machine.vm.loopStatistics.haltWakeup >= 1)
    }

    @Test func `a blocked vCPU's timer is armed relative to the counter offset and wakes it`() throws {
        let machine = try TestMachine()
        machine.boot()
        enableVirtualTimer(machine)
        machine.vm.counterOffset = 100_000
        machine.workers[0].exit.timer.virtualControl = 1
        machine.workers[0].exit.timer.virtualCompare = 5_000
        machine.workers[0].exit.timer.physicalControl = 3  // masked
        machine.workers[0].exit.timer.physicalCompare = 1
        machine.exit(wfi)
        let deadline: UInt64 = 105_000
        #expect(machine.vm.timers.earliest == deadline)
        #expect(machine.vm.timers.popExpired(at: deadline) == 0)
        machine.vm.timerExpired(machine.vm.vcpus[0], at: deadline)
        #expect(machine.workers[0].next() == .entry)
        #expect(machine.vm.timers.earliest == .max)
    }

    @Test func `a timer whose interrupt is disabled does not wake, and the other one still stands`() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.workers[0].exit.timer.virtualControl = 1
        machine.workers[0].exit.timer.virtualCompare = 10
        machine.workers[0].exit.timer.physicalControl = 1
        machine.workers[0].exit.timer.physicalCompare = 2_000
        machine.exit(wfi)
        #expect(machine.vm.timers.popExpired(at: 10) == 0)
        machine.vm.timerExpired(machine.vm.vcpus[0], at: 10)
        #expect(machine.workers[0].next() == .nothing)
        #expect(machine.vm.timers.earliest == 2_000)
    }

    @Test func `a compare value beyond the clock's end never comes`() {
        var state = TimerState()
        state.virtualControl = 1
        state.virtualCompare = .max - 5
        func deadlines() -> (virtual: UInt64, physical: UInt64) {
            state.deadlines(at: 12, counterOffset: 10, virtualOffset: 0)
        }
        #expect(deadlines().virtual == .max)
        state.virtualControl = 0
        state.virtualCompare = 0
        #expect(deadlines().virtual == .max)
        state.physicalControl = 1
        state.physicalCompare = 7
        #expect(deadlines().physical == 17)
    }

    // MARK: Kicks and requests

    @Test func `a kick rings the doorbell of a vCPU in the guest once`() throws {
        let machine = try TestMachine()
        machine.boot()
        let vcpu = machine.vm.vcpus[0]
        machine.vm.kick(vcpu, .irqPending)
        #expect(armada_load32(vcpu.control.doorbell) == Doorbell.kick)
        #expect(armada_load32(vcpu.control.mode) == VCPUMode.exitingGuest.rawValue)
        machine.vm.kick(vcpu, .unblock)
        #expect(machine.vm.loopStatistics.kicks == 1 && machine.vm.loopStatistics.kicksCoalesced == 1)
        #expect(vcpu.requests == [.irqPending, .unblock])
        // The way back in consumes the requests.
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        #expect(vcpu.requests.isEmpty)
        #expect(armada_load32(vcpu.control.requests) == 0)
        #expect(armada_load32(vcpu.control.mode) == VCPUMode.inGuest.rawValue)
    }

    @Test func `a vCPU on its way out gets no doorbell, and sees the request on its way in`() throws {
        let machine = try TestMachine()
        machine.boot()
        let vcpu = machine.vm.vcpus[0]
        armada_store32(vcpu.control.mode, VCPUMode.outsideGuest.rawValue)
        machine.vm.kick(vcpu, .sleep)
        #expect(armada_load32(vcpu.control.doorbell) == 0)
        #expect(machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq) == .nothing)
        #expect(vcpu.state == .poweredOff)
    }

    @Test func `a process that keeps writing requests cannot keep a vCPU out of the guest`() throws {
        let machine = try TestMachine()
        machine.boot()
        let address = UInt(bitPattern: machine.vm.vcpus[0].control.requests)
        nonisolated(unsafe) var thread = pthread_t()
        nonisolated(unsafe) let stop = UnsafeMutablePointer<UInt32>.allocate(capacity: 2)
        stop[0] = 0
        let context = UnsafeMutablePointer<UInt>.allocate(capacity: 2)
        context[0] = address
        context[1] = UInt(bitPattern: stop)
        pthread_create(
            &thread, nil,
            { argument in
                let words = argument?.assumingMemoryBound(to: UInt.self)
                guard let words, let target = UnsafeMutableRawPointer(bitPattern: words[0]),
                    let stop = UnsafeMutableRawPointer(bitPattern: words[1])
                else { return nil }
                while armada_load32(stop) == 0 { armada_store32(target, 0xFFFF_FFFF) }
                return nil
            }, context)
        for _ in 0..<200 { #expect(machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq) == .entry) }
        armada_store32(stop, 1)
        pthread_join(thread, nil)
        #expect(machine.vm.outcome == nil)
        stop.deallocate()
        context.deallocate()
    }

    // MARK: PSCI

    @Test func `CPU_ON starts a vCPU once, CPU_OFF stops it`() throws {
        let machine = try TestMachine(vcpuCount: 2)
        machine.boot()
        #expect(machine.call(0xC400_0004, 1) == .entry)
        #expect(machine.x0() == PSCI.Result.off)
        #expect(machine.call(0xC400_0003, 1, 0x4008_2000, 0x77) == .entry)
        #expect(machine.x0() == PSCI.Result.success)
        #expect(machine.workers[1].next() == .entry)
        #expect(machine.workers[1].entry.reset == ResetState(pc: 0x4008_2000, x0: 0x77))
        #expect(machine.call(0xC400_0003, 1, 0x4008_2000, 0x77) == .entry)
        #expect(machine.x0() == PSCI.Result.alreadyOn)
        #expect(machine.workers[1].next() == .nothing)

        #expect(machine.call(0x8400_0002, vcpu: 1) == .nothing)
        #expect(machine.vm.vcpus[1].state == .poweredOff)
        #expect(machine.call(0xC400_0003, 1, 0x4008_3000, 1) == .entry)
        #expect(machine.x0() == PSCI.Result.success)
        #expect(machine.workers[1].next() == .entry)
        #expect(machine.workers[1].entry.reset == ResetState(pc: 0x4008_3000, x0: 1))
    }

    @Test func `CPU_SUSPEND waits as WFI and returns SUCCESS`() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.call(0xC400_0001) == .nothing)
        #expect(machine.vm.vcpus[0].state == .blocked)
        machine.vm.kick(machine.vm.vcpus[0], .unblock)
        machine.vm.wakeKicked()
        #expect(machine.workers[0].next() == .entry)
        #expect(machine.x0() == 0)
        #expect(!machine.workers[0].entry.advancePC)
    }

    @Test func `SYSTEM_OFF and SYSTEM_RESET end the run without another Entry`() throws {
        for (function, outcome) in [(UInt32(0x8400_0008), VMOutcome.poweredOff), (0x8400_0009, .reset)] {
            let machine = try TestMachine()
            machine.boot()
            #expect(machine.call(function) == .nothing)
            #expect(machine.vm.outcome == outcome)
        }
    }
}
