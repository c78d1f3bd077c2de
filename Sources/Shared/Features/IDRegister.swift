/// An identification register of which something can be taken away. It is the VM's: all vCPUs have the same.
package enum IDRegister: Int, CaseIterable, Sendable {
    case pfr0, isar0, isar1, mmfr1, mmfr2

    package var register: SystemRegister {
        switch self {
        case .pfr0: .ID_AA64PFR0_EL1
        case .isar0: .ID_AA64ISAR0_EL1
        case .isar1: .ID_AA64ISAR1_EL1
        case .mmfr1: .ID_AA64MMFR1_EL1
        case .mmfr2: .ID_AA64MMFR2_EL1
        }
    }

    package var name: String { register.name }
    package var id: UInt64 { OneRegister.system(register.encoding).id }

    /// The bits that a VM may have otherwise: of KVM_ARM_GET_REG_WRITABLE_MASKS.
    package var writableMask: UInt64 {
        IDRegisterField.all.reduce(0) { $1.register == self ? $0 | $1.mask : $0 }
    }

    package init?(_ register: SystemRegister) {
        guard let found = Self.allCases.first(where: { $0.register == register }) else { return nil }
        self = found
    }

    /// That of a ONE_REG id.
    package init?(id: UInt64) {
        guard let found = Self.allCases.first(where: { $0.id == id }) else { return nil }
        self = found
    }
}
