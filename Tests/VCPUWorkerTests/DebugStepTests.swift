import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct DebugStepTests {
    static let user = DebugMachine.userCode
    static let kernel = DebugMachine.kernelCode
    /// ISS with ISV, and with ISV and EX.
    static let stepped: UInt32 = 1 << 24 | 0x22
    static let steppedExclusive: UInt32 = 1 << 24 | 1 << 6 | 0x22

    @Test func executesOneInstruction() {
        let machine = DebugMachine()
        var event = machine.step([A64.increment, A64.increment, A64.increment])
        #expect(event.vector == 0x400 && event.exceptionClass == 0x32 && event.iss == Self.stepped)
        #expect(event.elr == Self.user + 4 && machine[x: 0] == 1 && event.spsr & SPSR.ss == 0)
        machine.vcpu.pointee.system.spsr_EL1 |= SPSR.ss
        event = machine.resume()
        #expect(event.elr == Self.user + 8 && machine[x: 0] == 2)
    }

    /// With SPSR_EL1.SS = 0 the exception is pending at once.
    @Test func isPendingWithoutSS() {
        let machine = DebugMachine()
        _ = machine.step([A64.increment])
        machine.returnTo(Self.user, spsr: 0)
        let event = machine.resume()
        #expect(event.exceptionClass == 0x32 && event.iss == 0x22 && event.elr == Self.user && machine[x: 0] == 1)
    }

    @Test func saysWhetherItWasALoadExclusive() {
        for (word, isExclusive) in [
            (0xC85F_7C62 as UInt32, true),  // LDXR X2, [X3]
            (0xC87F_9062, true),  // LDAXP X2, X4, [X3]
            (0x4864_7C66, false),  // CASPA X4, X5, X6, X7, [X3]
            (0xC8DF_FC62, false),  // LDAR X2, [X3]
            (0xC804_7C62, false),  // STXR W4, X2, [X3]
        ] {
            let machine = DebugMachine()
            machine[x: 3] = DebugMachine.data
            let event = machine.step([word])
            #expect(event.iss == (isExclusive ? Self.steppedExclusive : Self.stepped), "\(String(word, radix: 16))")
            #expect(event.elr == Self.user + 4)
        }
    }

    @Test func followsBranches() {
        let machine = DebugMachine()
        machine[x: 6] = Self.user + 0x2000
        #expect(machine.step([0xD61F_00C0]).elr == Self.user + 0x2000)  // BR X6
        #expect(machine.step([A64.branchToItself]).elr == Self.user)
        machine[x: 1] = 2
        // Not taken past a fused pair's first half.
        #expect(machine.step([0xF100_0421, 0x54FF_FFE1]).elr == Self.user + 4)
    }

    /// A call is done when its exception is taken; a fault is not.
    @Test func overExceptions() {
        let machine = DebugMachine()
        var event = machine.step([DebugMachine.end, A64.nop])
        #expect(event.exceptionClass == 0x15 && event.elr == Self.user + 4 && event.spsr & SPSR.ss == 0)
        event = machine.resume()
        #expect(event.exceptionClass == 0x32 && event.iss == 0x22 && event.elr == Self.user + 4)

        machine[x: 3] = DebugMachine.nowhere
        event = machine.step([0xF940_0062, A64.nop])  // LDR X2, [X3]
        #expect(event.exceptionClass == 0x24 && event.elr == Self.user && event.spsr & SPSR.ss != 0)
        machine[x: 3] = DebugMachine.data
        event = machine.resume()
        #expect(event.exceptionClass == 0x32 && event.iss == Self.stepped && event.elr == Self.user + 4)

        event = machine.step([0xD420_0020])  // BRK #1
        #expect(event.exceptionClass == 0x3C && event.spsr & SPSR.ss != 0)
        event = machine.step([0])
        #expect(event.exceptionClass == 0x00 && event.spsr & SPSR.ss != 0)
    }

    @Test func isInactiveWithoutSSOrLocked() {
        for (ss, osLock) in [(UInt64(0), UInt64(0)), (1, 1)] {
            let machine = DebugMachine()
            machine.store([A64.increment, A64.increment, DebugMachine.end], at: Self.user)
            machine.set(.mdscr_EL1, ss)
            machine.set(.oslar_EL1, osLock)
            machine.returnTo(Self.user, spsr: SPSR.ss)
            let event = machine.resume()
            #expect(event.exceptionClass == 0x15 && machine[x: 0] == 2 && event.spsr & SPSR.ss == 0)
        }
    }

    /// EL1 steps itself with KDE; the step begins only where debug exceptions were disabled.
    @Test func atEL1() {
        let machine = DebugMachine(el: 1)
        var event = machine.step([A64.increment, A64.increment], el: 1)
        #expect(event.vector == 0x200 && event.exceptionClass == 0x33 && event.iss == Self.stepped)
        #expect(event.elr == Self.kernel + 4 && machine[x: 0] == 1)
        // A return that leaves PSTATE.D set makes it inactive.
        machine.store([A64.increment, A64.increment, 0xD400_0022], at: Self.kernel)
        machine.returnTo(Self.kernel, spsr: SPSR.ss | 0x205)
        #expect(machine.resume().vector == 1 && machine[x: 0] == 3)
        // DAIFClr then makes it pending, without a step.
        machine.store([A64.nop, 0xD503_48FF, A64.nop], at: Self.kernel)
        machine.returnTo(Self.kernel, spsr: SPSR.ss | 0x205)
        event = machine.resume()
        #expect(event.exceptionClass == 0x33 && event.iss == 0x22 && event.elr == Self.kernel + 8)
        // From where debug exceptions are enabled SPSR_EL1.SS does not count.
        machine.returnTo(Self.kernel, spsr: SPSR.ss)
        machine.vcpu.pointee.pstate.daif = 0
        machine.vcpu.pointee.system.mdscr_EL1 = MDSCR.ss | MDSCR.kde
        let begins = machine.vcpu.pointee.stepAfterReturn(to: 0, SPSR.ss)
        #expect(!begins)
    }

    /// An instruction that the coordinator completes, and one that it must let run again.
    @Test func overExits() {
        let machine = DebugMachine(el: 1)
        var event = machine.step([0xD400_0022, A64.nop], el: 1)  // HVC #1
        #expect(event.vector == 1 && machine.vcpu.pointee.pc == Self.kernel + 4)
        event = machine.resume()
        #expect(event.exceptionClass == 0x33 && event.iss == 0x22 && event.elr == Self.kernel + 4)

        // WFI: the coordinator moves PC on.
        _ = machine.step([0xD503_207F, A64.nop], el: 1)
        #expect(machine.vcpu.pointee.exit.esr.exceptionClass == .wfx && machine.vcpu.pointee.pstate.ss)
        var entry = EntryFrame()
        entry.advancePC = true
        _ = machine.vcpu.pointee.enter(&entry, at: armada_monotonic())
        event = machine.resume()
        #expect(event.exceptionClass == 0x33 && event.iss == 0x22 && event.elr == Self.kernel + 4)
    }

    /// The exception comes before a breakpoint on the next instruction, and a breakpoint before the step.
    @Test func withBreakpoints() {
        let machine = DebugMachine()
        machine.setBreakpoint(0, Self.user + 4)
        var event = machine.step([A64.increment, A64.increment])
        #expect(event.exceptionClass == 0x32 && event.elr == Self.user + 4)
        machine.vcpu.pointee.system.spsr_EL1 |= SPSR.ss
        event = machine.resume()
        #expect(event.exceptionClass == 0x30 && event.spsr & SPSR.ss != 0 && machine[x: 0] == 1)
    }

    /// An asynchronous exception that comes before the step leaves it to be done.
    @Test func withAnInterrupt() {
        let machine = DebugMachine()
        machine.vcpu.pointee.system.serrorPending = true
        var event = machine.step([A64.increment])
        #expect(event.vector == 0x580 && event.elr == Self.user && event.spsr & SPSR.ss != 0 && machine[x: 0] == 0)
        event = machine.resume()
        #expect(event.exceptionClass == 0x32 && event.iss == Self.stepped && machine[x: 0] == 1)
    }

    @Test func knowsLoadExclusives() {
        #expect(VCPU.isLoadExclusive(0x085F_7C62))  // LDXRB W2, [X3]
        #expect(VCPU.isLoadExclusive(0x885F_FC62))  // LDAXR W2, [X3]
        #expect(VCPU.isLoadExclusive(0x887F_1062))  // LDXP W2, W4, [X3]
        #expect(!VCPU.isLoadExclusive(0x0864_7C66))  // CASPA W4, W5, W6, W7, [X3]
        #expect(!VCPU.isLoadExclusive(0xF940_0062))  // LDR X2, [X3]
    }
}
