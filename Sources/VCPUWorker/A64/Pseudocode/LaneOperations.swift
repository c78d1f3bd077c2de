/// An element of an integer vector.
typealias LaneInteger = FixedWidthInteger & SIMDScalar

/// What an integer instruction does to one lane: `a` from Vn, `b` from Vm (or the shift amount), `accumulator` from Vd.
/// A signed instruction applies it to signed integers. `saturated` becomes true where QC is to be set.
protocol LaneOperation {
    static func apply<T: LaneInteger>(_ a: T, _ b: T, _ accumulator: T, _ saturated: inout Bool) -> T
}

/// The lane operations of the manual's integer groups.
enum Lane {
    enum HalvingAdd: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            (a & b) &+ ((a ^ b) &>> 1)
        }
    }
    enum RoundingHalvingAdd: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            (a | b) &- ((a ^ b) &>> 1)
        }
    }
    enum HalvingSubtract: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            (a &>> 1) &- (b &>> 1) &- (~a & b & 1)
        }
    }
    enum SaturatingAdd: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            let (sum, overflow) = a.addingReportingOverflow(b)
            if !overflow { return sum }
            saturated = true
            return T.isSigned && b < 0 ? T.min : T.max
        }
    }
    enum SaturatingSubtract: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            let (difference, overflow) = a.subtractingReportingOverflow(b)
            if !overflow { return difference }
            saturated = true
            return T.isSigned && b < 0 ? T.max : T.min
        }
    }
    enum AbsoluteDifference: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            a > b ? a &- b : b &- a
        }
    }
    enum AbsoluteDifferenceAccumulate: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _: inout Bool) -> T {
            d &+ (a > b ? a &- b : b &- a)
        }
    }
    enum Maximum: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T { a > b ? a : b }
    }
    enum Minimum: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T { a < b ? a : b }
    }
    enum Add: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T { a &+ b }
    }
    /// SQDMULH and, rounding, SQRDMULH: the high half of twice the product; 16 and 32 bits.
    enum DoublingMultiplyHigh: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            high(product(a, b), rounding: false, &saturated)
        }
        @inline(__always) static func product<T: LaneInteger>(_ a: T, _ b: T) -> Int64 {
            Int64(truncatingIfNeeded: a) &* Int64(truncatingIfNeeded: b)
        }
        /// The high half of `addend`, taken for a high half, and twice the product. Half of that sum fits 64 bits.
        @inline(__always) static func high<T: LaneInteger>(
            _ product: Int64, addend: T = 0, rounding: Bool, _ saturated: inout Bool
        ) -> T {
            let shift = Int64(T.bitWidth &- 1)
            let sum = (Int64(truncatingIfNeeded: addend) &<< shift) &+ product
            let high = (sum &+ (rounding ? 1 &<< (shift &- 1) : 0)) &>> shift
            guard let result = T(exactly: high) else {
                saturated = true
                return high < 0 ? T.min : T.max
            }
            return result
        }
    }
    enum RoundingDoublingMultiplyHigh: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            DoublingMultiplyHigh.high(DoublingMultiplyHigh.product(a, b), rounding: true, &saturated)
        }
    }
    /// SQRDMLAH.
    enum RoundingDoublingMultiplyAdd: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _ saturated: inout Bool) -> T {
            DoublingMultiplyHigh.high(DoublingMultiplyHigh.product(a, b), addend: d, rounding: true, &saturated)
        }
    }
    /// SQRDMLSH.
    enum RoundingDoublingMultiplySubtract: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _ saturated: inout Bool) -> T {
            DoublingMultiplyHigh.high(0 &- DoublingMultiplyHigh.product(a, b), addend: d, rounding: true, &saturated)
        }
    }
    enum SaturatingAbsolute: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _: T, _: T, _ saturated: inout Bool) -> T {
            if a == T.min { saturated = true }
            return a == T.min ? T.max : a < 0 ? 0 &- a : a
        }
    }
    enum SaturatingNegate: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _: T, _: T, _ saturated: inout Bool) -> T {
            if a == T.min { saturated = true }
            return a == T.min ? T.max : 0 &- a
        }
    }
    /// SUQADD (signed lanes: Vd is signed, Vn unsigned) and USQADD (the reverse).
    enum MixedSaturatingAdd: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _: T, _ d: T, _ saturated: inout Bool) -> T {
            let sum = d &+ a
            if T.isSigned {
                // A negative pattern in `a` stands for at least half the range.
                guard a < 0 ? d >= 0 || sum < 0 : d >= 0 && sum < 0 else { return sum }
                saturated = true
                return T.max
            }
            // The top bit of `a` is its sign.
            let isNegative = a > T.max &>> 1
            guard isNegative ? d < 0 &- a : sum < d else { return sum }
            saturated = true
            return isNegative ? 0 : T.max
        }
    }
}

// MARK: - Shifts

extension Lane {
    /// SSHL, USHL: by the signed low byte of the second operand, left or right.
    enum Shift: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            let amount = Int8(truncatingIfNeeded: b)
            return amount >= 0 ? a << Int(amount) : a >> -Int(amount)
        }
    }
    enum RoundingShift: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            let amount = Int8(truncatingIfNeeded: b)
            return amount >= 0 ? a << Int(amount) : roundedRight(a, -Int(amount))
        }
    }
    enum SaturatingShift: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            let amount = Int8(truncatingIfNeeded: b)
            return amount >= 0 ? saturatedLeft(a, Int(amount), &saturated) : a >> -Int(amount)
        }
    }
    enum SaturatingRoundingShift: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            let amount = Int8(truncatingIfNeeded: b)
            return amount >= 0 ? saturatedLeft(a, Int(amount), &saturated) : roundedRight(a, -Int(amount))
        }
    }
    /// SQSHLU: a signed operand, an unsigned result.
    enum SaturatingShiftUnsigned: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _ saturated: inout Bool) -> T {
            if a < 0 {
                saturated = true
                return 0
            }
            var isLost = false
            let shifted = saturatedLeft(T.Magnitude(truncatingIfNeeded: a), Int(truncatingIfNeeded: b), &isLost)
            if isLost { saturated = true }
            return T(truncatingIfNeeded: shifted)
        }
    }
    // Right shifts by immediate: the amount, 1…bits, is the second operand.
    enum ShiftRight: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            a >> Int(truncatingIfNeeded: b)
        }
    }
    enum ShiftRightAccumulate: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _: inout Bool) -> T {
            d &+ (a >> Int(truncatingIfNeeded: b))
        }
    }
    enum RoundingShiftRight: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _: T, _: inout Bool) -> T {
            roundedRight(a, Int(truncatingIfNeeded: b))
        }
    }
    enum RoundingShiftRightAccumulate: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _: inout Bool) -> T {
            d &+ roundedRight(a, Int(truncatingIfNeeded: b))
        }
    }
    enum ShiftRightInsert: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _: inout Bool) -> T {
            let mask = T.max >> Int(truncatingIfNeeded: b)
            return d & ~mask | (a >> Int(truncatingIfNeeded: b)) & mask
        }
    }
    enum ShiftLeftInsert: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _ b: T, _ d: T, _: inout Bool) -> T {
            let mask = T.max << Int(truncatingIfNeeded: b)
            return d & ~mask | (a << Int(truncatingIfNeeded: b)) & mask
        }
    }

    /// a / 2^count rounded to nearest, ties upwards; count at least 1.
    @inline(__always) static func roundedRight<T: FixedWidthInteger>(_ a: T, _ count: Int) -> T {
        (a >> count) &+ ((a >> (count &- 1)) & 1)
    }

    @inline(__always) static func saturatedLeft<T: FixedWidthInteger>(
        _ a: T, _ count: Int, _ saturated: inout Bool
    ) -> T {
        let shifted = a << count
        if count < T.bitWidth ? shifted >> count == a : a == 0 { return shifted }
        saturated = true
        return a < 0 ? T.min : T.max
    }
}

// MARK: - Counts

extension Lane {
    enum CountLeadingZeros: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _: T, _: T, _: inout Bool) -> T {
            T(truncatingIfNeeded: a.leadingZeroBitCount)
        }
    }
    /// CLS: bits below the sign that equal it.
    enum CountLeadingSigns: LaneOperation {
        @inline(__always) static func apply<T: LaneInteger>(_ a: T, _: T, _: T, _: inout Bool) -> T {
            T(truncatingIfNeeded: (a ^ (a &>> 1)).leadingZeroBitCount &- 1)
        }
    }
}
