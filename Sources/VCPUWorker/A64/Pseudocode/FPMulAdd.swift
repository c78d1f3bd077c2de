// The host's square root and fused multiply-add are calls into its mathematical library.
import Glibc

extension FPEnvironment {
    /// Shared pseudocode "FPMulAdd": addend + a × b with one rounding.
    @inline(__always) mutating func multiplyAdd(
        _ addend: UInt64, _ a: UInt64, _ b: UInt64, _ format: FPFormat
    ) -> UInt64 {
        if mayUseHost {
            if format == .double {
                let sum = Double(bitPattern: addend).addingProduct(Double(bitPattern: a), Double(bitPattern: b))
                if sum.isSafe || (sum == 0 && (a << 1 == 0 || b << 1 == 0)) { return sum.bitPattern }
            } else if format == .single {
                if let sum = hostMultiplyAdd(addend.asSingle, a.asSingle, b.asSingle) { return UInt64(sum.bitPattern) }
            }
        }
        return multiplyAddExactly(addend, a, b, format)
    }

    /// Addend + a × b where `mayUseHost`; nil if it takes more.
    @inline(__always) func hostMultiplyAdd(_ addend: Float, _ a: Float, _ b: Float) -> Float? {
        // The product of two singles is exact as a double. The sum then is rounded twice, which shows only where the
        // first rounding ended half-way between two singles.
        let sum = Double(a) * Double(b) + Double(addend)
        let result = Float(sum)
        if sum.bitPattern & 0x1FFF_FFFF == 0x1000_0000 { return nil }
        return result.isSafe || (sum == 0 && (a == 0 || b == 0)) ? result : nil
    }

    @inline(never) mutating func multiplyAddExactly(
        _ addend: UInt64, _ a: UInt64, _ b: UInt64, _ format: FPFormat
    ) -> UInt64 {
        let c = unpack(addend, format)
        let first = unpack(a, format)
        let second = unpack(b, format)
        let isInvalidProduct =
            (first.kind == .infinity && second.kind == .zero) || (first.kind == .zero && second.kind == .infinity)
        if c.isNaN || first.isNaN || second.isNaN {
            if c.kind == .quietNaN && isInvalidProduct { return invalid(format) }
            if c.kind == .signallingNaN { return processNaN(c.kind, addend, format) }
            if first.kind == .signallingNaN { return processNaN(first.kind, a, format) }
            if second.kind == .signallingNaN { return processNaN(second.kind, b, format) }
            if c.isNaN { return processNaN(c.kind, addend, format) }
            return first.isNaN ? processNaN(first.kind, a, format) : processNaN(second.kind, b, format)
        }
        let productSign = first.sign != second.sign
        let productIsInfinite = first.kind == .infinity || second.kind == .infinity
        if isInvalidProduct || (c.kind == .infinity && productIsInfinite && c.sign != productSign) {
            return invalid(format)
        }
        if c.kind == .infinity { return infinity(c.sign, format) }
        if productIsInfinite { return infinity(productSign, format) }
        let productIsZero = first.kind == .zero || second.kind == .zero
        if c.kind == .zero && productIsZero && c.sign == productSign { return zero(productSign, format) }
        let product =
            productIsZero
            ? WideValue(sign: productSign, exponent: 0, significand: 0) : WideValue(product: first, second)
        guard let sum = sum(c.wide, product) else { return zero(rounding == .negInf, format) }
        return round(sum.sign, sum.exponent, sum.significand, format, rounding)
    }

    /// Shared pseudocode "FPRecipStepFused": 2 − a × b.
    mutating func reciprocalStep(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        fusedStep(a, b, constant: format.power(1), isHalved: false, format)
    }

    /// Shared pseudocode "FPRSqrtStepFused": (3 − a × b) / 2.
    mutating func reciprocalRootStep(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        fusedStep(a, b, constant: format.power(1, andAHalf: true), isHalved: true, format)
    }

    @inline(never) private mutating func fusedStep(
        _ a: UInt64, _ b: UInt64, constant: UInt64, isHalved: Bool, _ format: FPFormat
    ) -> UInt64 {
        let a = a ^ format.signBit
        let first = unpack(a, format)
        let second = unpack(b, format)
        if let nan = processNaNs(first, a, second, b, format) { return nan }
        let constant = unpack(constant, format)
        let sign = first.sign != second.sign
        if first.kind == .zero || second.kind == .zero {
            // Zero times infinity counts as zero here.
            return isHalved ? format.power(0, andAHalf: true) : format.power(1)
        }
        if first.kind == .infinity || second.kind == .infinity { return infinity(sign, format) }
        guard let sum = sum(constant.wide, WideValue(product: first, second)) else {
            return zero(rounding == .negInf, format)
        }
        return round(sum.sign, sum.exponent &- (isHalved ? 1 : 0), sum.significand, format, rounding)
    }
}
