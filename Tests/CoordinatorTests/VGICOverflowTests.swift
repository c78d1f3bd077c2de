import Shared
import Testing

@testable import Coordinator

/// More interrupts than list registers.
@Suite struct VGICOverflowTests {
    /// `count` edge-triggered SPIs from 32 on, the last with the highest priority.
    private func machine(_ count: Int, listRegisters: Int) -> VGICTestMachine {
        let machine = VGICTestMachine(vcpus: 1, listRegisters: listRegisters)
        for spi in 0..<count {
            machine.configure(UInt32(32 + spi), isEdge: true, priority: UInt64(0xE8 - spi * 8))
        }
        return machine
    }

    @Test(arguments: [1, 2, 3, 4, 16])
    func everyInterruptArrivesInTheOrderOfPriority(listRegisters: Int) {
        let machine = machine(28, listRegisters: listRegisters)
        for intid in 32..<60 { machine.pulse(UInt32(intid)) }
        #expect(machine.takeAll(0) == (32..<60).reversed().map { UInt32($0) })
        #expect(machine.maintenanceExits <= 60)
    }

    @Test(arguments: [1, 2, 3, 4, 16])
    func everyInterruptPreemptsTheOneBefore(listRegisters: Int) {
        let machine = machine(28, listRegisters: listRegisters)
        machine.enter(0)
        for intid in 32..<60 {
            machine.pulse(UInt32(intid))
            #expect(machine.settle())
            #expect(machine.cpus[0].acknowledge() == UInt32(intid))
            #expect(machine.settle())
        }
        for intid in (32..<60).reversed() {
            #expect(machine.cpus[0].acknowledge() == 1023)
            machine.cpus[0].end(UInt32(intid))
            #expect(machine.settle())
        }
        machine.exit(0)
        #expect(machine.read(0x304) == 0)
        #expect(machine.cpus[0].state.ap1r0 == 0)
    }

    /// Underflow alone would tell only when a single list register is left.
    @Test func interruptOutsidePreemptsAsSoonAsItMay() {
        let machine = VGICTestMachine(vcpus: 1, listRegisters: 4)
        let priorities: [UInt64] = [0xC0, 0xB0, 0xA0, 0x40, 0x60]
        for (intid, priority) in zip(32..., priorities) {
            machine.configure(UInt32(intid), isEdge: true, priority: priority)
        }
        machine.enter(0)
        for intid in 32..<35 {
            machine.pulse(UInt32(intid))
            machine.settle()
            #expect(machine.cpus[0].acknowledge() == UInt32(intid))
        }
        machine.pulse(35)
        machine.pulse(36)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 35)
        machine.settle()
        machine.cpus[0].end(35)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 36)
    }

    @Test func deactivationByRegisterOfAnInterruptOutsideIsNoticed() {
        let machine = machine(6, listRegisters: 2)
        for intid in 32..<36 { machine.writeBit(0x300, UInt32(intid)) }
        machine.pulse(32)
        machine.enter(0)
        #expect(!machine.cpus[0].valid.map(\.virtualINTID).contains(32))
        machine.writeBit(0x380, 32)
        #expect(machine.kicks[0] == 1)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 32)
    }

    @Test func underflowIsSetOnlyOnOverflow() {
        let machine = machine(5, listRegisters: 4)
        for intid in 32..<36 { machine.pulse(UInt32(intid)) }
        machine.enter(0)
        #expect(machine.cpus[0].state.hcr == ICH_HCR.en | ICH_HCR.tdir)
        machine.exit(0)
        machine.pulse(36)
        machine.enter(0)
        #expect(machine.cpus[0].state.hcr & ICH_HCR.uie != 0)
        #expect(machine.cpus[0].state.hcr & ICH_HCR.npie != 0)
        #expect(machine.cpus[0].state.hcr & ICH_HCR.lrenpie == 0)
        #expect(machine.cpus[0].valid.map(\.virtualINTID) == [36, 35, 34, 33])
    }

    @Test func withoutOverflowTheOrderOfArrivalStays() {
        let machine = machine(4, listRegisters: 4)
        for intid in [33, 35, 32, 34] as [UInt32] { machine.pulse(intid) }
        machine.enter(0)
        #expect(machine.cpus[0].valid.map(\.virtualINTID) == [33, 35, 32, 34])
    }

    @Test func sortingIsStableAndPutsActiveFirst() {
        let machine = VGICTestMachine(vcpus: 1, listRegisters: 4)
        for intid in 32..<40 { machine.configure(UInt32(intid), isEdge: true, priority: 0x80) }
        machine.configure(50, isEdge: true, priority: 0xF0)
        machine.writeBit(0x300, 50)
        for intid in [37, 34, 36, 32, 39] as [UInt32] { machine.pulse(intid) }
        machine.enter(0)
        #expect(machine.cpus[0].valid.map(\.virtualINTID) == [50, 37, 34, 36])
    }

    @Test func interruptsOfAGroupThatTheCPUInterfaceRefusesComeLast() {
        let machine = machine(6, listRegisters: 4)
        machine.write(0x84, ~0x38 & 0xFFFF_FFFF)  // 35, 36 and 37 in group 0, which is not enabled.
        for intid in 32..<38 { machine.pulse(UInt32(intid)) }
        machine.enter(0)
        #expect(machine.cpus[0].valid.map(\.virtualINTID) == [34, 33, 32, 37])
    }

    @Test func separateDeactivationOutsideTheListRegisters() {
        let machine = machine(6, listRegisters: 2)
        machine.enter(0)
        for intid in 32..<36 {
            machine.pulse(UInt32(intid))
            machine.settle()
            _ = machine.cpus[0].acknowledge()
            machine.settle()
        }
        machine.exit(0)
        #expect(machine.read(0x304) == 0xF)
        machine.vgic.deactivate(vcpu: 0, intid: 33)
        #expect(machine.read(0x304) == 0xF, "EOImode is 0")
        machine.cpus[0].state.vmcr |= ICH_VMCR.veoim
        machine.cycle(0)
        // What the guest ended was named by its writes: a count says nothing.
        machine.cpus[0].state.hcr |= 2 << ICH_HCR.eoiCountShift
        machine.exit(0)
        machine.vgic.deactivate(vcpu: 0, intid: 33)
        #expect(machine.read(0x304) == 0xD)
    }

    @Test func separateDeactivationOfAnInterruptThatAnotherVCPUTook() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(33, isEdge: false, vcpu: 1)
        machine.vgic.setSPI(33, level: true)
        machine.enter(1)
        #expect(machine.cpus[1].acknowledge() == 33)
        machine.cpus[1].dropPriority()
        machine.cpus[0].state.vmcr |= ICH_VMCR.veoim
        machine.enter(0)
        machine.exit(0)
        machine.vgic.deactivate(vcpu: 0, intid: 33)
        machine.settle()
        #expect(machine.cpus[1].acknowledge() == 33)
    }

    @Test func allInterruptsOfALargeMachineAtOnce() {
        let machine = VGICTestMachine(vcpus: 1, listRegisters: 4, spis: 960)
        for intid in 32..<992 {
            machine.configure(UInt32(intid), isEdge: true, priority: UInt64(intid % 29 * 8))
            machine.pulse(UInt32(intid))
        }
        let taken = machine.takeAll(0)
        #expect(taken.count == 960)
        #expect(Set(taken).count == 960)
        let priorities = taken.map { $0 % 29 }
        #expect(priorities == priorities.sorted())
    }
}
