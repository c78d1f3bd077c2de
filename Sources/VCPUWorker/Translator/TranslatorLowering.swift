// The translation of each op: integer arithmetic. The host's 32-bit instructions zero-extend, as A64's do.

extension Translator {
    /// Emits the host code of one item. `live`: the flags that it sets outlive it.
    mutating func lower(_ item: Item, live: Bool) {
        let op = item.op
        switch op.code {
        case .pcRelative:
            let to = target(op.d)
            asm.move(to, NativeCode.field(NativeCode.Offset.page))
            addConstant(to, op.imm)
            set(op.d, to)
        case .moveImmediate:
            let to = target(op.d)
            asm.constant(to, op.imm)
            set(op.d, to)
        case .moveRegister64, .moveRegister32:
            let to = target(op.d)
            asm.move(to, place(op.m), wide: op.code == .moveRegister64)
            set(op.d, to)
        case .addImmediate64: addImmediate(op, wide: true)
        case .addImmediate32: addImmediate(op, wide: false)
        case .addsImmediate64: flaggedImmediate(op, 0, wide: true, live)
        case .addsImmediate32: flaggedImmediate(op, 0, wide: false, live)
        case .subsImmediate64: flaggedImmediate(op, 5, wide: true, live)
        case .subsImmediate32: flaggedImmediate(op, 5, wide: false, live)
        case .andImmediate64: logicalImmediate(op, 4, wide: true)
        case .andImmediate32: logicalImmediate(op, 4, wide: false)
        case .orrImmediate64: logicalImmediate(op, 1, wide: true)
        case .orrImmediate32: logicalImmediate(op, 1, wide: false)
        case .eorImmediate64: logicalImmediate(op, 6, wide: true)
        case .eorImmediate32: logicalImmediate(op, 6, wide: false)
        case .andsImmediate64: flaggedImmediate(op, 4, wide: true, live)
        case .andsImmediate32: flaggedImmediate(op, 4, wide: false, live)
        case .moveKeep64, .moveKeep32: moveKeep(op)
        case .signedBitfield64, .signedBitfield32: signedBitfield(op)
        case .unsignedExtract, .unsignedInsert: unsignedBitfield(op)
        case .bitfieldExtractLow64, .bitfieldExtractLow32, .bitfieldInsert64, .bitfieldInsert32: bitfieldMerge(op)
        case .extract64, .extract32: extract(op)
        case .addRegister64: add(op)
        case .addRegister32: binary(op, 0, wide: false)
        case .subRegister64: binary(op, 5, wide: true)
        case .subRegister32: binary(op, 5, wide: false)
        case .addsRegister64: binary(op, 0, wide: true, flags: true, live)
        case .addsRegister32: binary(op, 0, wide: false, flags: true, live)
        case .subsRegister64: binary(op, 5, wide: true, flags: true, live)
        case .subsRegister32: binary(op, 5, wide: false, flags: true, live)
        case .addLSL64: addShifted(op)
        case .addLSL32: shifted(op, type: 0, number: 0, wide: false)
        case .subLSL64: shifted(op, type: 0, number: 5, wide: true)
        case .subLSL32: shifted(op, type: 0, number: 5, wide: false)
        case .addSubShifted64, .addSubShifted32:
            shifted(
                op, type: op.aux & 3, number: op.aux & 4 != 0 ? 5 : 0, wide: op.code == .addSubShifted64,
                flags: op.aux & 8 != 0, live)
        case .addSubExtended64, .addSubExtended32: addSubExtended(op, live)
        case .addSubCarry64, .addSubCarry32: addSubCarry(op, live)
        case .andRegister64: binary(op, 4, wide: true)
        case .andRegister32: binary(op, 4, wide: false)
        case .orrRegister64: binary(op, 1, wide: true)
        case .orrRegister32: binary(op, 1, wide: false)
        case .eorRegister64: binary(op, 6, wide: true)
        case .eorRegister32: binary(op, 6, wide: false)
        case .andsRegister64: binary(op, 4, wide: true, flags: true, live)
        case .andsRegister32: binary(op, 4, wide: false, flags: true, live)
        case .bicRegister64: shifted(op, type: 0, number: 4, wide: true, inverted: true)
        case .bicRegister32: shifted(op, type: 0, number: 4, wide: false, inverted: true)
        case .ornRegister64: shifted(op, type: 0, number: 1, wide: true, inverted: true)
        case .ornRegister32: shifted(op, type: 0, number: 1, wide: false, inverted: true)
        case .eonRegister64: shifted(op, type: 0, number: 6, wide: true, inverted: true)
        case .eonRegister32: shifted(op, type: 0, number: 6, wide: false, inverted: true)
        case .bicsRegister64: shifted(op, type: 0, number: 4, wide: true, inverted: true, flags: true, live)
        case .bicsRegister32: shifted(op, type: 0, number: 4, wide: false, inverted: true, flags: true, live)
        case .logicalShifted64, .logicalShifted32:
            let numbers: [UInt8] = [4, 1, 6, 4]
            let operation = Int(op.aux >> 2 & 3)
            shifted(
                op, type: op.aux & 3, number: numbers[operation], wide: op.code == .logicalShifted64,
                inverted: op.aux & 16 != 0, flags: operation == 3, live)
        case .shiftLeft64: variableShift(op, 4, wide: true)
        case .shiftLeft32: variableShift(op, 4, wide: false)
        case .shiftRight64: variableShift(op, 5, wide: true)
        case .shiftRight32: variableShift(op, 5, wide: false)
        case .shiftArithmetic64: variableShift(op, 7, wide: true)
        case .shiftArithmetic32: variableShift(op, 7, wide: false)
        case .rotateRight64: variableShift(op, 1, wide: true)
        case .rotateRight32: variableShift(op, 1, wide: false)
        case .unsignedDivide64: divide(op, wide: true, signed: false)
        case .unsignedDivide32: divide(op, wide: false, signed: false)
        case .signedDivide64: divide(op, wide: true, signed: true)
        case .signedDivide32: divide(op, wide: false, signed: true)
        case .multiplyAdd64, .multiplyAdd32, .multiplySub64, .multiplySub32, .signedMultiplyAddLong,
            .signedMultiplySubLong, .unsignedMultiplyAddLong, .unsignedMultiplySubLong:
            multiply(op)
        case .signedMultiplyHigh, .unsignedMultiplyHigh:
            asm.move(.rax, place(op.n))
            asm.instruction([0xF7], wide: true, op.code == .signedMultiplyHigh ? 5 : 4, place(op.m))
            hostFlagsAreGuests = false
            set(op.d, .rdx)
        case .reverseBytes64, .reverseBytes32:
            let wide = op.code == .reverseBytes64
            let to = target(op.d)
            asm.move(to, place(op.n), wide: wide)
            asm.byteSwap(to, wide: wide)
            set(op.d, to)
        case .countLeadingZeros64: countLeadingZeros(op, wide: true)
        case .countLeadingZeros32: countLeadingZeros(op, wide: false)
        case .select64, .select32, .selectIncrement64, .selectIncrement32, .selectInvert64, .selectInvert32,
            .selectNegate64, .selectNegate32:
            select(op)
        case .compareImmediate64, .compareImmediate32, .compareNegativeImmediate64, .compareNegativeImmediate32,
            .compareRegister64, .compareRegister32, .compareNegativeRegister64, .compareNegativeRegister32:
            conditionalCompare(op)
        case .readTPIDR_EL0: readThrough(op, NativeCode.Offset.tpidr_EL0, item.slot)
        case .readTPIDR_EL1: readThrough(op, NativeCode.Offset.tpidr_EL1, item.slot)
        case .readSystemRegister: readThrough(op, NativeCode.Offset.sp_EL0, item.slot)
        case .dataMemoryBarrier:
            if op.aux != 0 { for part in [0x0F, 0xAE, 0xF0] as [UInt8] { asm.byte(part) } }
        case .noOperation: break
        default:
            if !lowerBranch(item) { lowerMemory(item) }
        }
    }

    // MARK: Immediates

    private mutating func addImmediate(_ op: Op, wide: Bool) {
        let to = target(op.d)
        let value = Int32(truncatingIfNeeded: Int64(bitPattern: op.imm))
        if case .register(let from) = place(op.n) {
            asm.lea(to, from, value, wide: wide)
        } else {
            asm.move(to, place(op.n))
            asm.lea(to, to, value, wide: wide)
        }
        set(op.d, to)
    }

    /// ADDS, SUBS and ANDS with an immediate; `number` as in `Assembler.arithmetic`.
    private mutating func flaggedImmediate(_ op: Op, _ number: UInt8, wide: Bool, _ live: Bool) {
        let isLogical = number == 4
        let small =
            wide ? Int32(exactly: Int64(bitPattern: op.imm)) : Int32(truncatingIfNeeded: Int64(bitPattern: op.imm))
        if number == 5, op.d == RegisterSlot.sink, let small {
            asm.arithmetic(7, place(op.n), immediate: small, wide: wide)
        } else {
            let to = op.d == RegisterSlot.sink ? .rax : target(op.d)
            asm.move(to, place(op.n), wide: wide)
            if let small {
                asm.arithmetic(number, .register(to), immediate: small, wide: wide)
            } else {
                asm.constant(.rcx, op.imm)
                asm.arithmetic(number, to, .register(.rcx), wide: wide)
            }
            set(op.d, to)
        }
        finishFlags(number, isLogical: isLogical, live)
    }

    /// Brings the carry into the inverted convention after a host operation, and keeps the flags.
    private mutating func finishFlags(_ number: UInt8, isLogical: Bool, _ live: Bool) {
        if isLogical {
            asm.byte(0xF9)  // STC: C is clear
        } else if number == 0 {
            asm.byte(0xF5)  // CMC
        }
        keepFlags(live)
    }

    private mutating func logicalImmediate(_ op: Op, _ number: UInt8, wide: Bool) {
        hostFlagsAreGuests = false
        let to = target(op.d)
        asm.move(to, place(op.n), wide: wide)
        apply(number, to, constant: op.imm, wide: wide)
        set(op.d, to)
    }

    /// register ∘= constant, with RDX as scratch.
    private mutating func apply(_ number: UInt8, _ register: HostRegister, constant: UInt64, wide: Bool) {
        let small =
            wide ? Int32(exactly: Int64(bitPattern: constant)) : Int32(truncatingIfNeeded: Int64(bitPattern: constant))
        if let small {
            asm.arithmetic(number, .register(register), immediate: small, wide: wide)
        } else {
            asm.constant(.rdx, constant)
            asm.arithmetic(number, register, .register(.rdx), wide: wide)
        }
    }

    private mutating func moveKeep(_ op: Op) {
        hostFlagsAreGuests = false
        let wide = op.code == .moveKeep64
        let to = target(op.d)
        asm.move(to, place(op.d), wide: wide)
        apply(4, to, constant: ~(0xFFFF << UInt64(op.a)) & (wide ? ~0 : 0xFFFF_FFFF), wide: wide)
        apply(1, to, constant: op.imm, wide: wide)
        set(op.d, to)
    }

    // MARK: Bitfields

    private mutating func signedBitfield(_ op: Op) {
        hostFlagsAreGuests = false
        let to = target(op.d)
        asm.move(to, place(op.n))
        asm.shift(4, to, op.a, wide: true)
        asm.shift(7, to, op.m, wide: true)
        if op.code == .signedBitfield32 { asm.move(to, .register(to), wide: false) }
        set(op.d, to)
    }

    private mutating func unsignedBitfield(_ op: Op) {
        hostFlagsAreGuests = false
        let to = target(op.d)
        let width = op.imm.nonzeroBitCount
        let isExtract = op.code == .unsignedExtract
        // A field that ends at bit 31 or 63 needs no mask.
        let isWord = Int(op.a) + width == 32
        let isDouble = Int(op.a) + width == 64
        asm.move(to, place(op.n), wide: !isWord)
        if isExtract {
            asm.shift(5, to, op.a, wide: !isWord)
            if !isWord && !isDouble { mask(to, op.imm) }
        } else {
            if !isWord && !isDouble { mask(to, op.imm) }
            asm.shift(4, to, op.a, wide: !isWord)
        }
        set(op.d, to)
    }

    private mutating func mask(_ register: HostRegister, _ mask: UInt64) {
        switch mask {
        case 0xFF: asm.instruction([0x0F, 0xB6], wide: false, register.number, .register(register), byteRegister: true)
        case 0xFFFF: asm.instruction([0x0F, 0xB7], wide: false, register.number, .register(register))
        case 0xFFFF_FFFF: asm.move(register, .register(register), wide: false)
        default: apply(4, register, constant: mask, wide: true)
        }
    }

    private mutating func bitfieldMerge(_ op: Op) {
        hostFlagsAreGuests = false
        let isExtract = op.code == .bitfieldExtractLow64 || op.code == .bitfieldExtractLow32
        let wide = op.code == .bitfieldExtractLow64 || op.code == .bitfieldInsert64
        asm.move(.rax, place(op.n))
        asm.shift(isExtract ? 5 : 4, .rax, op.a, wide: true)
        apply(4, .rax, constant: op.imm, wide: true)
        asm.move(.rcx, place(op.d))
        apply(4, .rcx, constant: ~op.imm, wide: true)
        asm.arithmetic(1, .rax, .register(.rcx), wide: wide)
        set(op.d, .rax)
    }

    private mutating func extract(_ op: Op) {
        hostFlagsAreGuests = false
        let wide = op.code == .extract64
        asm.move(.rax, place(op.m), wide: wide)
        if op.a != 0 {
            let high = value(op.n, .rcx)
            asm.instruction([0x0F, 0xAC], wide: wide, high.number, .register(.rax))  // SHRD
            asm.byte(op.a)
        }
        set(op.d, .rax)
    }

    // MARK: Registers

    private mutating func add(_ op: Op) {
        if case .register(let n) = place(op.n), case .register(let m) = place(op.m) {
            let to = target(op.d)
            asm.lea(to, n, m, scale: 0)
            set(op.d, to)
        } else {
            binary(op, 0, wide: true)
        }
    }

    private mutating func addShifted(_ op: Op) {
        if op.a <= 3, case .register(let n) = place(op.n), case .register(let m) = place(op.m) {
            let to = target(op.d)
            asm.lea(to, n, m, scale: op.a)
            set(op.d, to)
        } else {
            shifted(op, type: 0, number: 0, wide: true)
        }
    }

    private mutating func binary(_ op: Op, _ number: UInt8, wide: Bool, flags: Bool = false, _ live: Bool = false) {
        hostFlagsAreGuests = false
        if number == 5, flags, op.d == RegisterSlot.sink {
            let n = value(op.n, .rax)
            asm.arithmetic(7, n, place(op.m), wide: wide)
        } else {
            let to = op.d == RegisterSlot.sink ? .rax : target(op.d, avoiding: op.m)
            asm.move(to, place(op.n), wide: wide)
            asm.arithmetic(number, to, place(op.m), wide: wide)
            set(op.d, to)
        }
        if flags { finishFlags(number, isLogical: number == 4, live) }
    }

    /// d = n ∘ (m shifted), the second operand made in RCX.
    private mutating func shifted(
        _ op: Op, type: UInt16, number: UInt8, wide: Bool, inverted: Bool = false, flags: Bool = false,
        _ live: Bool = false
    ) {
        hostFlagsAreGuests = false
        asm.move(.rcx, place(op.m), wide: wide)
        let shifts: [UInt8] = [4, 5, 7, 1]
        asm.shift(shifts[Int(type)], .rcx, op.a, wide: wide)
        if inverted { asm.instruction([0xF7], wide: wide, 2, .register(.rcx)) }  // NOT
        combine(op, number, wide: wide, flags: flags, live)
    }

    /// d = n ∘ RCX.
    private mutating func combine(_ op: Op, _ number: UInt8, wide: Bool, flags: Bool, _ live: Bool) {
        let to = op.d == RegisterSlot.sink ? .rax : target(op.d)
        asm.move(to, place(op.n), wide: wide)
        asm.arithmetic(number, to, .register(.rcx), wide: wide)
        set(op.d, to)
        if flags { finishFlags(number, isLogical: number == 4 || number == 1 || number == 6, live) }
    }

    private mutating func addSubExtended(_ op: Op, _ live: Bool) {
        hostFlagsAreGuests = false
        let wide = op.code == .addSubExtended64
        extend(.rcx, op.m, option: op.aux & 7, shift: op.a)
        combine(op, op.aux & 8 != 0 ? 5 : 0, wide: wide, flags: op.aux & 16 != 0, live)
    }

    /// register = the guest slot extended and shifted, as ExtendReg.
    mutating func extend(_ register: HostRegister, _ slot: UInt8, option: UInt16, shift: UInt8) {
        let from = place(slot)
        switch option & 7 {
        case 0: asm.instruction([0x0F, 0xB6], wide: false, register.number, from, byteRegister: true)
        case 1: asm.instruction([0x0F, 0xB7], wide: false, register.number, from)
        case 2: asm.move(register, from, wide: false)
        case 4: asm.instruction([0x0F, 0xBE], wide: true, register.number, from)
        case 5: asm.instruction([0x0F, 0xBF], wide: true, register.number, from)
        case 6: asm.instruction([0x63], wide: true, register.number, from)
        default: asm.move(register, from)
        }
        if shift != 0 {
            asm.shift(4, register, shift, wide: true)
            hostFlagsAreGuests = false
        }
    }

    private mutating func addSubCarry(_ op: Op, _ live: Bool) {
        needFlags()
        let wide = op.code == .addSubCarry64
        asm.move(.rax, place(op.n), wide: wide)
        if op.aux & 1 != 0 {
            // The inverted carry is the borrow.
            asm.arithmetic(3, .rax, place(op.m), wide: wide)
        } else {
            asm.byte(0xF5)  // CMC
            asm.arithmetic(2, .rax, place(op.m), wide: wide)
        }
        set(op.d, .rax)
        hostFlagsAreGuests = false
        if op.aux & 2 != 0 { finishFlags(op.aux & 1 != 0 ? 5 : 0, isLogical: false, live) }
    }

    private mutating func variableShift(_ op: Op, _ number: UInt8, wide: Bool) {
        hostFlagsAreGuests = false
        asm.move(.rcx, place(op.m))
        asm.move(.rax, place(op.n), wide: wide)
        asm.shiftByCL(number, .rax, wide: wide)
        set(op.d, .rax)
    }

    private mutating func divide(_ op: Op, wide: Bool, signed: Bool) {
        hostFlagsAreGuests = false
        asm.move(.rcx, place(op.m), wide: wide)
        asm.constant(.rax, 0)
        asm.test(.rcx, .rcx, wide: wide)
        let isZero = asm.jump(.equal)
        asm.move(.rax, place(op.n), wide: wide)
        if signed {
            // The most negative number divided by −1 would trap.
            asm.arithmetic(7, .register(.rcx), immediate: -1, wide: wide)
            let isMinusOne = asm.jump(.equal)
            if wide { asm.byte(0x48) }
            asm.byte(0x99)  // CQO, CDQ
            asm.instruction([0xF7], wide: wide, 7, .register(.rcx))  // IDIV
            let done = asm.jump(nil)
            asm.bind(isMinusOne)
            asm.instruction([0xF7], wide: wide, 3, .register(.rax))  // NEG
            asm.bind(done)
        } else {
            asm.constant(.rdx, 0)
            asm.instruction([0xF7], wide: wide, 6, .register(.rcx))  // DIV
        }
        asm.bind(isZero)
        set(op.d, .rax)
    }

    private mutating func multiply(_ op: Op) {
        hostFlagsAreGuests = false
        var wide = true
        switch op.code {
        case .signedMultiplyAddLong, .signedMultiplySubLong:
            extend(.rax, op.n, option: 6, shift: 0)
            extend(.rcx, op.m, option: 6, shift: 0)
            asm.instruction([0x0F, 0xAF], wide: true, HostRegister.rax.number, .register(.rcx))
        case .unsignedMultiplyAddLong, .unsignedMultiplySubLong:
            extend(.rax, op.n, option: 2, shift: 0)
            extend(.rcx, op.m, option: 2, shift: 0)
            asm.instruction([0x0F, 0xAF], wide: true, HostRegister.rax.number, .register(.rcx))
        default:
            wide = op.code == .multiplyAdd64 || op.code == .multiplySub64
            asm.move(.rax, place(op.n), wide: wide)
            asm.instruction([0x0F, 0xAF], wide: wide, HostRegister.rax.number, place(op.m))
        }
        switch op.code {
        case .multiplySub64, .multiplySub32, .signedMultiplySubLong, .unsignedMultiplySubLong:
            asm.move(.rcx, place(op.a), wide: wide)
            asm.arithmetic(5, .rcx, .register(.rax), wide: wide)
            set(op.d, .rcx)
        default:
            if op.a != RegisterSlot.zero { asm.arithmetic(0, .rax, place(op.a), wide: wide) }
            set(op.d, .rax)
        }
    }

    private mutating func countLeadingZeros(_ op: Op, wide: Bool) {
        hostFlagsAreGuests = false
        // BSR finds nothing in zero: 64 is 127 ^ 63, 32 is 63 ^ 31.
        asm.instruction([0x0F, 0xBD], wide: wide, HostRegister.rax.number, place(op.n))
        asm.constant(.rcx, wide ? 127 : 63)
        asm.conditionalMove(.equal, .rax, .register(.rcx), wide: wide)
        asm.arithmetic(6, .register(.rax), immediate: wide ? 63 : 31, wide: wide)
        set(op.d, .rax)
    }

    // MARK: Conditions

    private mutating func select(_ op: Op) {
        let wide: Bool
        switch op.code {
        case .select64, .selectIncrement64, .selectInvert64, .selectNegate64: wide = true
        default: wide = false
        }
        guard let condition = Self.condition(op.aux) else {
            asm.move(.rax, place(op.n), wide: wide)
            set(op.d, .rax)
            return
        }
        needFlags()
        // Nothing here touches the flags.
        asm.move(.rax, place(op.m), wide: wide)
        switch op.code {
        case .selectIncrement64, .selectIncrement32: asm.lea(.rax, .rax, 1, wide: wide)
        case .selectInvert64, .selectInvert32: asm.instruction([0xF7], wide: wide, 2, .register(.rax))
        case .selectNegate64, .selectNegate32:
            asm.instruction([0xF7], wide: wide, 2, .register(.rax))
            asm.lea(.rax, .rax, 1, wide: wide)
        default: break
        }
        asm.conditionalMove(condition, .rax, place(op.n), wide: wide)
        set(op.d, .rax)
    }

    private mutating func conditionalCompare(_ op: Op) {
        let wide: Bool
        let isNegative: Bool
        let isImmediate: Bool
        switch op.code {
        case .compareImmediate64: (wide, isNegative, isImmediate) = (true, false, true)
        case .compareImmediate32: (wide, isNegative, isImmediate) = (false, false, true)
        case .compareNegativeImmediate64: (wide, isNegative, isImmediate) = (true, true, true)
        case .compareNegativeImmediate32: (wide, isNegative, isImmediate) = (false, true, true)
        case .compareRegister64: (wide, isNegative, isImmediate) = (true, false, false)
        case .compareRegister32: (wide, isNegative, isImmediate) = (false, false, false)
        case .compareNegativeRegister64: (wide, isNegative, isImmediate) = (true, true, false)
        default: (wide, isNegative, isImmediate) = (false, true, false)
        }
        needFlags()
        let otherwise = Self.condition(op.aux).map { asm.jump($0.inverted) }
        asm.move(.rax, place(op.n), wide: wide)
        let number: UInt8 = isNegative ? 0 : 5
        if isImmediate {
            asm.arithmetic(
                number, .register(.rax), immediate: Int32(truncatingIfNeeded: Int64(bitPattern: op.imm)), wide: wide)
        } else {
            asm.arithmetic(number, .rax, place(op.m), wide: wide)
        }
        finishFlags(number, isLogical: false, true)
        if let otherwise {
            let done = asm.jump(nil)
            asm.bind(otherwise)
            asm.instruction([0xC7], wide: false, 0, NativeCode.field(NativeCode.Offset.flags))
            asm.word32(UInt32(NativeFlags.saved(UInt32(op.a) << 28)))
            asm.bind(done)
        }
        hostFlagsAreGuests = false
    }

    /// d = the register whose address is in the context; 0 there means that the interpreter knows what to do.
    private mutating func readThrough(_ op: Op, _ offset: Int32, _ slot: Int) {
        hostFlagsAreGuests = false
        asm.move(.rax, NativeCode.field(offset))
        asm.test(.rax, .rax, wide: true)
        exits.append(Exit(fixup: asm.jump(.equal), kind: .interpret(slot: slot), retired: retired))
        asm.move(.rax, .memory(base: .rax, displacement: 0))
        set(op.d, .rax)
    }
}

/// NZCV in the form that generated code keeps it in.
enum NativeFlags {
    /// From bits 31:28 to LAHF's and SETO's places, carry inverted.
    static func saved(_ nzcv: UInt32) -> UInt64 {
        UInt64(nzcv >> 31 & 1) << 15 | UInt64(nzcv >> 30 & 1) << 14 | UInt64(~nzcv >> 29 & 1) << 8
            | UInt64(nzcv >> 28 & 1)
    }

    static func nzcv(_ saved: UInt64) -> UInt32 {
        let saved = UInt32(truncatingIfNeeded: saved)
        return (saved >> 15 & 1) << 31 | (saved >> 14 & 1) << 30 | (~saved >> 8 & 1) << 29 | (saved & 1) << 28
    }
}
