import Shared

/// What the vCPUs of a VM are to have of what the PE has.
struct CPUSelection: Equatable {
    /// Taken away.
    var removed: CPUFeatureSet = []
    /// Registers with a value of their own, which counts for all of the register.
    var values: [IDRegister: UInt64] = [:]

    /// The identification registers that this makes, possible or not.
    var registers: IDRegisterSet {
        var registers = IDRegisterSet.implemented
        for feature in CPUFeature.allCases where removed.contains(feature) { registers.remove(feature) }
        for (register, value) in values { registers[register] = value }
        return registers
    }

    /// Why there is no such VM, in one line; nil: there is.
    var problem: String? {
        if let problem = CPUFeatureSet.all.subtracting(removed).problem { return problem.description }
        if let problem = registers.problem { return problem.description }
        let features = registers.features
        guard let feature = CPUFeature.allCases.first(where: { removed.contains($0) && features.contains($0) }) else {
            return nil
        }
        return "an identification register announces \(feature.name), which is to be taken away: give one of the two"
    }
}
