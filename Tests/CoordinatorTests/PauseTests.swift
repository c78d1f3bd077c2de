import CHost
import Shared
import Testing

@testable import Coordinator

/// vCPUs that are paused stay out of the guest, on machines with scripted workers.
@Suite struct PauseTests {
    private let wfi = ExceptionSyndrome(.wfx)
    private let call = ExceptionSyndrome(.hvc64)

    @Test func aRunningVCPUIsKickedAndParked() throws {
        let machine = try TestMachine()
        machine.boot()
        guard case .whenPaused = machine.vm.answer(.pause(vcpu: nil)) else { Issue.record("at once"); return }
        #expect(armada_load32(machine.vm.vcpus[0].control.doorbell) & Doorbell.kick != 0)
        #expect(machine.vm.isPausing)
        #expect(machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq) == .nothing)
        #expect(machine.vm.vcpus[0].state == .paused && !machine.vm.isPausing)
        guard case .now(.done) = machine.vm.answer(.pause(vcpu: nil)) else { Issue.record("not at once"); return }
        guard case .now(.done) = machine.vm.answer(.resume(vcpu: nil)) else { Issue.record("refused"); return }
        #expect(machine.workers[0].next() == .entry)
        #expect(machine.vm.vcpus[0].state == .running)
    }

    /// What the handler has done is not lost.
    @Test func anExitUnderWayIsAnsweredAfterwards() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.vm.pause(0..<1)
        #expect(machine.exit(call, registers: [0x4B00_0000]) == .nothing)
        machine.vm.resume(0..<1)
        #expect(machine.workers[0].next() == .entry)
        let entry = machine.workers[0].entry
        #expect(entry.writeCount >= 1 && entry.writeRegisters[0] == 0 && entry.writeValues[0] == .max)
    }

    @Test func aSleeperIsParkedWhenItWakes() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.vm.vgic.distributor.write(offset: 0, byteCount: 4, value: 0x12, vcpu: 0)
        machine.workers[0].exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        let redistributor = machine.vm.vgic.redistributor(vcpu: 0)
        redistributor.write(offset: 0x1_0080, byteCount: 4, value: 0xFFFF_FFFF, vcpu: 0)
        redistributor.write(offset: 0x1_0100, byteCount: 4, value: 1 << 27, vcpu: 0)
        machine.exit(wfi)
        machine.vm.pause(0..<1)
        #expect(machine.vm.vcpus[0].state == .blocked && !machine.vm.isPausing)
        machine.vm.vgic.setPPI(27, vcpu: 0, level: true)
        machine.vm.wakeKicked()
        #expect(machine.workers[0].next() == .nothing)
        #expect(machine.vm.vcpus[0].state == .paused)
        machine.vm.resume(0..<1)
        #expect(machine.workers[0].next() == .entry)
        #expect(ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0]).virtualINTID == 27)
    }

    @Test func oneOfTwoIsPaused() throws {
        let machine = try TestMachine(vcpuCount: 2)
        machine.boot()
        machine.vm.pause(1..<2)
        #expect(machine.call(0xC400_0003, MPIDR(vcpuIndex: 1).rawValue, 0x4008_0000) == .entry)
        machine.vm.wakeKicked()
        #expect(machine.vm.vcpus[1].state == .paused)
        #expect(machine.workers[1].next() == .nothing)
        machine.vm.resume(0..<2)
        #expect(machine.workers[1].next() == .entry)
        #expect(machine.workers[1].entry.reset?.pc == 0x4008_0000)
    }

    @Test func aVCPUThatIsNotThereIsRefused() throws {
        let machine = try TestMachine(vcpuCount: 2)
        guard case .now(.failure(let text)) = machine.vm.answer(.pause(vcpu: 2)) else {
            Issue.record("taken")
            return
        }
        #expect(text == "there is no vCPU 2: the VM has 2, from 0 on")
    }
}
