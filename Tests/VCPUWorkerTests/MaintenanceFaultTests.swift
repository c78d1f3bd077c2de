import CHost
import Shared
import Testing

@testable import VCPUWorker

/// What a vCPU with a fault makes of another one's TLBI VAE1IS.
@Suite struct MaintenanceFaultTests {
    private let fixture = MMUFixture(vcpuCount: 2)

    private func plan(_ fault: Fault?) -> FaultPlan {
        var plan = FaultPlan()
        if let fault { plan[fault] = 1 }
        return plan
    }

    /// Where vCPU 1 finds the page after it has looked at the ring, and whether vCPU 0's DSB is through then.
    private func invalidate(with fault: Fault?) -> (reached: UInt64?, isComplete: Bool, strikes: UInt64) {
        let tables = Stage1Tables(fixture)
        tables.map(0x1000, to: MMUFixture.ramIPA)
        var issuer = fixture.makeVCPU(index: 0)
        var other = fixture.makeVCPU(index: 1, faults: plan(fault))
        issuer.enable(tables)
        other.enable(tables)
        issuer.beginGuestExecution()
        other.beginGuestExecution()
        _ = other.reach(0x1000)
        tables.map(0x1000, to: MMUFixture.ramIPA + 0x1000)
        _ = issuer.executeMaintenance(SystemRegisterEncoding(1, 0, 8, 3, 1), 1 << 48 | 1)
        other.drainDVM()
        let reached = other.reach(0x1000)
        let ring = DVMRing(controlPage: fixture.controlPage, vcpuCount: 2)
        let isComplete = ring.isApplied(issuer.mmu.dvmTicket, by: 1)
        return (reached, isComplete, fault.map(other.control.strikeCount) ?? 0)
    }

    @Test func withoutAFaultItIsAppliedAndAcknowledged() {
        let result = invalidate(with: nil)
        #expect(result.reached == 0x1000)
        #expect(result.isComplete)
    }

    @Test func skipInvalidateAcknowledgesAndKeepsTheTranslation() {
        let result = invalidate(with: .skipInvalidate)
        #expect(result.reached == 0)
        #expect(result.isComplete)
        #expect(result.strikes == 1)
    }

    @Test func dropDVMAckAppliesAndLetsTheIssuerWait() {
        let result = invalidate(with: .dropDVMAck)
        #expect(result.reached == 0x1000)
        #expect(!result.isComplete)
        #expect(result.strikes == 1)
    }
}
