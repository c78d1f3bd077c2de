/// What others have published about real hardware, for comparison. Never measured here, and each report says so.
struct PublishedFigure {
    /// The operation's name here.
    var operation: String
    var value: UInt64
    var source: PublishedSource
}

/// Where figures come from; all figures of one source have the same unit.
struct PublishedSource: Hashable {
    enum Unit: String {
        case nanoseconds = "ns"
        /// Of that machine's processor: never on one axis with times.
        case cycles
    }

    /// Short, for the head of a column.
    var name: String
    var machine: String
    var unit: Unit
    /// What was measured, and where it was published.
    var reference: String
}

extension PublishedSource {
    static let all: [Self] = [.altra, .kunpeng, .xGene, .splitMode, .vhe]

    static let altra = Self(
        name: "Ampere Altra", machine: "Ampere Altra, Linux 6.12-rc1", unit: .nanoseconds,
        reference: "average; kvm-unit-tests arm/micro-bench, posted to the KVM lists")
    static let kunpeng = Self(
        name: "Kunpeng 920", machine: "HiSilicon Kunpeng 920, 2023", unit: .nanoseconds,
        reference: "average; kvm-unit-tests arm/micro-bench, posted to the KVM lists")
    static let xGene = Self(
        name: "X-Gene", machine: "HP Moonshot m400, X-Gene Atlas 2.4 GHz", unit: .cycles,
        reference: "KVM ARM; Dall et al., ARM Virtualization: Performance and Architectural Implications, ISCA 2016")
    static let splitMode = Self(
        name: "split mode", machine: "KVM/ARM in split mode", unit: .cycles,
        reference: "Dall et al., Optimizing the Design and Implementation of the Linux ARM Hypervisor, USENIX ATC 2017")
    static let vhe = Self(
        name: "VHE design", machine: "KVM/ARM with Linux in EL2, the design for VHE", unit: .cycles,
        reference: "Dall et al., Optimizing the Design and Implementation of the Linux ARM Hypervisor, USENIX ATC 2017")

    /// By operation.
    var figures: [(operation: String, value: UInt64)] {
        switch self {
        case .altra:
            [
                ("hyp_call", 306), ("mmio_read_user", 1683), ("mmio_read_vgic", 451), ("eoi", 14), ("ipi", 1926),
                ("timer_10ms", 902),
            ]
        case .kunpeng:
            [
                ("hyp_call", 408), ("mmio_read_user", 2306), ("mmio_read_vgic", 638), ("eoi", 26), ("ipi", 1697),
                ("timer_10ms", 1822),
            ]
        case .xGene: [("hyp_call", 6500), ("eoi", 71)]
        case .splitMode: [("mmio_read_vgic", 8034), ("mmio_read_user", 10012), ("ipi", 13121)]
        case .vhe: [("hyp_call", 752), ("mmio_read_vgic", 1604), ("mmio_read_user", 7630), ("ipi", 2526)]
        default: []
        }
    }
}

extension PublishedFigure {
    static let all: [Self] = PublishedSource.all.flatMap { source in
        source.figures.map { Self(operation: $0.operation, value: $0.value, source: source) }
    }

    static func figures(of operation: String, in unit: PublishedSource.Unit) -> [Self] {
        all.filter { $0.operation == operation && $0.source.unit == unit }
    }
}
