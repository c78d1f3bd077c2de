/// A feature of the PE that a VM can do without, by its name in the architecture. Everything else that the PE has, it always
/// has.
///
/// Source: Arm ARM "Features in the Arm architecture extensions".
package enum CPUFeature: UInt8, CaseIterable, Sendable {
    case AES, PMULL, SHA1, SHA256, CRC32
    case LSE, RDM, PAN
    case PAN2, UAO, FP16, DPB, DotProd
    case LRCPC, FlagM
    case E0PD, CSV2, CSV2_2, CSV2_3, CSV3

    package var name: String { "FEAT_\(self)" }

    /// A name in either case, with or without FEAT_ before it.
    package init?(name: String) {
        guard let feature = Self.byName[Self.key(name)] else { return nil }
        self = feature
    }

    /// How two spellings of a feature's name are compared.
    package static func key(_ name: String) -> Substring {
        let name = name.uppercased()
        return name.hasPrefix("FEAT_") ? name.dropFirst(5) : name[...]
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { (key($0.name), $0) })
}

extension CPUFeature {
    /// How an identification register announces a feature.
    package struct Announcement: Sendable {
        let field: IDRegisterField
        /// From this value on it is there.
        let value: UInt64
        /// The highest value without it.
        let without: UInt64

        init(_ field: IDRegisterField, _ value: UInt64, without: UInt64) {
            self.field = field
            self.value = value
            self.without = without
        }
    }

    /// The fields that announce it, which must agree.
    package var announcements: [Announcement] {
        switch self {
        case .AES: [Announcement(.aes, 1, without: 0)]
        case .PMULL: [Announcement(.aes, 2, without: 1)]
        case .SHA1: [Announcement(.sha1, 1, without: 0)]
        case .SHA256: [Announcement(.sha2, 1, without: 0)]
        case .CRC32: [Announcement(.crc32, 1, without: 0)]
        // 1 is reserved, and nothing.
        case .LSE: [Announcement(.atomic, 2, without: 0)]
        case .RDM: [Announcement(.rdm, 1, without: 0)]
        case .DotProd: [Announcement(.dp, 1, without: 0)]
        case .FlagM: [Announcement(.ts, 1, without: 0)]
        case .DPB: [Announcement(.dpb, 1, without: 0)]
        case .LRCPC: [Announcement(.lrcpc, 1, without: 0)]
        case .FP16: [Announcement(.fp, 1, without: 0), Announcement(.advSIMD, 1, without: 0)]
        case .PAN: [Announcement(.pan, 1, without: 0)]
        case .PAN2: [Announcement(.pan, 2, without: 1)]
        case .UAO: [Announcement(.uao, 1, without: 0)]
        case .E0PD: [Announcement(.e0pd, 1, without: 0)]
        case .CSV2: [Announcement(.csv2, 1, without: 0)]
        case .CSV2_2: [Announcement(.csv2, 2, without: 1)]
        case .CSV2_3: [Announcement(.csv2, 3, without: 2)]
        case .CSV3: [Announcement(.csv3, 1, without: 0)]
        }
    }

    /// What must be there with it. FP and Advanced SIMD, which others build on, always are.
    ///
    /// Source: Arm ARM "ID_AA64ISAR0_EL1" (SHA1, SHA2), "ID_AA64MMFR2_EL1" (E0PD), and the features' descriptions.
    package var requirements: [CPUFeature] {
        switch self {
        case .PMULL: [.AES]
        case .SHA1: [.SHA256]
        case .SHA256: [.SHA1]
        case .PAN2: [.PAN]
        case .CSV2_2: [.CSV2]
        case .CSV2_3: [.CSV2_2]
        case .E0PD: [.CSV3]
        default: []
        }
    }
}

/// Some of the features.
package struct CPUFeatureSet: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package init(_ feature: CPUFeature) { rawValue = 1 << UInt32(feature.rawValue) }

    package static let all = Self(CPUFeature.allCases)

    package init(_ features: some Sequence<CPUFeature>) {
        self = features.reduce(into: []) { $0.formUnion(Self($1)) }
    }

    package func contains(_ feature: CPUFeature) -> Bool { rawValue & 1 << UInt32(feature.rawValue) != 0 }
}
