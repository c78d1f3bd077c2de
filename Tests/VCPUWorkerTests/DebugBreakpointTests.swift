import Shared
import Testing

@testable import VCPUWorker

@Suite struct DebugBreakpointTests {
    static let user = DebugMachine.userCode
    static let kernel = DebugMachine.kernelCode
    static let anywhere = DebugMachine.breakpointAnywhere
    static let three = [A64.increment, A64.increment, A64.increment, DebugMachine.end]

    @Test func isTakenBeforeTheInstruction() {
        let machine = DebugMachine()
        machine.setBreakpoint(2, Self.user + 8)
        machine.enable()
        let event = machine.run(Self.three)
        #expect(event.vector == 0x400 && event.exceptionClass == 0x30 && event.iss == 0x22)
        #expect(event.elr == Self.user + 8 && machine[x: 0] == 2 && event.spsr & SPSR.ss == 0)
        // Nothing disabled it.
        #expect(machine.resume() == event && machine[x: 0] == 2)
        machine.setBreakpoint(2, 0, control: 0)
        #expect(machine.resume().exceptionClass == 0x15 && machine[x: 0] == 3)
    }

    /// What keeps a breakpoint of EL0 from firing.
    @Test(
        arguments: [
            (0, anywhere, 0, 0),  // MDE = 0
            (1, anywhere & ~1, 0, 0),  // E = 0
            (1, anywhere & ~4, 0, 0),  // PMC: EL1 only
            (1, anywhere & ~6, 0, 0),  // PMC: neither
            (1, anywhere | 2 << 14, 0, 0),  // SSC: Secure only
            (1, anywhere | 4 << 20, 0, 0),  // BT: address mismatch, reserved
            (1, anywhere | 2 << 20, 0, 0),  // BT: context, in a breakpoint that is not context-aware
            (1, anywhere, 1, 0),  // the OS lock
            (1, anywhere, 0, 1),  // the OS double lock
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func staysSilent(mde: UInt64, control: UInt64, osLock: UInt64, doubleLock: UInt64) {
        let machine = DebugMachine()
        machine.setBreakpoint(0, Self.user + 8, control: control)
        machine.set(.mdscr_EL1, mde << 15)
        machine.set(.oslar_EL1, osLock)
        machine.set(.osdlr_EL1, doubleLock)
        #expect(machine.run(Self.three).exceptionClass == 0x15 && machine[x: 0] == 3)
        // And each is what kept it.
        machine.setBreakpoint(0, Self.user + 8)
        machine.enable()
        machine.set(.oslar_EL1, 0)
        machine.set(.osdlr_EL1, 0)
        machine.returnTo(Self.user, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x30)
    }

    /// EL1 debugs itself with KDE, while PSTATE.D is clear.
    @Test(arguments: [(false, false), (false, true), (true, true), (true, false)])
    func firesAtEL1(kde: Bool, isMasked: Bool) {
        let machine = DebugMachine(el: 1)
        machine.setBreakpoint(0, Self.kernel + 4)
        machine.enable(kde ? MDSCR.kde : 0)
        machine.vcpu.pointee.pstate.daif = isMasked ? 0x200 : 0
        let event = machine.run([A64.increment, A64.increment, 0xD400_0022])
        if kde, !isMasked {
            #expect(event.vector == 0x200 && event.exceptionClass == 0x31 && event.elr == Self.kernel + 4)
            #expect(event.spsr == 5 && machine[x: 0] == 1)
        } else {
            #expect(event.vector == 1 && machine[x: 0] == 2)
        }
    }

    /// MSR DAIFClr, #8 works on the very next instruction; so does a write of the registers themselves after an ISB.
    @Test func isEnabledByInstructions() {
        let machine = DebugMachine(el: 1)
        machine.setBreakpoint(0, Self.kernel + 8)
        machine.enable(MDSCR.kde)
        machine.vcpu.pointee.pstate.daif = 0x3C0
        let event = machine.run([A64.nop, 0xD503_48FF, A64.nop, 0xD400_0022])
        #expect(event.exceptionClass == 0x31 && event.elr == Self.kernel + 8)

        let other = DebugMachine(el: 1)
        other.setBreakpoint(0, Self.kernel + 12)
        other[x: 5] = MDSCR.kde | MDSCR.mde
        // MSR MDSCR_EL1, X5
        #expect(other.run([0xD510_0245, A64.isb, A64.nop, A64.nop, 0xD400_0022]).elr == Self.kernel + 12)
    }

    // MARK: Contexts

    @Test(
        arguments: [
            (0xCAFE_0003, 4, 3, 1, true),
            (0xCAFE_0004, 4, 3, 1, false),  // another context
            (0xCAFE_0003, 4, 3, 0, false),  // the linked breakpoint is disabled
            (0xCAFE_0003, 4, 2, 1, false),  // it is not of a linked type
            (0xCAFE_0003, 4, 0, 1, false),  // it compares an address
            (0xCAFE_0003, 3, 3, 1, false),  // it is not context-aware
            (0xCAFE_0003, 9, 3, 1, false),  // it does not exist
        ] as [(UInt64, UInt64, UInt64, UInt64, Bool)])
    func isLinked(context: UInt64, link: UInt64, type: UInt64, isEnabled: UInt64, fires: Bool) {
        let machine = DebugMachine()
        machine.set(.contextidr_EL1, context)
        if link < 6 {
            // A context of nobody's, where its type would let it fire by itself.
            let control = type << 20 | 0xF << 5 | isEnabled | (type == 3 ? 6 : 0)
            machine.setBreakpoint(UInt16(link), 0xCAFE_0003, control: control)
        }
        machine.setBreakpoint(0, Self.user + 4, control: Self.anywhere | 1 << 20 | link << 16)
        machine.enable()
        let event = machine.run(Self.three)
        #expect(event.exceptionClass == (fires ? 0x30 : 0x15) && event.elr == Self.user + (fires ? 4 : 16))
    }

    /// A breakpoint of a context alone matches every instruction, from the one on that follows the change of context.
    @Test func contextAlone() {
        let machine = DebugMachine()
        machine.setBreakpoint(5, 0x42, control: Self.anywhere | 2 << 20)
        machine.enable()
        #expect(machine.run(Self.three).exceptionClass == 0x15 && machine[x: 0] == 3)
        machine.set(.contextidr_EL1, 0x42)
        machine.returnTo(Self.user, spsr: 0)
        let event = machine.resume()
        #expect(event.exceptionClass == 0x30 && event.elr == Self.user && machine[x: 0] == 3)
    }

    // MARK: However the instruction is reached

    /// In the middle of a loop that was translated before the breakpoint came.
    @Test func inAHotLoop() {
        let machine = DebugMachine()
        let loop: [UInt32] = [
            A64.increment,  // loop: ADD X0, X0, #1
            0xF100_0421,  // SUBS X1, X1, #1
            0x54FF_FFC1,  // B.NE loop
            DebugMachine.end,
        ]
        machine[x: 1] = 5000
        #expect(machine.run(loop).exceptionClass == 0x15 && machine[x: 0] == 5000)
        // The second half of a fused pair.
        machine.setBreakpoint(1, Self.user + 8)
        machine.enable()
        machine[x: 0] = 0
        machine[x: 1] = 300
        machine.returnTo(Self.user, spsr: 0)
        var event = machine.resume()
        #expect(event.elr == Self.user + 8 && machine[x: 0] == 1)
        // Behind the loop, which goes on from a page with a breakpoint.
        machine.setBreakpoint(1, Self.user + 12)
        event = machine.resume()
        #expect(event.exceptionClass == 0x30 && event.elr == Self.user + 12 && machine[x: 0] == 300)
    }

    /// By a fall from the page before, by a branch from another page, and by an exception return.
    @Test func fromAnotherPage() {
        let machine = DebugMachine()
        machine.setBreakpoint(0, Self.user + 0x1000)
        machine.store([DebugMachine.end], at: Self.user + 0x1000)
        // First without: both pages become known to the fetch TLB.
        #expect(machine.run([A64.nop], at: 0xFFC).exceptionClass == 0x15)
        machine.enable()
        machine.returnTo(Self.user + 0xFFC, spsr: 0)
        #expect(machine.resume().elr == Self.user + 0x1000)
        machine[x: 6] = Self.user + 0x1000
        machine.store([0xD61F_00C0], at: Self.user)  // BR X6
        machine.set(SystemRegisterEncoding(2, 0, 0, 0, 5), 0)
        machine.returnTo(Self.user, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x15)
        machine.setBreakpoint(0, Self.user + 0x1000)
        machine.returnTo(Self.user, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x30)
        machine.returnTo(Self.user + 0x1000, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x30)
    }

    /// Code that is replaced on a page with a breakpoint is executed as it then is.
    @Test func seesNewCode() {
        let machine = DebugMachine()
        machine.setBreakpoint(0, Self.user + 12)
        machine.enable()
        #expect(machine.run([A64.increment, A64.nop, A64.nop, A64.nop]).elr == Self.user + 12)
        // MOV X0, #9
        machine.memory.pointer(Self.user).storeBytes(of: 0xD280_0120, as: UInt32.self)
        machine.vcpu.pointee.invalidateCode(offset: Self.user - MMUFixture.ramIPA, byteCount: 64)
        machine.returnTo(Self.user, spsr: 0)
        #expect(machine.resume().elr == Self.user + 12 && machine[x: 0] == 9)
    }

    // MARK: Priority

    @Test func comesAfterWhatKeepsTheInstructionFromBeingFetched() {
        let machine = DebugMachine()
        machine.setBreakpoint(0, DebugMachine.nowhere)
        machine.setBreakpoint(1, Self.user)
        machine.enable()
        machine.returnTo(DebugMachine.nowhere, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x20)
        machine.returnTo(Self.user + 2, spsr: 0)
        #expect(machine.resume().exceptionClass == 0x22)
    }

    @Test func comesBeforeIllegalStateAndUndefined() {
        let machine = DebugMachine()
        machine.setBreakpoint(0, Self.user)
        machine.enable()
        machine.store([0], at: Self.user)
        machine.returnTo(Self.user, spsr: SPSR.il)
        var event = machine.resume()
        #expect(event.exceptionClass == 0x30 && event.spsr & SPSR.il != 0)
        machine.setBreakpoint(0, 0, control: 0)
        event = machine.resume()
        #expect(event.exceptionClass == 0x0E)
    }
}
