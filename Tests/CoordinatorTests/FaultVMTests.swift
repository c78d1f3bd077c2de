import CHost
import Shared
import Testing

@testable import Coordinator

/// Faults in kicks and entries, on machines with scripted workers.
@Suite struct FaultVMTests {
    private static let wfi = ExceptionSyndrome(.wfx, iss: 0)
    private static let read = ExceptionSyndrome(.hvc64)

    /// vCPU 0 is in the guest, the distributor on.
    private func machine(_ faults: [Fault: UInt32], vcpuCount: Int = 1) throws -> TestMachine {
        var plan = FaultPlan()
        for (fault, interval) in faults { plan[fault] = interval }
        let machine = try TestMachine(vcpuCount: vcpuCount, faults: plan)
        for worker in machine.workers {
            worker.exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF0 << ICH_VMCR.vpmrShift
        }
        machine.vm.vgic.distributor.write(offset: 0, byteCount: 4, value: 2, vcpu: 0)
        machine.boot()
        return machine
    }

    private func sendSGI(_ machine: TestMachine) {
        machine.vm.vgic.sendSGI(from: 0, value: 5 << 24 | 1, group: 1)
        machine.vm.wakeKicked()
    }

    private func doorbell(_ machine: TestMachine) -> UInt32 {
        armada_load32(machine.vm.vcpus[0].control.doorbell) & Doorbell.kick
    }

    private func firstListRegister(_ machine: TestMachine) -> ListRegister {
        ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0])
    }

    // MARK: Kicks

    @Test func dropKickLeavesARunningVCPUInTheGuest() throws {
        let machine = try machine([.dropKick: 1])
        sendSGI(machine)
        #expect(doorbell(machine) == 0)
        #expect(machine.vm.vcpus[0].requests == .irqPending)
        // Whenever it comes out, it finds it.
        #expect(machine.exit(Self.read) == .entry)
        #expect(firstListRegister(machine).virtualINTID == 5)
    }

    @Test func dropKickLetsASleeperSleep() throws {
        let machine = try machine([.dropKick: 1])
        #expect(machine.exit(Self.wfi) == .nothing)
        sendSGI(machine)
        #expect(machine.workers[0].next() == .nothing)
        #expect(machine.vm.vcpus[0].state == .blocked)
    }

    @Test func theEndOfTheRunReachesEveryone() throws {
        let machine = try machine([.dropKick: 1])
        machine.vm.kick(machine.vm.vcpus[0], .vmDead)
        #expect(doorbell(machine) != 0)
    }

    @Test func spuriousKicksHaveNoReason() throws {
        let machine = try machine([.spurious: 1])
        #expect(doorbell(machine) != 0)
        #expect(!machine.vm.vgic.hasPending(vcpu: 0, state: machine.vm.vcpus[0].entry.cpuInterface))
    }

    @Test func spuriousWakeUpsEndAWFI() throws {
        let machine = try machine([.spurious: 1], vcpuCount: 2)
        #expect(machine.call(0xC400_0003, MPIDR(vcpuIndex: 1).rawValue, 0x4008_0000) == .entry)
        var wasWoken = false
        for _ in 0..<50 where !wasWoken {
            // Each entry of vCPU 1 disturbs one of the two.
            if machine.vm.vcpus[0].state == .running { _ = machine.exit(Self.wfi) }
            #expect(machine.exit(Self.read, vcpu: 1) == .entry)
            machine.vm.wakeKicked()
            wasWoken = machine.workers[0].next() == .entry
        }
        #expect(wasWoken)
        #expect(machine.workers[0].entry.cpuInterface.listRegisters[0] == 0)
    }

    // MARK: Between the two checks

    @Test func anInterruptInTheWindowBacksTheEntryOut() throws {
        let machine = try machine([.window: 1])
        sendSGI(machine)
        // It waits for the entry, to which the vCPU is called.
        #expect(!machine.vm.vgic.hasPending(vcpu: 0, state: machine.vm.vcpus[0].entry.cpuInterface))
        #expect(doorbell(machine) != 0)
        #expect(machine.exit(Self.read) == .entry)
        #expect(firstListRegister(machine).virtualINTID == 5)
        #expect(machine.vm.loopStatistics.entriesBackedOut == 1)
    }

    @Test func withoutTheSecondCheckTheGuestRunsWithoutIt() throws {
        let machine = try machine([.skipSecondCheck: 1])
        sendSGI(machine)
        #expect(machine.exit(Self.read) == .entry)
        #expect(firstListRegister(machine).rawValue == 0)
        #expect(machine.vm.vcpus[0].requests == .irqPending)
        #expect(machine.vm.loopStatistics.entriesBackedOut == 0)
        #expect(machine.exit(Self.read) == .entry)
        #expect(firstListRegister(machine).virtualINTID == 5)
    }

    @Test func aSleeperIsWokenIntoTheWindow() throws {
        let machine = try machine([.skipSecondCheck: 1])
        #expect(machine.exit(Self.wfi) == .nothing)
        sendSGI(machine)
        #expect(machine.workers[0].next() == .entry)
        #expect(machine.workers[0].entry.cpuInterface.listRegisters[0] == 0)
        #expect(machine.exit(Self.wfi) == .entry)
        #expect(firstListRegister(machine).virtualINTID == 5)
    }

    // MARK: Entries

    @Test func aStarvedVCPUEntersWhenItsTimeHasCome() throws {
        let machine = try machine([.starve: 2])
        let faults = try #require(machine.vm.faults)
        var starvedCount = 0
        for _ in 0..<50 {
            var order = machine.vm.vcpus[0].state == .running ? machine.exit(Self.read) : machine.workers[0].next()
            while order == .nothing {
                starvedCount += 1
                let due = faults.deadline
                #expect(due < armada_monotonic() + 10_000_000)
                machine.vm.faultsExpired(faults, at: due)
                order = machine.workers[0].next()
            }
            #expect(order == .entry)
            #expect(faults.deadline == .max)
        }
        #expect(starvedCount > 10)
        #expect(machine.vm.strikeCount(of: .starve) >= UInt64(starvedCount))
        #expect(machine.vm.faultReport?.hasPrefix("faults injected with --seed 1: starve ") == true)
    }

    @Test func aVMWithoutAPlanHasNoFaults() throws {
        let machine = try machine([:])
        #expect(machine.vm.faults == nil)
        #expect(machine.vm.vgic.faults == nil)
        #expect(machine.vm.faultReport == nil)
    }
}
