import Shared

/// Words that mix random bits with what arithmetic finds interesting.
enum InterestingWord {
    static func general(using generator: inout SplitMix64) -> UInt64 {
        let random = generator.next()
        return switch generator.next() % 6 {
        case 0: random & 0xFF
        case 1: 0 &- (random & 0xFF)
        case 2: (1 as UInt64) << (random & 63)
        case 3: ((1 as UInt64) << (random & 63)) &- 1
        case 4: UInt64(UInt32(truncatingIfNeeded: random))
        default: random
        }
    }

    static func vector(_ kind: UInt64, using generator: inout SplitMix64) -> UInt64 {
        let random = generator.next()
        return switch kind {
        case 0: double(using: &generator)
        case 1, 2: single(using: &generator) << 32 | single(using: &generator)
        case 3:
            half(using: &generator) << 48 | half(using: &generator) << 32 | half(using: &generator) << 16
                | half(using: &generator)
        case 4: lanes(8, using: &generator)
        case 5: lanes(16, using: &generator)
        case 6: lanes(32, using: &generator)
        default: random
        }
    }

    /// Small numbers and those at the ends of the range.
    private static func lanes(_ width: UInt64, using generator: inout SplitMix64) -> UInt64 {
        var result: UInt64 = 0
        for _ in 0..<64 / width {
            let random = generator.next()
            let lane: UInt64 =
                switch generator.next() % 5 {
                case 0: random & 15
                case 1: 0 &- (random & 15)
                case 2: (1 << (width - 1)) &+ (random & 3) &- 1
                case 3: (1 << (random % width)) &- (random >> 32 & 1)
                default: random
                }
            result = result << width | lane & ((1 << width) - 1)
        }
        return result
    }

    private static func double(using generator: inout SplitMix64) -> UInt64 {
        number(exponentBits: 11, fractionBits: 52, using: &generator)
    }
    private static func single(using generator: inout SplitMix64) -> UInt64 {
        number(exponentBits: 8, fractionBits: 23, using: &generator)
    }
    private static func half(using generator: inout SplitMix64) -> UInt64 {
        number(exponentBits: 5, fractionBits: 10, using: &generator)
    }

    /// A number whose exponent is often special, near one or near the ends, and whose fraction is often simple.
    ///
    /// Two random words are enough for all choices: most of a comparison's time would go into making its state. Inlined, so
    /// that the widths are constants.
    @inline(__always)
    private static func number(exponentBits: UInt64, fractionBits: UInt64, using generator: inout SplitMix64)
        -> UInt64
    {
        let exponentMask: UInt64 = (1 << exponentBits) - 1
        let fractionMask: UInt64 = (1 << fractionBits) - 1
        // Bits 3:0 and 6:4 choose the kinds, 7 is the sign, those above are exponents.
        let choice = generator.next()
        let random = choice >> 8
        let bias = exponentMask >> 1
        let exponent: UInt64 =
            switch choice & 15 {
            case 0: 0
            case 1: exponentMask
            case 2: 1 &+ (random & 1)
            case 3: exponentMask &- 1 &- (random & 1)
            case 4...7: bias &+ (random & 7) &- 3
            case 8, 9: bias &+ (random & 127) &- 64
            case 10: bias &+ fractionBits &+ (random & 3) &- 2
            default: random
            }
        let bits = generator.next()
        let fraction: UInt64 =
            switch choice >> 4 & 7 {
            case 0: 0
            case 1: fractionMask
            case 2: (1 << (bits % fractionBits))
            case 3: fractionMask << (bits % fractionBits)
            case 4: (1 << (fractionBits - 1)) | bits & 1
            default: bits
            }
        let sign = choice >> 7 & 1
        return sign << (exponentBits + fractionBits) | (exponent & exponentMask) << fractionBits
            | fraction & fractionMask
    }
}
