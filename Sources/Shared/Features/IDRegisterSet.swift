/// What the identification registers of a VM say, as far as that can be chosen.
package struct IDRegisterSet: Hashable, Sendable {
    /// By `IDRegister`; the rest is zero.
    private var words: SIMD8<UInt64>

    package subscript(register: IDRegister) -> UInt64 {
        get { words[register.rawValue] }
        set { words[register.rawValue] = newValue }
    }

    /// A field of an identification register: `value` at `shift`.
    private static func field(_ shift: UInt64, _ value: UInt64) -> UInt64 { value << shift }

    /// What the PE has: the limit of what a VM can be given.
    package static let implemented: Self = {
        var set = Self(words: .zero)
        // EL0 and EL1 in AArch64 only, no EL2, no EL3; FP and AdvSIMD with half precision; GIC by system registers.
        // CSV2 = 3, CSV3: nothing is speculated, so a guest needs neither branch hardening nor branch history clearing.
        set[.pfr0] =
            field(0, 1) | field(4, 1) | field(16, 1) | field(20, 1) | field(24, 1) | field(56, 3) | field(60, 1)
        // AES with PMULL, SHA1, SHA256, CRC32, LSE atomics, RDM, DotProd, FlagM.
        set[.isar0] =
            field(4, 2) | field(8, 1) | field(12, 1) | field(16, 1) | field(20, 2) | field(28, 1) | field(44, 1)
            | field(52, 1)
        // DPB: DC CVAP without DC CVADP. LRCPC: LDAPR without the unscaled forms.
        set[.isar1] = field(0, 1) | field(20, 1)
        // PAN with AT S1E1RP and S1E1WP.
        set[.mmfr1] = field(20, 2)
        // UAO, and E0PD, without which Linux keeps separate tables for EL0 to hide where the kernel lies.
        set[.mmfr2] = field(4, 1) | field(60, 1)
        return set
    }()
}

// MARK: Features

extension IDRegisterSet {
    /// What is announced by all of a feature's fields.
    package var features: CPUFeatureSet { CPUFeatureSet(CPUFeature.allCases.filter { announces($0) == true }) }

    /// nil: the feature's fields disagree.
    private func announces(_ feature: CPUFeature) -> Bool? {
        let count = feature.announcements.count {
            self[$0.field.register] & $0.field.mask >= $0.value << $0.field.shift
        }
        return count == 0 ? false : count == feature.announcements.count ? true : nil
    }

    /// Announces `feature` no more.
    package mutating func remove(_ feature: CPUFeature) {
        for announcement in feature.announcements {
            let field = announcement.field
            let value = min(self[field.register] >> field.shift & 0xF, announcement.without)
            self[field.register] = self[field.register] & ~field.mask | value << field.shift
        }
    }

    // MARK: The rules

    /// Why the PE cannot stand for it; nil: it can.
    package var problem: IDRegisterProblem? {
        for register in IDRegister.allCases {
            let bits = Self.unsafeBits(of: self[register], register)
            if bits != 0 { return .unsafe(register, value: self[register], bits: bits) }
        }
        for feature in CPUFeature.allCases where announces(feature) == nil { return .disagreement(feature) }
        return features.problem
    }

    /// The bits of `value` that `register` cannot have: in fields above what the PE has, and where it has one value only.
    private static func unsafeBits(of value: UInt64, _ register: IDRegister) -> UInt64 {
        let limit = implemented[register]
        return IDRegisterField.all.reduce((value ^ limit) & ~register.writableMask) { bits, field in
            field.register != register || field.isSafe(value, limit: limit) ? bits : bits | value & field.mask
        }
    }
}

extension CPUFeatureSet {
    /// A feature that is there without what it needs; nil: there is none.
    package var problem: IDRegisterProblem? {
        for feature in CPUFeature.allCases where contains(feature) {
            if let missing = feature.requirements.first(where: { !contains($0) }) {
                return .missing(missing, for: feature)
            }
        }
        return nil
    }
}

/// Why there can be no VM with such identification registers. The description is a clause.
package enum IDRegisterProblem: Error, Equatable, CustomStringConvertible {
    case unsafe(IDRegister, value: UInt64, bits: UInt64)
    /// The fields that announce it.
    case disagreement(CPUFeature)
    case missing(CPUFeature, for: CPUFeature)

    package var description: String {
        switch self {
        case .unsafe(let register, let value, let bits):
            let fields = IDRegisterField.all.filter { $0.register == register && $0.mask & bits != 0 }.map(\.name)
            let names = fields.isEmpty ? "" : " (\(fields.joined(separator: ", ")))"
            return "\(register.name) cannot be \(hex(value)): its bits \(hex(bits))\(names) are beyond the PE's "
                + "\(hex(IDRegisterSet.implemented[register])): give them as there"
        case .disagreement(let feature):
            let fields = feature.announcements.map(\.field.name).joined(separator: " and ")
            return "\(fields) say different things about \(feature.name): they must agree"
        case .missing(let missing, let feature):
            return "\(feature.name) needs \(missing.name): take both away, or neither"
        }
    }

    private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
