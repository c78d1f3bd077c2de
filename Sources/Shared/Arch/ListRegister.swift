/// One virtual interrupt as the GIC CPU interface sees it.
///
/// Source: GICv3 "ICH_LR<n>_EL2, Interrupt Controller List Registers".
package struct ListRegister: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let invalid = Self(rawValue: 0)

    /// vINTID: 32 bits, though only 24 are used.
    package var virtualINTID: UInt32 {
        get { UInt32(truncatingIfNeeded: rawValue) }
        set { rawValue = rawValue & ~0xFFFF_FFFF | UInt64(newValue) }
    }
    /// pINTID when `isHardware`; otherwise bit 9 of it is EOI: maintenance interrupt on deactivation.
    package var physicalINTID: UInt32 {
        get { UInt32(rawValue >> 32 & 0x1FFF) }
        set { rawValue = rawValue & ~(0x1FFF << 32) | UInt64(newValue & 0x1FFF) << 32 }
    }
    /// EOI: ask for a maintenance interrupt when the guest ends this (software) interrupt.
    package var wantsEOIMaintenance: Bool {
        get { rawValue & (1 << 41) != 0 }
        set { rawValue = newValue ? rawValue | 1 << 41 : rawValue & ~(1 << 41) }
    }
    package var priority: UInt8 {
        get { UInt8(rawValue >> 48 & 0xFF) }
        set { rawValue = rawValue & ~(0xFF << 48) | UInt64(newValue) << 48 }
    }
    /// Group 1 when true, group 0 otherwise.
    package var isGroup1: Bool {
        get { rawValue & (1 << 60) != 0 }
        set { rawValue = newValue ? rawValue | 1 << 60 : rawValue & ~(1 << 60) }
    }
    /// HW: the virtual interrupt maps to a physical one.
    package var isHardware: Bool {
        get { rawValue & (1 << 61) != 0 }
        set { rawValue = newValue ? rawValue | 1 << 61 : rawValue & ~(1 << 61) }
    }
    package var isPending: Bool {
        get { rawValue & (1 << 62) != 0 }
        set { rawValue = newValue ? rawValue | 1 << 62 : rawValue & ~(1 << 62) }
    }
    package var isActive: Bool {
        get { rawValue & (1 << 63) != 0 }
        set { rawValue = newValue ? rawValue | 1 << 63 : rawValue & ~(1 << 63) }
    }
    /// State 00: the list register is free.
    package var isInvalid: Bool { rawValue >> 62 == 0 }
}
