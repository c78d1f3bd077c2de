/// What the guest of `armada stress` does: the built-in ones in the order of its own table.
enum StressScenario: String, CaseIterable, Sendable {
    case sgiAll = "sgi-all"
    case sgiRing = "sgi-ring"
    case sgiHotspot = "sgi-hotspot"
    case sgiFlood = "sgi-flood"
    case spiEdge = "spi-edge"
    case spiLevel = "spi-level"
    case timers
    case priorities
    case churn
    case migration
    case oneOfN = "one-of-n"
    case power
    case wfi
    case eoiModes = "eoi-modes"
    case overflow
    case tlbi
    /// A guest that is given: Linux, with the initrd of `deploy/make-initramfs.sh`.
    case linux

    static let names = allCases.map(\.rawValue).joined(separator: ", ")

    /// It needs no kernel.
    var isBuiltIn: Bool { self != .linux }

    /// Its number for the guest.
    var number: UInt64 { UInt64(Self.allCases.firstIndex(of: self) ?? 0) }

    /// With fewer there is nobody to interrupt, to move to, to switch off.
    var minimumVCPUCount: Int {
        switch self {
        case .sgiRing, .sgiHotspot, .migration, .oneOfN, .power, .tlbi, .linux: 2
        default: 1
        }
    }

    /// Pieces of work of each vCPU in a round: some tens of milliseconds.
    var workCount: UInt64 {
        switch self {
        case .timers: 64
        case .sgiFlood: 4096
        case .power: 320
        case .overflow: 240
        default: 512
        }
    }

    /// What its latency is called beside others'.
    var latencyName: String { isBuiltIn ? rawValue : rawValue + ": how late timers were" }

    /// The device's lines are level-sensitive.
    var usesLevels: Bool { self == .spiLevel }
}
