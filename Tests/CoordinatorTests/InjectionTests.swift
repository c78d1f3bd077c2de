import CHost
import Shared
import Testing

@testable import Coordinator
@testable import VCPUWorker

/// Exceptions and interrupts from outside, on machines with scripted workers.
@Suite struct InjectionTests {
    private let wfi = ExceptionSyndrome(.wfx)
    /// No handler: UNDEF.
    private let unknown = ExceptionSyndrome(.sve)
    private let aborted = InjectedException(.dataAbort, address: 0x1000)
    private let serror = InjectedException(.serror, syndrome: 0x100_0007)

    private func isKicked(_ machine: TestMachine, _ vcpu: Int = 0) -> Bool {
        armada_load32(machine.vm.vcpus[vcpu].control.doorbell) & Doorbell.kick != 0
    }

    private func answer(_ machine: TestMachine, _ request: ControlRequest) -> ControlReply? {
        guard case .now(let reply) = machine.vm.answer(request) else { return nil }
        return reply
    }

    private func refusal(_ machine: TestMachine, _ request: ControlRequest) -> String? {
        guard case .failure(let text) = answer(machine, request) else { return nil }
        return text
    }

    /// The worker was called out and says so.
    private func comeOut(_ machine: TestMachine) {
        #expect(isKicked(machine))
        armada_store32(machine.vm.vcpus[0].control.doorbell, 0)
        #expect(machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq) == .entry)
    }

    @Test func aRunningVCPUIsKickedAndTakesIt() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(answer(machine, .inject(.serror(iss: 0x100_0007), vcpu: 0)) == .done)
        #expect(machine.vm.vcpus[0].isSErrorPending)
        comeOut(machine)
        #expect(machine.workers[0].entry.injected == serror)
        #expect(!machine.vm.vcpus[0].isSErrorPending)
        // Only once.
        machine.exit(wfi)
        #expect(machine.vm.vcpus[0].state == .blocked)
    }

    /// What a handler injects belongs to the instruction that exited; nothing is lost, and nothing is overwritten.
    @Test func aHandlersOwnGoesFirst() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.vm.inject(serror, into: machine.vm.vcpus[0]) == nil)
        #expect(machine.vm.inject(aborted, into: machine.vm.vcpus[0]) == nil)
        armada_store32(machine.vm.vcpus[0].control.doorbell, 0)
        #expect(machine.exit(unknown) == .entry)
        #expect(machine.workers[0].entry.injected.kind == .undefined)
        comeOut(machine)
        #expect(machine.workers[0].entry.injected == aborted)
        comeOut(machine)
        #expect(machine.workers[0].entry.injected == serror)
        #expect(!isKicked(machine))
        #expect(machine.exit(ExceptionSyndrome(.hvc64)) == .entry)
        #expect(machine.workers[0].entry.injected.kind == .none)
    }

    /// What the exit's handler has done to the registers is not lost.
    @Test func anAnswerComesWithIt() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.vm.inject(aborted, into: machine.vm.vcpus[0]) == nil)
        #expect(machine.exit(ExceptionSyndrome(.smc64), registers: [0x4B00_0000]) == .entry)
        #expect(machine.x0() == .max && machine.workers[0].entry.advancePC)
        #expect(machine.workers[0].entry.injected == aborted)
    }

    @Test(arguments: [AskedException.serror(iss: nil), .dataAbort(8), .instructionAbort(8), .undefined])
    func aSleeperIsWoken(exception: AskedException) throws {
        let machine = try TestMachine()
        machine.boot()
        machine.exit(wfi)
        #expect(machine.vm.vcpus[0].state == .blocked)
        #expect(answer(machine, .inject(exception, vcpu: 0)) == .done)
        #expect(machine.workers[0].next() == .entry)
        let entry = machine.workers[0].entry
        #expect(entry.advancePC && entry.injected.kind != .none)
        if exception == .serror(iss: nil) { #expect(entry.injected.syndrome == 1 << 24) }
    }

    /// It came while the guest was on its way into WFI.
    @Test func nobodyFallsAsleepOnIt() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(machine.vm.inject(serror, into: machine.vm.vcpus[0]) == nil)
        #expect(machine.exit(wfi) == .entry)
        #expect(machine.workers[0].entry.injected == serror)
        // Nor on one that PSTATE.A masks, by CPU_SUSPEND.
        machine.workers[0].exit.isSErrorPending = true
        #expect(machine.call(0xC400_0001) == .entry)
        #expect(machine.vm.vcpus[0].isSErrorPending)
        machine.workers[0].exit.isSErrorPending = false
        #expect(machine.call(0xC400_0001) == .nothing)
        #expect(machine.vm.vcpus[0].state == .blocked && !machine.vm.vcpus[0].isSErrorPending)
    }

    @Test func aPausedVCPUTakesItLater() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.vm.pause(0..<1)
        #expect(machine.exit(wfi) == .nothing)
        machine.vm.kick(machine.vm.vcpus[0], .unblock)
        machine.vm.wakeKicked()
        #expect(machine.vm.vcpus[0].state == .paused)
        #expect(answer(machine, .inject(.undefined, vcpu: 0)) == .done)
        let again = refusal(machine, .inject(.dataAbort(0), vcpu: 0))
        #expect(again == "vCPU 0 has not taken the exception before yet: try again, or resume it first")
        #expect(answer(machine, .inject(.serror(iss: 0), vcpu: 0)) == .done)
        #expect(machine.workers[0].next() == .nothing)
        machine.vm.resume(0..<1)
        #expect(machine.workers[0].next() == .entry)
        #expect(machine.workers[0].entry.injected.kind == .undefined)
        comeOut(machine)
        #expect(machine.workers[0].entry.injected.kind == .serror)
    }

    /// What an off vCPU had not taken is gone when it is on again.
    @Test func offIsOff() throws {
        let machine = try TestMachine(vcpuCount: 2)
        machine.boot()
        #expect(
            refusal(machine, .inject(.serror(iss: nil), vcpu: 1)) == "vCPU 1 is off: it takes no exception")
        #expect(machine.call(0xC400_0003, MPIDR(vcpuIndex: 1).rawValue, 0x4008_0000) == .entry)
        machine.vm.wakeKicked()
        #expect(machine.workers[1].next() == .entry)
        #expect(machine.vm.inject(serror, into: machine.vm.vcpus[1]) == nil)
        #expect(machine.call(0x8400_0002, vcpu: 1) == .nothing)
        #expect(machine.call(0xC400_0003, MPIDR(vcpuIndex: 1).rawValue, 0x4008_0000) == .entry)
        machine.vm.wakeKicked()
        #expect(machine.workers[1].next() == .entry)
        #expect(machine.workers[1].entry.injected.kind == .none)
    }

    /// The rule for syndromes stands and falls with what the processor announces.
    @Test func withoutFEAT_RAS() throws {
        #expect(IDRegisterSet.implemented[.pfr0] >> 28 & 0xF == 0)
        let machine = try TestMachine()
        machine.boot()
        #expect(refusal(machine, .inject(.serror(iss: 1), vcpu: 0))?.contains("FEAT_RAS") == true)
        #expect(!isKicked(machine) && machine.vm.vcpus[0].pendingExceptions.isEmpty)
        #expect(answer(machine, .inject(.serror(iss: 0), vcpu: 0)) == .done)
    }

    // MARK: Wires and kicks

    @Test func aKickWakesNobodyWithoutAReason() throws {
        let machine = try TestMachine(vcpuCount: 2)
        machine.boot()
        #expect(answer(machine, .kick(vcpu: nil)) == .done)
        #expect(isKicked(machine) && !isKicked(machine, 1))
        machine.exit(wfi)
        #expect(answer(machine, .kick(vcpu: 0)) == .done)
        #expect(machine.workers[0].next() == .nothing)
        #expect(machine.vm.vcpus[0].state == .blocked && machine.vm.vcpus[0].requests.isEmpty)
        #expect(refusal(machine, .kick(vcpu: 2)) == "there is no vCPU 2: the VM has 2, from 0 on")
    }

    @Test func aWireWakesASleeper() throws {
        let machine = try TestMachine()
        machine.boot()
        machine.enableTimers(vcpu: 0)
        let redistributor = machine.vm.vgic.redistributor(vcpu: 0)
        redistributor.write(offset: 0x1_0100, byteCount: 4, value: 1 << 20, vcpu: 0)
        machine.workers[0].exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        machine.exit(wfi)
        #expect(answer(machine, .irq(InterruptLine(intid: 20, vcpu: 0, change: .raise))) == .done)
        #expect(machine.workers[0].next() == .entry)
        #expect(ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0]).virtualINTID == 20)
    }

    @Test func wiresThatAreNotTheClients() throws {
        let machine = try TestMachine()
        machine.boot()
        func refusal(_ intid: UInt32, _ vcpu: Int? = nil, _ change: InterruptLine.Change = .raise) -> String {
            self.refusal(machine, .irq(InterruptLine(intid: intid, vcpu: vcpu, change: change))) ?? "done"
        }
        #expect(refusal(15).contains("SGI"))
        #expect(refusal(16).contains("--vcpu"))
        #expect(refusal(16, 1).contains("there is no vCPU 1"))
        #expect(refusal(27, 0).contains("virtual timer") && refusal(30, 0).contains("physical timer"))
        #expect(refusal(33).contains("PL011") && refusal(34).contains("PL031"))
        #expect(refusal(40, 0).contains("SPI"))
        #expect(refusal(255) == "done")
        #expect(refusal(256).contains("there is no INTID 256") && refusal(.max).contains("there is no INTID"))
        #expect(refusal(40, nil, .pulse).contains("level-sensitive"))
        machine.vm.vgic.distributor.write(offset: 0xC08, byteCount: 4, value: 2 << 16, vcpu: 0)
        #expect(refusal(40, nil, .pulse) == "done")
        let spi = try #require(machine.vm.vgic.spiIndex(40))
        #expect(machine.vm.vgic.interrupts[spi].pendingLatch && !machine.vm.vgic.interrupts[spi].lineLevel)
    }

    @Test func shutdownEndsTheRun() throws {
        let machine = try TestMachine()
        machine.boot()
        #expect(answer(machine, .shutdown) == .done)
        #expect(machine.vm.outcome == .shutDown && machine.vm.outcome?.exitCode == 39)
    }
}
