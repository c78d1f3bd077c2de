import Shared
import Testing

@testable import Coordinator

@Suite struct VGICRoutingTests {
    private func sgi(
        _ intid: UInt64, aff1: UInt64 = 0, aff2: UInt64 = 0, aff3: UInt64 = 0, range: UInt64 = 0, targets: UInt64
    ) -> UInt64 {
        aff3 << 48 | range << 44 | aff2 << 32 | intid << 24 | aff1 << 16 | targets
    }

    /// vCPUs whose redistributor has SGI `intid` pending.
    private func pending(_ machine: VGICTestMachine, _ intid: UInt64) -> [Int] {
        machine.cpus.indices.filter { machine.readPrivate($0, 0x1_0200) >> intid & 1 != 0 }
    }

    @Test func targetListNamesVCPUsOfOneCluster() {
        let machine = VGICTestMachine(vcpus: 40)
        machine.vgic.sendSGI(from: 0, value: sgi(5, aff1: 1, targets: 0x8003), group: 1)
        #expect(pending(machine, 5) == [16, 17, 31])
        #expect(machine.kicks.indices.filter { machine.kicks[$0] == 1 } == [16, 17, 31])
        #expect(pending(machine, 4).isEmpty)
    }

    @Test func targetsThatDoNotExistAreIgnored() {
        let machine = VGICTestMachine(vcpus: 18)
        machine.vgic.sendSGI(from: 0, value: sgi(1, aff1: 1, targets: 0xFFFF), group: 1)
        #expect(pending(machine, 1) == [16, 17])
        machine.vgic.sendSGI(from: 0, value: sgi(2, aff2: 1, targets: 1), group: 1)
        machine.vgic.sendSGI(from: 0, value: sgi(2, aff3: 1, targets: 1), group: 1)
        // The range selector: Aff0 16…31, which no vCPU has.
        machine.vgic.sendSGI(from: 0, value: sgi(2, range: 1, targets: 0xFFFF), group: 1)
        #expect(pending(machine, 2).isEmpty)
    }

    @Test func selfIsATargetLikeAnother() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.enter(1)
        machine.vgic.sendSGI(from: 1, value: sgi(3, targets: 2), group: 1)
        #expect(machine.kicks[1] == 1)
        machine.settle()
        #expect(machine.takeAll(1) == [3])
    }

    @Test func routingModeReachesAllOthers() {
        let machine = VGICTestMachine(vcpus: 512, spis: 32)
        machine.vgic.sendSGI(from: 300, value: 1 << 40 | 15 << 24, group: 1)
        #expect(pending(machine, 15) == (0..<512).filter { $0 != 300 })
    }

    @Test func groupZeroWritesRaiseGroupZeroOnly() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.writePrivate(0, 0x1_0080, 0xFFFF_FFFE)  // SGI 0 in group 0.
        machine.vgic.sendSGI(from: 0, value: sgi(0, targets: 1), group: 0)
        machine.vgic.sendSGI(from: 0, value: sgi(1, targets: 1), group: 0)
        #expect(machine.readPrivate(0, 0x1_0200) == 1)
        machine.vgic.sendSGI(from: 0, value: sgi(1, targets: 1), group: 1)
        #expect(machine.readPrivate(0, 0x1_0200) == 3)
    }

    @Test func sameSGIFromTwoSendersIsOne() {
        let machine = VGICTestMachine(vcpus: 3)
        machine.vgic.sendSGI(from: 1, value: sgi(7, targets: 1), group: 1)
        machine.vgic.sendSGI(from: 2, value: sgi(7, targets: 1), group: 1)
        #expect(machine.takeAll(0) == [7])
    }

    @Test func disabledSGIWaits() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.writePrivate(0, 0x1_0180, 1 << 9)
        machine.vgic.sendSGI(from: 0, value: sgi(9, targets: 1), group: 1)
        #expect(machine.kicks[0] == 0)
        #expect(machine.takeAll(0).isEmpty)
        machine.exit(0)
        machine.writePrivate(0, 0x1_0100, 1 << 9)
        #expect(machine.takeAll(0) == [9])
    }

    @Test func linesThatDoNotExistAreIgnored() {
        let machine = VGICTestMachine(vcpus: 2, spis: 32)
        for intid in [0, 15, 31, 64, 1020, 5000, UInt32.max] { machine.vgic.setSPI(intid, level: true) }
        machine.vgic.setPPI(15, vcpu: 0, level: true)
        machine.vgic.setPPI(32, vcpu: 0, level: true)
        machine.vgic.setPPI(27, vcpu: 2, level: true)
        machine.vgic.setPPI(27, vcpu: -1, level: true)
        machine.vgic.deactivate(vcpu: 0, intid: 5000)
        #expect(machine.kicks == [0, 0])
        #expect(machine.readPrivate(0, 0x1_0200) == 0)
        #expect(machine.read(0x204) == 0)
    }

    @Test func pendingInterruptFollowsItsRoute() {
        let machine = VGICTestMachine(vcpus: 20)
        machine.configure(40, isEdge: true, vcpu: 0)
        machine.pulse(40)
        machine.write(0x6000 + 40 * 8, MPIDR(vcpuIndex: 19).rawValue, 8)
        #expect(machine.kicks[19] == 1)
        #expect(machine.takeAll(0).isEmpty)
        #expect(machine.takeAll(19) == [40])
    }

    @Test func pendingInterruptLeavesARunningVCPU() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(33, isEdge: false, vcpu: 0)
        machine.vgic.setSPI(33, level: true)
        machine.enter(0)
        machine.enter(1)
        machine.write(0x6000 + 33 * 8, 1, 8)
        #expect(machine.kicks == [1, 0])
        machine.exit(0)
        #expect(machine.kicks[1] == 1)
        machine.enter(0)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 1023)
        #expect(machine.cpus[1].acknowledge() == 33)
    }

    @Test func activeInterruptMovesAfterItsEnd() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true, vcpu: 0)
        machine.pulse(40)
        machine.enter(0)
        machine.enter(1)
        #expect(machine.cpus[0].acknowledge() == 40)
        machine.exit(0)
        machine.write(0x6000 + 40 * 8, 1, 8)
        machine.pulse(40)
        machine.enter(0)
        #expect(!machine.cpus[0].register(0).isPending)
        machine.settle()
        #expect(machine.cpus[1].acknowledge() == 1023)
        machine.cpus[0].end(40)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 1023)
        #expect(machine.cpus[1].acknowledge() == 40)
    }

    @Test func routeToNowhereKeepsTheInterrupt() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true)
        machine.write(0x6000 + 40 * 8, 0xFF_0000_0000, 8)
        machine.pulse(40)
        #expect(machine.kicks == [0, 0])
        #expect(machine.readBit(0x200, 40))
        machine.write(0x6000 + 40 * 8, 1, 8)
        #expect(machine.takeAll(1) == [40])
    }

    @Test func oneOfNGoesToTheFirstThatTakesTheGroup() {
        let machine = VGICTestMachine(vcpus: 4)
        for vcpu in 0..<4 {
            machine.cpus[vcpu].state.vmcr &= ~ICH_VMCR.veng1
            machine.vgic.sync(vcpu: vcpu, from: &machine.cpus[vcpu].state)
        }
        machine.configure(40, isEdge: true)
        machine.write(0x6000 + 40 * 8, 1 << 31, 8)
        #expect(machine.kicks == [1, 1, 1, 1], "from now on they tell when they take a group")
        machine.pulse(40)
        #expect(machine.kicks == [1, 1, 1, 1])
        machine.cpus[2].state.vmcr |= ICH_VMCR.veng1
        machine.vgic.sync(vcpu: 2, from: &machine.cpus[2].state)
        #expect(machine.kicks == [1, 1, 2, 1])
        machine.cpus[1].state.vmcr |= ICH_VMCR.veng1
        machine.vgic.sync(vcpu: 1, from: &machine.cpus[1].state)
        #expect(machine.takeAll(2) == [40])
        machine.exit(2)
        machine.pulse(40)
        #expect(machine.takeAll(1) == [40])
    }
}
