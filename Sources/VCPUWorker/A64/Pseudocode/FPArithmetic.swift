// The host's square root and fused multiply-add are calls into its mathematical library.
import Glibc

extension FPEnvironment {
    // MARK: Add, subtract

    /// Shared pseudocode "FPAdd".
    @inline(__always) mutating func add(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        if roundsLikeHost {
            if format == .double {
                let (x, y) = (Double(bitPattern: a), Double(bitPattern: b))
                let sum = x + y
                if sum.isSafeSum && acceptsSum(sum, of: x, y) { return sum.bitPattern }
            } else if format == .single {
                let (x, y) = (a.asSingle, b.asSingle)
                let sum = x + y
                if sum.isSafeSum && acceptsSum(sum, of: x, y) { return UInt64(sum.bitPattern) }
            }
        }
        return addExactly(a, b, format)
    }

    /// Shared pseudocode "FPSub".
    @inline(__always) mutating func subtract(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        if roundsLikeHost {
            if format == .double {
                let (x, y) = (Double(bitPattern: a), -Double(bitPattern: b))
                let sum = x + y
                if sum.isSafeSum && acceptsSum(sum, of: x, y) { return sum.bitPattern }
            } else if format == .single {
                let (x, y) = (a.asSingle, -b.asSingle)
                let sum = x + y
                if sum.isSafeSum && acceptsSum(sum, of: x, y) { return UInt64(sum.bitPattern) }
            }
        }
        return addExactly(a, b, format, negatesSecond: true)
    }

    @inline(never) mutating func addExactly(
        _ a: UInt64, _ b: UInt64, _ format: FPFormat, negatesSecond: Bool = false
    ) -> UInt64 {
        let first = unpack(a, format)
        var second = unpack(b, format)
        if let nan = processNaNs(first, a, second, b, format) { return nan }
        if negatesSecond { second.sign.toggle() }
        if first.kind == .infinity {
            if second.kind == .infinity && first.sign != second.sign { return invalid(format) }
            return infinity(first.sign, format)
        }
        if second.kind == .infinity { return infinity(second.sign, format) }
        if first.kind == .zero && second.kind == .zero && first.sign == second.sign { return zero(first.sign, format) }
        guard let sum = sum(first.wide, second.wide) else { return zero(rounding == .negInf, format) }
        return round(sum.sign, sum.exponent, sum.significand, format, rounding)
    }

    // MARK: Multiply

    /// Shared pseudocode "FPMul".
    @inline(__always) mutating func multiply(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        if roundsLikeHost {
            if format == .double {
                let (x, y) = (Double(bitPattern: a), Double(bitPattern: b))
                let product = x * y
                if product.isSafe ? acceptsProduct(product, of: x, y) : product == 0 && (x == 0 || y == 0) {
                    return product.bitPattern
                }
            } else if format == .single {
                let (x, y) = (a.asSingle, b.asSingle)
                let product = x * y
                if product.isSafe {
                    if Double(product) != Double(x) * Double(y) { raise(Exception.inexact) }
                    return UInt64(product.bitPattern)
                }
                if product == 0 && (x == 0 || y == 0) { return UInt64(product.bitPattern) }
            }
        }
        return multiplyExactly(a, b, format, extended: false)
    }

    /// Shared pseudocode "FPMulX": zero times infinity is two.
    @inline(__always) mutating func multiplyExtended(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        multiplyExactly(a, b, format, extended: true)
    }

    @inline(never) mutating func multiplyExactly(
        _ a: UInt64, _ b: UInt64, _ format: FPFormat, extended: Bool
    ) -> UInt64 {
        let first = unpack(a, format)
        let second = unpack(b, format)
        if let nan = processNaNs(first, a, second, b, format) { return nan }
        let sign = first.sign != second.sign
        if first.kind == .infinity || second.kind == .infinity {
            if first.kind == .zero || second.kind == .zero {
                return extended ? zero(sign, format) | format.power(1) : invalid(format)
            }
            return infinity(sign, format)
        }
        if first.kind == .zero || second.kind == .zero { return zero(sign, format) }
        let product = WideValue(product: first, second).normalised
        return round(sign, product.exponent, product.significand, format, rounding)
    }

    /// Notes whether the host's sum is inexact, by the exact error of it; false where the error may overflow.
    @inline(__always) private mutating func acceptsSum<T: BinaryFloatingPoint>(_ sum: T, of a: T, _ b: T) -> Bool {
        if fpsr & Exception.inexact != 0 { return true }
        if sum.magnitude > T.greatestFiniteMagnitude / 4 { return false }
        let second = sum - a
        if (a - (sum - second)) + (b - second) != 0 { raise(Exception.inexact) }
        return true
    }

    /// Notes whether the host's product is inexact; false where the error may underflow.
    @inline(__always) private mutating func acceptsProduct(_ product: Double, of a: Double, _ b: Double) -> Bool {
        if fpsr & Exception.inexact != 0 { return true }
        if product.magnitude < 0x1p-900 { return false }
        if (-product).addingProduct(a, b) != 0 { raise(Exception.inexact) }
        return true
    }

    // MARK: Divide, square root

    /// Shared pseudocode "FPDiv".
    @inline(__always) mutating func divide(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        if mayUseHost {
            if format == .double {
                let quotient = Double(bitPattern: a) / Double(bitPattern: b)
                if quotient.isSafe { return quotient.bitPattern }
            } else if format == .single {
                let quotient = a.asSingle / b.asSingle
                if quotient.isSafe { return UInt64(quotient.bitPattern) }
            }
        }
        return divideExactly(a, b, format)
    }

    @inline(never) mutating func divideExactly(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        let first = unpack(a, format)
        let second = unpack(b, format)
        if let nan = processNaNs(first, a, second, b, format) { return nan }
        let sign = first.sign != second.sign
        switch (first.kind, second.kind) {
        case (.infinity, .infinity), (.zero, .zero): return invalid(format)
        case (.infinity, _): return infinity(sign, format)
        case (_, .zero):
            raise(Exception.divideByZero)
            return infinity(sign, format)
        case (.zero, _), (_, .infinity): return zero(sign, format)
        default: break
        }
        // The dividend's high word is below the divisor, so the quotient fits.
        let (quotient, remainder) = second.significand.dividingFullWidth(
            (first.significand &>> 1, first.significand &<< 63))
        let isShort = quotient &>> 63 == 0
        let normal = isShort ? quotient &<< 1 : quotient
        return round(
            sign, first.exponent &- second.exponent &- (isShort ? 1 : 0), normal | (remainder == 0 ? 0 : 1), format,
            rounding)
    }

    /// Shared pseudocode "FPSqrt".
    @inline(__always) mutating func squareRoot(_ a: UInt64, _ format: FPFormat) -> UInt64 {
        if mayUseHost {
            if format == .double {
                let root = Double(bitPattern: a).squareRoot()
                if root.isSafe { return root.bitPattern }
            } else if format == .single {
                let root = a.asSingle.squareRoot()
                if root.isSafe { return UInt64(root.bitPattern) }
            }
        }
        return squareRootExactly(a, format)
    }

    @inline(never) mutating func squareRootExactly(_ a: UInt64, _ format: FPFormat) -> UInt64 {
        let value = unpack(a, format)
        if value.isNaN { return processNaN(value.kind, a, format) }
        if value.kind == .zero { return zero(value.sign, format) }
        if value.sign { return invalid(format) }
        if value.kind == .infinity { return infinity(false, format) }
        // An even exponent halves exactly; the radicand then has 127 or 128 bits and its root has 64.
        let isOdd = value.exponent & 1 != 0
        var remainder = UInt128(value.significand) &<< (isOdd ? 64 : 63)
        var root: UInt128 = 0
        var bit: UInt128 = 1 &<< 126
        while bit != 0 {
            if remainder >= root &+ bit {
                remainder &-= root &+ bit
                root = root &>> 1 &+ bit
            } else {
                root = root &>> 1
            }
            bit = bit &>> 2
        }
        return round(
            false, value.exponent >> 1, UInt64(truncatingIfNeeded: root) | (remainder == 0 ? 0 : 1), format, rounding)
    }
}

// MARK: -

/// An exact or jammed intermediate: significand × 2^(exponent − 124), below 2^126.
struct WideValue {
    var sign: Bool
    var exponent: Int
    var significand: UInt128

    init(sign: Bool, exponent: Int, significand: UInt128) {
        self.sign = sign
        self.exponent = exponent
        self.significand = significand
    }

    /// The exact product of two nonzero values; the two lowest bits of it are always zero.
    init(product a: FPValue, _ b: FPValue) {
        let full = a.significand.multipliedFullWidth(by: b.significand)
        sign = a.sign != b.sign
        exponent = a.exponent &+ b.exponent
        significand = (UInt128(full.high) &<< 64 | UInt128(full.low)) &>> 2
    }

    /// The value with bit 63 set; bit 0 is jammed.
    var normalised: FPValue {
        let zeros = significand.leadingZeroBitCount
        let shifted = significand &<< UInt128(zeros)
        let low = UInt64(truncatingIfNeeded: shifted)
        return FPValue(
            kind: .nonzero, sign: sign, exponent: exponent &+ 3 &- zeros,
            significand: UInt64(truncatingIfNeeded: shifted &>> 64) | (low == 0 ? 0 : 1))
    }
}

extension FPValue {
    /// This finite value, exactly.
    var wide: WideValue { WideValue(sign: sign, exponent: exponent, significand: UInt128(significand) &<< 61) }
}

extension FPEnvironment {
    /// The sum of two finite values, jammed; nil when it is exactly zero.
    func sum(_ a: WideValue, _ b: WideValue) -> FPValue? {
        if a.significand == 0 { return b.significand == 0 ? nil : b.normalised }
        if b.significand == 0 { return a.normalised }
        let (large, small) = a.exponent >= b.exponent ? (a, b) : (b, a)
        let aligned = small.significand.shiftedRightJamming(large.exponent &- small.exponent)
        var result = large
        if large.sign == small.sign {
            result.significand = large.significand &+ aligned
        } else if large.significand >= aligned {
            result.significand = large.significand &- aligned
        } else {
            result.significand = aligned &- large.significand
            result.sign = small.sign
        }
        return result.significand == 0 ? nil : result.normalised
    }
}

extension UInt64 {
    /// The low word as a single-precision number.
    @inline(__always) var asSingle: Float { Float(bitPattern: UInt32(truncatingIfNeeded: self)) }
}

extension Double {
    /// A normal number that rounding did not bring up from the subnormals.
    @inline(__always) var isSafe: Bool { magnitude > .leastNormalMagnitude && magnitude <= .greatestFiniteMagnitude }
    /// `isSafe`, or zero, which as a sum of numbers is exact.
    @inline(__always) var isSafeSum: Bool { isSafe || self == 0 }
}

extension Float {
    /// A normal number that rounding did not bring up from the subnormals.
    @inline(__always) var isSafe: Bool { magnitude > .leastNormalMagnitude && magnitude <= .greatestFiniteMagnitude }
    /// `isSafe`, or zero, which as a sum of numbers is exact.
    @inline(__always) var isSafeSum: Bool { isSafe || self == 0 }
}
