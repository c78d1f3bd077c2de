/// Floating-point instructions: operands and results around the shared functions of `FPEnvironment`.
extension VectorUnit {
    // MARK: Scalar

    /// The numbers of `format` in Vn and Vm.
    @inline(__always) static func scalars(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        storeScalar(body(&environment, scalar(v, op.n, format), scalar(v, op.m, format), format), v, op.d)
        fpsr = environment.fpsr
    }

    /// FMADD and its kin.
    @inline(__always) static func multiplyAdd(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat,
        negatesAddend: Bool, negatesProduct: Bool
    ) {
        let addend = scalar(v, op.a, format) ^ (negatesAddend ? format.signBit : 0)
        let sign = negatesProduct ? format.signBit : 0
        scalars(op, v, fpcr, &fpsr, format) { $0.multiplyAdd(addend, $1 ^ sign, $2, $3) }
    }

    @inline(__always) static func compare(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat, signals: Bool
    ) -> UInt32 {
        compare(scalar(v, op.n, format), scalar(v, op.m, format), fpcr, &fpsr, format, signals: signals)
    }

    @inline(__always) static func compareWithZero(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat, signals: Bool
    ) -> UInt32 {
        compare(scalar(v, op.n, format), 0, fpcr, &fpsr, format, signals: signals)
    }

    /// FCCMP, FCCMPE: the immediate is the flags where the condition does not hold.
    @inline(__always) static func compareConditionally(
        _ op: Op, _ v: VectorRegisters, _ nzcv: UInt32, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat,
        signals: Bool
    ) -> UInt32 {
        holds(op.a, nzcv)
            ? compare(op, v, fpcr, &fpsr, format, signals: signals) : UInt32(truncatingIfNeeded: op.imm)
    }

    @inline(__always) private static func compare(
        _ a: UInt64, _ b: UInt64, _ fpcr: UInt32, _ fpsr: inout UInt32, _ format: FPFormat, signals: Bool
    ) -> UInt32 {
        var environment = FPEnvironment(fpcr, fpsr)
        defer { fpsr = environment.fpsr }
        return environment.compare(a, b, signalsQuietNaNs: signals, format)
    }

    /// Shared pseudocode "ConditionHolds", on the flags in bits 31:28.
    @inline(__always) static func holds(_ condition: UInt8, _ nzcv: UInt32) -> Bool {
        let n = nzcv & 1 << 31 != 0
        let z = nzcv & 1 << 30 != 0
        let c = nzcv & 1 << 29 != 0
        let v = nzcv & 1 << 28 != 0
        let result =
            switch condition >> 1 {
            case 0: z
            case 1: c
            case 2: n
            case 3: v
            case 4: c && !z
            case 5: n == v
            case 6: n == v && !z
            default: true
            }
        return condition & 1 != 0 && condition != 15 ? !result : result
    }

    // MARK: Lanes

    @inline(__always) static func mask(_ condition: Bool) -> UInt64 { condition ? ~0 : 0 }

    /// Each lane of Vn and Vm; the format is a constant in each branch.
    @inline(never) static func floats(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, second: Doubles,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        switch op.laneFormat {
        case .double:
            let n = load(Doubles.self, v, op.n)
            let low = body(&environment, n.x, second.x, .double)
            let high = op.isQuad ? body(&environment, n.y, second.y, .double) : 0
            Vector128(low: low, high: high).store(v, op.d)
        case .single:
            let n = load(Words.self, v, op.n)
            let m = unsafeBitCast(second, to: Words.self)
            var result = Words()
            for index in 0..<min(op.laneCount, 4) {
                result[index] = UInt32(
                    truncatingIfNeeded: body(&environment, UInt64(n[index]), UInt64(m[index]), .single))
            }
            store(result, v, op)
        case .half:
            let n = load(Halves.self, v, op.n)
            let m = unsafeBitCast(second, to: Halves.self)
            var result = Halves()
            for index in 0..<min(op.laneCount, 8) {
                result[index] = UInt16(
                    truncatingIfNeeded: body(&environment, UInt64(n[index]), UInt64(m[index]), .half))
            }
            store(result, v, op)
        }
        fpsr = environment.fpsr
    }

    @inline(__always) static func floats(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        floats(op, v, fpcr, &fpsr, second: load(Doubles.self, v, op.m), body)
    }

    @inline(__always) static func floatsByElement(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        floats(op, v, fpcr, &fpsr, second: element(op, v), body)
    }

    /// FMLA, FMLS.
    @inline(__always) static func accumulated(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, isNegated: Bool
    ) {
        accumulate(op, v, fpcr, &fpsr, second: load(Doubles.self, v, op.m), isNegated: isNegated)
    }

    @inline(__always) static func accumulatedByElement(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, isNegated: Bool
    ) {
        accumulate(op, v, fpcr, &fpsr, second: element(op, v), isNegated: isNegated)
    }

    @inline(never) private static func accumulate(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, second: Doubles, isNegated: Bool
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        switch op.laneFormat {
        case .double:
            let sign: UInt64 = isNegated ? 1 << 63 : 0
            let n = load(Doubles.self, v, op.n)
            let d = load(Doubles.self, v, op.d)
            let low = environment.multiplyAdd(d.x, n.x ^ sign, second.x, .double)
            let high = op.isQuad ? environment.multiplyAdd(d.y, n.y ^ sign, second.y, .double) : 0
            Vector128(low: low, high: high).store(v, op.d)
        case .single:
            let sign: UInt32 = isNegated ? 1 << 31 : 0
            let n = load(Words.self, v, op.n) ^ Words(repeating: sign)
            let m = unsafeBitCast(second, to: Words.self)
            let d = load(Words.self, v, op.d)
            if op.laneCount > 1, environment.mayUseHost, let sums = hostMultiplyAdd(environment, d, n, m) {
                return store(sums, v, op)
            }
            var result = Words()
            for index in 0..<min(op.laneCount, 4) {
                result[index] = UInt32(
                    truncatingIfNeeded: environment.multiplyAdd(
                        UInt64(d[index]), UInt64(n[index]), UInt64(m[index]), .single))
            }
            store(result, v, op)
        case .half:
            let n = load(Halves.self, v, op.n) ^ Halves(repeating: isNegated ? 1 << 15 : 0)
            let m = unsafeBitCast(second, to: Halves.self)
            let d = load(Halves.self, v, op.d)
            var result = Halves()
            for index in 0..<min(op.laneCount, 8) {
                result[index] = UInt16(
                    truncatingIfNeeded: environment.multiplyAdd(
                        UInt64(d[index]), UInt64(n[index]), UInt64(m[index]), .half))
            }
            store(result, v, op)
        }
        fpsr = environment.fpsr
    }

    @inline(__always) private static func hostMultiplyAdd(
        _ environment: FPEnvironment, _ addend: Words, _ a: Words, _ b: Words
    ) -> SIMD4<Float>? {
        let c = unsafeBitCast(addend, to: SIMD4<Float>.self)
        let n = unsafeBitCast(a, to: SIMD4<Float>.self)
        let m = unsafeBitCast(b, to: SIMD4<Float>.self)
        guard let first = environment.hostMultiplyAdd(c[0], n[0], m[0]),
            let second = environment.hostMultiplyAdd(c[1], n[1], m[1]),
            let third = environment.hostMultiplyAdd(c[2], n[2], m[2]),
            let fourth = environment.hostMultiplyAdd(c[3], n[3], m[3])
        else { return nil }
        return SIMD4(first, second, third, fourth)
    }

    /// Adjacent pairs of Vm:Vn.
    @inline(never) static func floatPairs(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        let n = Vector128(v, op.n)
        let m = Vector128(v, op.m)
        let half = op.laneCount &>> 1
        var result = Vector128()
        for index in 0..<half {
            result.set(index, op.laneSize, floatPair(n, index, op.laneFormat, &environment, body))
            result.set(index &+ half, op.laneSize, floatPair(m, index, op.laneFormat, &environment, body))
        }
        result.store(v, op.d)
        fpsr = environment.fpsr
    }

    /// The first two lanes of Vn.
    @inline(never) static func floatPair(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        storeScalar(floatPair(Vector128(v, op.n), 0, op.laneFormat, &environment, body), v, op.d)
        fpsr = environment.fpsr
    }

    /// Shared pseudocode "Reduce" over all lanes: halves of halves, so that neighbours meet first.
    @inline(never) static func floatReduction(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        var lanes = Vector128(v, op.n)
        var count = op.laneCount
        while count > 1 {
            count = count &>> 1
            for index in 0..<count {
                lanes.set(index, op.laneSize, floatPair(lanes, index, op.laneFormat, &environment, body))
            }
        }
        storeScalar(lanes.unsigned(0, op.laneSize), v, op.d)
        fpsr = environment.fpsr
    }

    /// Lanes 2 × `index` and the next; the format is a constant in each branch.
    @inline(__always) private static func floatPair(
        _ lanes: Vector128, _ index: Int, _ format: FPFormat, _ environment: inout FPEnvironment,
        _ body: (inout FPEnvironment, UInt64, UInt64, FPFormat) -> UInt64
    ) -> UInt64 {
        let first = lanes.unsigned(index &* 2, format.laneSize)
        let second = lanes.unsigned(index &* 2 &+ 1, format.laneSize)
        return switch format {
        case .double: body(&environment, first, second, .double)
        case .single: body(&environment, first, second, .single)
        case .half: body(&environment, first, second, .half)
        }
    }

    // MARK: Whole vectors on the host

    /// Which zeros among the results are exact: any of a sum's, and a product's where a factor is zero.
    enum HostResult { case sum, product }

    /// Computes all lanes at once where the host's results are ours (`FPEnvironment.mayUseHost`); false if they may not be.
    @inline(__always) static func onHost(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: UInt32, _ kind: HostResult,
        _ singles: (SIMD4<Float>, SIMD4<Float>) -> SIMD4<Float>,
        _ doubles: (SIMD2<Double>, SIMD2<Double>) -> SIMD2<Double>
    ) -> Bool {
        guard FPEnvironment(fpcr, fpsr).mayUseHost else { return false }
        if op.laneSize == 3 {
            let n = load(SIMD2<Double>.self, v, op.n)
            let m = load(SIMD2<Double>.self, v, op.m)
            let result = doubles(n, m)
            let first = kind == .sum ? result.x.isSafeSum : isSafeProduct(result.x, n.x, m.x)
            let second = kind == .sum ? result.y.isSafeSum : isSafeProduct(result.y, n.y, m.y)
            guard first && (second || !op.isQuad) else { return false }
            store(result, v, op)
            return true
        }
        guard op.laneSize == 2 else { return false }
        let n = load(SIMD4<Float>.self, v, op.n)
        let m = load(SIMD4<Float>.self, v, op.m)
        let result = singles(n, m)
        let signs = Words(repeating: 0x8000_0000)
        let magnitude = unsafeBitCast(result, to: Words.self) & ~signs
        var isZero = magnitude .== Words()
        if kind == .product {
            let zeroFactors =
                ((unsafeBitCast(n, to: Words.self) & ~signs) .== Words())
                .| ((unsafeBitCast(m, to: Words.self) & ~signs) .== Words())
            isZero = isZero .& zeroFactors
        }
        // Above the smallest normal number and below infinity.
        let isSafe = (magnitude &- Words(repeating: 0x0080_0001)) .< Words(repeating: 0x7EFF_FFFF)
        let all = unsafeBitCast(isSafe .| isZero, to: Doubles.self)
        guard all.x & all.y == ~0 else { return false }
        store(result, v, op)
        return true
    }

    @inline(__always) private static func isSafeProduct(_ product: Double, _ a: Double, _ b: Double) -> Bool {
        product.isSafe || (product == 0 && (a == 0 || b == 0))
    }
}
