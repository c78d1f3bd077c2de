import CHost
import Shared
import Testing

@testable import VCPUWorker

/// ISB stays in the interpreter when nothing has changed, and only then.
@Suite struct ContextSynchronizationTests {
    private static let code = MMUFixture.ramIPA + 0x10_0000

    enum Change: CaseIterable {
        case nothing, doorbell, pendingInterrupt, illegalState, misalignedSP, translation

        func apply(to vcpu: inout VCPU) {
            switch self {
            case .nothing: break
            case .doorbell: armada_store32(vcpu.control.doorbell, Doorbell.timer)
            case .pendingInterrupt: vcpu.system.serrorPending = true
            case .illegalState: vcpu.pstate.il = true
            case .misalignedSP:
                vcpu.system.sctlr_EL1 |= 1 << 3
                vcpu.x[Int(RegisterSlot.sp)] = 8
            case .translation: vcpu.flushFetchTranslations()
            }
        }
    }

    /// ISB; ADD X0, X0, #1; HVC #0.
    @Test(arguments: Change.allCases) func leavesForAChangeOnly(change: Change) throws {
        let fixture = MMUFixture(vcpuCount: 1)
        defer { fixture.unmap() }
        for (index, word) in ([0xD503_3FDF, 0x9100_0400, 0xD400_0002] as [UInt32]).enumerated() {
            fixture.ram.storeBytes(of: word, toByteOffset: 0x10_0000 + index * 4, as: UInt32.self)
        }
        var vcpu = fixture.makeVCPU()
        vcpu.reset(ResetState(pc: Self.code, x0: 0))
        let fetched = vcpu.fetch()
        let ops = try #require(fetched)
        change.apply(to: &vcpu)
        let outcome = vcpu.interpret(ops)
        if change == .nothing {
            #expect(outcome == .exit && vcpu.x[0] == 1)
        } else {
            #expect(outcome == .redirect && vcpu.x[0] == 0 && vcpu.pc == Self.code + 4)
        }
    }
}
