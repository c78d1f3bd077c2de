/// ESR_ELx.EC: why an exception was taken. An open set, because a guest can put any value into an ESR.
///
/// Source: Arm ARM "ESR_EL2, Exception Syndrome Register (EL2)".
@frozen public struct ExceptionClass: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue & 0x3F }

    // Each exit compares several times; the comparison of any raw representable value is a call.
    @inlinable public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

    package static let unknown = Self(rawValue: 0x00)
    package static let wfx = Self(rawValue: 0x01)
    package static let cp15_32 = Self(rawValue: 0x03)
    package static let cp15_64 = Self(rawValue: 0x04)
    package static let cp14_MR = Self(rawValue: 0x05)
    package static let cp14_LS = Self(rawValue: 0x06)
    package static let fpASIMD = Self(rawValue: 0x07)
    package static let cp10_ID = Self(rawValue: 0x08)
    package static let pac = Self(rawValue: 0x09)
    package static let other = Self(rawValue: 0x0A)
    package static let cp14_64 = Self(rawValue: 0x0C)
    package static let bti = Self(rawValue: 0x0D)
    package static let illegalState = Self(rawValue: 0x0E)
    package static let svc32 = Self(rawValue: 0x11)
    package static let hvc32 = Self(rawValue: 0x12)
    package static let smc32 = Self(rawValue: 0x13)
    package static let svc64 = Self(rawValue: 0x15)
    package static let hvc64 = Self(rawValue: 0x16)
    package static let smc64 = Self(rawValue: 0x17)
    package static let sys64 = Self(rawValue: 0x18)
    package static let sve = Self(rawValue: 0x19)
    package static let eret = Self(rawValue: 0x1A)
    package static let fpac = Self(rawValue: 0x1C)
    package static let sme = Self(rawValue: 0x1D)
    package static let iabtLow = Self(rawValue: 0x20)
    package static let iabtCurrent = Self(rawValue: 0x21)
    package static let pcAlignment = Self(rawValue: 0x22)
    package static let dabtLow = Self(rawValue: 0x24)
    package static let dabtCurrent = Self(rawValue: 0x25)
    package static let spAlignment = Self(rawValue: 0x26)
    package static let mops = Self(rawValue: 0x27)
    package static let fpException32 = Self(rawValue: 0x28)
    package static let fpException64 = Self(rawValue: 0x2C)
    package static let gcs = Self(rawValue: 0x2D)
    package static let serror = Self(rawValue: 0x2F)
    package static let breakpointLow = Self(rawValue: 0x30)
    package static let breakpointCurrent = Self(rawValue: 0x31)
    package static let softStepLow = Self(rawValue: 0x32)
    package static let softStepCurrent = Self(rawValue: 0x33)
    package static let watchpointLow = Self(rawValue: 0x34)
    package static let watchpointCurrent = Self(rawValue: 0x35)
    package static let bkpt32 = Self(rawValue: 0x38)
    package static let vector32 = Self(rawValue: 0x3A)
    package static let brk64 = Self(rawValue: 0x3C)
}
