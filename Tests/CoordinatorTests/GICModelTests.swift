import Foundation
import Testing

@testable import Coordinator

/// Random sequences of everything that devices, guests and exits do to a GIC, against the model: a million steps.
///
/// `ARMADA_GIC_SEEDS=1000-1999` tries other seeds than those of each run.
@Suite struct GICModelTests {
    static let shapes = [
        GICShape(vcpus: 1, listRegisters: 1, spis: 6, splitsEnd: false),
        GICShape(vcpus: 2, listRegisters: 1, spis: 4, splitsEnd: true),
        GICShape(vcpus: 2, listRegisters: 2, spis: 8, splitsEnd: false),
        GICShape(vcpus: 3, listRegisters: 3, spis: 8, splitsEnd: nil),
        GICShape(vcpus: 3, listRegisters: 4, spis: 20, splitsEnd: true),
        GICShape(vcpus: 2, listRegisters: 16, spis: 8, splitsEnd: nil),
        GICShape(vcpus: 4, listRegisters: 16, spis: 10, splitsEnd: nil),
    ]
    /// SGIs reach beyond one list of sixteen targets.
    static let wide = GICShape(vcpus: 18, listRegisters: 5, spis: 4, splitsEnd: true)

    static let seeds: ClosedRange<UInt64> = {
        let given = ProcessInfo.processInfo.environment["ARMADA_GIC_SEEDS"]?.split(separator: "-") ?? []
        guard given.count == 2, let first = UInt64(given[0]), let last = UInt64(given[1]), first <= last else {
            return 1...145
        }
        return first...last
    }()
    static let stepsOfSeed = 500

    @Test(arguments: shapes, [false, true])
    func agrees(shape: GICShape, delaysKicks: Bool) {
        expectAgreement(GICRun(shape: shape, delaysKicks: delaysKicks), Self.seeds)
    }

    @Test(arguments: [false, true])
    func agreesOnManyVCPUs(delaysKicks: Bool) {
        expectAgreement(GICRun(shape: Self.wide, delaysKicks: delaysKicks), 1...10)
    }

    @Test func aRunMakesAMillionSteps() {
        #expect(145 * Self.stepsOfSeed * Self.shapes.count * 2 >= 1_000_000)
    }

    private func expectAgreement(_ run: GICRun, _ seeds: ClosedRange<UInt64>) {
        for seed in seeds {
            guard let failure = run.failure(of: run.operations(seed: seed, count: Self.stepsOfSeed)) else { continue }
            Issue.record("seed \(seed): \(run.report(run.minimised(failure)))")
            return
        }
    }

    @Test(arguments: GICFoundCase.all, [false, true])
    func staysRight(found: GICFoundCase, delaysKicks: Bool) {
        let failure = GICRun(shape: found.shape, delaysKicks: delaysKicks).failure(of: found.operations)
        #expect(failure == nil, "\(failure?.difference ?? "")")
    }

    // MARK: That it can fail

    /// Whether a seed finds that something is wrong with the model or the machine.
    private func firstFailure(_ mutation: GICMutation?, _ fault: GICMachineFault?) -> (GICRun, GICRun.Failure)? {
        for seed in 1...40 as ClosedRange<UInt64> {
            for shape in Self.shapes + [Self.wide] where seed <= 8 || shape.vcpus < 4 {
                let run = GICRun(shape: shape, delaysKicks: false, mutation: mutation, fault: fault)
                if let failure = run.failure(of: run.operations(seed: seed, count: 300)) { return (run, failure) }
            }
        }
        return nil
    }

    @Test(arguments: GICMutation.allCases) func findsAMutation(mutation: GICMutation) throws {
        let (run, failure) = try #require(firstFailure(mutation, nil))
        // The sequence is right for a model that is.
        #expect(GICRun(shape: run.shape, delaysKicks: false).failure(of: failure.operations) == nil)
    }

    @Test(arguments: GICMachineFault.allCases) func findsAFault(fault: GICMachineFault) throws {
        let (run, failure) = try #require(firstFailure(nil, fault))
        #expect(GICRun(shape: run.shape, delaysKicks: false).failure(of: failure.operations) == nil)
    }

    @Test(arguments: [GICMutation.equalPriorityPreempts, .splitEndDeactivates, .disablingForgets])
    func minimises(mutation: GICMutation) throws {
        let (run, failure) = try #require(firstFailure(mutation, nil))
        let least = run.minimised(failure)
        #expect(least.operations.count < 16)
        for place in least.operations.indices {
            var fewer = least.operations
            fewer.remove(at: place)
            #expect(run.failure(of: fewer) == nil, "\(least.operations[place]) is not needed")
        }
        #expect(run.report(least).contains("[\n    ."))
    }
}
