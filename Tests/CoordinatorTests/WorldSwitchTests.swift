import CHost
import Glibc
import Shared
import Testing

@testable import Coordinator

@Suite struct WorldSwitchTests {
    private static let cntp_TVAL_EL0 = SystemRegisterEncoding(3, 3, 14, 2, 0)
    private static let cntp_CTL_EL0 = SystemRegisterEncoding(3, 3, 14, 2, 1)
    private static let cntp_CVAL_EL0 = SystemRegisterEncoding(3, 3, 14, 2, 2)

    private static func access(_ register: SystemRegisterEncoding, isRead: Bool) -> ExceptionSyndrome {
        ExceptionSyndrome(.sys64, iss: register.iss(rt: 3, isRead: isRead))
    }

    private func machine(_ worldSwitch: WorldSwitch = .nvhe) throws -> TestMachine {
        let machine = try TestMachine(worldSwitch: worldSwitch)
        machine.enableTimers(vcpu: 0)
        machine.workers[0].exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        machine.boot()
        return machine
    }

    private func write(_ machine: TestMachine, _ register: SystemRegisterEncoding, _ value: UInt64) {
        machine.exit(Self.access(register, isRead: false), registers: [value])
    }

    private func read(_ machine: TestMachine, _ register: SystemRegisterEncoding) -> UInt64? {
        machine.exit(Self.access(register, isRead: true))
        return machine.register(3)
    }

    /// The INTID in the first list register of the last Entry; 0 if it is empty.
    private func intid(_ machine: TestMachine) -> UInt32 {
        let register = ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0])
        return register.isPending ? register.virtualINTID : 0
    }

    // MARK: The context

    @Test func `the copy of each vCPU goes back with its next Entry`() throws {
        let machine = try machine()
        let worker = machine.workers[0]
        #expect(worker.entry.context == RegisterContext())
        worker.exit.context.tpidr_EL1 = 7
        worker.exit.context.sctlr_EL1 |= 1
        #expect(machine.call(0x8400_0000) == .entry)
        #expect(worker.entry.context == worker.exit.context)
    }

    @Test func `what the coordinator changes reaches the worker`() throws {
        let machine = try machine()
        let worker = machine.workers[0]
        worker.exit.context.tpidr_EL1 = 7
        #expect(machine.exit(ExceptionSyndrome(.wfx)) == .nothing)
        machine.vm.vcpus[0].entry.context.vbar_EL1 = 0x800
        machine.vm.kick(machine.vm.vcpus[0], .unblock)
        machine.vm.wakeKicked()
        #expect(worker.next() == .entry)
        #expect(worker.entry.context.vbar_EL1 == 0x800)
        #expect(worker.entry.context.tpidr_EL1 == 7)
    }

    @Test func `power on starts from reset values`() throws {
        let machine = try machine()
        machine.workers[0].exit.context.tpidr_EL1 = 7
        machine.call(0x8400_0000)
        machine.vm.powerOff(machine.vm.vcpus[0])
        machine.vm.powerOn(machine.vm.vcpus[0], ResetState(pc: 0, x0: 0))
        let isReset = machine.vm.vcpus[0].entry.context == RegisterContext()
        #expect(isReset)
    }

    @Test(arguments: WorldSwitch.allCases) func `registers and bytes are counted`(mode: WorldSwitch) throws {
        let machine = try machine(mode)
        machine.call(0x8400_0000)
        // As a worker whose guest does not touch its CPU interface.
        machine.workers[0].exit.cpuInterface = machine.workers[0].entry.cpuInterface
        let before = machine.vm.vcpus[0].channel.traffic
        machine.call(0x8400_0000)
        let after = machine.vm.vcpus[0].channel.traffic
        // Both ways: 25 of the context, 4 of the CPU interface. One way: PC, PSTATE.
        #expect(after.registersMoved - before.registersMoved == (mode == .nvhe ? 60 : 2))
        #expect(after.registersMoved == machine.workers[0].registersMoved)
        let received = after.receivedByteCount - before.receivedByteCount
        let sent = after.sentByteCount - before.sentByteCount
        #expect(mode == .nvhe ? received > 200 && sent > 200 : received < 200 && sent < 50)
        #expect(received > 0 && sent > 0)
    }

    @Test(arguments: WorldSwitch.allCases) func `a worker of the other mode breaks the protocol`(mode: WorldSwitch)
        throws
    {
        let machine = try machine(mode)
        var encoder = FrameEncoder()
        var carried = CarriedState(worldSwitch: mode == .vhe ? .nvhe : .vhe)
        var exit = ExitFrame()
        exit.sequence = 1
        exit.pstate = 5
        exit.cpuInterface.vmcr = 1
        machine.workers[0].sendRaw(Array(encoder.encode(&exit, carried: &carried)))
        guard case .violation(let error) = machine.vm.vcpus[0].channel.receive() else {
            return #expect(Bool(false), "it was accepted")
        }
        #expect(error == (mode == .vhe ? .needless("context") : .missing("context")))
    }

    // MARK: The physical timer

    @Test func `the physical timer's registers are the coordinator's`() throws {
        let machine = try machine()
        write(machine, Self.cntp_CVAL_EL0, 0x1234_5678_9ABC_DEF0)
        #expect(machine.workers[0].entry.advancePC)
        #expect(read(machine, Self.cntp_CVAL_EL0) == 0x1234_5678_9ABC_DEF0)
        #expect(machine.workers[0].entry.advancePC)
        write(machine, Self.cntp_CTL_EL0, ~0)
        #expect(read(machine, Self.cntp_CTL_EL0) == 3, "ENABLE and IMASK; the condition is not met")
        write(machine, Self.cntp_CVAL_EL0, 0)
        #expect(read(machine, Self.cntp_CTL_EL0) == 7, "ISTATUS shows under IMASK too")
        write(machine, Self.cntp_CTL_EL0, 0)
        #expect(read(machine, Self.cntp_CTL_EL0) == 0, "and only while it is enabled")
        // Half the range of TVAL, there and back.
        write(machine, Self.cntp_TVAL_EL0, 0x7FFF_FFFF)
        let later = try #require(read(machine, Self.cntp_TVAL_EL0))
        #expect(later < 0x7FFF_FFFF && later > 0x3FFF_FFFF)
        write(machine, Self.cntp_TVAL_EL0, 0xFFFF_FFFF)
        let earlier = try #require(read(machine, Self.cntp_TVAL_EL0))
        #expect(earlier > 0x7FFF_FFFF && earlier <= 0xFFFF_FFFF)
        #expect(machine.samples(ExitReason(.sys64)) == 12)
    }

    @Test func `with vhe they are the worker's, and a trap is nobody's`() throws {
        let machine = try machine(.vhe)
        machine.exit(Self.access(Self.cntp_CTL_EL0, isRead: true))
        #expect(machine.workers[0].entry.injected.kind == .undefined)
        #expect(!machine.workers[0].entry.advancePC)
    }

    @Test func `the line follows control and compare value`() throws {
        let machine = try machine()
        write(machine, Self.cntp_CTL_EL0, 1)
        #expect(intid(machine) == 30, "CVAL is 0, which is past")
        let register = ListRegister(rawValue: machine.workers[0].entry.cpuInterface.listRegisters[0])
        #expect(register.wantsEOIMaintenance, "the worker does not watch this line")
        // Not taken: it comes back pending.
        machine.workers[0].exit.cpuInterface.listRegisters[0] = register.rawValue
        write(machine, Self.cntp_CTL_EL0, 3)
        #expect(intid(machine) == 0)
        machine.workers[0].exit.cpuInterface.listRegisters[0] = 0
        write(machine, Self.cntp_CTL_EL0, 1)
        #expect(intid(machine) == 30)
        // An end of interrupt while the line is high is followed by the next.
        machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        #expect(intid(machine) == 30)
        write(machine, Self.cntp_CVAL_EL0, .max)
        #expect(intid(machine) == 0)
        #expect(machine.vm.physicalTimers.earliest == .max, "beyond the clock's end is never")
    }

    @Test func `a vCPU that starts over has its timer off`() throws {
        let machine = try machine()
        write(machine, Self.cntp_CVAL_EL0, 1 << 60)
        write(machine, Self.cntp_CTL_EL0, 1)
        #expect(machine.vm.physicalTimers.earliest == 1 << 60 + machine.vm.counterOffset)
        machine.vm.powerOff(machine.vm.vcpus[0])
        #expect(machine.vm.physicalTimers.earliest == .max)
        machine.vm.powerOn(machine.vm.vcpus[0], ResetState(pc: 0, x0: 0))
        #expect(machine.vm.vcpus[0].physicalTimer.control == 0)
    }

    /// In the guest, and blocked in WFI.
    @Test(arguments: [false, true]) func `it strikes in time`(isBlocked: Bool) throws {
        let machine = try TestMachine(timeoutSeconds: 20, worldSwitch: .nvhe)
        machine.enableTimers(vcpu: 0)
        nonisolated(unsafe) var early = true
        nonisolated(unsafe) var intid: UInt32 = 0
        let control = machine.vm.vcpus[0].control
        let outcome = try VMEventLoopTests().run(machine) { worker in
            _ = worker.next(waiting: .untilFrame)
            worker.exit.cpuInterface.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
            let deadline = armada_monotonic() + 5_000_000
            func write(_ register: SystemRegisterEncoding, _ value: UInt64) {
                worker.exit.code = .trap
                worker.exit.esr = Self.access(register, isRead: false)
                worker.exit.registers[0] = value
                armada_store32(control.mode, VCPUMode.outsideGuest.rawValue)
                worker.sendExit()
                _ = worker.next(waiting: .untilFrame)
            }
            write(Self.cntp_CVAL_EL0, deadline)
            write(Self.cntp_CTL_EL0, 1)
            if isBlocked {
                worker.exit.esr = ExceptionSyndrome(.wfx)
            } else {
                // On a busy host the time may have come before the Entry, which then brings the interrupt.
                let isHere = worker.entry.cpuInterface.listRegisters[0] != 0
                while !isHere, armada_load32(control.doorbell) & Doorbell.kick == 0 { usleep(100) }
                worker.exit.code = .irq
                worker.exit.esr = ExceptionSyndrome(rawValue: 0)
            }
            armada_store32(control.mode, VCPUMode.outsideGuest.rawValue)
            worker.sendExit()
            _ = worker.next(waiting: .untilFrame)
            early = armada_monotonic() < deadline
            intid = ListRegister(rawValue: worker.entry.cpuInterface.listRegisters[0]).virtualINTID
            _ = VMEventLoopTests.hypercall(worker, 0x8400_0008)
        }
        #expect(outcome == .poweredOff)
        #expect(!early)
        #expect(intid == 30)
    }
}
