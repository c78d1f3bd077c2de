import Shared

/// A sequence of operations that a seed gives, and what becomes of it.
struct GICRun {
    let shape: GICShape
    let delaysKicks: Bool
    var mutation: GICMutation?
    var fault: GICMachineFault?

    struct Failure {
        var operations: [GICOperation]
        var difference: String
    }

    /// A guest that has set up its GIC; then `count` drawn operations.
    func operations(seed: UInt64, count: Int) -> [GICOperation] {
        var operations: [GICOperation] = [.distributor(3, by: 0)]
        if shape.spis > 0 {
            operations.append(.write(.setEnable, of: nil, first: 32, value: shape.known(of: nil), by: 0))
        }
        for vcpu in 0..<shape.vcpus {
            operations += [
                .write(.setEnable, of: vcpu, first: 0, value: shape.known(of: vcpu), by: vcpu), .enter(vcpu),
                .endMode(vcpu, isSplit: shape.splitsEnd ?? false), .mask(vcpu, 0xF8), .groups(vcpu, 3),
            ]
        }
        var generator = GICGenerator(shape: shape, random: SplitMix64(seed: seed))
        for _ in 0..<count { operations.append(generator.next()) }
        return operations
    }

    /// The first difference: what differs, and the operations up to there.
    func failure(of operations: [GICOperation]) -> Failure? {
        let comparison = GICComparison(shape, delaysKicks: delaysKicks, mutation: mutation, fault: fault)
        for (place, operation) in operations.enumerated() {
            if let difference = comparison.step(operation) {
                return Failure(operations: Array(operations[...place]), difference: difference)
            }
        }
        return nil
    }

    /// A part of a failing sequence that fails too, from which nothing can be taken away: delta debugging by halves, quarters …
    func minimised(_ failure: Failure) -> Failure {
        var best = failure
        var size = max(best.operations.count / 2, 1)
        while true {
            var isSmaller = false
            var start = 0
            while start < best.operations.count {
                var candidate = best.operations
                candidate.removeSubrange(start..<min(start + size, candidate.count))
                if let smaller = self.failure(of: candidate) {
                    best = smaller
                    isSmaller = true
                } else {
                    start += size
                }
            }
            if size == 1, !isSmaller { return best }
            if !isSmaller { size = max(size / 2, 1) }
        }
    }

    /// What to look at, and to make a test of.
    func report(_ failure: Failure) -> String {
        "\(shape)\(delaysKicks ? ", kicks delayed" : ""): \(failure.difference), after\n\(failure.operations.source)"
    }
}
