import Shared

/// The constants that identify the PE: they announce what is there and nothing else. What a VM can be given otherwise is in
/// `IDRegisterSet`.
///
/// Source: Arm ARM "AArch64 identification registers".
enum IDRegisters {
    /// A field of an identification register: `value` at `shift`.
    private static func field(_ shift: UInt64, _ value: UInt64) -> UInt64 { value << shift }

    /// Implementer 0 (reserved for software use), architecture 0xF (by ID registers), part and revision of our own.
    static let midr_EL1 = field(24, 0x00) | field(20, 0x0) | field(16, 0xF) | field(4, 0xA3D) | field(0, 1)

    // Armv8 debug, no PMU, 6 breakpoints, 4 watchpoints, 2 of the breakpoints context-aware.
    static let id_AA64DFR0_EL1 = field(0, 6) | field(8, 0) | field(12, 5) | field(20, 3) | field(28, 1)
    // 16-bit ASIDs, granules of 16 (TGran16 = 1), 64 and 4 KiB (both 0).
    static func id_AA64MMFR0_EL1(physicalAddressBits: UInt8) -> UInt64 {
        field(0, PhysicalAddressSize.encoding(bits: physicalAddressBits)) | field(4, 2) | field(20, 1) | field(24, 0)
            | field(28, 0)
    }
    /// RES1 at 31, no IDC, no DIC: the guest must clean and invalidate. PIPT, lines of 64 bytes.
    static let ctr_EL0 = field(31, 1) | field(24, 4) | field(20, 4) | field(16, 4) | field(14, 3) | field(0, 4)
    /// Separate caches at level 1, unified at level 2; LoUIS = LoUU = 1, LoC = 2.
    static let clidr_EL1 = field(0, 3) | field(3, 4) | field(21, 1) | field(24, 2) | field(27, 1)
    /// CCSIDR_EL1 of the level-1 caches: 128 sets, 4 ways, lines of 64 bytes (32 KiB).
    static let ccsidrLevel1 = field(13, 127) | field(3, 3) | field(0, 2)
    /// CCSIDR_EL1 of the level-2 cache: 1024 sets, 8 ways, lines of 64 bytes (512 KiB).
    static let ccsidrLevel2 = field(13, 1023) | field(3, 7) | field(0, 2)
    /// DCZID_EL0.BS: DC ZVA clears 64 bytes.
    static let dczidBlockSize: UInt64 = 4

    /// CCSIDR_EL1 for what CSSELR_EL1 selects: InD in bit 0, the level from bit 1.
    static func ccsidr(csselr: UInt64) -> UInt64 {
        switch csselr & 0xF {
        case 0, 1: ccsidrLevel1
        case 2: ccsidrLevel2
        default: 0
        }
    }
}
