/// Host registers by their x86-64 numbers.
struct HostRegister: Equatable {
    let number: UInt8

    static let rax = HostRegister(number: 0)
    static let rcx = HostRegister(number: 1)
    static let rdx = HostRegister(number: 2)
    static let rbx = HostRegister(number: 3)
    static let rsp = HostRegister(number: 4)
    static let rbp = HostRegister(number: 5)
    static let rsi = HostRegister(number: 6)
    static let rdi = HostRegister(number: 7)
    static let r8 = HostRegister(number: 8)
    static let r9 = HostRegister(number: 9)
    static let r10 = HostRegister(number: 10)
    static let r11 = HostRegister(number: 11)
    static let r12 = HostRegister(number: 12)
    static let r13 = HostRegister(number: 13)
    static let r14 = HostRegister(number: 14)
    static let r15 = HostRegister(number: 15)
}

/// An operand: a host register, or 8 bytes at a base register and a displacement.
enum HostOperand: Equatable {
    case register(HostRegister)
    case memory(base: HostRegister, displacement: Int32)
}

/// x86-64 condition codes, as in Jcc, SETcc and CMOVcc.
enum HostCondition: UInt8 {
    case overflow = 0, noOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
    case sign, noSign, parity, noParity, less, greaterOrEqual, lessOrEqual, greater

    var inverted: HostCondition { HostCondition(rawValue: rawValue ^ 1) ?? self }
}

/// A place to jump to, whose 32-bit distance is patched in when it is bound.
struct Fixup {
    let position: Int
}

/// Writes x86-64 instructions into a buffer. Past the end it writes nothing and says so in `isFull`.
///
/// Source: Intel SDM volume 2, "Instruction Format".
struct Assembler {
    let base: UnsafeMutablePointer<UInt8>
    let limit: Int
    private(set) var position: Int
    private(set) var isFull = false

    init(base: UnsafeMutablePointer<UInt8>, position: Int, limit: Int) {
        self.base = base
        self.position = position
        self.limit = limit
    }

    mutating func byte(_ value: UInt8) {
        guard position < limit else {
            isFull = true
            return
        }
        base[position] = value
        position += 1
    }

    mutating func word32(_ value: UInt32) {
        for shift in [0, 8, 16, 24] as [UInt32] { byte(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func word64(_ value: UInt64) {
        word32(UInt32(truncatingIfNeeded: value))
        word32(UInt32(truncatingIfNeeded: value >> 32))
    }

    /// The instruction `opcode reg, operand` (or the other way round: the opcode knows). `prefix` goes before REX.
    mutating func instruction(
        _ opcode: [UInt8], wide: Bool, _ register: UInt8, _ operand: HostOperand, prefix: UInt8? = nil,
        byteRegister: Bool = false
    ) {
        if let prefix { byte(prefix) }
        let rm: UInt8
        switch operand {
        case .register(let r): rm = r.number
        case .memory(let b, _): rm = b.number
        }
        let rex: UInt8 = 0x40 | (wide ? 8 : 0) | (register >> 3) << 2 | rm >> 3
        if rex != 0x40 || byteRegister { byte(rex) }
        for part in opcode { byte(part) }
        switch operand {
        case .register:
            byte(0xC0 | (register & 7) << 3 | rm & 7)
        case .memory(_, let displacement):
            let isSmall = displacement >= -128 && displacement < 128
            byte((isSmall ? 0x40 : 0x80) | (register & 7) << 3 | rm & 7)
            if rm & 7 == 4 { byte(0x24) }
            if isSmall {
                byte(UInt8(bitPattern: Int8(displacement)))
            } else {
                word32(UInt32(bitPattern: displacement))
            }
        }
    }

    // MARK: Moves

    mutating func move(_ to: HostRegister, _ from: HostOperand, wide: Bool = true) {
        if wide, from == .register(to) { return }
        instruction([0x8B], wide: wide, to.number, from)
    }

    mutating func store(_ to: HostOperand, _ from: HostRegister, wide: Bool = true) {
        if wide, to == .register(from) { return }
        instruction([0x89], wide: wide, from.number, to)
    }

    /// Loads a constant without touching the flags.
    mutating func constant(_ to: HostRegister, _ value: UInt64) {
        if value <= 0xFFFF_FFFF {
            if to.number >= 8 { byte(0x41) }
            byte(0xB8 | to.number & 7)
            word32(UInt32(value))
        } else if Int64(bitPattern: value) >= Int64(Int32.min), Int64(bitPattern: value) < 0 {
            instruction([0xC7], wide: true, 0, .register(to))
            word32(UInt32(truncatingIfNeeded: value))
        } else {
            byte(0x48 | to.number >> 3)
            byte(0xB8 | to.number & 7)
            word64(value)
        }
    }

    /// to = base + displacement, without touching the flags.
    mutating func lea(_ to: HostRegister, _ base: HostRegister, _ displacement: Int32, wide: Bool = true) {
        instruction([0x8D], wide: wide, to.number, .memory(base: base, displacement: displacement))
    }

    /// to = base + index << scale, without touching the flags. `index` is not RSP.
    mutating func lea(_ to: HostRegister, _ base: HostRegister, _ index: HostRegister, scale: UInt8, wide: Bool = true)
    {
        indexed([0x8D], wide: wide, to.number, base, index, scale: scale)
    }

    /// An instruction with a memory operand at base + index << scale.
    mutating func indexed(
        _ opcode: [UInt8], wide: Bool, _ register: UInt8, _ base: HostRegister, _ index: HostRegister, scale: UInt8,
        prefix: UInt8? = nil, byteRegister: Bool = false, displacement: Int8 = 0
    ) {
        if let prefix { byte(prefix) }
        let rex: UInt8 =
            0x40 | (wide ? 8 : 0) | (register >> 3) << 2 | (index.number >> 3) << 1 | base.number >> 3
        if rex != 0x40 || byteRegister { byte(rex) }
        for part in opcode { byte(part) }
        byte(0x44 | (register & 7) << 3)
        byte(scale << 6 | (index.number & 7) << 3 | base.number & 7)
        byte(UInt8(bitPattern: displacement))
    }

    // MARK: Arithmetic; `number` is the /digit of the 81 group: 0 ADD, 1 OR, 4 AND, 5 SUB, 6 XOR, 7 CMP

    mutating func arithmetic(_ number: UInt8, _ to: HostRegister, _ from: HostOperand, wide: Bool) {
        instruction([number << 3 | 3], wide: wide, to.number, from)
    }

    mutating func arithmetic(_ number: UInt8, _ to: HostOperand, immediate: Int32, wide: Bool) {
        if immediate >= -128, immediate < 128 {
            instruction([0x83], wide: wide, number, to)
            byte(UInt8(bitPattern: Int8(immediate)))
        } else {
            instruction([0x81], wide: wide, number, to)
            word32(UInt32(bitPattern: immediate))
        }
    }

    /// Shifts by a constant: 4 SHL, 5 SHR, 7 SAR, 1 ROR. Nothing for 0.
    mutating func shift(_ number: UInt8, _ register: HostRegister, _ amount: UInt8, wide: Bool) {
        guard amount != 0 else { return }
        instruction([0xC1], wide: wide, number, .register(register))
        byte(amount)
    }

    /// Shifts by CL.
    mutating func shiftByCL(_ number: UInt8, _ register: HostRegister, wide: Bool) {
        instruction([0xD3], wide: wide, number, .register(register))
    }

    mutating func test(_ a: HostRegister, _ b: HostRegister, wide: Bool) {
        instruction([0x85], wide: wide, b.number, .register(a))
    }

    mutating func conditionalMove(_ condition: HostCondition, _ to: HostRegister, _ from: HostOperand, wide: Bool) {
        instruction([0x0F, 0x40 | condition.rawValue], wide: wide, to.number, from)
    }

    mutating func push(_ register: HostRegister) {
        if register.number >= 8 { byte(0x41) }
        byte(0x50 | register.number & 7)
    }

    mutating func pop(_ register: HostRegister) {
        if register.number >= 8 { byte(0x41) }
        byte(0x58 | register.number & 7)
    }

    // MARK: Jumps

    mutating func jump(_ condition: HostCondition?) -> Fixup {
        if let condition {
            byte(0x0F)
            byte(0x80 | condition.rawValue)
        } else {
            byte(0xE9)
        }
        word32(0)
        return Fixup(position: position)
    }

    mutating func jump(_ condition: HostCondition?, to target: Int) {
        let fixup = jump(condition)
        patch(fixup, target)
    }

    mutating func jump(_ register: HostRegister) { instruction([0xFF], wide: false, 4, .register(register)) }

    /// Makes `fixup` lead here.
    mutating func bind(_ fixup: Fixup) { patch(fixup, position) }

    private func patch(_ fixup: Fixup, _ target: Int) {
        guard !isFull else { return }
        let distance = UInt32(bitPattern: Int32(truncatingIfNeeded: target - fixup.position))
        for index in 0..<4 {
            base[fixup.position - 4 + index] = UInt8(truncatingIfNeeded: distance >> UInt32(index * 8))
        }
    }
}

extension Assembler {
    /// BSWAP.
    mutating func byteSwap(_ register: HostRegister, wide: Bool) {
        let rex: UInt8 = 0x40 | (wide ? 8 : 0) | register.number >> 3
        if rex != 0x40 { byte(rex) }
        byte(0x0F)
        byte(0xC8 | register.number & 7)
    }
}
