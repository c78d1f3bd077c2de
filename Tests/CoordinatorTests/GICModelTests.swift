import Foundation
import Testing

@testable import Coordinator

/// Random sequences of everything that devices, guests and exits do to a GIC, against the model.
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

    @Test(arguments: shapes, [false, true])
    func agrees(shape: GICShape, delaysKicks: Bool) {
        let run = GICRun(shape: shape, delaysKicks: delaysKicks)
        let start = Date()
        var steps = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let operations = run.operations(seed: seed, count: 500)
            steps += operations.count
            if let failure = run.failure(of: operations) {
                Issue.record("seed \(seed): \(run.report(run.minimised(failure)))")
                return
            }
        }
        print("\(shape) \(steps) \(Date().timeIntervalSince(start) / Double(steps) * 1e6) us")
    }
}
