import Shared
import Testing

@testable import VCPUWorker

@Suite struct SystemRegisterAccessTests {
    typealias Register = SystemRegisterEncoding

    @Test func everyStateRegisterKeepsItsMaskedBits() {
        for row in SystemRegisterTable.rows {
            guard case .state(let path, let mask, _) = row.meaning else { continue }
            let fixture = SystemFixture()
            let reset = fixture.system[keyPath: path]
            #expect(fixture.write(row.encoding, ~0) == .next, "\(row.name)")
            #expect(fixture.value(row.encoding) == reset & ~mask | mask, "\(row.name)")
            #expect(fixture.write(row.encoding, 0) == .next)
            #expect(fixture.value(row.encoding) == reset & ~mask, "\(row.name)")
        }
    }

    @Test func everyPermissionIsKept() {
        for row in SystemRegisterTable.rows {
            for isEL0 in [false, true] {
                let fixture = SystemFixture()
                // Let EL0 do all that EL1 can let it do.
                fixture.write(.cntkctl_EL1, 0x303)
                fixture.write(.sctlr_EL1, SCTLR.uct | SCTLR.uma | SCTLR.dze | SCTLR.uci)
                fixture.write(.cpacr_EL1, 3 << 20)
                if isEL0 { fixture.goToEL0() }
                let mayRead = row.permissions.contains(isEL0 ? .el0Read : .el1Read)
                let mayWrite = row.permissions.contains(isEL0 ? .el0Write : .el1Write)
                // What the hypervisor answers leaves the guest; everything else retires.
                let isTrapped = if case .rule(.hypervisor) = row.meaning { true } else { false }
                let permitted: Outcome = isTrapped ? .exit : .next
                let (outcome, _) = fixture.read(row.encoding)
                #expect((outcome == permitted) == mayRead, "MRS \(row.name) at EL\(isEL0 ? 0 : 1)")
                if !mayRead {
                    #expect(fixture.esr.exceptionClass == .unknown && fixture.pc & 0x7FF == (isEL0 ? 0x400 : 0x200))
                }
                if isEL0 { fixture.goToEL0() }
                fixture.system.esr_EL1 = 0
                #expect(
                    (fixture.write(row.encoding, 0) == permitted) == mayWrite, "MSR \(row.name) at EL\(isEL0 ? 0 : 1)")
                if !mayWrite { #expect(fixture.esr == ExceptionSyndrome(.unknown)) }
            }
        }
    }

    @Test(arguments: [
        (Register.ctr_EL0, Register.sctlr_EL1, SCTLR.uct), (.daif, .sctlr_EL1, SCTLR.uma),
        (.cntvct_EL0, .cntkctl_EL1, 1 << 1), (.cntpct_EL0, .cntkctl_EL1, 1 << 0), (.cntfrq_EL0, .cntkctl_EL1, 1 << 0),
        (.cntfrq_EL0, .cntkctl_EL1, 1 << 1), (.cntv_CTL_EL0, .cntkctl_EL1, 1 << 8),
        (.cntp_CVAL_EL0, .cntkctl_EL1, 1 << 9),
    ])
    func el0TrapsUnlessEL1LetsIt(_ register: Register, _ control: Register, _ bit: UInt64) {
        let fixture = SystemFixture()
        fixture.goToEL0()
        #expect(fixture.read(register).outcome == .redirect)
        #expect(fixture.esr.exceptionClass == .sys64 && fixture.esr.il)
        #expect(fixture.esr.systemRegister == register)
        #expect(fixture.esr.isSystemRead && fixture.esr.systemTransferRegister == 5)
        #expect(fixture.system.elr_EL1 == 0x4000_1000 && fixture.pc == 0x4008_0400)
        fixture.write(control, bit)
        fixture.goToEL0()
        #expect(fixture.read(register).outcome == .next)
    }

    @Test func readsAndWritesOfEL0ThreadRegisters() {
        let fixture = SystemFixture()
        fixture.write(.tpidr_EL0, 7)
        fixture.write(.tpidrro_EL0, 8)
        fixture.goToEL0()
        #expect(fixture.value(.tpidr_EL0) == 7 && fixture.value(.tpidrro_EL0) == 8)
        #expect(fixture.write(.tpidr_EL0, 9) == .next)
        #expect(fixture.value(.tpidr_EL0) == 9)
        #expect(fixture.write(.tpidrro_EL0, 9) == .redirect)
        #expect(fixture.esr.exceptionClass == .unknown)
    }

    @Test func unknownRegistersAreUndefined() {
        let fixture = SystemFixture()
        #expect(fixture.read(Register(3, 3, 9, 12, 0)).outcome == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.unknown))
        #expect(fixture.system.elr_EL1 == 0x4000_1000)
        #expect(fixture.write(Register(3, 7, 15, 15, 7), 1) == .redirect)
    }

    @Test func identificationReads() {
        let fixture = SystemFixture()
        fixture.system.mpidr = MPIDR(vcpuIndex: 17)
        #expect(fixture.value(.mpidr_EL1) == 0x8000_0101)
        #expect(fixture.value(.midr_EL1) == IDRegisters.midr_EL1)
        #expect(fixture.value(Register(3, 0, 0, 4, 5)) == 0, "ID_AA64SMFR0_EL1")
        #expect(fixture.value(Register(3, 0, 0, 1, 0)) == 0, "ID_PFR0_EL1")
        #expect(fixture.read(Register(3, 0, 0, 0, 1)).outcome == .redirect)
    }

    @Test func softwareContextNumberIsEL0sUnlessTrapped() {
        let number = Register(3, 3, 13, 0, 7)
        let fixture = SystemFixture()
        fixture.goToEL0()
        #expect(fixture.write(number, 5) == .redirect && fixture.esr.exceptionClass == .sys64, "TSCXT after reset")
        fixture.write(.sctlr_EL1, 0)
        fixture.goToEL0()
        #expect(fixture.write(number, 5) == .next && fixture.value(number) == 5)
    }

    @Test func zeroingIsProhibitedAtEL0WithoutDZE() {
        let fixture = SystemFixture()
        #expect(fixture.value(.dczid_EL0) == 4)
        fixture.goToEL0()
        #expect(fixture.value(.dczid_EL0) == 0x14)
    }

    @Test func floatingPointAccessFollowsCPACR() {
        let fixture = SystemFixture()
        func accessible() -> Bool { fixture.vcpu.pointee.fpAccessible }
        #expect(!accessible())
        #expect(fixture.read(.fpcr).outcome == .redirect)
        #expect(fixture.esr == ExceptionSyndrome(.fpASIMD, iss: 0x1E0_0000))
        fixture.write(.cpacr_EL1, 1 << 20)
        #expect(accessible())
        fixture.goToEL0()
        #expect(!accessible())
        #expect(fixture.write(.fpsr, 0) == .redirect)
        #expect(accessible(), "back at EL1")
        fixture.write(.cpacr_EL1, 2 << 20)
        #expect(!accessible())
        fixture.write(.cpacr_EL1, 3 << 20)
        fixture.goToEL0()
        #expect(accessible())
        fixture.write(.fpcr, ~0)
        #expect(fixture.value(.fpcr) == 0x07C8_0000)
        fixture.write(.fpsr, ~0)
        #expect(fixture.value(.fpsr) == 0x0800_009F)
    }

    @Test func stackPointersAreBanked() {
        let fixture = SystemFixture()
        #expect(fixture.value(.sp_EL0) == 0x2222)
        fixture.write(.spSel, 0)
        #expect(fixture.sp == 0x2222 && fixture.system.sp_EL1 == 0x1111)
        #expect(fixture.read(.sp_EL0).outcome == .redirect, "SP_EL0 is SP now")
        #expect(fixture.pc == 0x4008_0000, "EL1t")
        #expect(fixture.sp == 0x1111)
        fixture.write(.sp_EL0, 0x3333)
        fixture.goToEL0()
        #expect(fixture.sp == 0x3333)
    }

    @Test func debugRegistersAreThereAndTheOSLockWorks() {
        let fixture = SystemFixture()
        for number in UInt16(0)..<6 {
            fixture.write(Register(2, 0, 0, number, 4), 0x1000 + UInt64(number) * 4 + 3)
            fixture.write(Register(2, 0, 0, number, 5), ~0)
        }
        for number in UInt16(0)..<6 {
            #expect(fixture.value(Register(2, 0, 0, number, 4)) == 0x1000 + UInt64(number) * 4 + 3)
            #expect(fixture.value(Register(2, 0, 0, number, 5)) == 0x00FF_E1E7)
        }
        fixture.write(Register(2, 0, 0, 3, 6), ~0)
        fixture.write(Register(2, 0, 0, 3, 7), ~0)
        #expect(fixture.value(Register(2, 0, 0, 3, 6)) == ~3)
        #expect(fixture.value(Register(2, 0, 0, 3, 7)) == 0x1F1F_FFFF)
        #expect(fixture.read(Register(2, 0, 0, 6, 4)).outcome == .redirect)
        #expect(fixture.value(.oslsr_EL1) == 0xA, "locked by the reset")
        fixture.write(.mdscr_EL1, ~0)
        #expect(fixture.value(.mdscr_EL1) == 0x6CE0_F041)
        fixture.write(.oslar_EL1, 0)
        #expect(fixture.value(.oslsr_EL1) == 8)
        fixture.write(.mdscr_EL1, 0)
        #expect(fixture.value(.mdscr_EL1) == 0x6CE0_4040, "an external debugger's bits")
        fixture.write(.oslar_EL1, 1)
        #expect(fixture.value(.oslsr_EL1) == 0xA)
    }

    @Test func immediateWritesOfPSTATE() {
        let fixture = SystemFixture()
        func msr(_ op1: UInt32, _ op2: UInt32, _ immediate: UInt32) -> Outcome {
            fixture.vcpu.pointee.writePSTATEField(word: 0xD500_401F | op1 << 16 | immediate << 8 | op2 << 5)
        }
        #expect(msr(3, 7, 0xF) == .next && fixture.value(.daif) == 0)
        #expect(msr(3, 6, 0x2) == .next && fixture.value(.daif) == 1 << 7)
        #expect(msr(0, 4, 1) == .next && fixture.value(.pan) == 1 << 22)
        #expect(msr(0, 3, 1) == .next && fixture.value(.uao) == 1 << 23)
        #expect(msr(0, 5, 0) == .next && fixture.value(.spSel) == 0)
        #expect(fixture.value(.currentEL) == 4)
        #expect(msr(3, 5, 1) == .redirect, "DIT is not there")
        fixture.goToEL0()
        fixture.pc = 0x1000
        #expect(msr(3, 7, 0xF) == .redirect)
        #expect(fixture.esr.exceptionClass == .sys64)
        #expect(fixture.esr.iss == Register(0, 3, 4, 15, 7).iss(rt: 31, isRead: false))
        fixture.goToEL0()
        #expect(msr(0, 5, 1) == .redirect && fixture.esr.exceptionClass == .unknown)
    }

    @Test func systemInstructionsOfEL0() {
        let fixture = SystemFixture()
        func sys(_ e: Register) -> Outcome { fixture.vcpu.pointee.executeSystemInstruction(word: SystemFixture.msr(e)) }
        fixture.vcpu.pointee.x[5] = 0x4000_2000
        #expect(sys(Register(1, 0, 8, 7, 0)) == .next, "TLBI VMALLE1")
        fixture.goToEL0()
        #expect(sys(Register(1, 0, 8, 7, 0)) == .redirect && fixture.esr.exceptionClass == .unknown)
        fixture.goToEL0()
        #expect(sys(Register(1, 3, 7, 11, 1)) == .redirect && fixture.esr.exceptionClass == .sys64, "DC CVAU, no UCI")
        fixture.write(.sctlr_EL1, SCTLR.uci)
        fixture.goToEL0()
        #expect(sys(Register(1, 3, 7, 11, 1)) == .next)
        #expect(sys(Register(1, 3, 7, 4, 1)) == .redirect && fixture.esr.exceptionClass == .sys64, "DC ZVA, no DZE")
        #expect(sys(Register(1, 6, 7, 0, 0)) == .redirect && fixture.esr.exceptionClass == .unknown)
    }

    @Test func resetStartsOver() {
        let fixture = SystemFixture()
        fixture.system.mpidr = MPIDR(vcpuIndex: 1)
        fixture.write(.ttbr0_EL1, 0x5000)
        fixture.write(.sctlr_EL1, 1)
        fixture.write(.cntv_CVAL_EL0, 1 << 40)
        fixture.vcpu.pointee.x[7] = 7
        fixture.goToEL0()
        fixture.vcpu.pointee.reset(ResetState(pc: 0x4008_0000, x0: 0x4800_0000))
        #expect(fixture.pc == 0x4008_0000)
        #expect(fixture.run { $0.x[0] } == 0x4800_0000 && fixture.run { $0.x[7] } == 0 && fixture.sp == 0)
        #expect(fixture.pstate.el == 1 && fixture.pstate.sp == 1 && fixture.pstate.daif == 0x3C0)
        #expect(fixture.system.sctlr_EL1 & 1 == 0 && fixture.system.ttbr0_EL1 == 0)
        #expect(fixture.value(.mpidr_EL1) == 0x8000_0001)
        #expect(fixture.value(.cntv_CVAL_EL0) == 0)
    }
}
