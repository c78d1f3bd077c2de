/// Integer Advanced SIMD: lanes that the host's operators do not do by themselves.
extension VectorUnit {
    // MARK: Minimum, maximum, absolute value

    @inline(__always) static func larger(_ a: Bytes, _ b: Bytes) -> Bytes { b.replacing(with: a, where: a .> b) }
    @inline(__always) static func larger(_ a: Halves, _ b: Halves) -> Halves { b.replacing(with: a, where: a .> b) }
    @inline(__always) static func larger(_ a: Words, _ b: Words) -> Words { b.replacing(with: a, where: a .> b) }
    @inline(__always) static func larger(_ a: Doubles, _ b: Doubles) -> Doubles { b.replacing(with: a, where: a .> b) }
    @inline(__always) static func smaller(_ a: Bytes, _ b: Bytes) -> Bytes { b.replacing(with: a, where: a .< b) }
    @inline(__always) static func smaller(_ a: Halves, _ b: Halves) -> Halves { b.replacing(with: a, where: a .< b) }
    @inline(__always) static func smaller(_ a: Words, _ b: Words) -> Words { b.replacing(with: a, where: a .< b) }
    @inline(__always) static func smaller(_ a: Doubles, _ b: Doubles) -> Doubles { b.replacing(with: a, where: a .< b) }

    @inline(__always) static func larger(_ a: SignedBytes, _ b: SignedBytes) -> SignedBytes {
        b.replacing(with: a, where: a .> b)
    }
    @inline(__always) static func larger(_ a: SignedHalves, _ b: SignedHalves) -> SignedHalves {
        b.replacing(with: a, where: a .> b)
    }
    @inline(__always) static func larger(_ a: SignedWords, _ b: SignedWords) -> SignedWords {
        b.replacing(with: a, where: a .> b)
    }
    @inline(__always) static func larger(_ a: SignedDoubles, _ b: SignedDoubles) -> SignedDoubles {
        b.replacing(with: a, where: a .> b)
    }
    @inline(__always) static func smaller(_ a: SignedBytes, _ b: SignedBytes) -> SignedBytes {
        b.replacing(with: a, where: a .< b)
    }
    @inline(__always) static func smaller(_ a: SignedHalves, _ b: SignedHalves) -> SignedHalves {
        b.replacing(with: a, where: a .< b)
    }
    @inline(__always) static func smaller(_ a: SignedWords, _ b: SignedWords) -> SignedWords {
        b.replacing(with: a, where: a .< b)
    }
    @inline(__always) static func smaller(_ a: SignedDoubles, _ b: SignedDoubles) -> SignedDoubles {
        b.replacing(with: a, where: a .< b)
    }

    @inline(__always) static func magnitude(_ a: SignedBytes) -> SignedBytes {
        a.replacing(with: 0 &- a, where: a .< SignedBytes())
    }
    @inline(__always) static func magnitude(_ a: SignedHalves) -> SignedHalves {
        a.replacing(with: 0 &- a, where: a .< SignedHalves())
    }
    @inline(__always) static func magnitude(_ a: SignedWords) -> SignedWords {
        a.replacing(with: 0 &- a, where: a .< SignedWords())
    }
    @inline(__always) static func magnitude(_ a: SignedDoubles) -> SignedDoubles {
        a.replacing(with: 0 &- a, where: a .< SignedDoubles())
    }

    @inline(__always) static func asSigned(
        _ a: Bytes, _ b: Bytes, _ body: (SignedBytes, SignedBytes) -> SignedBytes
    ) -> Bytes {
        Bytes(truncatingIfNeeded: body(SignedBytes(truncatingIfNeeded: a), SignedBytes(truncatingIfNeeded: b)))
    }
    @inline(__always) static func asSigned(
        _ a: Halves, _ b: Halves, _ body: (SignedHalves, SignedHalves) -> SignedHalves
    ) -> Halves {
        Halves(truncatingIfNeeded: body(SignedHalves(truncatingIfNeeded: a), SignedHalves(truncatingIfNeeded: b)))
    }
    @inline(__always) static func asSigned(
        _ a: Words, _ b: Words, _ body: (SignedWords, SignedWords) -> SignedWords
    ) -> Words {
        Words(truncatingIfNeeded: body(SignedWords(truncatingIfNeeded: a), SignedWords(truncatingIfNeeded: b)))
    }

    // MARK: Multiply

    /// What becomes of the destination.
    enum Accumulation { case replace, add, subtract }

    @inline(__always) static func multiply(
        _ op: Op, _ v: VectorRegisters, _ second: Doubles, _ accumulation: Accumulation
    ) {
        switch op.laneSize {
        case 0:
            let product = load(Bytes.self, v, op.n) &* unsafeBitCast(second, to: Bytes.self)
            let d = load(Bytes.self, v, op.d)
            store(accumulation == .replace ? product : accumulation == .add ? d &+ product : d &- product, v, op)
        case 1:
            let product = load(Halves.self, v, op.n) &* unsafeBitCast(second, to: Halves.self)
            let d = load(Halves.self, v, op.d)
            store(accumulation == .replace ? product : accumulation == .add ? d &+ product : d &- product, v, op)
        default:
            let product = load(Words.self, v, op.n) &* unsafeBitCast(second, to: Words.self)
            let d = load(Words.self, v, op.d)
            store(accumulation == .replace ? product : accumulation == .add ? d &+ product : d &- product, v, op)
        }
    }

    /// SDOT, UDOT: to each word of Vd the products of the four bytes of Vn and Vm, or of one word of Vm, in its place.
    @inline(never) static func dotProduct(_ op: Op, _ v: VectorRegisters, isSigned: Bool) {
        let n = Vector128(v, op.n)
        let words = second(op, v)
        let m = Vector128(low: words.x, high: words.y)
        let d = Vector128(v, op.d)
        var result = Vector128()
        for index in 0..<op.laneCount {
            var sum = d.unsigned(index, 2)
            for byte in index &* 4..<index &* 4 &+ 4 {
                sum &+= n.lane(byte, 0, isSigned: isSigned) &* m.lane(byte, 0, isSigned: isSigned)
            }
            result.set(index, 2, sum)
        }
        result.store(v, op.d)
    }

    /// PMUL: the low bytes of the carry-less products.
    @inline(never) static func polynomialLanes(_ op: Op, _ v: VectorRegisters) {
        let n = load(Bytes.self, v, op.n)
        let m = load(Bytes.self, v, op.m)
        var result = Bytes()
        for bit: UInt8 in 0..<8 {
            let isSet = (m &>> Bytes(repeating: bit)) & Bytes(repeating: 1)
            result ^= (n &<< Bytes(repeating: bit)) & (0 &- isSet)
        }
        store(result, v, op)
    }

    /// PMULL, PMULL2.
    @inline(never) static func polynomialLong(_ op: Op, _ v: VectorRegisters) {
        let n = Vector128(v, op.n)
        let m = Vector128(v, op.m)
        let (a, b) = op.isQuad ? (n.high, m.high) : (n.low, m.low)
        if op.laneSize == 3 {
            polynomialProduct(a, b).store(v, op.d)
            return
        }
        var result = Vector128()
        for index in 0..<8 {
            let shift = UInt64(index &* 8)
            result.set(index, 1, polynomialProduct(a &>> shift & 0xFF, b &>> shift & 0xFF).low)
        }
        result.store(v, op.d)
    }

    // MARK: One source

    /// CNT: ones in each byte.
    @inline(__always) static func countOnes(_ op: Op, _ v: VectorRegisters) {
        binary(Bytes.self, op, v) { n, _ in
            var sum = n &- ((n &>> 1) & 0x55)
            sum = (sum & 0x33) &+ ((sum &>> 2) & 0x33)
            return (sum &+ (sum &>> 4)) & 0x0F
        }
    }

    /// RBIT: reverses each byte.
    @inline(__always) static func reverseBits(_ op: Op, _ v: VectorRegisters) {
        binary(Bytes.self, op, v) { n, _ in
            var bits = ((n & 0x55) &<< 1) | ((n &>> 1) & 0x55)
            bits = ((bits & 0x33) &<< 2) | ((bits &>> 2) & 0x33)
            return (bits &<< 4) | (bits &>> 4)
        }
    }

    /// REV16, REV32, REV64: lanes within containers of 8 << `container` bits.
    @inline(__always) static func reverse(_ op: Op, _ v: VectorRegisters, container: Int) {
        let n = Vector128(v, op.n)
        var result = Vector128(
            low: reversed(n.low, op.laneSize, container), high: reversed(n.high, op.laneSize, container))
        if !op.isQuad { result.high = 0 }
        result.store(v, op.d)
    }

    @inline(__always) private static func reversed(_ word: UInt64, _ size: Int, _ container: Int) -> UInt64 {
        // Exchanges ever larger groups, from one lane to half a container.
        var word = word
        if size == 0 { word = (word & 0x00FF_00FF_00FF_00FF) &<< 8 | word &>> 8 & 0x00FF_00FF_00FF_00FF }
        if size <= 1 && container >= 2 {
            word = (word & 0x0000_FFFF_0000_FFFF) &<< 16 | word &>> 16 & 0x0000_FFFF_0000_FFFF
        }
        return container == 3 ? word &<< 32 | word &>> 32 : word
    }

    /// SADDLP, UADDLP, SADALP, UADALP.
    @inline(never) static func addLongPairs(_ op: Op, _ v: VectorRegisters, isSigned: Bool, accumulates: Bool) {
        let n = Vector128(v, op.n)
        let d = accumulates ? Vector128(v, op.d) : Vector128()
        var result = Vector128()
        for index in 0..<op.laneCount &>> 1 {
            let sum =
                n.lane(index &* 2, op.laneSize, isSigned: isSigned)
                &+ n.lane(index &* 2 &+ 1, op.laneSize, isSigned: isSigned)
            result.set(index, op.laneSize &+ 1, sum &+ d.unsigned(index, op.laneSize &+ 1))
        }
        result.store(v, op.d)
    }

    /// Across lanes: one result of 8 << `resultSize` bits.
    @inline(never) static func reduce(
        _ op: Op, _ v: VectorRegisters, isSigned: Bool, resultSize: Int, _ body: (Int64, Int64) -> Int64
    ) {
        let n = Vector128(v, op.n)
        let size = op.laneSize
        var result = Int64(bitPattern: n.lane(0, size, isSigned: isSigned))
        for index in 1..<max(op.laneCount, 1) {
            result = body(result, Int64(bitPattern: n.lane(index, size, isSigned: isSigned)))
        }
        storeScalar(UInt64(bitPattern: result) & laneMask(resultSize), v, op.d)
    }

    // MARK: Shifts by immediate

    @inline(__always) static func shiftLeft(_ op: Op, _ v: VectorRegisters) {
        let amount = op.smallImmediate
        unsigned(
            op, v, { n, _ in n &<< Bytes(repeating: UInt8(truncatingIfNeeded: amount)) },
            { n, _ in n &<< Halves(repeating: UInt16(truncatingIfNeeded: amount)) },
            { n, _ in n &<< Words(repeating: UInt32(truncatingIfNeeded: amount)) },
            { n, _ in n &<< Doubles(repeating: amount) })
    }

    @inline(__always) static func shiftRightUnsigned(_ op: Op, _ v: VectorRegisters) {
        let amount = op.smallImmediate
        // The whole width leaves nothing; the host's shift would leave everything.
        if amount == 8 &<< UInt64(op.laneSize) { return storeScalar(0, v, op.d) }
        unsigned(
            op, v, { n, _ in n &>> Bytes(repeating: UInt8(truncatingIfNeeded: amount)) },
            { n, _ in n &>> Halves(repeating: UInt16(truncatingIfNeeded: amount)) },
            { n, _ in n &>> Words(repeating: UInt32(truncatingIfNeeded: amount)) },
            { n, _ in n &>> Doubles(repeating: amount) })
    }

    @inline(__always) static func shiftRightSigned(_ op: Op, _ v: VectorRegisters) {
        // The whole width leaves the signs, as one bit less does.
        let amount = min(op.smallImmediate, (8 &<< UInt64(op.laneSize)) &- 1)
        signed(
            op, v, { n, _ in n &>> SignedBytes(repeating: Int8(truncatingIfNeeded: amount)) },
            { n, _ in n &>> SignedHalves(repeating: Int16(truncatingIfNeeded: amount)) },
            { n, _ in n &>> SignedWords(repeating: Int32(truncatingIfNeeded: amount)) },
            { n, _ in n &>> SignedDoubles(repeating: Int64(truncatingIfNeeded: amount)) })
    }

    // MARK: Narrowing

    /// How a lane is read, and how it is brought into the narrow range.
    enum Range { case signed, unsigned, truncated }

    /// SHRN and XTN.
    @inline(__always) static func narrowPlain(_ op: Op, _ v: VectorRegisters) {
        let amount = op.smallImmediate
        switch op.laneSize {
        case 0:
            let shifted = load(Halves.self, v, op.n) &>> Halves(repeating: UInt16(truncatingIfNeeded: amount))
            storeHalf(unsafeBitCast(SIMD8<UInt8>(truncatingIfNeeded: shifted), to: UInt64.self), v, op)
        case 1:
            let shifted = load(Words.self, v, op.n) &>> Words(repeating: UInt32(truncatingIfNeeded: amount))
            storeHalf(unsafeBitCast(SIMD4<UInt16>(truncatingIfNeeded: shifted), to: UInt64.self), v, op)
        default:
            let shifted = load(Doubles.self, v, op.n) &>> Doubles(repeating: amount)
            storeHalf(shifted.x & 0xFFFF_FFFF | shifted.y &<< 32, v, op)
        }
    }

    /// Right shift by the immediate, rounded or not, saturated to the narrow lane.
    @inline(never) static func narrow(
        _ op: Op, _ v: VectorRegisters, _ fpsr: inout UInt32, rounds: Bool, from: Range, to: Range
    ) {
        let n = Vector128(v, op.n)
        let size = op.laneSize
        let amount = Int(truncatingIfNeeded: op.smallImmediate)
        var result = Vector128()
        for index in 0..<op.laneCount {
            let lane = n.lane(index, size &+ 1, isSigned: from == .signed)
            var value = from == .signed ? UInt64(bitPattern: Int64(bitPattern: lane) >> amount) : lane >> amount
            if rounds && amount > 0 { value &+= lane &>> UInt64(amount &- 1) & 1 }
            let fits: Bool
            let limit: UInt64
            switch (from, to) {
            case (_, .truncated): (fits, limit) = (true, 0)
            case (.signed, .signed):
                fits = UInt64(bitPattern: signExtend(value, size)) == value
                limit = Int64(bitPattern: value) < 0 ? ~(laneMask(size) &>> 1) : laneMask(size) &>> 1
            default:
                fits = value <= laneMask(size)
                limit = from == .signed && Int64(bitPattern: value) < 0 ? 0 : laneMask(size)
            }
            if !fits { fpsr |= FPEnvironment.Exception.saturation }
            result.set(index, size, fits ? value : limit)
        }
        storeHalf(result.low, v, op)
    }

    /// ADDHN and its kin: the upper halves of sums or differences.
    @inline(never) static func narrowHigh(
        _ op: Op, _ v: VectorRegisters, rounds: Bool, _ body: (UInt64, UInt64) -> UInt64
    ) {
        let n = Vector128(v, op.n)
        let m = Vector128(v, op.m)
        let size = op.laneSize
        let half = UInt64(8 &<< size)
        var result = Vector128()
        for index in 0..<op.laneCount {
            let sum = body(n.unsigned(index, size &+ 1), m.unsigned(index, size &+ 1))
            result.set(index, size, (sum &+ (rounds ? 1 &<< (half &- 1) : 0)) &>> half)
        }
        storeHalf(result.low, v, op)
    }

    // MARK: Widening

    /// The 64 bits of a source that a widening instruction uses.
    @inline(__always) private static func part(_ op: Op, _ v: VectorRegisters, _ register: UInt8) -> Vector128 {
        Vector128(low: v[Int(register) &* 2 &+ (op.isQuad ? 1 : 0)], high: 0)
    }

    /// Each lane of Vn and of Vm, or one element of Vm, extended; the third operand is the wide lane of Vd.
    @inline(never) static func long(
        _ op: Op, _ v: VectorRegisters, isSigned: Bool, _ body: (UInt64, UInt64, UInt64) -> UInt64
    ) {
        let n = part(op, v, op.n)
        let size = op.laneSize
        let isByElement = op.imm & Op.elementFlag != 0
        let m = isByElement ? Vector128(low: element(op, v).x, high: 0) : part(op, v, op.m)
        let d = Vector128(v, op.d)
        var result = Vector128()
        for index in 0..<op.laneCount {
            result.set(
                index, size &+ 1,
                body(
                    n.lane(index, size, isSigned: isSigned), m.lane(index, size, isSigned: isSigned),
                    d.unsigned(index, size &+ 1)))
        }
        result.store(v, op.d)
    }

    /// SADDW and its kin: wide lanes of Vn and extended lanes of Vm.
    @inline(never) static func wide(
        _ op: Op, _ v: VectorRegisters, isSigned: Bool, _ body: (UInt64, UInt64) -> UInt64
    ) {
        let n = Vector128(v, op.n)
        let m = part(op, v, op.m)
        let size = op.laneSize
        var result = Vector128()
        for index in 0..<op.laneCount {
            result.set(
                index, size &+ 1, body(n.unsigned(index, size &+ 1), m.lane(index, size, isSigned: isSigned)))
        }
        result.store(v, op.d)
    }

    @inline(__always) static func absoluteDifference(_ a: UInt64, _ b: UInt64) -> UInt64 {
        (Int64(bitPattern: a) &- Int64(bitPattern: b)).magnitude
    }

    /// SQDMULL, SQDMLAL, SQDMLSL: the doubled product saturates, and so does the accumulation.
    @inline(never) static func doublingLong(
        _ op: Op, _ v: VectorRegisters, _ fpsr: inout UInt32, _ accumulation: Accumulation
    ) {
        let n = part(op, v, op.n)
        let size = op.laneSize
        let isByElement = op.imm & Op.elementFlag != 0
        let m = isByElement ? Vector128(low: element(op, v).x, high: 0) : part(op, v, op.m)
        let d = Vector128(v, op.d)
        var result = Vector128()
        var saturated = false
        for index in 0..<op.laneCount {
            let single = n.signed(index, size) &* m.signed(index, size)
            let lane = d.signed(index, size &+ 1)
            let value: Int64
            if size == 1 {
                let product = saturated32(single &* 2, &saturated)
                switch accumulation {
                case .replace: value = product
                case .add: value = saturated32(lane &+ product, &saturated)
                case .subtract: value = saturated32(lane &- product, &saturated)
                }
            } else {
                let product = Lane.SaturatingAdd.apply(single, single, 0, &saturated)
                switch accumulation {
                case .replace: value = product
                case .add: value = Lane.SaturatingAdd.apply(lane, product, 0, &saturated)
                case .subtract: value = Lane.SaturatingSubtract.apply(lane, product, 0, &saturated)
                }
            }
            result.set(index, size &+ 1, UInt64(bitPattern: value))
        }
        if saturated { fpsr |= FPEnvironment.Exception.saturation }
        result.store(v, op.d)
    }

    @inline(__always) private static func saturated32(_ value: Int64, _ saturated: inout Bool) -> Int64 {
        let clamped = min(max(value, Int64(Int32.min)), Int64(Int32.max))
        if clamped != value { saturated = true }
        return clamped
    }

    // MARK: Permutations

    /// EXT: bytes from the middle of Vm:Vn.
    @inline(__always) static func extract(_ op: Op, _ v: VectorRegisters) {
        let n = Vector128(v, op.n)
        let m = Vector128(v, op.m)
        let shift = (op.imm & 7) &* 8
        var words = op.isQuad ? (n.low, n.high, m.low, m.high) : (n.low, m.low, 0, 0)
        if op.imm & 8 != 0 { words = (words.1, words.2, words.3, 0) }
        // Two shifts, since one by 64 would be none.
        let low = words.0 &>> shift | (words.1 &<< 1) &<< (63 &- shift)
        let high = words.1 &>> shift | (words.2 &<< 1) &<< (63 &- shift)
        Vector128(low: low, high: op.isQuad ? high : 0).store(v, op.d)
    }

    /// TBL, TBX: `fallback` is what an index outside of the table selects.
    @inline(never) static func tableLookup(_ op: Op, _ v: VectorRegisters, _ fallback: Vector128) {
        let indices = Vector128(v, op.m)
        var result = fallback
        for lane in 0..<op.laneCount {
            let index = indices.unsigned(lane, 0)
            guard index < op.imm &* 16 else { continue }
            let register = (op.n &+ UInt8(truncatingIfNeeded: index &>> 4)) & 31
            result.set(lane, 0, Vector128(v, register).unsigned(Int(truncatingIfNeeded: index & 15), 0))
        }
        if !op.isQuad { result.high = 0 }
        result.store(v, op.d)
    }

    @inline(never) static func zip(_ op: Op, _ v: VectorRegisters, part: Int) {
        let (n, m, size, half) = (Vector128(v, op.n), Vector128(v, op.m), op.laneSize, op.laneCount &>> 1)
        var result = Vector128()
        for index in 0..<half {
            result.set(index &* 2, size, n.unsigned(index &+ part &* half, size))
            result.set(index &* 2 &+ 1, size, m.unsigned(index &+ part &* half, size))
        }
        result.store(v, op.d)
    }

    @inline(never) static func unzip(_ op: Op, _ v: VectorRegisters, part: Int) {
        let (n, m, size, half) = (Vector128(v, op.n), Vector128(v, op.m), op.laneSize, op.laneCount &>> 1)
        var result = Vector128()
        for index in 0..<half {
            result.set(index, size, n.unsigned(index &* 2 &+ part, size))
            result.set(index &+ half, size, m.unsigned(index &* 2 &+ part, size))
        }
        result.store(v, op.d)
    }

    @inline(never) static func transpose(_ op: Op, _ v: VectorRegisters, part: Int) {
        let (n, m, size) = (Vector128(v, op.n), Vector128(v, op.m), op.laneSize)
        var result = Vector128()
        for index in 0..<op.laneCount &>> 1 {
            result.set(index &* 2, size, n.unsigned(index &* 2 &+ part, size))
            result.set(index &* 2 &+ 1, size, m.unsigned(index &* 2 &+ part, size))
        }
        result.store(v, op.d)
    }

    // MARK: Cryptographic

    /// The state of AESE and AESD with its round key.
    @inline(__always) static func combined(_ op: Op, _ v: VectorRegisters) -> Vector128 {
        let d = Vector128(v, op.d)
        let n = Vector128(v, op.n)
        return Vector128(low: d.low ^ n.low, high: d.high ^ n.high)
    }

    @inline(__always) static func sha(
        _ op: Op, _ v: VectorRegisters, _ body: (Words, Words, Words) -> Words
    ) {
        store(body(load(Words.self, v, op.d), load(Words.self, v, op.n), load(Words.self, v, op.m)), v, op)
    }
}
