import Shared

/// PSCI 0.2 to 1.1, as KVM answers it. Source: DEN 0022 "Power State Coordination Interface".
enum PSCI {
    /// Function numbers, the same for the 32-bit and the 64-bit calls.
    enum Function: UInt32 {
        case version = 0x00
        case cpuSuspend = 0x01
        case cpuOff = 0x02
        case cpuOn = 0x03
        case affinityInfo = 0x04
        case migrate = 0x05
        case migrateInfoType = 0x06
        case migrateInfoUpCPU = 0x07
        case systemOff = 0x08
        case systemReset = 0x09
        case features = 0x0A
        case systemReset2 = 0x12

        /// Called with the 64-bit convention too.
        var has64Bit: Bool {
            switch self {
            case .cpuSuspend, .cpuOn, .affinityInfo, .migrate, .migrateInfoUpCPU, .systemReset2: true
            default: false
            }
        }

        /// Called with the 32-bit convention too.
        func isImplemented(in version: Version) -> Bool {
            switch self {
            case .migrate, .migrateInfoUpCPU: false
            case .features: version != .v0_2
            case .systemReset2: version == .v1_1
            default: true
            }
        }
    }

    enum Result {
        static let success: UInt64 = 0
        static let notSupported = UInt64(bitPattern: -1)
        static let invalidParameters = UInt64(bitPattern: -2)
        static let alreadyOn = UInt64(bitPattern: -4)
        static let internalFailure = UInt64(bitPattern: -6)
        /// AFFINITY_INFO.
        static let on: UInt64 = 0
        static let off: UInt64 = 1
        /// MIGRATE_INFO_TYPE: there is no Trusted OS, or it needs no migration.
        static let migrationNotNeeded: UInt64 = 2
    }

    /// As PSCI_VERSION says it, and KVM_REG_ARM_PSCI_VERSION holds it.
    enum Version: UInt64, CaseIterable, Sendable {
        case v0_2 = 0x2
        case v1_0 = 0x1_0000
        case v1_1 = 0x1_0001
    }

    /// The version and the power states that PSCI looks at.
    protocol Machine {
        var psciVersion: Version { get }
        var vcpuCount: Int { get }
        /// Or lost.
        func isPoweredOff(_ vcpu: Int) -> Bool
        /// It cannot be powered on any more.
        func isLost(_ vcpu: Int) -> Bool
        /// The guest can be told what the host takes from it.
        var countsStolenTime: Bool { get }
    }

    /// What a call asks for.
    enum Action: Equatable {
        /// X0 = value, and on.
        case result(UInt64)
        /// X0 = SUCCESS once the vCPU has waited as by WFI.
        case suspend
        case off
        /// Start `vcpu`; X0 = SUCCESS for the caller.
        case on(vcpu: Int, ResetState)
        case systemOff
        case systemReset
        /// X0 = the address of the caller's record of stolen time, or NOT_SUPPORTED.
        case stolenTime
    }

    /// Decodes a call of function `function` with X1…X3. Nothing has happened yet.
    static func call(_ function: SMCCCFunction, _ x1: UInt64, _ x2: UInt64, _ x3: UInt64, _ machine: some Machine)
        -> Action
    {
        guard let number = function.psciNumber, let call = Function(rawValue: number),
            call.isImplemented(in: machine.psciVersion),
            !function.is64Bit || call.has64Bit
        else { return .result(Result.notSupported) }
        let mask: UInt64 = function.is64Bit ? .max : 0xFFFF_FFFF
        switch call {
        case .version: return .result(machine.psciVersion.rawValue)
        case .cpuSuspend: return .suspend
        case .cpuOff: return .off
        case .cpuOn: return cpuOn(affinity: x1 & mask, pc: x2 & mask, context: x3 & mask, machine)
        case .affinityInfo: return .result(affinityInfo(x1 & mask, level: x2 & mask, machine))
        case .migrateInfoType: return .result(Result.migrationNotNeeded)
        case .systemOff: return .systemOff
        case .systemReset: return .systemReset
        case .systemReset2:
            // 0 is SYSTEM_WARM_RESET, the only architectural type.
            return x1 & 0xFFFF_FFFF == 0 ? .systemReset : .result(Result.invalidParameters)
        case .features: return .result(features(SMCCCFunction(UInt32(truncatingIfNeeded: x1)), machine.psciVersion))
        case .migrate, .migrateInfoUpCPU: return .result(Result.notSupported)
        }
    }

    private static let affinityMask: UInt64 = 0xFF_00FF_FFFF

    private static func cpuOn(affinity: UInt64, pc: UInt64, context: UInt64, _ machine: some Machine) -> Action {
        guard affinity & ~affinityMask == 0,
            let vcpu = MPIDR(rawValue: affinity).vcpuIndex(count: machine.vcpuCount)
        else { return .result(Result.invalidParameters) }
        guard !machine.isLost(vcpu) else { return .result(Result.internalFailure) }
        guard machine.isPoweredOff(vcpu) else { return .result(Result.alreadyOn) }
        return .on(vcpu: vcpu, ResetState(pc: pc, x0: context))
    }

    /// ON if any vCPU of the affinity group is.
    private static func affinityInfo(_ affinity: UInt64, level: UInt64, _ machine: some Machine) -> UInt64 {
        guard level <= 3, affinity & ~affinityMask == 0 else { return Result.invalidParameters }
        let mask = affinityMask & ~(1 << (8 * level) - 1)
        var found = false
        for vcpu in 0..<machine.vcpuCount where (MPIDR(vcpuIndex: vcpu).rawValue ^ affinity) & mask == 0 {
            found = true
            if !machine.isPoweredOff(vcpu) { return Result.on }
        }
        return found ? Result.off : Result.invalidParameters
    }

    private static func features(_ function: SMCCCFunction, _ version: Version) -> UInt64 {
        if function == .version { return Result.success }
        guard let number = function.psciNumber, let call = Function(rawValue: number), call.isImplemented(in: version),
            !function.is64Bit || call.has64Bit
        else { return Result.notSupported }
        return Result.success
    }
}
