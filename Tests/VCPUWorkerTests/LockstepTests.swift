import Shared
import Testing

@testable import VCPUWorker

/// Slices end at their very instruction, and time is what was retired.
@Suite struct LockstepTests {
    private static let start: UInt64 = 1_000_000_000
    private static let code = MMUFixture.ramIPA + 0x10_0000

    /// A vCPU in lock-step about to execute `words`, at EL1 with the MMU off.
    private func withVCPU(_ words: [UInt32], vcpuCount: Int = 1, _ body: (inout VCPU) -> Void) {
        let fixture = MMUFixture(vcpuCount: vcpuCount)
        defer { fixture.unmap() }
        for (index, word) in words.enumerated() {
            fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000 + index * 4, as: UInt32.self)
        }
        var vcpu = fixture.makeVCPU()
        vcpu.enableLockstep()
        vcpu.timers.counterOffset = Self.start
        vcpu.reset(ResetState(pc: Self.code, x0: 0))
        body(&vcpu)
    }

    private func slice(_ vcpu: inout VCPU, at time: UInt64 = start, budget: UInt64) -> UInt64 {
        vcpu.lockstep.begin(at: time, budget: budget, retired: vcpu.retiredInstructions)
        return vcpu.runSlice()
    }

    /// However a program is cut, it leaves what it leaves when nobody interrupts it.
    @Test(arguments: UInt64(1)...200)
    func cutsChangeNothing(seed: UInt64) {
        var comparison = TranslatorComparison(seed: seed)
        let program = comparison.program()
        let whole = TranslatorComparison.run(program, seed: seed, translated: false)
        // Long slices and short ones, down to single instructions.
        let longest = UInt64(1) << comparison.random(below: 12)
        var wrongEnds = 0
        let cut = TranslatorComparison.run(program, seed: seed, translated: false) { vcpu in
            vcpu.enableLockstep()
            var time = Self.start
            repeat {
                let budget = 1 + comparison.random(below: longest)
                let end = slice(&vcpu, at: time, budget: budget)
                if vcpu.exit.code == .irq, end != time + budget { wrongEnds += 1 }
                time = end
            } while vcpu.exit.code == .irq
        }
        #expect(cut == whole, "program \(program.map { String($0, radix: 16) })")
        #expect(wrongEnds == 0)
    }

    /// ADD X0, X0, #1; B -1: where the budget ends can be told from X0.
    @Test func budgetIsExact() {
        withVCPU([0x9100_0400, 0x17FF_FFFF]) { vcpu in
            var retired: UInt64 = 0
            for budget in (1...200).map(UInt64.init) + [1023, 1024, 1025, 32_767, 1 << 20] {
                let end = slice(&vcpu, at: Self.start + retired, budget: budget)
                retired += budget
                #expect(end == Self.start + retired)
                #expect(vcpu.retiredInstructions == retired)
                #expect(vcpu.x[0] == (retired + 1) / 2)
                #expect(vcpu.pc == Self.code + retired % 2 * 4)
                #expect(vcpu.exit.code == .irq && !vcpu.lockstep.givesWay)
            }
        }
    }

    /// Straight on over the ends of three pages.
    @Test(arguments: [1, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 3000] as [UInt64])
    func budgetCrossesPages(budget: UInt64) {
        withVCPU(Array(repeating: 0x9100_0400, count: 4096)) { vcpu in
            #expect(slice(&vcpu, budget: budget) == Self.start + budget)
            #expect(vcpu.x[0] == budget)
        }
    }

    /// Code that is dropped takes the slice's end with it, which must be put back: IC IALLU; ADD X0, X0, #1; B -2.
    @Test func maintenanceDoesNotLoseTheEnd() {
        withVCPU([0xD508_751F, 0x9100_0400, 0x17FF_FFFE]) { vcpu in
            var time = Self.start
            for budget in 1...300 as ClosedRange<UInt64> {
                let end = slice(&vcpu, at: time, budget: budget)
                #expect(end == time + budget)
                time = end
            }
            #expect(vcpu.x[0] == (time - Self.start + 1) / 3)
        }
    }

    /// MRS X0, CNTVCT_EL0; NOP; MRS X1, CNTVCT_EL0; HVC.
    @Test func counterIsWhatWasRetired() {
        withVCPU([0xD53B_E040, 0xD503_201F, 0xD53B_E041, 0xD400_0002]) { vcpu in
            let end = slice(&vcpu, at: Self.start + 500, budget: 100)
            #expect(vcpu.x[0] == 500)
            #expect(vcpu.x[1] == 502)
            // The HVC is one instruction, and its handling takes as long as another.
            #expect(end == Self.start + 505)
            #expect(vcpu.exit.esr.exceptionClass == .hvc64)
        }
    }

    /// A timer that the guest sets within the slice ends it at its very instruction.
    /// MOV X1, #1; MSR CNTV_TVAL_EL0, X0; MSR CNTV_CTL_EL0, X1; ADD X2, X2, #1; B -1.
    @Test(arguments: [3, 4, 100, 1500, 20_000] as [UInt64])
    func timerEndsTheSlice(distance: UInt64) {
        withVCPU([0xD280_0021, 0xD51B_E300, 0xD51B_E321, 0x9100_0442, 0x17FF_FFFF]) { vcpu in
            vcpu.x[0] = distance
            // TVAL is written when one instruction has been retired.
            #expect(slice(&vcpu, budget: 100_000) == Self.start + 1 + distance)
            #expect(vcpu.timers.virtual.line)
            #expect(vcpu.x[2] == (distance - 1) / 2)
        }
    }

    /// An exception at the vector of an exception, for ever: nothing is retired, and time goes on.
    @Test func exceptionsTakeTime() {
        withVCPU([0]) { vcpu in
            vcpu.system.vbar_EL1 = Self.code + 0x1000
            #expect(slice(&vcpu, budget: 1000) == Self.start + 1000)
            #expect(vcpu.retiredInstructions == 0)
        }
    }

    /// YIELD and WFE, each in a loop of its own, on a machine with somebody to wait for.
    @Test(arguments: [0xD503_203F, 0xD503_205F] as [UInt32])
    func waitingGivesWay(word: UInt32) {
        withVCPU([word, 0x17FF_FFFF], vcpuCount: 2) { vcpu in
            #expect(slice(&vcpu, budget: 1000) < Self.start + 10)
            #expect(vcpu.lockstep.givesWay)
            // The next slice begins with a clean sheet.
            vcpu.lockstep.begin(at: Self.start, budget: 1, retired: vcpu.retiredInstructions)
            #expect(!vcpu.lockstep.givesWay)
        }
    }
}
