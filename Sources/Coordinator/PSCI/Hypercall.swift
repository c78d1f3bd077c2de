/// The whole of what HVC and SMC reach: SMCCC's own functions, stolen time, then PSCI, then NOT_SUPPORTED.
enum Hypercall {
    static func call(_ registers: InlineArray<8, UInt64>, _ machine: some PSCI.Machine) -> PSCI.Action {
        let function = SMCCCFunction(UInt32(truncatingIfNeeded: registers[0]))
        switch function {
        case .version: return .result(SMCCCResult.version1_1)
        case .archFeatures: return .result(archFeatures(argument(registers), machine))
        case .archWorkaround1, .archWorkaround2, .archWorkaround3: return .result(SMCCCResult.success)
        case .pvTimeFeatures: return .result(pvTimeFeatures(argument(registers), machine))
        case .pvTimeST: return machine.countsStolenTime ? .stolenTime : .result(SMCCCResult.notSupported)
        default: return PSCI.call(function, registers[1], registers[2], registers[3], machine)
        }
    }

    /// W1: the function that is asked about.
    private static func argument(_ registers: InlineArray<8, UInt64>) -> SMCCCFunction {
        SMCCCFunction(UInt32(truncatingIfNeeded: registers[1]))
    }

    /// KVM's `kvm_hypercall_pv_features`.
    private static func pvTimeFeatures(_ function: SMCCCFunction, _ machine: some PSCI.Machine) -> UInt64 {
        switch function {
        case .pvTimeFeatures, .pvTimeST: machine.countsStolenTime ? SMCCCResult.success : SMCCCResult.notSupported
        default: SMCCCResult.notSupported
        }
    }

    /// The simulated PE speculates nothing that a guest can see.
    private static func archFeatures(_ function: SMCCCFunction, _ machine: some PSCI.Machine) -> UInt64 {
        switch function {
        case .version, .archFeatures: SMCCCResult.success
        case .archWorkaround1, .archWorkaround3: SMCCCResult.unaffected
        case .archWorkaround2: SMCCCResult.notRequired
        case .pvTimeFeatures: pvTimeFeatures(.pvTimeFeatures, machine)
        default: SMCCCResult.notSupported
        }
    }
}
