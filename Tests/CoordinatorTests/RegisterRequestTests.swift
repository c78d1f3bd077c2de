import CHost
import Foundation
import Shared
import Testing

@testable import Coordinator

/// Registers over the control socket, on machines with scripted workers: who has to wait, and for what.
@Suite struct RegisterRequestTests {
    private typealias Setting = ControlledMachine

    private static let pc = RegisterValue(id: OneRegister.pc.id, value: 0x4008_0000)

    @Test func aReadIsAnsweredWhenTheWorkerHas() throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        #expect(setting.reply() == nil)
        setting.answer {
            $0.ids = [OneRegister.pc.id]
            $0.values = [5]
            $0.isSErrorPending = true
            $0.serrorSyndrome = 3
        }
        // What the handler of the HVC had said went along, and is done.
        #expect(
            setting.worker.access.pending.writeCount == 1 && setting.worker.access.pending.writeValues[0] == 0x1_0001)
        guard case .registers(let state) = setting.reply() else { Issue.record("no registers"); return }
        let identification = IDRegister.allCases.map(\.id)
        #expect(state.values.map(\.id) == [OneRegister.pc.id] + identification + [OneRegister.psciVersion.id])
        #expect(state.values.first?.value == 5 && state.values.last?.value == 0x1_0001)
        #expect(state.fault.esr.exceptionClass == .hvc64 && state.mpState == .runnable)
        #expect(state.events == VCPUEvents(isSErrorPending: true, hasSErrorSyndrome: true, serrorSyndrome: 3))
        setting.vm.resume(0..<1)
        #expect(setting.worker.next() == .entry && setting.worker.entry.writeCount == 0)
    }

    /// An exit for a kick is none of a fault, and a call has no addresses.
    @Test func theFaultInformationIsThatOfTheLastTrap() throws {
        let setting = try Setting()
        setting.machine.boot()
        let abort = ExceptionSyndrome(.dabtLow, iss: 1 << 24 | 2 << 22 | 4)
        setting.machine.exit(abort, far: 0x900_0018, ipa: 0x900_0000)
        setting.machine.exit(ExceptionSyndrome(.hvc64), far: 7, registers: [0x8400_0000])
        setting.vm.pause(0..<1)
        setting.machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        setting.answer()
        guard case .registers(let state) = setting.reply() else { Issue.record("no registers"); return }
        #expect(state.fault.esr.exceptionClass == .hvc64)
        #expect(state.fault.far == 0x900_0018 && state.fault.hpfar == 0x9_0000)
    }

    @Test func aWriteReachesTheWorkerAndARefusalTheClient() throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        setting.answer()
        #expect(setting.worker.access.ids == [Self.pc.id] && setting.worker.access.values == [Self.pc.value])
        #expect(setting.reply() == .done)
        try setting.ask(.writeRegisters(vcpu: 0, [RegisterValue(id: OneRegister.pstate.id, value: 9)]))
        setting.answer {
            $0.problem = .unfit
            $0.bits = 9
        }
        #expect(setting.failure()?.hasPrefix("PSTATE.M cannot be 0x9 (EINVAL)") == true)
        try setting.ask(.writeRegisters(vcpu: 0, [RegisterValue(id: 99, value: 9)]))
        setting.answer { $0.problem = .unknown }
        #expect(setting.failure()?.contains("no register has the id 0x63 (ENOENT)") == true)
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        setting.answer {
            $0.problem = .unknown
            $0.position = 9
        }
        #expect(setting.failure()?.contains("was not asked for") == true)
    }

    @Test func anUnknownRegisterIsNotRead() throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.readRegisters(vcpu: 0, ids: [Self.pc.id]))
        setting.answer()
        #expect(setting.failure()?.contains("(ENOENT)") == true)
    }

    @Test func onlyAVCPUThatStandsStillIsAsked() throws {
        let setting = try Setting(vcpuCount: 2)
        setting.machine.boot()
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        #expect(setting.failure() == "vCPU 0 runs: pause it first, with armada ctl pause --vcpu 0")
        // Asked to stop, and not there yet.
        setting.vm.pause(0..<1)
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        #expect(setting.failure() != nil)
        try setting.ask(.walk(vcpu: 2, WalkedAccess(address: 0)))
        #expect(setting.failure() == "there is no vCPU 2: the VM has 2, from 0 on")
        // One that is off needs no pause.
        try setting.ask(.readRegisters(vcpu: 1, ids: []))
        #expect(setting.machine.workers[1].next() == .registerAccess)
    }

    /// Whoever resumes it, and whoever switches it on: first the worker answers.
    @Test func nobodyEntersMeanwhile() throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        setting.vm.resume(0..<1)
        #expect(setting.vm.vcpus[0].state == .paused)
        setting.answer()
        #expect(setting.worker.next() == .entry && setting.vm.vcpus[0].state == .running)
        #expect(!setting.vm.vcpus[0].isPaused && setting.reply() == .done)
    }

    @Test func oneThatIsSwitchedOnMeanwhileStartsAfterwards() throws {
        let setting = try Setting()
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        setting.vm.powerOn(setting.vm.vcpus[0], ResetState(pc: 1, x0: 2))
        setting.vm.wakeKicked()
        #expect(setting.vm.vcpus[0].state == .paused)
        setting.answer()
        #expect(setting.worker.next() == .entry && setting.worker.entry.reset == ResetState(pc: 1, x0: 2))
    }

    @Test func theNextWaitsForTheFirst() throws {
        let setting = try Setting()
        setting.park()
        nonisolated(unsafe) var replies: [String] = []
        for name in ["first", "second"] {
            guard
                case .later = setting.vm.operate(
                    on: 0,
                    { _ in
                        replies.append(name); return .done
                    })
            else {
                Issue.record("refused")
                return
            }
        }
        setting.answer()
        #expect(replies == ["first"])
        setting.answer()
        #expect(replies == ["first", "second"] && setting.vm.vcpus[0].registerOperations.isEmpty)
        #expect(setting.vm.vcpus[0].isPaused)
    }

    @Test func aWorkerThatDiesLeavesNobodyWaiting() throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        shutdown(setting.worker.socket, CInt(SHUT_RDWR))
        setting.receive()
        #expect(setting.failure()?.contains("the worker of vCPU 0 is gone") == true)
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        #expect(setting.failure() == "the VM is ending")
    }

    @Test(arguments: [0, 2]) func aWorkerThatLiesIsEnded(number: UInt64) throws {
        let setting = try Setting()
        setting.park()
        try setting.ask(.readRegisters(vcpu: 0, ids: []))
        setting.answer { $0.number = number }
        #expect(setting.failure() == "number of a RegisterAnswer 0x\(number) is out of range")
    }

    @Test func anAnswerThatNobodyAskedForIsAViolation() throws {
        let setting = try Setting()
        setting.park()
        setting.worker.send(RegisterAnswerFrame())
        setting.receive()
        guard case .failed(let text) = setting.vm.outcome else { Issue.record("taken"); return }
        #expect(text == "RegisterAnswer came without a RegisterAccess")
    }

    @Test func thePSCIVersionIsTheVMs() throws {
        let setting = try Setting()
        let id = OneRegister.psciVersion.id
        setting.park()
        try setting.ask(.writeRegisters(vcpu: 0, [RegisterValue(id: id, value: 0x1_0001)]))
        #expect(setting.reply() == .done)
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc, RegisterValue(id: id, value: 2)]))
        #expect(setting.failure()?.contains("(EBUSY)") == true)
        #expect(setting.worker.next() == .nothing)
    }

    @Test func withNVHETheContextFollowsAndThePhysicalTimerIsTheVMs() throws {
        let setting = try Setting(worldSwitch: .nvhe)
        setting.park()
        let compare = RegisterValue(id: OneRegister.timer(.physicalCompare).id, value: 1 << 50)
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc, compare]))
        setting.answer { $0.context.tpidr_EL1 = 55 }
        #expect(setting.worker.access.ids == [Self.pc.id] && setting.reply() == .done)
        #expect(setting.vm.vcpus[0].physicalTimer.compare == 1 << 50)
        setting.vm.resume(0..<1)
        #expect(setting.worker.next() == .entry && setting.worker.entry.context.tpidr_EL1 == 55)
    }

    /// A sleeper whose virtual counter was set wakes by it.
    @Test func aShiftedCounterMovesTheAlarm() throws {
        let setting = try Setting()
        setting.vm.counterOffset = armada_monotonic()
        setting.machine.boot()
        setting.machine.exit(ExceptionSyndrome(.wfx))
        setting.vm.pause(0..<1)
        #expect(setting.vm.vcpus[0].state == .blocked)
        try setting.ask(.writeRegisters(vcpu: 0, [Self.pc]))
        setting.answer {
            $0.virtualOffset = 0 &- 1 << 60
            $0.timer.virtualControl = 1
            $0.timer.virtualCompare = 1 << 60 + 3_600_000_000_000
        }
        let away = setting.vm.timers.earliest &- armada_monotonic()
        #expect(3_500_000_000_000..<3_600_000_000_000 ~= away)
        #expect(setting.vm.timerDeadlines(setting.vm.vcpus[0]).virtual < 1 << 60)
    }

    // MARK: Memory

    @Test func memoryIsReadAndWritten() throws {
        let setting = try Setting()
        try setting.vm.startLogging(0)
        let position = DVMRing(controlPage: setting.vm.controlPage.base, vcpuCount: 1).head
        try setting.ask(.writeMemory(IPA(0x4000_0FFE), bytes: [1, 2, 3, 4], wholeByteCount: 4))
        #expect(setting.reply() == .done)
        try setting.ask(.readMemory(IPA(0x4000_0FFD), byteCount: 6))
        #expect(setting.reply() == .memory([0, 1, 2, 3, 4, 0]))
        #expect(try setting.vm.slot(0).dirtyPages?.ranges == [0..<2])
        // Decoded code is told by line.
        let ring = DVMRing(controlPage: setting.vm.controlPage.base, vcpuCount: 1)
        #expect(ring.head == position + 2)
        #expect(ring.read(position) == .operation(DVMOperation(.instructionCacheLine, operand: 0xFC0)))
        #expect(ring.read(position + 1) == .operation(DVMOperation(.instructionCacheLine, operand: 0x1000)))
        try setting.ask(.writeMemory(IPA(0x4000_0000), bytes: Array(repeating: 9, count: 2048), wholeByteCount: 2048))
        #expect(setting.reply() == .done)
        #expect(ring.read(position + 2) == .operation(DVMOperation(.instructionCacheAll)))
    }

    private static let holes: [(UInt64, UInt64)] = [
        (0x900_0000, 4), (0x3FFF_FFFF, 4), (0x40FF_FFFD, 4), (0xFFFF_FFFF_FFFF_FFFE, 4), (0x4000_0000, UInt64.max),
        (0x4000_0000, 0x100_0001),
    ]

    @Test(arguments: holes)
    func whatIsNoMemoryIsRefusedAndNothingIsWritten(address: UInt64, wholeByteCount: UInt64) throws {
        let setting = try Setting()
        try setting.ask(.writeMemory(IPA(address), bytes: [1, 2, 3, 4], wholeByteCount: wholeByteCount))
        #expect(setting.failure()?.hasPrefix("no memory slot holds 0x") == true)
        for end in [0x4000_0000, 0x40FF_FFFC] as [UInt64] {
            try setting.ask(.readMemory(IPA(end), byteCount: 4))
            #expect(setting.reply() == .memory([0, 0, 0, 0]))
        }
        if wholeByteCount == 4 {
            try setting.ask(.readMemory(IPA(address), byteCount: 4))
            #expect(setting.failure()?.contains("armada ctl slots lists the memory") == true)
        }
    }
}
