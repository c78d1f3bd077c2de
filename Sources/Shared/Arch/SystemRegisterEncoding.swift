/// The name of a system register or system instruction: op0, op1, CRn, CRm, op2, packed as in bits 20:5 of MRS/MSR/SYS.
///
/// Source: Arm ARM "System instruction class encoding overview".
public struct SystemRegisterEncoding: RawRepresentable, Hashable, Sendable {
    /// op0[15:14] op1[13:11] CRn[10:7] CRm[6:3] op2[2:0]; the layout that KVM's ONE_REG ids use too.
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public init(_ op0: UInt16, _ op1: UInt16, _ crn: UInt16, _ crm: UInt16, _ op2: UInt16) {
        rawValue = op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
    }

    /// The encoding in an MRS, MSR (register), SYS or SYSL instruction word.
    @inlinable public init(instruction word: UInt32) { rawValue = UInt16(truncatingIfNeeded: word >> 5) }

    /// The encoding in the ISS of a trapped access (exception class 0x18).
    package init(iss: UInt32) {
        self.init(
            UInt16(iss >> 20 & 3), UInt16(iss >> 14 & 7), UInt16(iss >> 10 & 15), UInt16(iss >> 1 & 15),
            UInt16(iss >> 17 & 7))
    }

    /// The ISS of a trapped access with transfer register `rt`.
    package func iss(rt: Int, isRead: Bool) -> UInt32 {
        UInt32(op0) << 20 | UInt32(op2) << 17 | UInt32(op1) << 14 | UInt32(crn) << 10 | UInt32(rt & 31) << 5
            | UInt32(crm) << 1 | (isRead ? 1 : 0)
    }

    @inlinable public var op0: UInt16 { rawValue >> 14 }
    @inlinable public var op1: UInt16 { rawValue >> 11 & 7 }
    @inlinable public var crn: UInt16 { rawValue >> 7 & 15 }
    @inlinable public var crm: UInt16 { rawValue >> 3 & 15 }
    @inlinable public var op2: UInt16 { rawValue & 7 }
}

extension SystemRegisterEncoding: CustomStringConvertible {
    /// The generic name that assemblers accept, for example `S3_0_C12_C11_5`.
    public var description: String { "S\(op0)_\(op1)_C\(crn)_C\(crm)_\(op2)" }
}
