@testable import VCPUWorker

/// The registers that an instruction under test may read and write, on either side.
struct MachineState: Equatable {
    /// X0…X30.
    var x = [UInt64](repeating: 0, count: 31)
    var sp: UInt64 = 0
    var pc: UInt64 = 0
    /// V0…V31 as pairs of words, low first.
    var v = [UInt64](repeating: 0, count: 64)
    /// N, Z, C, V in bits 31:28.
    var nzcv: UInt32 = 0
    var fpcr: UInt32 = 0
    var fpsr: UInt32 = 0

    /// What differs, one line a register.
    func differences(from expected: MachineState) -> [String] {
        if self == expected { return [] }
        func hex(_ value: some BinaryInteger) -> String { String(UInt64(truncatingIfNeeded: value), radix: 16) }
        var lines: [String] = []
        for index in 0..<31 where x[index] != expected.x[index] {
            lines.append("x\(index) is \(hex(x[index])), expected \(hex(expected.x[index]))")
        }
        if sp != expected.sp { lines.append("sp is \(hex(sp)), expected \(hex(expected.sp))") }
        if pc != expected.pc { lines.append("pc is \(hex(pc)), expected \(hex(expected.pc))") }
        for index in 0..<32
        where v[2 * index] != expected.v[2 * index] || v[2 * index + 1] != expected.v[2 * index + 1] {
            lines.append(
                "v\(index) is \(hex(v[2 * index + 1])):\(hex(v[2 * index])), "
                    + "expected \(hex(expected.v[2 * index + 1])):\(hex(expected.v[2 * index]))")
        }
        if nzcv != expected.nzcv { lines.append("nzcv is \(hex(nzcv)), expected \(hex(expected.nzcv))") }
        if fpcr != expected.fpcr { lines.append("fpcr is \(hex(fpcr)), expected \(hex(expected.fpcr))") }
        if fpsr != expected.fpsr { lines.append("fpsr is \(hex(fpsr)), expected \(hex(expected.fpsr))") }
        return lines
    }
}

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

extension MachineState {
    /// FPCR.{AHP, DN, FZ, RMode, FZ16}.
    static let controlBits: UInt64 = 0x07C8_0000

    /// A state whose registers mix random bits with what arithmetic finds interesting.
    static func random(using generator: inout SeededGenerator) -> MachineState {
        var state = MachineState()
        // Half of the states hold one kind of value in every vector register, so that operands meet their like.
        let kind = generator.next() % 16
        for index in 0..<64 {
            state.v[index] = vectorWord(kind < 8 ? kind : generator.next() % 8, using: &generator)
        }
        for index in 0..<31 { state.x[index] = generalWord(using: &generator) }
        state.sp = generalWord(using: &generator)
        state.nzcv = UInt32(truncatingIfNeeded: generator.next()) & 0xF000_0000
        // RMode, FZ, DN, AHP, FZ16; half of the time none of them, as most software has it.
        let control = UInt32(truncatingIfNeeded: generator.next())
        state.fpcr = control & 1 == 0 ? 0 : control & UInt32(controlBits)
        // IXC alone selects the fast paths; sometimes everything is set.
        let status = generator.next()
        state.fpsr = status & 1 == 0 ? 0 : status & 6 == 0 ? 0x0800_009F : 0x10
        return state
    }

    static func generalWord(using generator: inout SeededGenerator) -> UInt64 {
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

    static func vectorWord(_ kind: UInt64, using generator: inout SeededGenerator) -> UInt64 {
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
    private static func lanes(_ width: UInt64, using generator: inout SeededGenerator) -> UInt64 {
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

    private static func double(using generator: inout SeededGenerator) -> UInt64 {
        number(exponentBits: 11, fractionBits: 52, using: &generator)
    }
    private static func single(using generator: inout SeededGenerator) -> UInt64 {
        number(exponentBits: 8, fractionBits: 23, using: &generator)
    }
    private static func half(using generator: inout SeededGenerator) -> UInt64 {
        number(exponentBits: 5, fractionBits: 10, using: &generator)
    }

    /// A number whose exponent is often special, near one or near the ends, and whose fraction is often simple.
    private static func number(exponentBits: UInt64, fractionBits: UInt64, using generator: inout SeededGenerator)
        -> UInt64
    {
        let exponentMask: UInt64 = (1 << exponentBits) - 1
        let fractionMask: UInt64 = (1 << fractionBits) - 1
        let random = generator.next()
        let bias = exponentMask >> 1
        let exponent: UInt64 =
            switch generator.next() % 16 {
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
            switch generator.next() % 8 {
            case 0: 0
            case 1: fractionMask
            case 2: (1 << (bits % fractionBits))
            case 3: fractionMask << (bits % fractionBits)
            case 4: (1 << (fractionBits - 1)) | bits & 1
            default: bits
            }
        let sign = generator.next() & 1
        return sign << (exponentBits + fractionBits) | (exponent & exponentMask) << fractionBits
            | fraction & fractionMask
    }
}
