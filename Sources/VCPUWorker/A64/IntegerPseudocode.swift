// Shared pseudocode functions of the integer instructions.

/// The two masks of a logical immediate or bitfield; nil for a reserved combination.
///
/// Source: Arm ARM "DecodeBitMasks".
func decodeBitMasks(immN: UInt32, imms: UInt32, immr: UInt32, width: UInt32) -> UInt64? {
    let combined = immN << 6 | (~imms & 0x3F)
    guard combined != 0 else { return nil }
    let length = 31 - UInt32(combined.leadingZeroBitCount)
    guard length >= 1 else { return nil }
    let elementSize = UInt32(1) << length
    guard elementSize <= width else { return nil }
    let levels = elementSize - 1
    let s = imms & levels
    let r = immr & levels
    guard s != levels else { return nil }
    var element: UInt64 = (1 << UInt64(s + 1)) &- 1
    if r != 0 {
        let size = UInt64(elementSize)
        let mask: UInt64 = elementSize == 64 ? ~0 : (1 << size) - 1
        element = (element >> UInt64(r) | element << (size - UInt64(r))) & mask
    }
    var result = element
    var filled = elementSize
    while filled < width {
        result |= result << UInt64(filled)
        filled *= 2
    }
    return width == 32 ? result & 0xFFFF_FFFF : result
}

/// A condition as 16 bits: bit NZCV tells whether it holds with these flags.
///
/// Source: Arm ARM "ConditionHolds".
func conditionMask(_ condition: UInt32) -> UInt16 {
    var mask: UInt16 = 0
    for flags in UInt32(0)..<16 {
        let n = flags & 8 != 0
        let z = flags & 4 != 0
        let c = flags & 2 != 0
        let v = flags & 1 != 0
        var holds: Bool
        switch condition >> 1 {
        case 0: holds = z
        case 1: holds = c
        case 2: holds = n
        case 3: holds = v
        case 4: holds = c && !z
        case 5: holds = n == v
        case 6: holds = n == v && !z
        default: holds = true
        }
        if condition & 1 == 1 && condition != 15 { holds.toggle() }
        if holds { mask |= 1 << UInt16(flags) }
    }
    return mask
}

/// Flags in bits 31:28, as PSTATE has them.
enum Flags {
    static let n: UInt32 = 1 << 31
    static let z: UInt32 = 1 << 30
    static let c: UInt32 = 1 << 29
    static let v: UInt32 = 1 << 28

    /// NZCV of a + b = result.
    @inline(__always) static func add64(_ a: UInt64, _ b: UInt64, _ result: UInt64) -> UInt32 {
        let negative = UInt32(truncatingIfNeeded: result >> 32) & n
        let overflow = UInt32(truncatingIfNeeded: ((a ^ result) & (b ^ result)) >> 35) & v
        return negative | (result == 0 ? z : 0) | (result < a ? c : 0) | overflow
    }

    /// NZCV of a − b = result.
    @inline(__always) static func sub64(_ a: UInt64, _ b: UInt64, _ result: UInt64) -> UInt32 {
        let negative = UInt32(truncatingIfNeeded: result >> 32) & n
        let overflow = UInt32(truncatingIfNeeded: ((a ^ b) & (a ^ result)) >> 35) & v
        return negative | (result == 0 ? z : 0) | (a >= b ? c : 0) | overflow
    }

    @inline(__always) static func add32(_ a: UInt32, _ b: UInt32, _ result: UInt32) -> UInt32 {
        let overflow = (((a ^ result) & (b ^ result)) >> 3) & v
        return result & n | (result == 0 ? z : 0) | (result < a ? c : 0) | overflow
    }

    @inline(__always) static func sub32(_ a: UInt32, _ b: UInt32, _ result: UInt32) -> UInt32 {
        let overflow = (((a ^ b) & (a ^ result)) >> 3) & v
        return result & n | (result == 0 ? z : 0) | (a >= b ? c : 0) | overflow
    }

    /// N and Z of a logical result; C and V clear.
    @inline(__always) static func logical64(_ result: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: result >> 32) & n | (result == 0 ? z : 0)
    }

    @inline(__always) static func logical32(_ result: UInt32) -> UInt32 { result & n | (result == 0 ? z : 0) }
}

/// a + b + carry, and its flags.
///
/// Source: Arm ARM "AddWithCarry".
@inline(__always) func addWithCarry(_ a: UInt64, _ b: UInt64, _ carry: UInt64) -> (result: UInt64, flags: UInt32) {
    let (partial, carry1) = a.addingReportingOverflow(b)
    let (result, carry2) = partial.addingReportingOverflow(carry)
    let overflow = UInt32(truncatingIfNeeded: ((a ^ result) & (b ^ result)) >> 35) & Flags.v
    return (result, Flags.logical64(result) | (carry1 || carry2 ? Flags.c : 0) | overflow)
}

@inline(__always) func addWithCarry(_ a: UInt32, _ b: UInt32, _ carry: UInt32) -> (result: UInt32, flags: UInt32) {
    let (partial, carry1) = a.addingReportingOverflow(b)
    let (result, carry2) = partial.addingReportingOverflow(carry)
    let overflow = (((a ^ result) & (b ^ result)) >> 3) & Flags.v
    return (result, Flags.logical32(result) | (carry1 || carry2 ? Flags.c : 0) | overflow)
}

/// `value` shifted by `amount` (less than the width): 0 LSL, 1 LSR, 2 ASR, 3 ROR.
///
/// Source: Arm ARM "ShiftReg".
@inline(__always) func shift64(_ value: UInt64, _ type: UInt16, _ amount: UInt8) -> UInt64 {
    let amount = UInt64(amount)
    switch type & 3 {
    case 0: return value &<< amount
    case 1: return value &>> amount
    case 2: return UInt64(bitPattern: Int64(bitPattern: value) &>> Int64(amount))
    default: return value &>> amount | value &<< (64 &- amount)
    }
}

@inline(__always) func shift32(_ value: UInt32, _ type: UInt16, _ amount: UInt8) -> UInt32 {
    let amount = UInt32(amount)
    switch type & 3 {
    case 0: return value &<< amount
    case 1: return value &>> amount
    case 2: return UInt32(bitPattern: Int32(bitPattern: value) &>> Int32(amount))
    default: return value &>> amount | value &<< (32 &- amount)
    }
}

/// `value` extended as `option` says (0 UXTB … 7 SXTX), then shifted left.
///
/// Source: Arm ARM "ExtendReg".
@inline(__always) func extendRegister(_ value: UInt64, _ option: UInt16, _ shift: UInt8) -> UInt64 {
    let extended: UInt64
    switch option & 7 {
    case 0: extended = value & 0xFF
    case 1: extended = value & 0xFFFF
    case 2: extended = value & 0xFFFF_FFFF
    case 4: extended = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
    case 5: extended = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
    case 6: extended = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
    default: extended = value
    }
    return extended &<< UInt64(shift)
}

/// One step of CRC32 over the low `byteCount` bytes of `value`, bit-reflected polynomial.
///
/// Source: Arm ARM "CRC32B, CRC32H, CRC32W, CRC32X", "CRC32CB …".
func crc32Step(_ accumulator: UInt32, _ value: UInt64, byteCount: Int, castagnoli: Bool) -> UInt32 {
    let polynomial: UInt32 = castagnoli ? 0x82F6_3B78 : 0xEDB8_8320
    var crc = accumulator
    var rest = value
    for _ in 0..<byteCount {
        crc ^= UInt32(rest & 0xFF)
        rest >>= 8
        for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 != 0 ? polynomial : 0) }
    }
    return crc
}

/// The bits of a 64-bit value in reverse order.
@inline(__always) func reverseBits(_ value: UInt64) -> UInt64 {
    var v = value.byteSwapped
    v = v >> 4 & 0x0F0F_0F0F_0F0F_0F0F | (v & 0x0F0F_0F0F_0F0F_0F0F) << 4
    v = v >> 2 & 0x3333_3333_3333_3333 | (v & 0x3333_3333_3333_3333) << 2
    return v >> 1 & 0x5555_5555_5555_5555 | (v & 0x5555_5555_5555_5555) << 1
}
