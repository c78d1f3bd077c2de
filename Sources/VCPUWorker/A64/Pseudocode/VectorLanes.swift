/// V0…V31 as pairs of 64-bit words, low first.
typealias VectorRegisters = UnsafeMutablePointer<UInt64>

/// How the fields of an `Op` with code `.vector` are used. `d`, `n`, `m` are register numbers or slots; for operations
/// on three sources `a` is the third; otherwise `a` is the arrangement. `imm` is the immediate: a shift, an index, a value.
extension Op {
    /// Packs an arrangement: base-2 logarithm of the element's bytes, whether 128 bits are written, elements processed.
    static func arrangement(size: UInt32, isQuad: Bool, lanes: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: size & 3 | (isQuad ? 4 : 0) | lanes << 3)
    }

    /// 0…3 for B, H, S, D.
    @inline(__always) var laneSize: Int { Int(a & 3) }
    @inline(__always) var isQuad: Bool { a & 4 != 0 }
    @inline(__always) var laneCount: Int { Int(a &>> 3) }
    @inline(__always) var laneFormat: FPFormat {
        switch a & 3 {
        case 3: .double
        case 2: .single
        default: .half
        }
    }
}

/// The value of a vector register, as lanes that widening, narrowing and permuting instructions pick one by one.
struct Vector128 {
    var low: UInt64 = 0
    var high: UInt64 = 0

    @inline(__always) init() {}
    @inline(__always) init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
    @inline(__always) init(_ v: VectorRegisters, _ register: UInt8) {
        low = v[Int(register) &* 2]
        high = v[Int(register) &* 2 &+ 1]
    }

    @inline(__always) func store(_ v: VectorRegisters, _ register: UInt8) {
        v[Int(register) &* 2] = low
        v[Int(register) &* 2 &+ 1] = high
    }

    /// Lane `index` of elements of 8 << `size` bits, zero-extended.
    @inline(__always) func unsigned(_ index: Int, _ size: Int) -> UInt64 {
        let bit = UInt64(truncatingIfNeeded: index &<< (size &+ 3))
        return (bit & 64 == 0 ? low : high) &>> (bit & 63) & laneMask(size)
    }

    /// Lane `index` of elements of 8 << `size` bits, sign-extended.
    @inline(__always) func signed(_ index: Int, _ size: Int) -> Int64 {
        signExtend(unsigned(index, size), size)
    }

    /// Either, by `isSigned`.
    @inline(__always) func lane(_ index: Int, _ size: Int, isSigned: Bool) -> UInt64 {
        isSigned ? UInt64(bitPattern: signed(index, size)) : unsigned(index, size)
    }

    /// Replaces lane `index` with the low bits of `value`.
    @inline(__always) mutating func set(_ index: Int, _ size: Int, _ value: UInt64) {
        let bit = UInt64(truncatingIfNeeded: index &<< (size &+ 3))
        let mask = laneMask(size) &<< (bit & 63)
        let placed = (value &<< (bit & 63)) & mask
        if bit & 64 == 0 { low = low & ~mask | placed } else { high = high & ~mask | placed }
    }
}

/// The bits of one element of 8 << `size` bits.
@inline(__always) func laneMask(_ size: Int) -> UInt64 { ~0 &>> UInt64(64 &- (8 &<< size)) }

@inline(__always) func signExtend(_ value: UInt64, _ size: Int) -> Int64 {
    let shift = Int64(64 &- (8 &<< size))
    return (Int64(bitPattern: value) &<< shift) &>> shift
}

/// Copies the low element of 8 << `size` bits into all of a 64-bit word.
@inline(__always) func replicate(_ value: UInt64, _ size: Int) -> UInt64 {
    switch size {
    case 0: (value & 0xFF) &* 0x0101_0101_0101_0101
    case 1: (value & 0xFFFF) &* 0x0001_0001_0001_0001
    case 2: (value & 0xFFFF_FFFF) &* 0x0000_0001_0000_0001
    default: value
    }
}

extension VectorUnit {
    @inline(__always) static func load<V>(_ type: V.Type, _ v: VectorRegisters, _ register: UInt8) -> V {
        UnsafeRawPointer(v + Int(register) &* 2).load(as: V.self)
    }

    /// Writes all 128 bits, then clears the upper half of a 64-bit result.
    @inline(__always) static func store<V>(_ value: V, _ v: VectorRegisters, _ op: Op) {
        let target = v + Int(op.d) &* 2
        UnsafeMutableRawPointer(target).storeBytes(of: value, as: V.self)
        if !op.isQuad { target[1] = 0 }
    }

    /// The result of a narrowing instruction: the lower half with the rest cleared, or with Q the upper half alone.
    @inline(__always) static func storeHalf(_ value: UInt64, _ v: VectorRegisters, _ op: Op) {
        let target = v + Int(op.d) &* 2
        if op.isQuad {
            target[1] = value
        } else {
            target[0] = value
            target[1] = 0
        }
    }

    /// Writes a 64-bit, or zero-extended, scalar.
    @inline(__always) static func storeScalar(_ value: UInt64, _ v: VectorRegisters, _ register: UInt8) {
        v[Int(register) &* 2] = value
        v[Int(register) &* 2 &+ 1] = 0
    }

    /// The low bits of a register that are a number of `format`.
    @inline(__always) static func scalar(_ v: VectorRegisters, _ register: UInt8, _ format: FPFormat) -> UInt64 {
        v[Int(register) &* 2] & laneMask(format.laneSize)
    }
}
