import Foundation
import Shared
import Testing

@testable import Coordinator

/// Random operations on the tables of every shape against a flat list, as `make stage2` does more often.
@Suite struct Stage2ModelTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let steps = environment["ARMADA_STAGE2_STEPS"].flatMap { Int($0) }
    private static let seed = environment["ARMADA_STAGE2_SEED"].flatMap { UInt64($0) } ?? 1

    /// All steps alike over the 51 shapes; unasked, fewer where a table has more descriptors.
    private static func steps(_ geometry: Stage2Geometry) -> Int {
        let shapes = TranslationGranule.all.count * Stage2Geometry.legalIPABits.count
        return max(steps.map { $0 / shapes } ?? Int(100_000 / geometry.tableEntryCount), 1)
    }

    @Test(arguments: TranslationGranule.all, Stage2Geometry.legalIPABits)
    func `the tables mean what was asked for`(granule: TranslationGranule, ipaBits: Int) {
        let geometry = Stage2Geometry(granule: granule, ipaBits: ipaBits)
        let model = Stage2Model(geometry, seed: Self.seed &* 1000 &+ UInt64(ipaBits))
        model.run(steps: Self.steps(geometry))
        #expect(model.problem == nil, "ARMADA_STAGE2_SEED=\(Self.seed)")
    }
}
