/// An exception syndrome, as in ESR_EL1 and ESR_EL2.
///
/// Source: Arm ARM "ESR_EL1, Exception Syndrome Register (EL1)", "ISS encoding for an exception from a Data Abort".
package struct ExceptionSyndrome: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A syndrome of class `exceptionClass`; `iss` is its 25 bits of detail; IL says whether the instruction is 32 bits long.
    package init(_ exceptionClass: ExceptionClass, iss: UInt32 = 0, il: Bool = true) {
        rawValue = UInt32(exceptionClass.rawValue) << 26 | (il ? 1 << 25 : 0) | (iss & 0x1FF_FFFF)
    }

    package var exceptionClass: ExceptionClass { ExceptionClass(rawValue: UInt8(rawValue >> 26)) }
    package var il: Bool { rawValue & (1 << 25) != 0 }
    /// Instruction Specific Syndrome, 25 bits.
    package var iss: UInt32 { rawValue & 0x1FF_FFFF }

    // MARK: Data and instruction aborts

    /// DFSC or IFSC: the fault status code.
    package var faultStatus: FaultStatus { FaultStatus(rawValue: UInt8(rawValue & 0x3F)) }
    /// WnR: the abort was caused by a write.
    package var isWrite: Bool { rawValue & (1 << 6) != 0 }
    /// S1PTW: the fault is a stage-2 fault on a stage-1 table walk.
    package var isStage1Walk: Bool { rawValue & (1 << 7) != 0 }
    /// CM: the fault came from a cache maintenance or address translation instruction.
    package var isCacheMaintenance: Bool { rawValue & (1 << 8) != 0 }
    /// FnV: the FAR is not valid (external aborts only).
    package var isFARInvalid: Bool { rawValue & (1 << 10) != 0 }
    /// ISV: SAS, SSE, SRT, SF and AR are valid.
    package var isSyndromeValid: Bool { rawValue & (1 << 24) != 0 }
    /// SAS: the access size in bytes: 1, 2, 4 or 8.
    package var accessByteCount: Int { 1 << Int((rawValue >> 22) & 3) }
    /// SSE: the loaded item is sign-extended.
    package var isSignExtended: Bool { rawValue & (1 << 21) != 0 }
    /// SRT: the register number of the transfer, 31 for the zero register.
    package var transferRegister: Int { Int((rawValue >> 16) & 0x1F) }
    /// SF: the transfer register is 64 bits wide.
    package var is64Bit: Bool { rawValue & (1 << 15) != 0 }
    /// AR: the access has acquire or release semantics.
    package var isAcquireRelease: Bool { rawValue & (1 << 14) != 0 }

    // MARK: SError

    /// ISS.IDS: the other bits are IMPLEMENTATION DEFINED.
    package static let serrorIDS: UInt32 = 1 << 24
    /// The bits of an ISS.
    package static let issMask: UInt32 = 0x1FF_FFFF

    // MARK: Traps

    /// The immediate of SVC, HVC, SMC or BRK.
    package var immediate: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
    /// WFx: false for WFI, true for WFE.
    package var isWFE: Bool { rawValue & 1 != 0 }
    /// SYS64: the trapped register or instruction.
    package var systemRegister: SystemRegisterEncoding { SystemRegisterEncoding(iss: rawValue & 0x1FF_FFFF) }
    /// SYS64: Rt, 31 for the zero register.
    package var systemTransferRegister: Int { Int((rawValue >> 5) & 0x1F) }
    /// SYS64: true for MRS, false for MSR.
    package var isSystemRead: Bool { rawValue & 1 != 0 }
}

/// DFSC and IFSC: the fault status code of an abort.
///
/// Source: Arm ARM "ISS encoding for an exception from a Data Abort".
package struct FaultStatus: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue & 0x3F }

    package static func addressSize(level: Int) -> Self { Self(rawValue: 0x00 | UInt8(level & 3)) }
    package static func translation(level: Int) -> Self { Self(rawValue: 0x04 | UInt8(level & 3)) }
    package static func accessFlag(level: Int) -> Self { Self(rawValue: 0x08 | UInt8(level & 3)) }
    package static func permission(level: Int) -> Self { Self(rawValue: 0x0C | UInt8(level & 3)) }
    package static let externalAbort = Self(rawValue: 0x10)
    package static func externalAbortOnWalk(level: Int) -> Self { Self(rawValue: 0x14 | UInt8(level & 3)) }
    package static let alignment = Self(rawValue: 0x21)
    package static let debug = Self(rawValue: 0x22)
    package static let tlbConflict = Self(rawValue: 0x30)
    package static let unsupportedAtomic = Self(rawValue: 0x35)

    package var isTranslation: Bool { rawValue & 0x3C == 0x04 }
    package var isAccessFlag: Bool { rawValue & 0x3C == 0x08 }
    package var isPermission: Bool { rawValue & 0x3C == 0x0C }
    package var isAddressSize: Bool { rawValue & 0x3C == 0x00 }
    /// A synchronous external abort, on the access itself or on a table walk (parity and ECC errors included).
    package var isExternalAbort: Bool {
        switch rawValue {
        case 0x10, 0x14...0x17, 0x18, 0x1C...0x1F: true
        default: false
        }
    }
    /// The level of a fault whose code carries one.
    package var level: Int { Int(rawValue & 3) }
}
