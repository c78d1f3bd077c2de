/// Vector registers as SIMD values of the host, for the operations that it has too; lanes of 8, 16, 32 and 64 bits.
typealias Bytes = SIMD16<UInt8>
typealias Halves = SIMD8<UInt16>
typealias Words = SIMD4<UInt32>
typealias Doubles = SIMD2<UInt64>
typealias SignedBytes = SIMD16<Int8>
typealias SignedHalves = SIMD8<Int16>
typealias SignedWords = SIMD4<Int32>
typealias SignedDoubles = SIMD2<Int64>

/// The bodies given to these functions are literals and inlined; no closure exists at run time.
extension VectorUnit {
    /// Whole registers, without lanes.
    @inline(__always) static func whole(_ op: Op, _ v: VectorRegisters, _ body: (Doubles, Doubles) -> Doubles) {
        store(body(load(Doubles.self, v, op.n), load(Doubles.self, v, op.m)), v, op)
    }

    @inline(__always) static func binary<V, R>(
        _ type: V.Type, _ op: Op, _ v: VectorRegisters, _ body: (V, V) -> R
    ) {
        store(body(load(V.self, v, op.n), load(V.self, v, op.m)), v, op)
    }

    /// `body` for the lane size of `op`, on unsigned lanes.
    @inline(__always) static func unsigned<B, H, S, D>(
        _ op: Op, _ v: VectorRegisters, _ b: (Bytes, Bytes) -> B, _ h: (Halves, Halves) -> H,
        _ s: (Words, Words) -> S, _ d: (Doubles, Doubles) -> D
    ) {
        switch op.laneSize {
        case 0: binary(Bytes.self, op, v, b)
        case 1: binary(Halves.self, op, v, h)
        case 2: binary(Words.self, op, v, s)
        default: binary(Doubles.self, op, v, d)
        }
    }

    /// `body` for the lane size of `op`, on signed lanes.
    @inline(__always) static func signed<B, H, S, D>(
        _ op: Op, _ v: VectorRegisters, _ b: (SignedBytes, SignedBytes) -> B,
        _ h: (SignedHalves, SignedHalves) -> H, _ s: (SignedWords, SignedWords) -> S,
        _ d: (SignedDoubles, SignedDoubles) -> D
    ) {
        switch op.laneSize {
        case 0: binary(SignedBytes.self, op, v, b)
        case 1: binary(SignedHalves.self, op, v, h)
        case 2: binary(SignedWords.self, op, v, s)
        default: binary(SignedDoubles.self, op, v, d)
        }
    }

    /// Adjacent pairs of Vm:Vn, gathered into the even and the odd lanes.
    @inline(__always) static func pairs(_ op: Op, _ v: VectorRegisters) -> (n: Doubles, m: Doubles) {
        let n = load(Doubles.self, v, op.n)
        let m = load(Doubles.self, v, op.m)
        // With 64-bit operands both stand in the first register, and the second one's results are cleared.
        return op.isQuad ? (n, m) : (Doubles(n.x, m.x), Doubles())
    }

    @inline(__always) static func pairwise(
        _ op: Op, _ v: VectorRegisters, _ b: (Bytes, Bytes) -> Bytes, _ h: (Halves, Halves) -> Halves,
        _ s: (Words, Words) -> Words, _ d: (Doubles, Doubles) -> Doubles
    ) {
        let (n, m) = pairs(op, v)
        switch op.laneSize {
        case 0:
            let (low, high) = (unsafeBitCast(n, to: Bytes.self), unsafeBitCast(m, to: Bytes.self))
            store(
                b(
                    Bytes(lowHalf: low.evenHalf, highHalf: high.evenHalf),
                    Bytes(lowHalf: low.oddHalf, highHalf: high.oddHalf)), v, op)
        case 1:
            let (low, high) = (unsafeBitCast(n, to: Halves.self), unsafeBitCast(m, to: Halves.self))
            store(
                h(
                    Halves(lowHalf: low.evenHalf, highHalf: high.evenHalf),
                    Halves(lowHalf: low.oddHalf, highHalf: high.oddHalf)), v, op)
        case 2:
            let (low, high) = (unsafeBitCast(n, to: Words.self), unsafeBitCast(m, to: Words.self))
            store(
                s(
                    Words(lowHalf: low.evenHalf, highHalf: high.evenHalf),
                    Words(lowHalf: low.oddHalf, highHalf: high.oddHalf)), v, op)
        default: store(d(Doubles(n.x, m.x), Doubles(n.y, m.y)), v, op)
        }
    }
}

// MARK: - Lane operations

extension VectorUnit {
    /// Applies `operation` to each lane, unsigned or signed, and sets FPSR.QC if one saturated.
    @inline(never) static func unsignedLanes<O: LaneOperation>(
        _ operation: O.Type, _ op: Op, _ v: VectorRegisters, _ fpsr: inout UInt32
    ) {
        let m = second(op, v)
        switch op.laneSize {
        case 0: lanes(operation, UInt8.self, op, v, m, &fpsr)
        case 1: lanes(operation, UInt16.self, op, v, m, &fpsr)
        case 2: lanes(operation, UInt32.self, op, v, m, &fpsr)
        default: lanes(operation, UInt64.self, op, v, m, &fpsr)
        }
    }

    @inline(never) static func signedLanes<O: LaneOperation>(
        _ operation: O.Type, _ op: Op, _ v: VectorRegisters, _ fpsr: inout UInt32
    ) {
        let m = second(op, v)
        switch op.laneSize {
        case 0: lanes(operation, Int8.self, op, v, m, &fpsr)
        case 1: lanes(operation, Int16.self, op, v, m, &fpsr)
        case 2: lanes(operation, Int32.self, op, v, m, &fpsr)
        default: lanes(operation, Int64.self, op, v, m, &fpsr)
        }
    }

    /// The second source: Vm; one element of it; or for shifts by immediate the amount, in every lane.
    @inline(__always) static func second(_ op: Op, _ v: VectorRegisters) -> Doubles {
        if op.imm & Op.immediateFlag != 0 { return Doubles(repeating: replicate(op.imm & 0xFF, op.laneSize)) }
        if op.imm & Op.elementFlag != 0 { return element(op, v) }
        return load(Doubles.self, v, op.m)
    }

    /// The element of Vm that `op` names, in every lane.
    @inline(__always) static func element(_ op: Op, _ v: VectorRegisters) -> Doubles {
        let value = Vector128(v, op.m).unsigned(Int(truncatingIfNeeded: op.imm & 0xFF), op.laneSize)
        return Doubles(repeating: replicate(value, op.laneSize))
    }

    @inline(__always) private static func lanes<O: LaneOperation, T: LaneInteger>(
        _: O.Type, _: T.Type, _ op: Op, _ v: VectorRegisters, _ second: Doubles, _ fpsr: inout UInt32
    ) {
        // Through memory: a loop over it is short, and the host's compiler can use its own vectors for it.
        let n = UnsafeRawPointer(v + Int(op.n) &* 2).assumingMemoryBound(to: T.self)
        let d = UnsafeRawPointer(v + Int(op.d) &* 2).assumingMemoryBound(to: T.self)
        var result = Doubles()
        var saturated = false
        withUnsafeBytes(of: second) { second in
            withUnsafeMutableBytes(of: &result) { result in
                guard let m = second.baseAddress?.assumingMemoryBound(to: T.self),
                    let r = result.baseAddress?.assumingMemoryBound(to: T.self)
                else { return }
                for index in 0..<op.laneCount { r[index] = O.apply(n[index], m[index], d[index], &saturated) }
            }
        }
        store(result, v, op)
        if saturated { fpsr |= FPEnvironment.Exception.saturation }
    }
}
