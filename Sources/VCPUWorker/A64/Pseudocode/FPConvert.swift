extension FPEnvironment {
    // MARK: Between formats

    /// Shared pseudocode "FPConvert".
    @inline(__always) mutating func convert(_ bits: UInt64, from: FPFormat, to: FPFormat) -> UInt64 {
        if from == .single && to == .double {
            // Exact; only NaNs and flushed operands need more.
            let value = bits.asSingle
            if value.isSafeSum { return Double(value).bitPattern }
        } else if from == .double && to == .single && roundsLikeHost {
            let wide = Double(bitPattern: bits)
            let value = Float(wide)
            if value.isSafe {
                if Double(value) != wide { raise(Exception.inexact) }
                return UInt64(value.bitPattern)
            }
        }
        return convertExactly(bits, from: from, to: to, rounding)
    }

    @inline(never) mutating func convertExactly(
        _ bits: UInt64, from: FPFormat, to: FPFormat, _ rounding: FPRounding
    ) -> UInt64 {
        let value = unpack(bits, from, for: .conversion)
        let toAlternative = usesAlternative(to, for: .conversion)
        switch value.kind {
        case .quietNaN, .signallingNaN:
            if value.kind == .signallingNaN || toAlternative { raise(Exception.invalidOperation) }
            if toAlternative { return zero(value.sign, to) }
            if usesDefaultNaN { return to.defaultNaN }
            // "FPConvertNaN": the payload keeps its high bits.
            let fraction = bits & from.fractionMask
            let payload =
                to.fractionBits >= from.fractionBits
                ? fraction &<< UInt64(to.fractionBits &- from.fractionBits)
                : fraction &>> UInt64(from.fractionBits &- to.fractionBits)
            return infinity(value.sign, to) | to.quietBit | payload
        case .infinity:
            if toAlternative {
                raise(Exception.invalidOperation)
                return zero(value.sign, to) | (to.signBit &- 1)
            }
            return infinity(value.sign, to)
        case .zero: return zero(value.sign, to)
        case .nonzero: return round(value.sign, value.exponent, value.significand, to, rounding, for: .conversion)
        }
    }

    // MARK: To and from integers

    /// Shared pseudocode "FPToFixed": `bits` times 2^`fractionBits` as an integer of `width` bits, saturated.
    @inline(__always) mutating func toFixed(
        _ bits: UInt64, _ format: FPFormat, fractionBits: Int, isUnsigned: Bool, width: Int, _ rounding: FPRounding
    ) -> UInt64 {
        if rounding == .zero && fractionBits == 0 && !isUnsigned {
            // Normal numbers that are well inside the range; the width is checked by the narrower limit.
            let value = format == .double ? Double(bitPattern: bits) : Double(bits.asSingle)
            let limit = width == 32 ? 0x1p31 : 0x1p63
            if format != .half && value.magnitude < limit && (value.magnitude >= 1 || value == 0) {
                let integer = Int64(value)
                if Double(integer) != value { raise(Exception.inexact) }
                return width == 32 ? UInt64(UInt32(truncatingIfNeeded: integer)) : UInt64(bitPattern: integer)
            }
        }
        return toFixedExactly(
            bits, format, fractionBits: fractionBits, isUnsigned: isUnsigned, width: width, rounding)
    }

    @inline(never) mutating func toFixedExactly(
        _ bits: UInt64, _ format: FPFormat, fractionBits: Int, isUnsigned: Bool, width: Int, _ rounding: FPRounding
    ) -> UInt64 {
        let mask: UInt64 = ~0 &>> UInt64(64 &- width)
        let value = unpack(bits, format)
        if value.isNaN {
            raise(Exception.invalidOperation)
            return 0
        }
        if value.kind == .zero { return 0 }
        let largest: UInt64 = isUnsigned ? (value.sign ? 0 : mask) : (mask &>> 1) &+ (value.sign ? 1 : 0)
        let exponent = value.exponent &+ fractionBits
        var magnitude = largest
        var isInexact = false
        var overflows = value.kind == .infinity || exponent > 63
        if !overflows {
            (magnitude, isInexact) = roundToInteger(value.significand, exponent, value.sign, rounding)
            overflows = magnitude > largest
        }
        if overflows {
            raise(Exception.invalidOperation)
            magnitude = largest
        } else if isInexact {
            raise(Exception.inexact)
        }
        return (value.sign ? 0 &- magnitude : magnitude) & mask
    }

    /// The integer nearest to significand × 2^(exponent − 63), exponent at most 63, and whether it differs.
    func roundToInteger(
        _ significand: UInt64, _ exponent: Int, _ sign: Bool, _ rounding: FPRounding
    ) -> (magnitude: UInt64, isInexact: Bool) {
        let half: UInt64 = 1 << 63
        var integer: UInt64 = 0
        var rest: UInt64 = 1
        if exponent == 63 {
            integer = significand
            rest = 0
        } else if exponent >= 0 {
            integer = significand &>> UInt64(63 &- exponent)
            rest = significand &<< UInt64(exponent &+ 1)
        } else if exponent == -1 {
            rest = significand
        }
        let increments =
            switch rounding {
            case .tieEven: rest > half || (rest == half && integer & 1 != 0)
            case .tieAway: rest >= half
            case .posInf: rest != 0 && !sign
            case .negInf: rest != 0 && sign
            case .zero, .odd: false
            }
        return (integer &+ (increments ? 1 : 0), rest != 0)
    }

    /// Shared pseudocode "FixedToFP": `integer` (sign-extended, if signed) times 2^−`fractionBits`.
    @inline(__always) mutating func fromFixed(
        _ integer: UInt64, isUnsigned: Bool, fractionBits: Int, _ format: FPFormat
    ) -> UInt64 {
        if fractionBits == 0 && !isUnsigned {
            let value = Int64(bitPattern: integer)
            // Exact below 2^53 and 2^24.
            if format == .double && value.magnitude <= 1 << 53 { return Double(value).bitPattern }
            if format == .single && value.magnitude <= 1 << 24 { return UInt64(Float(value).bitPattern) }
        }
        return fromFixedExactly(integer, isUnsigned: isUnsigned, fractionBits: fractionBits, format)
    }

    @inline(never) mutating func fromFixedExactly(
        _ integer: UInt64, isUnsigned: Bool, fractionBits: Int, _ format: FPFormat
    ) -> UInt64 {
        if integer == 0 { return 0 }
        let sign = !isUnsigned && Int64(bitPattern: integer) < 0
        let magnitude = sign ? 0 &- integer : integer
        let zeros = magnitude.leadingZeroBitCount
        return round(sign, 63 &- zeros &- fractionBits, magnitude &<< UInt64(zeros), format, rounding)
    }

    // MARK: To integral values

    /// Shared pseudocode "FPRoundInt".
    @inline(never) mutating func roundInt(
        _ bits: UInt64, _ format: FPFormat, _ rounding: FPRounding, isExact: Bool
    ) -> UInt64 {
        let value = unpack(bits, format)
        switch value.kind {
        case .quietNaN, .signallingNaN: return processNaN(value.kind, bits, format)
        case .infinity: return infinity(value.sign, format)
        case .zero: return zero(value.sign, format)
        case .nonzero: break
        }
        if value.exponent >= format.fractionBits { return bits }
        let (magnitude, isInexact) = roundToInteger(value.significand, value.exponent, value.sign, rounding)
        if isInexact && isExact { raise(Exception.inexact) }
        if magnitude == 0 { return zero(value.sign, format) }
        // At most 2^52, so this is exact.
        let zeros = magnitude.leadingZeroBitCount
        return round(value.sign, 63 &- zeros, magnitude &<< UInt64(zeros), format, .zero)
    }
}
