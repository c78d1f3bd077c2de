import Shared
import Testing

@testable import Coordinator

@Suite struct VGICListRegisterTests {
    @Test func emptyListClearsWhatTheStateBrought() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.cpus[0].state.listRegisters[3] = ~0
        machine.cpus[0].state.hcr = ~0
        machine.enter(0)
        #expect(machine.cpus[0].valid.isEmpty)
        #expect(machine.cpus[0].state.hcr == ICH_HCR.en | ICH_HCR.tdir)
    }

    @Test func listRegisterFields() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(200, isEdge: true, priority: 0x58)
        machine.pulse(200)
        machine.enter(0)
        #expect(machine.cpus[0].state.listRegisters[0] == 1 << 62 | 1 << 60 | 0x58 << 48 | 200)
        machine.exit(0)
        machine.write(0x80 + 200 / 32 * 4, 0)
        machine.enter(0)
        #expect(machine.cpus[0].state.listRegisters[0] == 1 << 62 | 0x58 << 48 | 200)
    }

    @Test func edgeThatWasNotTakenComesBack() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(40, isEdge: true)
        machine.pulse(40)
        for _ in 0..<5 {
            machine.enter(0)
            #expect(machine.cpus[0].valid.count == 1)
            machine.exit(0)
        }
        #expect(machine.readBit(0x200, 40))
        #expect(machine.takeAll(0) == [40])
        machine.exit(0)
        #expect(!machine.readBit(0x200, 40))
    }

    @Test func edgeWhileActiveIsPendingAndActive() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(40, isEdge: true)
        machine.pulse(40)
        machine.enter(0)
        #expect(machine.cpus[0].acknowledge() == 40)
        machine.pulse(40)
        #expect(machine.kicks[0] == 1)
        machine.settle()
        #expect(machine.cpus[0].register(0).isPending)
        #expect(machine.cpus[0].register(0).isActive)
        #expect(machine.cpus[0].acknowledge() == 1023)
        machine.cpus[0].end(40)
        #expect(machine.cpus[0].acknowledge() == 40)
    }

    @Test func levelIsNeverPendingAndActive() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.vgic.setSPI(33, level: true)
        machine.enter(0)
        #expect(machine.cpus[0].register(0).wantsEOIMaintenance)
        #expect(machine.cpus[0].acknowledge() == 33)
        machine.cycle(0)
        let register = machine.cpus[0].register(0)
        #expect(register.isActive)
        #expect(!register.isPending)
        #expect(register.wantsEOIMaintenance)
    }

    @Test func levelThatStaysHighIsTakenAgainAfterItsEnd() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.vgic.setSPI(33, level: true)
        #expect(machine.takeAll(0, limit: 5) == [33, 33, 33, 33, 33])
        machine.vgic.setSPI(33, level: false)
        machine.cycle(0)
        #expect(machine.takeAll(0).isEmpty)
    }

    @Test func endOfALevelWhoseWireFellNeedsNoExit() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.vgic.setSPI(33, level: true)
        machine.enter(0)
        #expect(machine.cpus[0].acknowledge() == 33)
        machine.exit(0)  // The handler's access to its device.
        machine.vgic.setSPI(33, level: false)
        machine.enter(0)
        #expect(!machine.cpus[0].register(0).wantsEOIMaintenance)
        // It rises again while the handler runs: the guest is brought out, and out again at the end.
        machine.vgic.setSPI(33, level: true)
        #expect(machine.kicks[0] == 1)
        machine.settle()
        machine.cpus[0].end(33)
        #expect(machine.cpus[0].wantsMaintenance)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 33)
    }

    @Test func risingAgainNeedsNoKickWhereTheEndIsNoticed() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.vgic.setSPI(33, level: true)
        machine.enter(0)
        machine.vgic.setSPI(33, level: false)
        machine.vgic.setSPI(33, level: true)
        #expect(machine.kicks[0] == 0)
        #expect(machine.takeAll(0, limit: 2) == [33, 33])
    }

    @Test func levelThatFallsBeforeItIsTakenIsWithdrawnAtTheNextExit() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.vgic.setSPI(33, level: true)
        machine.cycle(0)
        machine.vgic.setSPI(33, level: false)
        machine.cycle(0)
        #expect(machine.cpus[0].valid.isEmpty)
        #expect(!machine.readBit(0x200, 33))
    }

    @Test func softwarePendingOfALevelIsConsumedByTakingIt() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: false)
        machine.writeBit(0x200, 33)
        machine.enter(0)
        #expect(machine.cpus[0].acknowledge() == 33)
        machine.exit(0)
        #expect(!machine.readBit(0x200, 33))
        // Made pending again while active: taken a second time.
        machine.writeBit(0x200, 33)
        machine.enter(0)
        machine.cpus[0].end(33)
        machine.settle()
        #expect(machine.takeAll(0) == [33])
    }

    @Test func softwarePendingThatArrivesInTheGuestIsNotLost() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(33, isEdge: false, vcpu: 1)
        machine.writeBit(0x200, 33)
        machine.enter(1)
        #expect(machine.cpus[1].acknowledge() == 33)
        machine.writeBit(0x200, 33)
        machine.cpus[1].end(33)
        machine.settle()
        #expect(machine.takeAll(1) == [33])
    }

    @Test func timersHaveNoEndNotice() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.writePrivate(0, 0x1_0100, 1 << 27 | 1 << 30 | 1 << 20)
        for ppi in [20, 27, 30] as [UInt32] { machine.vgic.setPPI(ppi, vcpu: 0, level: true) }
        machine.enter(0)
        let noticed = machine.cpus[0].valid.filter(\.wantsEOIMaintenance).map(\.virtualINTID)
        #expect(machine.cpus[0].valid.count == 3)
        #expect(noticed == [20])
    }

    @Test func disabledActiveInterruptDoesNotBecomePendingInTheListRegister() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(40, isEdge: true)
        machine.pulse(40)
        machine.enter(0)
        #expect(machine.cpus[0].acknowledge() == 40)
        machine.exit(0)
        machine.writeBit(0x180, 40)
        machine.pulse(40)
        machine.enter(0)
        machine.cpus[0].end(40)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 1023)
        machine.writeBit(0x100, 40)
        machine.settle()
        #expect(machine.cpus[0].acknowledge() == 40)
    }

    @Test func clearPendingReachesARunningVCPU() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true, vcpu: 1)
        machine.pulse(40)
        machine.enter(1)
        #expect(machine.readBit(0x200, 40))
        machine.writeBit(0x280, 40)
        #expect(!machine.readBit(0x200, 40))
        machine.settle()
        #expect(machine.cpus[1].acknowledge() == 1023)
        // A new edge after it counts.
        machine.pulse(40)
        machine.settle()
        machine.writeBit(0x280, 40)
        machine.pulse(40)
        machine.settle()
        #expect(machine.takeAll(1) == [40])
    }

    @Test func activeIsChangedInARunningVCPU() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true, vcpu: 1)
        machine.pulse(40)
        machine.enter(1)
        #expect(machine.cpus[1].acknowledge() == 40)
        machine.writeBit(0x380, 40)
        #expect(machine.kicks[1] == 1)
        #expect(!machine.readBit(0x300, 40))
        machine.settle()
        #expect(machine.cpus[1].valid.isEmpty)
        machine.cpus[1].dropPriority()
        machine.pulse(40)
        machine.settle()
        machine.writeBit(0x300, 40)
        #expect(machine.readBit(0x300, 40))
        machine.settle()
        #expect(machine.cpus[1].acknowledge() == 1023)
        #expect(machine.cpus[1].register(0).isActive)
        machine.cpus[1].end(40)
        #expect(machine.cpus[1].acknowledge() == 40)
    }

    @Test func listRegistersThatNeverReachedTheGuestAreTakenBack() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(40, isEdge: true)
        machine.pulse(40)
        machine.vgic.flush(vcpu: 0, into: &machine.cpus[0].state)
        machine.vgic.flush(vcpu: 0, into: &machine.cpus[0].state)
        #expect(machine.cpus[0].valid.map(\.virtualINTID) == [40])
        machine.vgic.reset(vcpu: 0)
        #expect(machine.readBit(0x200, 40))
        #expect(machine.takeAll(0) == [40])
    }

    @Test func workerSpeaksOnlyForWhatItWasGiven() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true)
        machine.configure(41, isEdge: true)
        machine.pulse(40)
        machine.enter(0)
        // Another INTID in the register, states that it never had, and registers that were not filled.
        machine.cpus[0].state.listRegisters[0] = 1 << 63 | 41
        for place in 1..<16 { machine.cpus[0].state.listRegisters[place] = 3 << 62 | 41 }
        machine.cpus[0].state.hcr = ~0
        machine.exit(0)
        #expect(machine.readBit(0x300, 40))
        #expect(!machine.readBit(0x300, 41))
        #expect(!machine.readBit(0x200, 41))
    }

    @Test func distributorThatIsOffForwardsNothingAndLosesNothing() {
        let machine = VGICTestMachine(vcpus: 1, enabled: false)
        machine.configure(40, isEdge: true, priority: 0x80)
        machine.configure(33, isEdge: false)
        machine.pulse(40)
        machine.vgic.setSPI(33, level: true)
        machine.enter(0)
        #expect(machine.cpus[0].valid.isEmpty)
        #expect(machine.kicks[0] == 0)
        machine.write(0, 2)
        #expect(machine.kicks[0] > 0)
        machine.settle()
        #expect(machine.cpus[0].valid.count == 2)
        machine.write(0, 1)
        machine.settle()
        #expect(machine.cpus[0].valid.isEmpty)
        machine.write(0, 2)
        machine.settle()
        #expect(machine.takeAll(0, limit: 2) == [40, 33])
    }

    @Test func levelConfigurationFollowsTheWire() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(33, isEdge: true)
        machine.vgic.setSPI(33, level: true)
        #expect(machine.takeAll(0) == [33])
        machine.exit(0)
        #expect(!machine.readBit(0x200, 33))
        machine.configure(33, isEdge: false)
        #expect(machine.readBit(0x200, 33))
    }

    /// What the guest's end of an interrupt drops is the priority with which it took it: a list register that says
    /// otherwise would not be deactivated by it.
    @Test func anActiveInterruptKeepsThePriorityWithWhichItWasTaken() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.configure(40, isEdge: true, priority: 0xA0)
        machine.pulse(40)
        machine.enter(0)
        #expect(machine.cpus[0].acknowledge() == 40)
        machine.write(0x400 + 40, 0x40, 1)
        machine.pulse(40)
        machine.settle()
        let active = machine.cpus[0].register(0)
        #expect(active.isActive && active.priority == 0xA0)
        machine.cpus[0].end(40)
        machine.settle()
        // The next time it has the new one.
        let pending = machine.cpus[0].register(0)
        #expect(pending.isPending && !pending.isActive && pending.priority == 0x40)
        #expect(machine.takeAll(0) == [40])
    }
}
