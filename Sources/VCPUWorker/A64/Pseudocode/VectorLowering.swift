/// The element sizes that an encoding allocates, bit n for 8 << n bits.
struct ElementSizes: OptionSet {
    let rawValue: UInt32

    static let b = ElementSizes(rawValue: 1)
    static let bh = ElementSizes(rawValue: 3)
    static let hs = ElementSizes(rawValue: 6)
    static let bhs = ElementSizes(rawValue: 7)
    static let bhsd = ElementSizes(rawValue: 15)
    static let s = ElementSizes(rawValue: 4)
    static let hsd = ElementSizes(rawValue: 14)
    static let sd = ElementSizes(rawValue: 12)
    static let bd = ElementSizes(rawValue: 9)
    static let d = ElementSizes(rawValue: 8)

    func contains(_ size: UInt32) -> Bool { rawValue >> size & 1 != 0 }
}

/// How a conversion or rounding works, packed into the immediate of its `Op`.
struct ConversionControl {
    let imm: UInt64

    static func rounding(_ rounding: FPRounding) -> ConversionControl {
        ConversionControl(imm: UInt64(rounding.rawValue))
    }
    /// As FPCR.RMode says, without and with the inexact exception.
    static let currentRounding = ConversionControl(imm: 1 << 3)
    static let currentRoundingExact = ConversionControl(imm: 1 << 3 | 1 << 4)

    static func toFixed(_ rounding: FPRounding, isUnsigned: Bool) -> ConversionControl {
        ConversionControl(imm: UInt64(rounding.rawValue) | (isUnsigned ? 1 << 5 : 0))
    }
    static func fromFixed(isUnsigned: Bool) -> ConversionControl {
        ConversionControl(imm: 1 << 3 | (isUnsigned ? 1 << 5 : 0))
    }

    func with(fractionBits: UInt32) -> ConversionControl { ConversionControl(imm: imm | UInt64(fractionBits) << 8) }

    @inline(__always) init(imm: UInt64) { self.imm = imm }

    @inline(__always) func rounding(_ environment: FPEnvironment) -> FPRounding {
        imm & 1 << 3 != 0
            ? environment.rounding : FPRounding(rawValue: UInt8(truncatingIfNeeded: imm & 7)) ?? .tieEven
    }
    @inline(__always) var isExact: Bool { imm & 1 << 4 != 0 }
    @inline(__always) var isUnsigned: Bool { imm & 1 << 5 != 0 }
    @inline(__always) var fractionBits: Int { Int(truncatingIfNeeded: imm >> 8) }
}

extension Op {
    private static func vectorOp(_ word: Word, _ code: VectorOp, _ arrangement: UInt8, imm: UInt64 = 0) -> Op {
        Op(.vector, d: word.rd, n: word.rn, m: word.rm, a: arrangement, aux: code.rawValue, imm: imm)
    }

    /// Lanes of the size in bits 23:22, filling the 64 or 128 bits that Q says.
    static func vector(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        let size = word.bits(23, 22)
        guard sizes.contains(size), size != 3 || word.isSet(30) else { return .undefined(word.raw) }
        return vectorOp(
            word, code, arrangement(size: size, isQuad: word.isSet(30), lanes: (8 << word.bit(30)) >> size))
    }

    /// One lane of the size in bits 23:22.
    static func scalar(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        let size = word.bits(23, 22)
        guard sizes.contains(size) else { return .undefined(word.raw) }
        return vectorOp(word, code, arrangement(size: size, isQuad: false, lanes: 1))
    }

    /// Widening and narrowing: bits 23:22 say the narrow size, of which 64 bits are used; Q selects the upper ones.
    static func long(_ word: Word, _ code: VectorOp, _ sizes: ElementSizes) -> Op {
        let size = word.bits(23, 22)
        guard sizes.contains(size) else { return .undefined(word.raw) }
        return vectorOp(word, code, arrangement(size: size, isQuad: word.isSet(30), lanes: 8 >> size))
    }

    /// Bytes, or no lanes at all, in the 64 or 128 bits that Q says.
    static func wholeVector(_ word: Word, _ code: VectorOp) -> Op {
        vectorOp(word, code, arrangement(size: 0, isQuad: word.isSet(30), lanes: 8 << word.bit(30)))
    }

    /// 128 bits without a Q.
    static func full(_ word: Word, _ code: VectorOp) -> Op {
        vectorOp(word, code, arrangement(size: 2, isQuad: true, lanes: 4))
    }

    /// Single or double lanes by bit 22.
    static func floatVector(_ word: Word, _ code: VectorOp, _ control: ConversionControl = .init(imm: 0)) -> Op {
        let size = 2 | word.bit(22)
        guard size != 3 || word.isSet(30) else { return .undefined(word.raw) }
        return vectorOp(
            word, code, arrangement(size: size, isQuad: word.isSet(30), lanes: (8 << word.bit(30)) >> size),
            imm: control.imm)
    }

    /// A single or double by bit 22.
    static func floatScalar(_ word: Word, _ code: VectorOp, _ control: ConversionControl = .init(imm: 0)) -> Op {
        vectorOp(word, code, floatArrangement(word, isQuad: false), imm: control.imm)
    }

    /// Halves filling the 64 or 128 bits that Q says.
    static func halfVector(_ word: Word, _ code: VectorOp, _ control: ConversionControl = .init(imm: 0)) -> Op {
        let lanes: UInt32 = word.isSet(30) ? 8 : 4
        return vectorOp(
            word, code, arrangement(size: 1, isQuad: word.isSet(30), lanes: lanes), imm: control.imm)
    }

    /// A half.
    static func halfScalar(_ word: Word, _ code: VectorOp, _ control: ConversionControl = .init(imm: 0)) -> Op {
        vectorOp(word, code, arrangement(size: 1, isQuad: false, lanes: 1), imm: control.imm)
    }

    /// The arrangement of one single or double by bit 22.
    static func floatArrangement(_ word: Word, isQuad: Bool) -> UInt8 {
        arrangement(size: 2 | word.bit(22), isQuad: isQuad, lanes: 1)
    }

    /// The arrangement of one number by ftype, bits 23:22: 0, 1, 3 for S, D, H.
    static func floatTypeArrangement(_ word: Word, isQuad: Bool) -> UInt8 {
        word.isSet(23) ? arrangement(size: 1, isQuad: isQuad, lanes: 1) : floatArrangement(word, isQuad: isQuad)
    }

    /// Registers alone: the operation says the rest.
    static func registers(_ word: Word, _ code: VectorOp) -> Op { vectorOp(word, code, 0) }
    static func fourRegisters(_ word: Word, _ code: VectorOp) -> Op { vectorOp(word, code, word.ra) }

    /// `op` with its second source replaced by one element of a register.
    static func indexed(_ op: Op, _ element: (index: UInt32, register: UInt8)) -> Op {
        guard op.code == .vector else { return op }
        var op = op
        op.m = element.register
        op.imm = elementFlag | UInt64(element.index)
        return op
    }

    /// Set in `imm` beside the index when the second source is an element.
    @inline(__always) static var elementFlag: UInt64 { 0x100 }
    /// Set in `imm` beside the amount when the second source is an immediate shift amount.
    @inline(__always) static var immediateFlag: UInt64 { 0x200 }
    /// The index or the amount.
    @inline(__always) var smallImmediate: UInt64 { imm & 0xFF }
}

/// Shared pseudocode "AdvSIMDExpandImm".
func advSIMDExpandImm(op: Bool, cmode: UInt32, imm8: UInt64) -> UInt64 {
    switch cmode >> 1 {
    case 0, 1, 2, 3: return replicate(imm8 << UInt64(8 * (cmode >> 1)), 2)
    case 4: return replicate(imm8, 1)
    case 5: return replicate(imm8 << 8, 1)
    case 6: return replicate(cmode & 1 == 0 ? imm8 << 8 | 0xFF : imm8 << 16 | 0xFFFF, 2)
    default: break
    }
    if cmode & 1 != 0 {
        return op ? vfpExpandImm(imm8, .double) : replicate(vfpExpandImm(imm8, .single), 2)
    }
    if !op { return replicate(imm8, 0) }
    // A byte of ones for each one bit.
    var result: UInt64 = 0
    for bit: UInt64 in 0..<8 where imm8 >> bit & 1 != 0 { result |= 0xFF << (bit * 8) }
    return result
}

/// Shared pseudocode "VFPExpandImm".
func vfpExpandImm(_ imm8: UInt64, _ format: FPFormat) -> UInt64 {
    let sign = imm8 >> 7
    let exponent = Int(imm8 >> 4 & 7)
    // Bit 6 inverted is the sign of the exponent: −3…4.
    let value = (exponent ^ 4) - 3
    return format.power(value) | (imm8 & 15) << UInt64(format.fractionBits - 4) | (sign != 0 ? format.signBit : 0)
}
