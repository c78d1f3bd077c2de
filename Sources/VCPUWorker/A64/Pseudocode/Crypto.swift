/// Shared pseudocode of the cryptographic extension: AES and SHA.
enum AES {
    /// The S-box and then its inverse, computed from their definition in GF(2^8).
    // SAFETY: written once, before anyone sees it.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt8> = {
        let tables = UnsafeMutablePointer<UInt8>.allocate(capacity: 512)
        // `value` runs through the powers of the generator 3 and `inverse` through those of its inverse.
        var value: UInt8 = 1
        var inverse: UInt8 = 1
        repeat {
            value ^= doubled(value)
            inverse ^= inverse << 1
            inverse ^= inverse << 2
            inverse ^= inverse << 4
            if inverse & 0x80 != 0 { inverse ^= 0x09 }
            set(value, inverse)
        } while value != 1
        set(0, 0)
        func set(_ index: UInt8, _ inverse: UInt8) {
            var result: UInt8 = 0x63
            for rotation: UInt8 in 0..<5 { result ^= inverse &<< rotation | inverse >> (8 - rotation) }
            tables[Int(index)] = result
            tables[256 + Int(result)] = index
        }
        return UnsafePointer(tables)
    }()

    @inline(__always) private static func doubled(_ value: UInt8) -> UInt8 {
        value &<< 1 ^ (value & 0x80 == 0 ? 0 : 0x1B)
    }

    /// "AESShiftRows" and "AESSubBytes".
    static func shiftAndSubstitute(_ state: Vector128) -> Vector128 {
        var result = Vector128()
        for index in 0..<16 {
            let source = (index &+ 4 &* (index & 3)) & 15
            result.set(index, 0, UInt64(tables[Int(state.unsigned(source, 0))]))
        }
        return result
    }

    /// "AESInvShiftRows" and "AESInvSubBytes".
    static func inverseShiftAndSubstitute(_ state: Vector128) -> Vector128 {
        var result = Vector128()
        for index in 0..<16 {
            let source = (index &- 4 &* (index & 3)) & 15
            result.set(index, 0, UInt64(tables[256 + Int(state.unsigned(source, 0))]))
        }
        return result
    }

    /// "AESMixColumns".
    static func mixColumns(_ state: Vector128) -> Vector128 {
        var result = Vector128()
        for column in 0..<4 {
            let word = UInt32(truncatingIfNeeded: state.unsigned(column, 2))
            result.set(column, 2, UInt64(mixed(word)))
        }
        return result
    }

    /// "AESInvMixColumns": MixColumns after multiplying by 4 x² + 5.
    static func inverseMixColumns(_ state: Vector128) -> Vector128 {
        var result = Vector128()
        for column in 0..<4 {
            let word = UInt32(truncatingIfNeeded: state.unsigned(column, 2))
            let fourfold = doubledBytes(doubledBytes(word ^ (word &<< 16 | word &>> 16)))
            result.set(column, 2, UInt64(mixed(word ^ fourfold)))
        }
        return result
    }

    private static func mixed(_ word: UInt32) -> UInt32 {
        let next = word &>> 8 | word &<< 24
        return doubledBytes(word ^ next) ^ next ^ (word &>> 16 | word &<< 16) ^ (word &>> 24 | word &<< 8)
    }

    /// Each byte times x in GF(2^8).
    private static func doubledBytes(_ word: UInt32) -> UInt32 {
        (word & 0x7F7F_7F7F) &<< 1 ^ (word &>> 7 & 0x0101_0101) &* 0x1B
    }
}

enum SHA {
    typealias Words = SIMD4<UInt32>

    @inline(__always) static func rotatedLeft(_ x: UInt32, _ count: UInt32) -> UInt32 {
        x &<< count | x &>> (32 &- count)
    }
    @inline(__always) private static func rotatedRight(_ x: UInt32, _ count: UInt32) -> UInt32 {
        x &>> count | x &<< (32 &- count)
    }
    @inline(__always) static func choose(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { (y ^ z) & x ^ z }
    @inline(__always) static func majority(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x & y | (x | y) & z }
    @inline(__always) static func parity(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x ^ y ^ z }

    /// SHA1C, SHA1P, SHA1M: four rounds with `function`.
    @inline(__always) static func rounds1(
        _ hash: Words, _ e: UInt32, _ schedule: Words, _ function: (UInt32, UInt32, UInt32) -> UInt32
    ) -> Words {
        var x = hash
        var y = e
        for index in 0..<4 {
            let sum = y &+ rotatedLeft(x[0], 5) &+ function(x[1], x[2], x[3]) &+ schedule[index]
            y = x[3]
            x = Words(sum, x[0], rotatedLeft(x[1], 30), x[2])
        }
        return x
    }

    /// SHA1SU0: the three-way exclusive or of the schedule.
    static func schedule1Start(_ d: Words, _ n: Words, _ m: Words) -> Words {
        Words(d[2], d[3], n[0], n[1]) ^ d ^ m
    }

    /// SHA1SU1.
    static func schedule1End(_ d: Words, _ n: Words) -> Words {
        let sum = d ^ Words(n[1], n[2], n[3], 0)
        let first = rotatedLeft(sum[0], 1)
        return Words(
            first, rotatedLeft(sum[1], 1), rotatedLeft(sum[2], 1), rotatedLeft(sum[3], 1) ^ rotatedLeft(first, 1))
    }

    /// Shared pseudocode "SHA256hash".
    static func hash256(_ first: Words, _ second: Words, _ schedule: Words, wantsFirst: Bool) -> Words {
        var x = first
        var y = second
        for index in 0..<4 {
            let sigma1 = rotatedRight(y[0], 6) ^ rotatedRight(y[0], 11) ^ rotatedRight(y[0], 25)
            let sigma0 = rotatedRight(x[0], 2) ^ rotatedRight(x[0], 13) ^ rotatedRight(x[0], 22)
            let t = y[3] &+ sigma1 &+ choose(y[0], y[1], y[2]) &+ schedule[index]
            let top = x[3] &+ t
            let head = t &+ sigma0 &+ majority(x[0], x[1], x[2])
            y = Words(top, y[0], y[1], y[2])
            x = Words(head, x[0], x[1], x[2])
        }
        return wantsFirst ? x : y
    }

    /// SHA256SU0.
    static func schedule256Start(_ d: Words, _ n: Words) -> Words {
        let next = Words(d[1], d[2], d[3], n[0])
        var result = d
        for index in 0..<4 {
            let word = next[index]
            result[index] &+= rotatedRight(word, 7) ^ rotatedRight(word, 18) ^ word &>> 3
        }
        return result
    }

    /// SHA256SU1.
    static func schedule256End(_ d: Words, _ n: Words, _ m: Words) -> Words {
        let middle = Words(n[1], n[2], n[3], m[0])
        var result = d &+ middle
        result[0] &+= small(m[2])
        result[1] &+= small(m[3])
        result[2] &+= small(result[0])
        result[3] &+= small(result[1])
        return result
    }

    @inline(__always) private static func small(_ word: UInt32) -> UInt32 {
        rotatedRight(word, 17) ^ rotatedRight(word, 19) ^ word &>> 10
    }
}

/// Shared pseudocode "PolynomialMult": the carry-less product, low and high half.
func polynomialProduct(_ a: UInt64, _ b: UInt64) -> Vector128 {
    var result = Vector128()
    var rest = b
    while rest != 0 {
        let index = UInt64(rest.trailingZeroBitCount)
        result.low ^= a &<< index
        // Two shifts, since one by 64 would be none.
        result.high ^= (a &>> 1) &>> (63 &- index)
        rest &= rest &- 1
    }
    return result
}
