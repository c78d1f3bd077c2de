import CHost
import Shared
import Testing

@testable import VCPUWorker

@Suite struct WorldSwitchTests {
    private static let tpidr_EL1 = SystemRegisterEncoding(3, 0, 13, 0, 4)
    private static let cntp_TVAL_EL0 = SystemRegisterEncoding(3, 3, 14, 2, 0)
    private static let hvc: UInt32 = 0xD400_0002
    /// Two instructions back.
    private static let again: UInt32 = 0x17FF_FFFE
    private static func movzX0(_ value: UInt32) -> UInt32 { 0xD280_0000 | value << 5 }

    private func saved(_ fixture: SystemFixture) -> RegisterContext {
        var context = RegisterContext()
        fixture.run { $0.saveContext(into: &context) }
        return context
    }

    private func restore(_ context: RegisterContext, _ fixture: SystemFixture) {
        var context = context
        fixture.run { $0.restoreContext(&context) }
    }

    @Test func resetStateIsANewContext() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        fixture.run { $0.reset(ResetState(pc: 0x4000_0000, x0: 0)) }
        #expect(saved(fixture) == RegisterContext())
    }

    /// What MSR can write is what the wire lets through, bit by bit.
    @Test func theTableAgreesWithTheRegisters() throws {
        var compared = 0
        for row in RegisterContext.rows {
            guard let register = SystemRegisterTable.rows.first(where: { "\($0.name)" == "\(row.name)" }) else {
                #expect("\(row.name)" == "SP_EL1", "it has no name at EL1")
                continue
            }
            let fixture = SystemFixture(worldSwitch: .nvhe)
            fixture.run { $0.reset(ResetState(pc: 0x4000_0000, x0: 0)) }
            let reset = RegisterContext()[keyPath: row.path]
            fixture.write(register.encoding, ~0)
            #expect(saved(fixture)[keyPath: row.path] == reset | row.mask, "\(row.name)")
            fixture.write(register.encoding, 0)
            #expect(saved(fixture)[keyPath: row.path] == reset & ~row.mask, "\(row.name)")
            compared += 1
        }
        #expect(compared == RegisterContext.count - 1)
    }

    @Test(arguments: [(0, 0), (1, 0), (1, 1)] as [(UInt8, UInt8)]) func everyRegisterIsRestored(el: UInt8, sp: UInt8) {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        fixture.run { $0.selectStack(el: el, sp: sp) }
        for (index, row) in RegisterContext.rows.enumerated() {
            var context = saved(fixture)
            context[keyPath: row.path] ^= row.mask & ~(UInt64(index) << 8)
            let before = saved(fixture)
            #expect(context != before)
            restore(context, fixture)
            #expect(saved(fixture) == context, "\(row.name)")
        }
    }

    @Test func stackPointersFollowTheSelection() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        var context = saved(fixture)
        #expect(context.sp_EL1 == 0x1111 && context.sp_EL0 == 0x2222)
        context.sp_EL1 = 0x3330
        context.sp_EL0 = 0x4440
        restore(context, fixture)
        #expect(fixture.sp == 0x3330)
        fixture.run { $0.selectStack(el: 1, sp: 0) }
        #expect(fixture.sp == 0x4440)
        #expect(saved(fixture) == context)
    }

    // MARK: What depends on the registers

    @Test func translationFollowsAndStaysWhenNothingChanged() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        let (a, b) = (Stage1Tables(fixture.memory), Stage1Tables(fixture.memory))
        a.map(0x1000, to: MMUFixture.ramIPA + 0x5000, Stage1Tables.nonGlobal)
        b.map(0x1000, to: MMUFixture.ramIPA + 0x6000, Stage1Tables.nonGlobal)
        fixture.run { $0.enable(a, asid: 1) }
        #expect(fixture.run { $0.reach(0x1008) } == 0x5008)
        var context = saved(fixture)
        restore(context, fixture)
        #expect(fixture.run { $0.isFast(0x1000) }, "the TLB need not be filled again")
        context.ttbr0_EL1 = b.root | 2 << 48
        restore(context, fixture)
        #expect(fixture.run { $0.reach(0x1008) } == 0x6008)
        context.sctlr_EL1 &= ~1
        restore(context, fixture)
        #expect(fixture.run { $0.reach(MMUFixture.ramIPA + 0x1008) } == 0x1008)
    }

    @Test func debugAndFloatingPointFollow() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        fixture.write(.oslar_EL1, 0)
        var context = saved(fixture)
        context.mdscr_EL1 |= MDSCR.ss
        context.cpacr_EL1 = 3 << 20
        restore(context, fixture)
        #expect(fixture.run { $0.debug.isStepSet })
        #expect(fixture.system.fpAccessible)
        context.mdscr_EL1 = 0
        context.cpacr_EL1 = 0
        restore(context, fixture)
        #expect(!fixture.run { $0.debug.isStepSet })
        #expect(!fixture.system.fpAccessible)
    }

    /// From Entry to Exit: the guest reads what the coordinator wrote, and runs from where its new tables say.
    @Test func theGuestSeesWhatTheEntryBrings() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        let memory = fixture.memory
        for (offset, first) in [(UInt64(0x1000), SystemFixture.mrs(Self.tpidr_EL1, 0)), (0x2000, Self.movzX0(2))] {
            for (index, word) in [first, Self.hvc, Self.again].enumerated() {
                let place = memory.pointer(MMUFixture.ramIPA + offset + UInt64(index) * 4)
                place.storeBytes(of: word, as: UInt32.self)
            }
        }
        let tables = Stage1Tables(memory)
        tables.map(MMUFixture.ramIPA + 0x1000, to: MMUFixture.ramIPA + 0x2000)
        var entry = EntryFrame()
        var exit = ExitFrame()
        func turn() -> UInt64 {
            let hasEntered = fixture.run { vcpu in
                let hasEntered = vcpu.enter(&entry, at: armada_monotonic())
                let time = vcpu.run(from: armada_monotonic())
                vcpu.leave(into: &exit, at: time)
                return hasEntered
            }
            #expect(hasEntered)
            #expect(exit.code == .trap && exit.esr.exceptionClass == .hvc64)
            entry = EntryFrame()
            entry.cpuInterface = exit.cpuInterface
            entry.context = exit.context
            return exit.registers[0]
        }
        entry.reset = ResetState(pc: MMUFixture.ramIPA + 0x1000, x0: 0)
        entry.context.tpidr_EL1 = 5
        #expect(turn() == 5)
        #expect(exit.context.tpidr_EL1 == 5)
        entry.context.tpidr_EL1 = 9
        #expect(turn() == 9)
        entry.context.mair_EL1 = Stage1Tables.mair
        entry.context.tcr_EL1 = tables.tcr
        entry.context.ttbr0_EL1 = tables.root
        entry.context.sctlr_EL1 |= 1
        // The branch back, then another page.
        #expect(turn() == 2)
        entry.context.sctlr_EL1 &= ~1
        #expect(turn() == 9)
    }

    @Test func virtualTimerComesWithTheEntry() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        var context = saved(fixture)
        context.cntv_CTL_EL0 = 1
        context.cntv_CVAL_EL0 = 0
        restore(context, fixture)
        #expect(
            fixture.run { $0.resumeInterrupts(at: armada_monotonic()) }, "the line is high and nobody has the interrupt"
        )
        #expect(fixture.run { $0.timerState(at: armada_monotonic()).virtualLine })
    }

    // MARK: The physical timer

    @Test(arguments: [SystemRegisterEncoding.cntp_CTL_EL0, .cntp_CVAL_EL0, Self.cntp_TVAL_EL0])
    func physicalTimerTraps(register: SystemRegisterEncoding) {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        for isRead in [true, false] {
            let pc = fixture.pc
            #expect((isRead ? fixture.read(register).outcome : fixture.write(register, 1)) == .exit)
            #expect(fixture.pc == pc)
            #expect(fixture.exit.code == .trap && fixture.exit.esr.exceptionClass == .sys64)
            #expect(fixture.exit.esr.systemRegister == register)
            #expect(fixture.exit.esr.isSystemRead == isRead)
            #expect(fixture.exit.esr.systemTransferRegister == 5)
        }
        #expect(fixture.run { $0.timers.physical.control } == 0)
        #expect(fixture.counter(.fastTimer) == 0)
        // The counter does not trap, nor does the virtual timer.
        #expect(fixture.value(.cntpct_EL0) != nil)
        #expect(fixture.value(.cntv_CTL_EL0) == 0)
        #expect(SystemFixture().value(register) != nil, "with vhe it does not trap")
    }

    @Test func trapToEL1ComesFirst() {
        let fixture = SystemFixture(worldSwitch: .nvhe)
        fixture.goToEL0()
        #expect(fixture.read(.cntp_CTL_EL0).outcome == .redirect)
        #expect(fixture.esr.exceptionClass == .sys64)
        fixture.goToEL0()
        fixture.system.cntkctl_EL1 = 1 << 9
        #expect(fixture.read(.cntp_CTL_EL0).outcome == .exit)
    }
}
