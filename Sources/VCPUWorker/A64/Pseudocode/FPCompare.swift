extension FPEnvironment {
    /// Shared pseudocode "FPCompare": the flags in bits 31:28.
    @inline(__always) mutating func compare(
        _ a: UInt64, _ b: UInt64, signalsQuietNaNs: Bool, _ format: FPFormat
    ) -> UInt32 {
        switch order(a, b, signalsQuietNaNs: signalsQuietNaNs, format) {
        case .unordered: 0x3000_0000
        case .equal: 0x6000_0000
        case .less: 0x8000_0000
        case .greater: 0x2000_0000
        }
    }

    enum Order: UInt8 { case unordered, equal, less, greater }

    /// How `a` stands to `b`; a signalling NaN, and a quiet one if `signalsQuietNaNs`, is an invalid operation.
    @inline(__always) mutating func order(
        _ a: UInt64, _ b: UInt64, signalsQuietNaNs: Bool, _ format: FPFormat
    ) -> Order {
        let onHost = hostOrder(a, b, format)
        if onHost != .unordered { return onHost }
        return orderExactly(a, b, signalsQuietNaNs: signalsQuietNaNs, format)
    }

    @inline(never) mutating func orderExactly(
        _ a: UInt64, _ b: UInt64, signalsQuietNaNs: Bool, _ format: FPFormat
    ) -> Order {
        let first = unpack(a, format)
        let second = unpack(b, format)
        if first.isNaN || second.isNaN {
            if signalsQuietNaNs || first.kind == .signallingNaN || second.kind == .signallingNaN {
                raise(Exception.invalidOperation)
            }
            return .unordered
        }
        // Flushed operands count as zero of either sign.
        let x = first.kind == .zero ? 0 : Int64(bitPattern: ordinal(a, format))
        let y = second.kind == .zero ? 0 : Int64(bitPattern: ordinal(b, format))
        return x == y ? .equal : x < y ? .less : .greater
    }

    /// Magnitude with a two's complement sign: orders numbers as integers.
    private func ordinal(_ bits: UInt64, _ format: FPFormat) -> UInt64 {
        let magnitude = bits & (format.signBit &- 1)
        return bits & format.signBit != 0 ? 0 &- magnitude : magnitude
    }

    /// FCMEQ, FCMGE, FCMGT, FACGE, FACGT as they test a lane.
    enum Test: UInt8 { case equal, greaterOrEqual, greater }

    @inline(__always) mutating func test(_ a: UInt64, _ b: UInt64, _ test: Test, _ format: FPFormat) -> Bool {
        let order = order(a, b, signalsQuietNaNs: test != .equal, format)
        return switch test {
        case .equal: order == .equal
        case .greaterOrEqual: order == .equal || order == .greater
        case .greater: order == .greater
        }
    }

    // MARK: Minimum and maximum

    /// Shared pseudocode "FPMax" and "FPMin".
    @inline(never) mutating func extremum(_ a: UInt64, _ b: UInt64, isMaximum: Bool, _ format: FPFormat) -> UInt64 {
        let first = unpack(a, format)
        let second = unpack(b, format)
        if let nan = processNaNs(first, a, second, b, format) { return nan }
        if first.kind == .zero && second.kind == .zero {
            return zero(isMaximum ? first.sign && second.sign : first.sign || second.sign, format)
        }
        let x = first.kind == .zero ? 0 : Int64(bitPattern: ordinal(a, format))
        let y = second.kind == .zero ? 0 : Int64(bitPattern: ordinal(b, format))
        let takesFirst = isMaximum ? x > y : x < y
        let (chosen, bits) = takesFirst ? (first, a) : (second, b)
        return chosen.kind == .zero ? zero(chosen.sign, format) : bits
    }

    @inline(__always) mutating func maximum(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        switch hostOrder(a, b, format) {
        case .greater: a
        case .less: b
        default: extremum(a, b, isMaximum: true, format)
        }
    }
    @inline(__always) mutating func minimum(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        switch hostOrder(a, b, format) {
        case .greater: b
        case .less: a
        default: extremum(a, b, isMaximum: false, format)
        }
    }

    /// How numbers stand to each other, as the host says; unordered also where it is not asked.
    @inline(__always) private func hostOrder(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> Order {
        if flushesToZero || format == .half { return .unordered }
        let (first, second) =
            format == .double
            ? (Double(bitPattern: a), Double(bitPattern: b)) : (Double(a.asSingle), Double(b.asSingle))
        return first < second ? .less : first > second ? .greater : first == second ? .equal : .unordered
    }

    /// Shared pseudocode "FPMaxNum" and "FPMinNum": one quiet NaN loses against a number.
    mutating func extremumNumber(_ a: UInt64, _ b: UInt64, isMaximum: Bool, _ format: FPFormat) -> UInt64 {
        let loser = format.infinity | (isMaximum ? format.signBit : 0)
        let firstIsQuiet = isQuietNaN(a, format)
        let secondIsQuiet = isQuietNaN(b, format)
        return extremum(
            firstIsQuiet && !secondIsQuiet ? loser : a, secondIsQuiet && !firstIsQuiet ? loser : b,
            isMaximum: isMaximum, format)
    }

    private func isQuietNaN(_ bits: UInt64, _ format: FPFormat) -> Bool {
        let required = format.infinity | format.quietBit
        return bits & required == required
    }

    @inline(__always) mutating func maximumNumber(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        switch hostOrder(a, b, format) {
        case .greater: a
        case .less: b
        default: extremumNumber(a, b, isMaximum: true, format)
        }
    }
    @inline(__always) mutating func minimumNumber(_ a: UInt64, _ b: UInt64, _ format: FPFormat) -> UInt64 {
        switch hostOrder(a, b, format) {
        case .greater: b
        case .less: a
        default: extremumNumber(a, b, isMaximum: false, format)
        }
    }
}
