/// The binary interchange formats of IEEE 754 that the architecture knows. A value is handled as its bits in a `UInt64`.
enum FPFormat: UInt8 {
    case half
    case single
    case double

    /// Bits of the stored fraction.
    @inline(__always) var fractionBits: Int {
        switch self {
        case .half: 10
        case .single: 23
        case .double: 52
        }
    }

    /// The exponent field with all ones, right-aligned.
    @inline(__always) var exponentMask: Int {
        switch self {
        case .half: 0x1F
        case .single: 0xFF
        case .double: 0x7FF
        }
    }

    /// As `Op.laneSize`: 1…3 for H, S, D.
    @inline(__always) var laneSize: Int { Int(rawValue &+ 1) }
    @inline(__always) var bias: Int { exponentMask >> 1 }
    @inline(__always) var infinity: UInt64 { UInt64(exponentMask) << UInt64(fractionBits) }
    @inline(__always) var signBit: UInt64 { infinity &+ (1 << UInt64(fractionBits)) }
    @inline(__always) var fractionMask: UInt64 { (1 << UInt64(fractionBits)) &- 1 }
    @inline(__always) var quietBit: UInt64 { 1 << UInt64(fractionBits &- 1) }
    @inline(__always) var defaultNaN: UInt64 { infinity | quietBit }
    @inline(__always) var largestFinite: UInt64 { infinity &- 1 }
    @inline(__always) var smallestNormal: UInt64 { 1 << UInt64(fractionBits) }

    /// The value 1.5 × 2^`exponent`, or 1.0 × 2^`exponent`; for the constants of the step instructions.
    func power(_ exponent: Int, andAHalf: Bool = false) -> UInt64 {
        UInt64(exponent &+ bias) << UInt64(fractionBits) | (andAHalf ? quietBit : 0)
    }
}

/// How a result that cannot be represented is rounded: FPCR.RMode, and the two that only instructions name.
enum FPRounding: UInt8 {
    case tieEven
    case posInf
    case negInf
    case zero
    case tieAway
    case odd
}

/// An unpacked number.
struct FPValue {
    enum Kind: UInt8 { case zero, nonzero, infinity, quietNaN, signallingNaN }

    var kind: Kind
    var sign: Bool
    /// With `.nonzero`: the value is significand × 2^(exponent − 63).
    var exponent = 0
    /// With `.nonzero`: bit 63 is set.
    var significand: UInt64 = 0

    @inline(__always) var isNaN: Bool { kind.rawValue >= Kind.quietNaN.rawValue }
}
