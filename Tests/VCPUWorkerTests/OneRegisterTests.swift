import CHost
import Shared
import Testing

@testable import VCPUWorker

/// KVM_GET_ONE_REG and KVM_SET_ONE_REG at the worker.
@Suite struct OneRegisterTests {
    private func read(_ fixture: SystemFixture, _ pending: EntryFrame = EntryFrame()) -> [OneRegister: UInt128] {
        var access = RegisterAccessFrame()
        access.pending = pending
        let answer = fixture.run { $0.perform(access, at: armada_monotonic()) }
        #expect(answer.problem == nil)
        return Dictionary(uniqueKeysWithValues: zip(answer.ids.compactMap { OneRegister(id: $0) }, answer.values))
    }

    @discardableResult
    private func write(_ fixture: SystemFixture, _ values: [(OneRegister, UInt128)]) -> RegisterAnswerFrame {
        var access = RegisterAccessFrame()
        access.ids = values.map { $0.0.id }
        access.values = values.map { $0.1 }
        return fixture.run { $0.perform(access, at: armada_monotonic()) }
    }

    private func register(_ register: SystemRegister) -> OneRegister { .system(register.encoding) }

    @Test func theListHasEveryRegisterOnce() {
        let registers = OneRegisterList.ids.compactMap { OneRegister(id: $0) }
        #expect(registers.count == OneRegisterList.ids.count && Set(registers).count == registers.count)
        #expect(registers.count < WireProtocol.maximumRegisterCount, "\(registers.count) fit into no answer")
        #expect(OneRegisterList.ids == OneRegisterList.ids.sorted())
        for wanted: SystemRegister in [.SCTLR_EL1, .TTBR1_EL1, .MIDR_EL1, .ID_AA64MMFR3_EL1, .DBGWCR3_EL1, .OSLSR_EL1] {
            #expect(registers.contains(register(wanted)), "\(wanted)")
        }
        for other: SystemRegister in [
            .SP_EL0, .ELR_EL1, .SPSR_EL1, .DAIF, .FPCR, .ICC_PMR_EL1, .CNTV_TVAL_EL0, .ISR_EL1,
        ] {
            #expect(!registers.contains(register(other)), "\(other)")
        }
        // The whole identification space, as in KVM.
        for crm in UInt16(1)...7 {
            for op2 in UInt16(0)...7 {
                #expect(registers.contains(.system(SystemRegisterEncoding(3, 0, 0, crm, op2))))
            }
        }
    }

    @Test func readsWhatThePEHolds() {
        let fixture = SystemFixture()
        fixture.run {
            $0.x[30] = 30
            $0.v[6] = 6
            $0.v[7] = 7
            $0.nzcv = 0x6000_0000
        }
        let all = read(fixture)
        #expect(all[.x(30)] == 30 && all[.v(3)] == UInt128(7) << 64 | 6)
        #expect(all[.pc] == 0x4000_1000 && all[.pstate] == 0x6000_03C5)
        // EL1h: SP is SP_EL1.
        #expect(all[.sp_EL1] == 0x1111 && all[.sp_EL0] == 0x2222)
        #expect(all[register(.VBAR_EL1)] == 0x4008_0000 && all[register(.MIDR_EL1)] == UInt128(IDRegisters.midr_EL1))
        fixture.goToEL0()
        let low = read(fixture)
        #expect(low[.sp_EL1] == 0x1111 && low[.sp_EL0] == 0x2222 && low[.pstate] == 0x6000_0000)
    }

    @Test func everyValueReadCanBeWrittenBack() {
        let fixture = SystemFixture()
        fixture.run {
            $0.system.dbgbcr_EL1[5] = BreakpointControl.writable
            $0.timers.virtual.control = 1
        }
        var all = read(fixture)
        // Counters go on; a control register shows ISTATUS.
        all[.timer(.physicalCounter)] = nil
        let answer = write(fixture, all.map { ($0.key, $0.value) })
        #expect(answer.problem == nil, "\(answer.position)")
        #expect(fixture.vcpu.pointee.timers.virtual.control == 1)
    }

    @Test func writesTakeEffect() {
        let fixture = SystemFixture()
        write(
            fixture,
            [
                (.x(5), 55), (.pc, 0x4000_2000), (.sp_EL0, 0x3330), (.sp_EL1, 0x4440), (.v(31), UInt128.max),
                (.pstate, 0x8040_0004), (.elr_EL1, 1), (.spsr(.el1), 0x3C5), (.fpcr, 0x0100_0000),
                (register(.CPACR_EL1), 3 << 20), (register(.TTBR0_EL1), 0x4123_4000), (register(.OSLSR_EL1), 8),
                (register(.DBGBVR1_EL1), 0x1000), (register(.MDSCR_EL1), 1 << 15),
            ])
        #expect(fixture.run { $0.x[5] } == 55 && fixture.pc == 0x4000_2000)
        // Written while EL1h, and then EL1t: SP is SP_EL0.
        #expect(fixture.sp == 0x3330 && fixture.system.sp_EL1 == 0x4440)
        #expect(fixture.run { $0.nzcv } == 0x8000_0000 && fixture.pstate.pan && fixture.pstate.sp == 0)
        #expect(fixture.pstate.daif == 0 && fixture.system.fpAccessible)
        #expect(fixture.run { $0.mmu.source.ttbr0 } == 0x4123_4000)
        #expect(!fixture.system.osLock && fixture.system.dbgbvr_EL1[1] == 0x1000)
        #expect(fixture.run { $0.v[63] } == .max && fixture.run { $0.fpcr } == 0x0100_0000)
    }

    private static let unfit: [(OneRegister, UInt128, RegisterProblem)] = [
        (.pstate, 0x3C9, .unfit), (.pstate, 0x10, .unfit),
        (.pstate, 1 << 24, .unfit),
        (.pstate, 1, .unfit), (.x(1), 1 << 64, .unfit), (.fpsr, 1 << 32, .unfit), (.fpcr, 0x100, .unfit),
        (.spsr(.irq), 1, .readOnly), (.timer(.virtualControl), 8, .unfit), (.timer(.physicalCounter), 1, .readOnly),
        (.psciVersion, 2, .unknown), (.system(SystemRegister.MIDR_EL1.encoding), 1, .readOnly),
        (.system(SystemRegister.MPIDR_EL1.encoding), 5, .readOnly),
        (.system(SystemRegister.TTBR0_EL1.encoding), 1, .unfit),
        (.system(SystemRegister.VBAR_EL1.encoding), 0x400, .unfit),
        (.system(SystemRegister.OSLSR_EL1.encoding), 0, .unfit),
        (.system(SystemRegister.ISR_EL1.encoding), 0, .unknown),
        (.system(SystemRegisterEncoding(3, 7, 15, 15, 7)), 0, .unknown),
    ]

    @Test(arguments: unfit)
    func whatItCannotHoldIsRefusedAndNothingChanges(
        register: OneRegister, value: UInt128, problem: RegisterProblem
    ) {
        let fixture = SystemFixture()
        let before = read(fixture)
        let answer = write(fixture, [(.x(7), 77), (register, value), (.x(8), 88)])
        #expect(answer.problem == problem && answer.position == 1)
        let after = read(fixture)
        for (register, value) in before {
            if case .timer = register { continue }
            #expect(after[register] == value, "\(register)")
        }
    }

    @Test func whatIsLeftOfAnExitIsDoneFirstAndOnce() {
        let fixture = SystemFixture()
        var pending = EntryFrame()
        pending.write(register: 2, value: 22)
        pending.advancePC = true
        let all = read(fixture, pending)
        #expect(all[.x(2)] == 22 && all[.pc] == 0x4000_1004)
        pending.writeCount = 0
        pending.advancePC = false
        pending.injected = InjectedException(.undefined)
        #expect(read(fixture, pending)[.pc] == 0x4008_0200)
        #expect(read(fixture)[.elr_EL1] == 0x4000_1004)
    }

    @Test func theVirtualCounterIsShifted() {
        let fixture = SystemFixture()
        let answer = write(fixture, [(.timer(.virtualCounter), 1 << 40)])
        #expect(answer.virtualOffset != 0)
        let virtual = fixture.run { $0.readVirtualCounter() }
        let physical = fixture.run { $0.readCounter() }
        #expect(1 << 40..<1 << 40 + 10_000_000_000 ~= virtual && physical < 10_000_000_000)
        let all = read(fixture)
        #expect(all[.timer(.virtualCounter)] ?? 0 >= 1 << 40 && all[.timer(.physicalCounter)] ?? .max < 10_000_000_000)
        // Due only by the virtual counter.
        let due = write(fixture, [(.timer(.virtualCompare), 1 << 40), (.timer(.virtualControl), 1)])
        #expect(due.timer.virtualLine && !due.timer.physicalLine)
        let waiting = write(fixture, [(.timer(.virtualCompare), 1 << 41)])
        #expect(!waiting.timer.virtualLine)
        #expect(
            fixture.run { $0.timers.deadline(after: 5_000) }
                == fixture.run {
                    $0.timers.counterOffset &+ 1 << 41 &+ $0.timers.virtualOffset
                })
    }

    @Test func aContextComesAndGoesWithNVHE() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        var access = RegisterAccessFrame()
        access.pending.context.tpidr_EL1 = 5
        access.ids = [register(.TPIDR_EL0).id]
        access.values = [6]
        let answer = fixture.run { $0.perform(access, at: armada_monotonic()) }
        #expect(answer.context.tpidr_EL1 == 5 && answer.context.tpidr_EL0 == 6)
    }
}
