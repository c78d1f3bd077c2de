import Shared
import Testing

@testable import Coordinator

/// What ends a WFI.
@Suite struct VGICWakeUpTests {
    private func machine(priority: UInt64) -> VGICTestMachine {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true, priority: priority)
        machine.pulse(40)
        return machine
    }

    private func wakes(_ machine: VGICTestMachine, _ vcpu: Int = 0) -> Bool {
        machine.vgic.hasPending(vcpu: vcpu, state: machine.cpus[vcpu].state)
    }

    @Test func pendingInterruptOfTheVCPU() {
        let machine = machine(priority: 0x80)
        #expect(wakes(machine))
        #expect(!wakes(machine, 1))
    }

    @Test func priorityMask() {
        let machine = machine(priority: 0x80)
        machine.cpus[0].state.vmcr = ICH_VMCR.veng1 | ICH_VMCR.reset | 0x80 << ICH_VMCR.vpmrShift
        #expect(!wakes(machine))
        machine.cpus[0].state.vmcr = ICH_VMCR.veng1 | ICH_VMCR.reset | 0x88 << ICH_VMCR.vpmrShift
        #expect(wakes(machine))
    }

    @Test func groupEnables() {
        let machine = machine(priority: 0x80)
        machine.cpus[0].state.vmcr ^= ICH_VMCR.veng1 | ICH_VMCR.veng0
        #expect(!wakes(machine))
        machine.write(0x84, 0)
        #expect(wakes(machine))
        machine.write(0, 2)
        #expect(!wakes(machine))
    }

    @Test func activePriority() {
        let machine = machine(priority: 0x80)
        machine.cpus[0].state.ap1r0 = 1 << 16
        #expect(!wakes(machine))
        machine.cpus[0].state.ap1r0 = 1 << 17
        #expect(wakes(machine))
        machine.cpus[0].state.ap0r0 = 1 << 15
        #expect(!wakes(machine))
    }

    @Test func binaryPoint() {
        // With the point at 6, priorities 0x80 and 0xB8 are one group.
        let machine = machine(priority: 0x80)
        machine.cpus[0].state.vmcr &= ~(7 << ICH_VMCR.vbpr1Shift)
        machine.cpus[0].state.vmcr |= 6 << ICH_VMCR.vbpr1Shift
        machine.cpus[0].state.ap1r0 = 1 << (0x80 >> 3)
        #expect(!wakes(machine))
        machine.cpus[0].state.ap1r0 = 1 << (0xC0 >> 3)
        #expect(wakes(machine))
        // Common binary point: group 0's, one less.
        machine.cpus[0].state.vmcr |= ICH_VMCR.vcbpr
        machine.cpus[0].state.ap1r0 = 1 << (0x88 >> 3)
        #expect(wakes(machine))
    }

    @Test func neitherDisabledNorActiveInterrupts() {
        let machine = machine(priority: 0x80)
        machine.writeBit(0x180, 40)
        #expect(!wakes(machine))
        machine.writeBit(0x100, 40)
        machine.writeBit(0x300, 40)
        #expect(!wakes(machine))
        machine.writeBit(0x380, 40)
        #expect(wakes(machine))
        machine.write(0, 0)
        #expect(!wakes(machine))
    }

    @Test func blockedVCPUIsKickedWhenSomethingArrives() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.writePrivate(0, 0x1_0100, 1 << 27)
        #expect(!wakes(machine))
        machine.vgic.setPPI(27, vcpu: 0, level: true)
        #expect(machine.kicks == [1])
        #expect(wakes(machine))
        machine.vgic.setPPI(27, vcpu: 0, level: true)
        #expect(machine.kicks == [1])
        machine.vgic.setPPI(27, vcpu: 0, level: false)
        #expect(!wakes(machine))
    }
}
