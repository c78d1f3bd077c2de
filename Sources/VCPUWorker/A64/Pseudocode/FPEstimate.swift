/// Shared pseudocode "RecipEstimate", "RecipSqrtEstimate" and the functions made of them.
enum Estimate {
    /// Nine bits of 2^18 / a, rounded, for 256 ≤ a < 512.
    static func reciprocal(_ a: UInt64) -> UInt64 { ((1 << 19) / (a * 2 + 1) + 1) / 2 }

    /// Nine bits of 2^13 / √a, rounded, for 128 ≤ a < 512.
    static func reciprocalRoot(_ a: UInt64) -> UInt64 {
        let radicand = a < 256 ? a * 2 + 1 : ((a & ~1) + 1) * 2
        // The largest root whose square times the radicand stays below 2^28.
        var root: UInt64 = 512
        var step: UInt64 = 256
        while step != 0 {
            if radicand * (root + step) * (root + step) < 1 << 28 { root += step }
            step >>= 1
        }
        return (root + 1) / 2
    }

    /// Shared pseudocode "UnsignedRecipEstimate", of a 32-bit operand.
    static func unsignedReciprocal(_ operand: UInt64) -> UInt64 {
        operand & 0x8000_0000 == 0 ? 0xFFFF_FFFF : reciprocal(operand >> 23 & 0x1FF) << 23
    }

    /// Shared pseudocode "UnsignedRSqrtEstimate", of a 32-bit operand.
    static func unsignedReciprocalRoot(_ operand: UInt64) -> UInt64 {
        operand & 0xC000_0000 == 0 ? 0xFFFF_FFFF : reciprocalRoot(operand >> 23 & 0x1FF) << 23
    }
}

extension FPEnvironment {
    /// Exponent field and 52-bit fraction of a number.
    private func fields(_ bits: UInt64, _ format: FPFormat) -> (exponent: Int, fraction: UInt64) {
        (
            Int(truncatingIfNeeded: bits >> UInt64(format.fractionBits)) & format.exponentMask,
            (bits & format.fractionMask) << UInt64(52 &- format.fractionBits)
        )
    }

    private func assemble(_ sign: Bool, _ exponent: Int, _ fraction: UInt64, _ format: FPFormat) -> UInt64 {
        zero(sign, format) | UInt64(exponent & format.exponentMask) << UInt64(format.fractionBits)
            | fraction >> UInt64(52 &- format.fractionBits)
    }

    /// Shared pseudocode "FPRecipEstimate".
    @inline(never) mutating func reciprocalEstimate(_ bits: UInt64, _ format: FPFormat) -> UInt64 {
        let value = unpack(bits, format)
        switch value.kind {
        case .quietNaN, .signallingNaN: return processNaN(value.kind, bits, format)
        case .infinity: return zero(value.sign, format)
        case .zero:
            raise(Exception.divideByZero)
            return infinity(value.sign, format)
        case .nonzero: break
        }
        if value.exponent < -format.bias &- 1 {
            raise(Exception.overflow | Exception.inexact)
            return zero(value.sign, format)
                | (overflowsToInfinity(value.sign, rounding) ? format.infinity : format.largestFinite)
        }
        if flushes(format) && value.exponent >= format.bias &- 1 {
            raise(Exception.underflow)
            return zero(value.sign, format)
        }
        // The operand's fraction without its leading one, and the exponent field counted on below one.
        let scaled = value.significand >> 55
        var exponent = 2 &* format.bias &- 1 &- (value.exponent &+ format.bias)
        var fraction = (Estimate.reciprocal(scaled) & 0xFF) << 44
        if exponent == 0 {
            fraction = 1 << 51 | fraction >> 1
        } else if exponent == -1 {
            fraction = 1 << 50 | fraction >> 2
            exponent = 0
        }
        return assemble(value.sign, exponent, fraction, format)
    }

    /// Shared pseudocode "FPRSqrtEstimate".
    @inline(never) mutating func reciprocalRootEstimate(_ bits: UInt64, _ format: FPFormat) -> UInt64 {
        let value = unpack(bits, format)
        switch value.kind {
        case .quietNaN, .signallingNaN: return processNaN(value.kind, bits, format)
        case .zero:
            raise(Exception.divideByZero)
            return infinity(value.sign, format)
        case .infinity where !value.sign: return 0
        case _ where value.sign: return invalid(format)
        default: break
        }
        let biased = value.exponent &+ format.bias
        let scaled = biased & 1 == 0 ? value.significand >> 55 : value.significand >> 56
        let exponent = (3 &* format.bias &- 1 &- biased) >> 1
        return assemble(false, exponent, (Estimate.reciprocalRoot(scaled) & 0xFF) << 44, format)
    }

    /// Shared pseudocode "FPRecpX".
    @inline(never) mutating func reciprocalExponent(_ bits: UInt64, _ format: FPFormat) -> UInt64 {
        let value = unpack(bits, format)
        if value.isNaN { return processNaN(value.kind, bits, format) }
        let exponent = fields(bits, format).exponent
        return assemble(value.sign, exponent == 0 ? format.exponentMask &- 1 : ~exponent, 0, format)
    }
}
