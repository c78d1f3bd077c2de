import CHost
import Glibc
import Shared
import Testing

@testable import Coordinator

/// `--on-vcpu-loss offline`, on machines with scripted workers: nothing waits for a vCPU that is lost.
@Suite struct VCPULossTests {
    private static let affinityInfo: UInt32 = 0xC400_0004
    private static let cpuOn: UInt32 = 0xC400_0003

    /// Two vCPUs, both in the guest.
    private func machine() throws -> TestMachine {
        let machine = try TestMachine(vcpuCount: 2, vcpuLoss: .offline)
        machine.boot()
        machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(machine.workers[1].next() == .entry)
        return machine
    }

    private func expectSPI(_ intid: UInt32, of machine: TestMachine, vcpu: Int) {
        let register = ListRegister(rawValue: machine.workers[vcpu].entry.cpuInterface.listRegisters[0])
        #expect(register.virtualINTID == intid && register.isPending)
    }

    @Test func itIsOffForPSCIAndDoesNotComeBack() throws {
        let machine = try machine()
        machine.vm.lost(machine.vm.vcpus[1], .gone)
        #expect(machine.vm.outcome == nil && machine.vm.vcpus[1].state == .lost)
        #expect(machine.vm.runningCount == 1 && machine.vm.loopStatistics.vcpusLost == 1)
        machine.call(Self.affinityInfo, 1)
        #expect(machine.x0() == 1)
        machine.call(Self.cpuOn, 1, 0x4008_0000)
        #expect(machine.x0() == UInt64(bitPattern: -6))
        // Its worker, if it still listens, is told.
        #expect(machine.workers[1].next() == .closed)
        #expect(machine.vm.describe().vcpus.map(\.state) == [.inGuest, .lost])
        #expect(machine.vm.vcpuDump.contains("vCPU 1: lost"))
    }

    /// A lost vCPU counts once, whatever comes after it.
    @Test func theSecondReportIsNoNews() throws {
        let machine = try machine()
        machine.vm.lost(machine.vm.vcpus[1], .gone)
        machine.vm.lost(machine.vm.vcpus[1], .violation("nonsense"))
        machine.vm.workerEnded(machine.vm.vcpus[1])
        #expect(machine.vm.runningCount == 1 && machine.vm.loopStatistics.vcpusLost == 1 && machine.vm.outcome == nil)
    }

    @Test func aPauseDoesNotWaitForIt() throws {
        let machine = try machine()
        machine.vm.pause(0..<2)
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        #expect(machine.vm.isPausing)
        machine.vm.lost(machine.vm.vcpus[1], .gone)
        #expect(!machine.vm.isPausing)
        machine.vm.resume(0..<2)
        #expect(machine.vm.vcpus.map(\.state) == [.running, .lost])
        guard case .whenPaused = machine.vm.answer(.pause(vcpu: nil)) else { Issue.record("at once"); return }
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        #expect(!machine.vm.isPausing)
    }

    /// An SPI that stood in a list register of the lost vCPU is pending again, and goes to another one when it is routed there;
    /// until then, and for SGIs for ever, it stays where it is.
    @Test func interruptsStayPendingThere() throws {
        let machine = try machine()
        let vgic = machine.vm.vgic
        vgic.distributor.write(offset: 0, byteCount: 4, value: 0x12, vcpu: 0)
        vgic.distributor.write(offset: 0x80 + 4, byteCount: 4, value: ~0, vcpu: 0)
        vgic.distributor.write(offset: 0x100 + 4, byteCount: 4, value: 1 << 5, vcpu: 0)
        vgic.distributor.write(offset: 0x6000 + 8 * 37, byteCount: 8, value: 1, vcpu: 0)
        vgic.setSPI(37, level: true)
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq, vcpu: 1)
        expectSPI(37, of: machine, vcpu: 1)
        // A register write that waits for the list register to come back.
        vgic.distributor.write(offset: 0x180 + 4, byteCount: 4, value: 1 << 5, vcpu: 0)
        #expect(vgic.distributorControl & 1 << 31 != 0)
        machine.vm.lost(machine.vm.vcpus[1], .gone)
        #expect(vgic.distributorControl & 1 << 31 == 0)

        vgic.distributor.write(offset: 0x100 + 4, byteCount: 4, value: 1 << 5, vcpu: 0)
        vgic.sendSGI(from: 0, value: 3 << 24 | 1 << 1, group: 1)
        machine.vm.wakeKicked()
        #expect(vgic.redistributor(vcpu: 1).read(offset: 0x1_0200, byteCount: 4, vcpu: 0) & 1 << 3 != 0)
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        #expect(machine.workers[0].entry.cpuInterface.listRegisters[0] == 0)
        vgic.distributor.write(offset: 0x6000 + 8 * 37, byteCount: 8, value: 0, vcpu: 0)
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        expectSPI(37, of: machine, vcpu: 0)
    }

    @Test func itsTimersAreForgotten() throws {
        let machine = try machine()
        machine.enableTimers(vcpu: 1)
        machine.workers[1].exit.timer.virtualControl = 1
        machine.workers[1].exit.timer.virtualCompare = 1 << 40
        machine.exit(ExceptionSyndrome(.wfx), vcpu: 1)
        #expect(machine.vm.timers.earliest < .max)
        machine.vm.lost(machine.vm.vcpus[1], .gone)
        #expect(machine.vm.timers.earliest == .max)
    }

    @Test(arguments: [false, true]) func theRunEndsWithTheLastOne(isSwitchedOff: Bool) throws {
        let machine = try machine()
        if isSwitchedOff {
            machine.vm.lost(machine.vm.vcpus[1], .gone)
            machine.call(0x8400_0002)
        } else {
            machine.call(0x8400_0002)
            machine.vm.lost(machine.vm.vcpus[1], .gone)
        }
        guard case .workerLost(let vcpu, let detail) = machine.vm.outcome else { Issue.record("no end"); return }
        #expect(vcpu == 1 && detail.hasSuffix("; no other vCPU is on"), "\(detail)")
    }

    @Test func allOffWithoutALossIsNoEnd() throws {
        let machine = try TestMachine(vcpuCount: 2, vcpuLoss: .offline)
        machine.boot()
        machine.call(0x8400_0002)
        #expect(machine.vm.outcome == nil)
    }

    @Test func anEntryThatCannotBeSentIsALoss() throws {
        let machine = try machine()
        machine.exit(ExceptionSyndrome(.wfx), vcpu: 1)
        shutdown(machine.workers[1].socket, Int32(SHUT_RDWR))
        machine.vm.kick(machine.vm.vcpus[1], .unblock)
        machine.vm.wakeKicked()
        #expect(machine.vm.vcpus[1].state == .lost && machine.vm.outcome == nil)
    }

    /// What the loop finds at the socket of vCPU 1; vCPU 0 then powers off.
    @Test(arguments: [[], [200, 0, 0, 0, 1], [3, 0, 0, 0, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func theLoopGoesOnWithoutIt(lastBytes: [UInt8]) throws {
        let machine = try TestMachine(vcpuCount: 2, timeoutSeconds: 20, vcpuLoss: .offline)
        let outcome = try VMEventLoopTests().run(
            machine,
            { worker in
                _ = worker.next(waiting: .untilFrame)
                while armada_load32(machine.vm.vcpus[1].control.dvmGone) == 0 {
                    guard VMEventLoopTests.hypercall(worker, 0x8400_0000) == .entry else { return }
                }
                for _ in 0..<100 { _ = VMEventLoopTests.hypercall(worker, 0x8400_0000) }
                _ = VMEventLoopTests.hypercall(worker, 0x8400_0008)
            },
            { worker in
                _ = worker.next(waiting: .untilFrame)
                armada_store32(machine.vm.vcpus[1].control.dvmActive, 1)
                worker.sendRaw(lastBytes)
                shutdown(worker.socket, Int32(SHUT_WR))
            })
        #expect(outcome == .poweredOff)
        #expect(machine.vm.vcpus[1].state == .lost && machine.vm.loopStatistics.vcpusLost == 1)
        #expect(armada_load32(machine.vm.vcpus[1].control.mode) == VCPUMode.outsideGuest.rawValue)
    }

    /// With `stop`: a frame of which only a part has come is a death in the middle of it, not a lie.
    @Test func halfAFrameIsALossAndNoViolation() throws {
        let machine = try TestMachine()
        let outcome = try VMEventLoopTests().run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            worker.sendRaw([200, 0, 0, 0, 1])
            shutdown(worker.socket, Int32(SHUT_WR))
        }
        guard case .workerLost(vcpu: 0, _) = outcome else { Issue.record("\(outcome as Any)"); return }
    }
}
