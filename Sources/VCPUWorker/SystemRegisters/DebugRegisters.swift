// The fields of the debug registers.

/// MDSCR_EL1, the bits that mean something here.
///
/// Source: Arm ARM "MDSCR_EL1, Monitor Debug System Control Register".
enum MDSCR {
    /// Software step is enabled.
    static let ss: UInt64 = 1 << 0
    /// EL0 may not use the debug communications channel.
    static let tdcc: UInt64 = 1 << 12
    /// Debug exceptions from EL1 are enabled, where PSTATE.D is clear.
    static let kde: UInt64 = 1 << 13
    /// Breakpoints and watchpoints are enabled.
    static let mde: UInt64 = 1 << 15

    static let writable = ss | tdcc | kde | mde
    /// ERR HDE TDA INTdis TXU RXO TXfull RXfull: an external debugger's, which who holds the OS lock may save and restore.
    static let writableWhileLocked: UInt64 = 0x6CE0_4040
}

/// DBGBCR<n>_EL1.
struct BreakpointControl: RawRepresentable {
    let rawValue: UInt64

    /// BT LBN SSC HMC BAS PMC E
    static let writable: UInt64 = 0x00FF_E1E7

    var isEnabled: Bool { rawValue & 1 != 0 }
    var conditions: DebugConditions { DebugConditions(control: rawValue) }
    /// BT.
    var type: UInt8 { UInt8(rawValue >> 20 & 0xF) }

    static let address: UInt8 = 0b0000
    static let linkedAddress: UInt8 = 0b0001
    static let context: UInt8 = 0b0010
    static let linkedContext: UInt8 = 0b0011
}

/// DBGWCR<n>_EL1.
struct WatchpointControl: RawRepresentable {
    let rawValue: UInt64

    /// MASK WT LBN SSC HMC BAS LSC PAC E
    static let writable: UInt64 = 0x1F1F_FFFF

    var isEnabled: Bool { rawValue & 1 != 0 }
    var conditions: DebugConditions { DebugConditions(control: rawValue) }
    /// LSC: bit 0 for loads, bit 1 for stores.
    var accesses: UInt8 { UInt8(rawValue >> 3 & 3) }
    /// BAS: which bytes of the doubleword.
    var byteSelect: UInt8 { UInt8(rawValue >> 5 & 0xFF) }
    /// WT.
    var isLinked: Bool { rawValue & 1 << 20 != 0 }
    /// MASK: the number of address bits that don't matter.
    var mask: UInt8 { UInt8(rawValue >> 24 & 0x1F) }
}

/// What DBGBCR<n>_EL1 and DBGWCR<n>_EL1 ask of the PE's state; the fields stand at the same places in both.
///
/// HMC and SSC tell apart states that this PE does not have; values other than 0 are reserved then. It takes them as a PE in
/// Non-secure state with an EL2 out of sight does: Secure only never matches, the rest makes no difference to EL0 and EL1.
///
/// Source: Arm ARM "AArch64.StateMatch", "CheckValidStateMatch".
struct DebugConditions {
    let control: UInt64

    private var isSecureOnly: Bool { control >> 14 & 3 == 0b10 }
    /// PMC or PAC, for EL0 and for EL1.
    var includesEL0: Bool { control & 1 << 2 != 0 && !isSecureOnly }
    var includesEL1: Bool { control & 1 << 1 != 0 && !isSecureOnly }
    /// LBN.
    var linkedBreakpoint: Int { Int(control >> 16 & 0xF) }
}
