/// Which faults are injected, how often, and the seed of the dice that decide.
package struct FaultPlan: Hashable, Sendable {
    /// Strikes at one of so many opportunities on average, 1…2³²−1, of each fault in the plan.
    package private(set) var intervals: [Fault: UInt32] = [:]
    /// The same plan with the same seed throws the same dice.
    package var seed: UInt64

    package init(_ faults: [Fault] = [], seed: UInt64 = 1) {
        self.seed = seed
        for fault in faults { intervals[fault] = fault.usualInterval }
    }

    package var isEmpty: Bool { intervals.isEmpty }
    package var isLegal: Bool { intervals.keys.allSatisfy(\.isLegal) }

    /// 0: the fault is not in the plan.
    package subscript(fault: Fault) -> UInt32 {
        get { intervals[fault] ?? 0 }
        set { intervals[fault] = newValue == 0 ? nil : newValue }
    }

    /// Adds what one `--fault` says; a fault that is in the plan already gets the new interval.
    package mutating func add(_ argument: FaultArgument) {
        for fault in argument.faults { self[fault] = argument.interval ?? fault.usualInterval }
    }

    /// In the order of the faults, as arguments that `FaultArgument` takes: "delay=1/8 drop-kick=1/64".
    package var description: String {
        Fault.allCases.filter { self[$0] != 0 }.map { "\($0.rawValue)=1/\(self[$0])" }.joined(separator: " ")
    }
}
