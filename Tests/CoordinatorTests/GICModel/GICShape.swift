/// A machine to compare on, and how its guest behaves.
struct GICShape: CustomStringConvertible, Sendable {
    /// The SGIs and PPIs that take part.
    static let privateINTIDs: [UInt32] = [0, 1, 15, 16, 30, 31]

    var vcpus: Int
    var listRegisters: Int
    /// At most 32.
    var spis: Int
    /// EOImode of all PEs, or nil: each chooses, while nothing is active there.
    var splitsEnd: Bool?

    /// Whether an interrupt may be active without having been acknowledged, or stay active without a PE that will end it.
    ///
    /// With EOImode 0 a PE says for an interrupt that is in no list register only that it has ended one (EOIcount), and
    /// its place in the order of priorities tells which.
    var allowsOrphans: Bool { splitsEnd == true || listRegisters >= Self.privateINTIDs.count + spis }

    /// The bits of the interrupts that take part in a register with one for each.
    func known(of pe: Int?) -> UInt32 {
        if pe == nil { return UInt32(truncatingIfNeeded: 1 << UInt64(spis) - 1) }
        return Self.privateINTIDs.reduce(0) { $0 | 1 << $1 }
    }

    var description: String {
        let ends = splitsEnd.map { $0 ? "EOImode 1" : "EOImode 0" } ?? "both EOImodes"
        return "\(vcpus) vCPUs, \(listRegisters) list registers, \(spis) SPIs, \(ends)"
    }
}

/// The registers with one bit for each interrupt. The value is the offset in GICD and in SGI_base.
enum GICBank: UInt64, CaseIterable, Sendable, CustomDebugStringConvertible {
    case group = 0x80
    case setEnable = 0x100
    case clearEnable = 0x180
    case setPending = 0x200
    case clearPending = 0x280
    case setActive = 0x300
    case clearActive = 0x380

    /// As in source code.
    var debugDescription: String {
        switch self {
        case .group: ".group"
        case .setEnable: ".setEnable"
        case .clearEnable: ".clearEnable"
        case .setPending: ".setPending"
        case .clearPending: ".clearPending"
        case .setActive: ".setActive"
        case .clearActive: ".clearActive"
        }
    }
}
