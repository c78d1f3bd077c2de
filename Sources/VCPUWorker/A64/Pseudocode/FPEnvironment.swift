/// FPCR and FPSR while an instruction executes; the manual's shared floating-point functions are its methods.
struct FPEnvironment {
    let fpcr: UInt32
    var fpsr: UInt32

    @inline(__always) init(_ fpcr: UInt32, _ fpsr: UInt32) {
        self.fpcr = fpcr
        self.fpsr = fpsr
    }

    /// Cumulative exception bits of FPSR.
    enum Exception {
        static let invalidOperation: UInt32 = 1 << 0
        static let divideByZero: UInt32 = 1 << 1
        static let overflow: UInt32 = 1 << 2
        static let underflow: UInt32 = 1 << 3
        static let inexact: UInt32 = 1 << 4
        static let inputDenormal: UInt32 = 1 << 7
        /// FPSR.QC.
        static let saturation: UInt32 = 1 << 27
    }

    /// FPCR.AHP.
    var usesAlternativeHalf: Bool { fpcr & 1 << 26 != 0 }
    /// FPCR.DN.
    var usesDefaultNaN: Bool { fpcr & 1 << 25 != 0 }
    /// FPCR.FZ.
    var flushesToZero: Bool { fpcr & 1 << 24 != 0 }
    /// FPCR.FZ16.
    var flushesHalfToZero: Bool { fpcr & 1 << 19 != 0 }
    /// FPCR.RMode.
    var rounding: FPRounding {
        switch fpcr >> 22 & 3 {
        case 0: .tieEven
        case 1: .posInf
        case 2: .negInf
        default: .zero
        }
    }

    /// Rounds to nearest and keeps subnormals, as the host does.
    @inline(__always) var roundsLikeHost: Bool { fpcr & 0x01C0_0000 == 0 }
    /// `roundsLikeHost`, and an inexact result changes nothing: the host's result is ours where it is a normal number.
    @inline(__always) var mayUseHost: Bool { roundsLikeHost && fpsr & Exception.inexact != 0 }

    /// Whether subnormals of `format` count as zero.
    @inline(__always) func flushes(_ format: FPFormat, for purpose: FPPurpose = .arithmetic) -> Bool {
        format == .half ? flushesHalfToZero && purpose == .arithmetic : flushesToZero
    }

    /// Shared pseudocode "FPProcessException": no exception is trapped.
    @inline(__always) mutating func raise(_ exception: UInt32) { fpsr |= exception }
}

/// What an instruction does with its operands: half precision has controls of its own for either.
enum FPPurpose: UInt8 {
    /// FPCR.FZ16 counts, FPCR.AHP does not.
    case arithmetic
    /// Between formats: FPCR.AHP counts, FPCR.FZ16 does not.
    case conversion
}

extension FPEnvironment {
    /// Shared pseudocode "FPUnpack", and "FPUnpackCV" for conversions.
    mutating func unpack(_ bits: UInt64, _ format: FPFormat, for purpose: FPPurpose = .arithmetic) -> FPValue {
        let sign = bits & format.signBit != 0
        let fraction = bits & format.fractionMask
        let exponent = Int(truncatingIfNeeded: bits >> UInt64(format.fractionBits)) & format.exponentMask
        let fractionBits = format.fractionBits
        if exponent == 0 {
            if fraction == 0 { return FPValue(kind: .zero, sign: sign) }
            if flushes(format, for: purpose) {
                // Nothing tells that a half was flushed.
                if format != .half { raise(Exception.inputDenormal) }
                return FPValue(kind: .zero, sign: sign)
            }
            let zeros = fraction.leadingZeroBitCount
            return FPValue(
                kind: .nonzero, sign: sign, exponent: 64 &- zeros &- format.bias &- fractionBits,
                significand: fraction &<< UInt64(zeros))
        }
        if exponent == format.exponentMask && !usesAlternative(format, for: purpose) {
            if fraction == 0 { return FPValue(kind: .infinity, sign: sign) }
            return FPValue(kind: fraction & format.quietBit != 0 ? .quietNaN : .signallingNaN, sign: sign)
        }
        return FPValue(
            kind: .nonzero, sign: sign, exponent: exponent &- format.bias,
            significand: (fraction | 1 << UInt64(fractionBits)) &<< UInt64(63 &- fractionBits))
    }

    /// Whether `format` is Arm's alternative half precision, with numbers for infinities and NaNs.
    @inline(__always) func usesAlternative(_ format: FPFormat, for purpose: FPPurpose) -> Bool {
        format == .half && purpose == .conversion && usesAlternativeHalf
    }

    @inline(__always) func zero(_ sign: Bool, _ format: FPFormat) -> UInt64 { sign ? format.signBit : 0 }
    @inline(__always) func infinity(_ sign: Bool, _ format: FPFormat) -> UInt64 {
        format.infinity | zero(sign, format)
    }

    /// The default NaN, for an invalid operation.
    mutating func invalid(_ format: FPFormat) -> UInt64 {
        raise(Exception.invalidOperation)
        return format.defaultNaN
    }

    /// Shared pseudocode "FPProcessNaN".
    mutating func processNaN(_ kind: FPValue.Kind, _ bits: UInt64, _ format: FPFormat) -> UInt64 {
        if kind == .signallingNaN { raise(Exception.invalidOperation) }
        return usesDefaultNaN ? format.defaultNaN : bits | format.quietBit
    }

    /// Shared pseudocode "FPProcessNaNs": nil when neither is a NaN.
    mutating func processNaNs(_ a: FPValue, _ aBits: UInt64, _ b: FPValue, _ bBits: UInt64, _ format: FPFormat)
        -> UInt64?
    {
        guard a.isNaN || b.isNaN else { return nil }
        if a.kind == .signallingNaN { return processNaN(a.kind, aBits, format) }
        if b.kind == .signallingNaN { return processNaN(b.kind, bBits, format) }
        return a.isNaN ? processNaN(a.kind, aBits, format) : processNaN(b.kind, bBits, format)
    }

    /// Shared pseudocode "FPRound", and "FPRoundCV" for conversions: the significand's bit 63 is set, and its bit 0 is
    /// set also when bits below it were lost. Tininess is detected before rounding.
    mutating func round(
        _ sign: Bool, _ exponent: Int, _ significand: UInt64, _ format: FPFormat, _ rounding: FPRounding,
        for purpose: FPPurpose = .arithmetic
    ) -> UInt64 {
        let fractionBits = format.fractionBits
        let signed = zero(sign, format)
        let shortfall = 1 &- format.bias &- exponent
        let isTiny = shortfall > 0
        if isTiny && flushes(format, for: purpose) {
            raise(Exception.underflow)
            return signed
        }
        var kept = significand
        if isTiny { kept = kept.shiftedRightJamming(shortfall) }
        let dropped = UInt64(63 &- fractionBits)
        var integer = kept &>> dropped
        let rest = kept &<< (64 &- dropped)
        let half: UInt64 = 1 << 63
        var increments = false
        switch rounding {
        case .tieEven: increments = rest > half || (rest == half && integer & 1 != 0)
        case .tieAway: increments = rest >= half
        case .posInf: increments = rest != 0 && !sign
        case .negInf: increments = rest != 0 && sign
        case .zero: break
        case .odd: if rest != 0 { integer |= 1 }
        }
        if isTiny && rest != 0 { raise(Exception.underflow) }
        // The fraction's carry runs into the exponent field, which is what rounding up to a power of two means.
        let biased = isTiny ? 0 : exponent &+ format.bias &- 1
        let isAlternative = usesAlternative(format, for: purpose)
        let limit = isAlternative ? format.signBit : format.infinity
        let magnitude =
            biased > format.exponentMask
            ? limit : (UInt64(biased) &<< UInt64(fractionBits)) &+ integer &+ (increments ? 1 : 0)
        if magnitude >= limit {
            if isAlternative {
                raise(Exception.invalidOperation)
                return signed | (format.signBit &- 1)
            }
            raise(Exception.overflow | Exception.inexact)
            return signed | (overflowsToInfinity(sign, rounding) ? format.infinity : format.largestFinite)
        }
        if rest != 0 { raise(Exception.inexact) }
        return signed | magnitude
    }

    /// Whether a result too large becomes infinity rather than the largest number.
    func overflowsToInfinity(_ sign: Bool, _ rounding: FPRounding) -> Bool {
        switch rounding {
        case .tieEven, .tieAway: true
        case .posInf: !sign
        case .negInf: sign
        case .zero, .odd: false
        }
    }
}

extension FixedWidthInteger {
    /// Shifts right; bit 0 of the result is set also when a one was lost.
    @inline(__always) func shiftedRightJamming(_ count: Int) -> Self {
        if count == 0 { return self }
        if count >= Self.bitWidth { return self == 0 ? 0 : 1 }
        let shift = Self(truncatingIfNeeded: count)
        return self &>> shift | (self &<< (Self(truncatingIfNeeded: Self.bitWidth) &- shift) == 0 ? 0 : 1)
    }
}
