import CHost
import Shared

// The interpreter: one switch over the decoded ops of the current page.

extension VCPU {
    /// Executes from `ops`, the decoded page of `pc`, until something needs the world around the PE: an exception taken or
    /// returned from, a page that is not at hand, the doorbell, an exit. `pc` and the flags are exact on return.
    mutating func interpret(_ ops: UnsafeMutablePointer<Op>) -> Outcome {
        let x = self.x
        let v = self.v
        let doorbell = control.doorbell
        let tlb = pstate.el == 0 ? mmu.unprivileged : mmu.privileged
        let fetch = pstate.el == 0 ? code.fetchEL0 : code.fetchEL1
        var c = Cursor(ops: ops, pc: pc, nzcv: nzcv)
        prepareNative()
        while true {
            let o = c.op.pointee
            switch o.code {
            case .decode:
                decode(c)
            case .stop:
                return leave(c, at: c.pc, retiring: 0, .redirect)
            case .pageEnd:
                let target = c.page &+ 0x1000
                guard let ops = enter(target, fetch, doorbell) else {
                    return leave(c, at: target, retiring: 0, .redirect)
                }
                c.enter(ops, target, retiring: 0)
            case .undefined:
                leave(c, at: c.pc)
                return undefinedInstruction(UInt32(truncatingIfNeeded: o.imm))

            // MARK: Data processing, immediate
            case .pcRelative:
                x[Int(o.d)] = c.page &+ o.imm
                c.next()
            case .addImmediate64:
                x[Int(o.d)] = x[Int(o.n)] &+ o.imm
                c.next()
            case .addImmediate32:
                x[Int(o.d)] = (x[Int(o.n)] &+ o.imm) & 0xFFFF_FFFF
                c.next()
            case .addImmediateSP:
                let result = x[Int(o.n)] &+ o.imm
                x[Int(RegisterSlot.sp)] = o.aux != 0 ? result & 0xFFFF_FFFF : result
                guard isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .logicalImmediateSP:
                let a = x[Int(o.n)]
                let result = o.a == 0 ? a & o.imm : o.a == 1 ? a | o.imm : a ^ o.imm
                x[Int(RegisterSlot.sp)] = o.aux != 0 ? result & 0xFFFF_FFFF : result
                guard isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .addsImmediate64:
                let a = x[Int(o.n)]
                let result = a &+ o.imm
                c.nzcv = Flags.add64(a, o.imm, result)
                x[Int(o.d)] = result
                c.next()
            case .addsImmediate32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: o.imm)
                let result = a &+ b
                c.nzcv = Flags.add32(a, b, result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .subsImmediate64:
                let a = x[Int(o.n)]
                let result = a &- o.imm
                c.nzcv = Flags.sub64(a, o.imm, result)
                x[Int(o.d)] = result
                c.next()
            case .subsImmediate32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: o.imm)
                let result = a &- b
                c.nzcv = Flags.sub32(a, b, result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .andImmediate64:
                x[Int(o.d)] = x[Int(o.n)] & o.imm
                c.next()
            case .andImmediate32:
                x[Int(o.d)] = (x[Int(o.n)] & o.imm) & 0xFFFF_FFFF
                c.next()
            case .orrImmediate64:
                x[Int(o.d)] = x[Int(o.n)] | o.imm
                c.next()
            case .orrImmediate32:
                x[Int(o.d)] = (x[Int(o.n)] | o.imm) & 0xFFFF_FFFF
                c.next()
            case .eorImmediate64:
                x[Int(o.d)] = x[Int(o.n)] ^ o.imm
                c.next()
            case .eorImmediate32:
                x[Int(o.d)] = (x[Int(o.n)] ^ o.imm) & 0xFFFF_FFFF
                c.next()
            case .andsImmediate64:
                let result = x[Int(o.n)] & o.imm
                c.nzcv = Flags.logical64(result)
                x[Int(o.d)] = result
                c.next()
            case .andsImmediate32:
                let result = UInt32(truncatingIfNeeded: x[Int(o.n)] & o.imm)
                c.nzcv = Flags.logical32(result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .moveImmediate:
                x[Int(o.d)] = o.imm
                c.next()
            case .moveKeep64:
                x[Int(o.d)] = x[Int(o.d)] & ~(0xFFFF &<< UInt64(o.a)) | o.imm
                c.next()
            case .moveKeep32:
                x[Int(o.d)] = (x[Int(o.d)] & ~(0xFFFF &<< UInt64(o.a)) | o.imm) & 0xFFFF_FFFF
                c.next()
            case .signedBitfield64:
                x[Int(o.d)] = UInt64(bitPattern: Int64(bitPattern: x[Int(o.n)] &<< UInt64(o.a)) &>> Int64(o.m))
                c.next()
            case .signedBitfield32:
                x[Int(o.d)] =
                    UInt64(bitPattern: Int64(bitPattern: x[Int(o.n)] &<< UInt64(o.a)) &>> Int64(o.m)) & 0xFFFF_FFFF
                c.next()
            case .unsignedExtract:
                x[Int(o.d)] = x[Int(o.n)] &>> UInt64(o.a) & o.imm
                c.next()
            case .unsignedInsert:
                x[Int(o.d)] = (x[Int(o.n)] & o.imm) &<< UInt64(o.a)
                c.next()
            case .bitfieldExtractLow64:
                x[Int(o.d)] = x[Int(o.d)] & ~o.imm | x[Int(o.n)] &>> UInt64(o.a) & o.imm
                c.next()
            case .bitfieldInsert64:
                x[Int(o.d)] = x[Int(o.d)] & ~o.imm | x[Int(o.n)] &<< UInt64(o.a) & o.imm
                c.next()
            case .bitfieldExtractLow32:
                x[Int(o.d)] = (x[Int(o.d)] & ~o.imm | x[Int(o.n)] &>> UInt64(o.a) & o.imm) & 0xFFFF_FFFF
                c.next()
            case .bitfieldInsert32:
                x[Int(o.d)] = (x[Int(o.d)] & ~o.imm | x[Int(o.n)] &<< UInt64(o.a) & o.imm) & 0xFFFF_FFFF
                c.next()
            case .extract64:
                let high = x[Int(o.n)]
                let low = x[Int(o.m)]
                x[Int(o.d)] = o.a == 0 ? low : low &>> UInt64(o.a) | high &<< UInt64(64 &- o.a)
                c.next()
            case .extract32:
                let both = x[Int(o.n)] &<< 32 | x[Int(o.m)] & 0xFFFF_FFFF
                x[Int(o.d)] = both &>> UInt64(o.a) & 0xFFFF_FFFF
                c.next()

            // MARK: Data processing, register
            case .addRegister64:
                x[Int(o.d)] = x[Int(o.n)] &+ x[Int(o.m)]
                c.next()
            case .addRegister32:
                x[Int(o.d)] = (x[Int(o.n)] &+ x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .subRegister64:
                x[Int(o.d)] = x[Int(o.n)] &- x[Int(o.m)]
                c.next()
            case .subRegister32:
                x[Int(o.d)] = (x[Int(o.n)] &- x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .addsRegister64:
                let a = x[Int(o.n)]
                let b = x[Int(o.m)]
                let result = a &+ b
                c.nzcv = Flags.add64(a, b, result)
                x[Int(o.d)] = result
                c.next()
            case .addsRegister32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                let result = a &+ b
                c.nzcv = Flags.add32(a, b, result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .subsRegister64:
                let a = x[Int(o.n)]
                let b = x[Int(o.m)]
                let result = a &- b
                c.nzcv = Flags.sub64(a, b, result)
                x[Int(o.d)] = result
                c.next()
            case .subsRegister32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                let result = a &- b
                c.nzcv = Flags.sub32(a, b, result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .addLSL64:
                x[Int(o.d)] = x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a)
                c.next()
            case .subLSL64:
                x[Int(o.d)] = x[Int(o.n)] &- x[Int(o.m)] &<< UInt64(o.a)
                c.next()
            case .addLSL32:
                x[Int(o.d)] = (x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a)) & 0xFFFF_FFFF
                c.next()
            case .subLSL32:
                x[Int(o.d)] = (x[Int(o.n)] &- x[Int(o.m)] &<< UInt64(o.a)) & 0xFFFF_FFFF
                c.next()
            case .addSubShifted64:
                let a = x[Int(o.n)]
                let b = shift64(x[Int(o.m)], o.aux, o.a)
                let subtracts = o.aux & 4 != 0
                let result = subtracts ? a &- b : a &+ b
                if o.aux & 8 != 0 { c.nzcv = subtracts ? Flags.sub64(a, b, result) : Flags.add64(a, b, result) }
                x[Int(o.d)] = result
                c.next()
            case .addSubExtended64:
                let a = x[Int(o.n)]
                let b = extendRegister(x[Int(o.m)], o.aux, o.a)
                let subtracts = o.aux & 8 != 0
                let result = subtracts ? a &- b : a &+ b
                if o.aux & 16 != 0 { c.nzcv = subtracts ? Flags.sub64(a, b, result) : Flags.add64(a, b, result) }
                x[Int(o.d)] = result
                guard o.d != RegisterSlot.sp || isSPAligned else {
                    return leave(c, at: c.pc &+ 4, retiring: 1, .redirect)
                }
                c.next()
            case .addSubCarry64:
                let b = x[Int(o.m)]
                let (result, flags) = addWithCarry(x[Int(o.n)], o.aux & 1 != 0 ? ~b : b, UInt64(c.nzcv &>> 29 & 1))
                if o.aux & 2 != 0 { c.nzcv = flags }
                x[Int(o.d)] = result
                c.next()
            case .addSubShifted32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = shift32(UInt32(truncatingIfNeeded: x[Int(o.m)]), o.aux, o.a)
                let subtracts = o.aux & 4 != 0
                let result = subtracts ? a &- b : a &+ b
                if o.aux & 8 != 0 { c.nzcv = subtracts ? Flags.sub32(a, b, result) : Flags.add32(a, b, result) }
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .addSubExtended32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: extendRegister(x[Int(o.m)], o.aux, o.a))
                let subtracts = o.aux & 8 != 0
                let result = subtracts ? a &- b : a &+ b
                if o.aux & 16 != 0 { c.nzcv = subtracts ? Flags.sub32(a, b, result) : Flags.add32(a, b, result) }
                x[Int(o.d)] = UInt64(result)
                guard o.d != RegisterSlot.sp || isSPAligned else {
                    return leave(c, at: c.pc &+ 4, retiring: 1, .redirect)
                }
                c.next()
            case .addSubCarry32:
                let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                let (result, flags) = addWithCarry(
                    UInt32(truncatingIfNeeded: x[Int(o.n)]), o.aux & 1 != 0 ? ~b : b, UInt32(c.nzcv &>> 29 & 1))
                if o.aux & 2 != 0 { c.nzcv = flags }
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .moveRegister64:
                x[Int(o.d)] = x[Int(o.m)]
                c.next()
            case .moveRegister32:
                x[Int(o.d)] = x[Int(o.m)] & 0xFFFF_FFFF
                c.next()
            case .andRegister64:
                x[Int(o.d)] = x[Int(o.n)] & x[Int(o.m)]
                c.next()
            case .bicRegister64:
                x[Int(o.d)] = x[Int(o.n)] & ~x[Int(o.m)]
                c.next()
            case .orrRegister64:
                x[Int(o.d)] = x[Int(o.n)] | x[Int(o.m)]
                c.next()
            case .ornRegister64:
                x[Int(o.d)] = x[Int(o.n)] | ~x[Int(o.m)]
                c.next()
            case .eorRegister64:
                x[Int(o.d)] = x[Int(o.n)] ^ x[Int(o.m)]
                c.next()
            case .eonRegister64:
                x[Int(o.d)] = x[Int(o.n)] ^ ~x[Int(o.m)]
                c.next()
            case .andsRegister64:
                let result = x[Int(o.n)] & x[Int(o.m)]
                c.nzcv = Flags.logical64(result)
                x[Int(o.d)] = result
                c.next()
            case .bicsRegister64:
                let result = x[Int(o.n)] & ~x[Int(o.m)]
                c.nzcv = Flags.logical64(result)
                x[Int(o.d)] = result
                c.next()
            case .logicalShifted64:
                let shifted = shift64(x[Int(o.m)], o.aux, o.a)
                let b = o.aux & 16 != 0 ? ~shifted : shifted
                let a = x[Int(o.n)]
                switch o.aux &>> 2 & 3 {
                case 0: x[Int(o.d)] = a & b
                case 1: x[Int(o.d)] = a | b
                case 2: x[Int(o.d)] = a ^ b
                default:
                    c.nzcv = Flags.logical64(a & b)
                    x[Int(o.d)] = a & b
                }
                c.next()
            case .andRegister32:
                x[Int(o.d)] = (x[Int(o.n)] & x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .bicRegister32:
                x[Int(o.d)] = (x[Int(o.n)] & ~x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .orrRegister32:
                x[Int(o.d)] = (x[Int(o.n)] | x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .ornRegister32:
                x[Int(o.d)] = (x[Int(o.n)] | ~x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .eorRegister32:
                x[Int(o.d)] = (x[Int(o.n)] ^ x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .eonRegister32:
                x[Int(o.d)] = (x[Int(o.n)] ^ ~x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .andsRegister32:
                let result = UInt32(truncatingIfNeeded: x[Int(o.n)] & x[Int(o.m)])
                c.nzcv = Flags.logical32(result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .bicsRegister32:
                let result = UInt32(truncatingIfNeeded: x[Int(o.n)] & ~x[Int(o.m)])
                c.nzcv = Flags.logical32(result)
                x[Int(o.d)] = UInt64(result)
                c.next()
            case .logicalShifted32:
                let shifted = shift32(UInt32(truncatingIfNeeded: x[Int(o.m)]), o.aux, o.a)
                let b = o.aux & 16 != 0 ? ~shifted : shifted
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                switch o.aux &>> 2 & 3 {
                case 0: x[Int(o.d)] = UInt64(a & b)
                case 1: x[Int(o.d)] = UInt64(a | b)
                case 2: x[Int(o.d)] = UInt64(a ^ b)
                default:
                    c.nzcv = Flags.logical32(a & b)
                    x[Int(o.d)] = UInt64(a & b)
                }
                c.next()
            case .shiftLeft64:
                x[Int(o.d)] = x[Int(o.n)] &<< x[Int(o.m)]
                c.next()
            case .shiftLeft32:
                x[Int(o.d)] = UInt64(
                    UInt32(truncatingIfNeeded: x[Int(o.n)]) &<< UInt32(truncatingIfNeeded: x[Int(o.m)]))
                c.next()
            case .shiftRight64:
                x[Int(o.d)] = x[Int(o.n)] &>> x[Int(o.m)]
                c.next()
            case .shiftRight32:
                x[Int(o.d)] = UInt64(
                    UInt32(truncatingIfNeeded: x[Int(o.n)]) &>> UInt32(truncatingIfNeeded: x[Int(o.m)]))
                c.next()
            case .shiftArithmetic64:
                x[Int(o.d)] = UInt64(bitPattern: Int64(bitPattern: x[Int(o.n)]) &>> Int64(bitPattern: x[Int(o.m)]))
                c.next()
            case .shiftArithmetic32:
                x[Int(o.d)] = UInt64(
                    UInt32(
                        bitPattern: Int32(truncatingIfNeeded: x[Int(o.n)]) &>> Int32(truncatingIfNeeded: x[Int(o.m)])))
                c.next()
            case .rotateRight64:
                x[Int(o.d)] = shift64(x[Int(o.n)], 3, UInt8(truncatingIfNeeded: x[Int(o.m)] & 63))
                c.next()
            case .rotateRight32:
                x[Int(o.d)] = UInt64(
                    shift32(UInt32(truncatingIfNeeded: x[Int(o.n)]), 3, UInt8(truncatingIfNeeded: x[Int(o.m)] & 31)))
                c.next()
            case .unsignedDivide64:
                let divisor = x[Int(o.m)]
                x[Int(o.d)] = divisor == 0 ? 0 : x[Int(o.n)] / divisor
                c.next()
            case .unsignedDivide32:
                let divisor = UInt32(truncatingIfNeeded: x[Int(o.m)])
                x[Int(o.d)] = divisor == 0 ? 0 : UInt64(UInt32(truncatingIfNeeded: x[Int(o.n)]) / divisor)
                c.next()
            case .signedDivide64:
                let divisor = Int64(bitPattern: x[Int(o.m)])
                // The most negative number divided by −1 is itself.
                x[Int(o.d)] =
                    divisor == 0
                    ? 0
                    : UInt64(
                        bitPattern: Int64(bitPattern: x[Int(o.n)]).dividedReportingOverflow(by: divisor).partialValue)
                c.next()
            case .signedDivide32:
                let divisor = Int32(truncatingIfNeeded: x[Int(o.m)])
                x[Int(o.d)] =
                    divisor == 0
                    ? 0
                    : UInt64(
                        UInt32(
                            bitPattern: Int32(truncatingIfNeeded: x[Int(o.n)]).dividedReportingOverflow(by: divisor)
                                .partialValue))
                c.next()
            case .crc32:
                x[Int(o.d)] = UInt64(
                    crc32Step(
                        UInt32(truncatingIfNeeded: x[Int(o.n)]), x[Int(o.m)], byteCount: 1 &<< Int(o.a),
                        castagnoli: o.aux != 0))
                c.next()
            case .multiplyAdd64:
                x[Int(o.d)] = x[Int(o.a)] &+ x[Int(o.n)] &* x[Int(o.m)]
                c.next()
            case .multiplyAdd32:
                x[Int(o.d)] = (x[Int(o.a)] &+ x[Int(o.n)] &* x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .multiplySub64:
                x[Int(o.d)] = x[Int(o.a)] &- x[Int(o.n)] &* x[Int(o.m)]
                c.next()
            case .multiplySub32:
                x[Int(o.d)] = (x[Int(o.a)] &- x[Int(o.n)] &* x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .signedMultiplyAddLong:
                x[Int(o.d)] =
                    x[Int(o.a)] &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[Int(o.n)])))
                    &* UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[Int(o.m)])))
                c.next()
            case .signedMultiplySubLong:
                x[Int(o.d)] =
                    x[Int(o.a)] &- UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[Int(o.n)])))
                    &* UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[Int(o.m)])))
                c.next()
            case .unsignedMultiplyAddLong:
                x[Int(o.d)] = x[Int(o.a)] &+ (x[Int(o.n)] & 0xFFFF_FFFF) &* (x[Int(o.m)] & 0xFFFF_FFFF)
                c.next()
            case .unsignedMultiplySubLong:
                x[Int(o.d)] = x[Int(o.a)] &- (x[Int(o.n)] & 0xFFFF_FFFF) &* (x[Int(o.m)] & 0xFFFF_FFFF)
                c.next()
            case .signedMultiplyHigh:
                x[Int(o.d)] = UInt64(
                    bitPattern: Int64(bitPattern: x[Int(o.n)]).multipliedFullWidth(by: Int64(bitPattern: x[Int(o.m)]))
                        .high)
                c.next()
            case .unsignedMultiplyHigh:
                x[Int(o.d)] = x[Int(o.n)].multipliedFullWidth(by: x[Int(o.m)]).high
                c.next()
            case .reverseBits64:
                x[Int(o.d)] = reverseBits(x[Int(o.n)])
                c.next()
            case .reverseBits32:
                x[Int(o.d)] = reverseBits(x[Int(o.n)]) &>> 32
                c.next()
            case .reverseBytes16_64:
                let value = x[Int(o.n)]
                x[Int(o.d)] = value &>> 8 & 0x00FF_00FF_00FF_00FF | (value & 0x00FF_00FF_00FF_00FF) &<< 8
                c.next()
            case .reverseBytes16_32:
                let value = x[Int(o.n)]
                x[Int(o.d)] = value &>> 8 & 0x00FF_00FF | (value & 0x00FF_00FF) &<< 8
                c.next()
            case .reverseBytes32_64:
                let swapped = x[Int(o.n)].byteSwapped
                x[Int(o.d)] = swapped &>> 32 | swapped &<< 32
                c.next()
            case .reverseBytes32:
                x[Int(o.d)] = UInt64(UInt32(truncatingIfNeeded: x[Int(o.n)]).byteSwapped)
                c.next()
            case .reverseBytes64:
                x[Int(o.d)] = x[Int(o.n)].byteSwapped
                c.next()
            case .countLeadingZeros64:
                x[Int(o.d)] = UInt64(truncatingIfNeeded: x[Int(o.n)].leadingZeroBitCount)
                c.next()
            case .countLeadingZeros32:
                x[Int(o.d)] = UInt64(truncatingIfNeeded: UInt32(truncatingIfNeeded: x[Int(o.n)]).leadingZeroBitCount)
                c.next()
            case .countLeadingSigns64:
                let value = Int64(bitPattern: x[Int(o.n)])
                x[Int(o.d)] = UInt64(truncatingIfNeeded: (value ^ value &>> 63).leadingZeroBitCount &- 1)
                c.next()
            case .countLeadingSigns32:
                let value = Int32(truncatingIfNeeded: x[Int(o.n)])
                x[Int(o.d)] = UInt64(truncatingIfNeeded: (value ^ value &>> 31).leadingZeroBitCount &- 1)
                c.next()
            case .select64:
                x[Int(o.d)] = holds(o.aux, c.nzcv) ? x[Int(o.n)] : x[Int(o.m)]
                c.next()
            case .select32:
                x[Int(o.d)] = (holds(o.aux, c.nzcv) ? x[Int(o.n)] : x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .selectIncrement64:
                x[Int(o.d)] = holds(o.aux, c.nzcv) ? x[Int(o.n)] : x[Int(o.m)] &+ 1
                c.next()
            case .selectIncrement32:
                x[Int(o.d)] = (holds(o.aux, c.nzcv) ? x[Int(o.n)] : x[Int(o.m)] &+ 1) & 0xFFFF_FFFF
                c.next()
            case .selectInvert64:
                x[Int(o.d)] = holds(o.aux, c.nzcv) ? x[Int(o.n)] : ~x[Int(o.m)]
                c.next()
            case .selectInvert32:
                x[Int(o.d)] = (holds(o.aux, c.nzcv) ? x[Int(o.n)] : ~x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .selectNegate64:
                x[Int(o.d)] = holds(o.aux, c.nzcv) ? x[Int(o.n)] : 0 &- x[Int(o.m)]
                c.next()
            case .selectNegate32:
                x[Int(o.d)] = (holds(o.aux, c.nzcv) ? x[Int(o.n)] : 0 &- x[Int(o.m)]) & 0xFFFF_FFFF
                c.next()
            case .compareRegister64:
                if holds(o.aux, c.nzcv) {
                    let a = x[Int(o.n)]
                    let b = x[Int(o.m)]
                    c.nzcv = Flags.sub64(a, b, a &- b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareRegister32:
                if holds(o.aux, c.nzcv) {
                    let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                    let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                    c.nzcv = Flags.sub32(a, b, a &- b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareImmediate64:
                if holds(o.aux, c.nzcv) {
                    let a = x[Int(o.n)]
                    let b = o.imm
                    c.nzcv = Flags.sub64(a, b, a &- b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareImmediate32:
                if holds(o.aux, c.nzcv) {
                    let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                    let b = UInt32(truncatingIfNeeded: o.imm)
                    c.nzcv = Flags.sub32(a, b, a &- b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareNegativeRegister64:
                if holds(o.aux, c.nzcv) {
                    let a = x[Int(o.n)]
                    let b = x[Int(o.m)]
                    c.nzcv = Flags.add64(a, b, a &+ b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareNegativeRegister32:
                if holds(o.aux, c.nzcv) {
                    let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                    let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                    c.nzcv = Flags.add32(a, b, a &+ b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareNegativeImmediate64:
                if holds(o.aux, c.nzcv) {
                    let a = x[Int(o.n)]
                    let b = o.imm
                    c.nzcv = Flags.add64(a, b, a &+ b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()
            case .compareNegativeImmediate32:
                if holds(o.aux, c.nzcv) {
                    let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                    let b = UInt32(truncatingIfNeeded: o.imm)
                    c.nzcv = Flags.add32(a, b, a &+ b)
                } else {
                    c.nzcv = UInt32(o.a) &<< 28
                }
                c.next()

            case .insertFlags:
                let amount = UInt64(o.a)
                let value = x[Int(o.n)]
                let rotated = value &>> amount | value &<< (64 &- amount)
                let mask = UInt32(o.aux) &<< 28
                c.nzcv = c.nzcv & ~mask | UInt32(truncatingIfNeeded: rotated) &<< 28 & mask
                c.next()
            case .evaluateFlags:
                // The field at the top of a word: bit 31 is its sign; V says that the bit above the field is another.
                let value = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let field = value &<< UInt32(32 &- o.a)
                let overflow = (value &>> UInt32(o.a) ^ field &>> 31) & 1
                c.nzcv = c.nzcv & Flags.c | field & Flags.n | (field == 0 ? Flags.z : 0) | overflow &<< 28
                c.next()
            case .invertCarry:
                c.nzcv ^= Flags.c
                c.next()

            // MARK: Branches
            case .branch:
                let target = c.page &+ o.imm
                guard let ops = enter(target, fetch, doorbell) else {
                    return leave(c, at: target, retiring: 1, .redirect)
                }
                c.enter(ops, target, retiring: 1)
                if isHot(c) {
                    c = runNative(c)
                    if takeNativeLeave() { return .redirect }
                }
            case .branchNear:
                let distance = Int64(bitPattern: o.imm)
                c.branch(distance)
                if distance <= 0 {
                    if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                }
            case .branchLink:
                x[30] = c.pc &+ 4
                let target = c.page &+ o.imm
                guard let ops = enter(target, fetch, doorbell) else {
                    return leave(c, at: target, retiring: 1, .redirect)
                }
                c.enter(ops, target, retiring: 1)
                if isHot(c) {
                    c = runNative(c)
                    if takeNativeLeave() { return .redirect }
                }
            case .branchLinkNear:
                x[30] = c.pc &+ 4
                let distance = Int64(bitPattern: o.imm)
                c.branch(distance)
                if distance <= 0 {
                    if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                }
            case .branchConditional:
                if holds(o.aux, c.nzcv) {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .branchConditionalNear:
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareBranchZero64:
                if x[Int(o.n)] == 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .compareBranchZero64Near:
                if x[Int(o.n)] == 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareBranchZero32:
                if UInt32(truncatingIfNeeded: x[Int(o.n)]) == 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .compareBranchZero32Near:
                if UInt32(truncatingIfNeeded: x[Int(o.n)]) == 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareBranchNonzero64:
                if x[Int(o.n)] != 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .compareBranchNonzero64Near:
                if x[Int(o.n)] != 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareBranchNonzero32:
                if UInt32(truncatingIfNeeded: x[Int(o.n)]) != 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .compareBranchNonzero32Near:
                if UInt32(truncatingIfNeeded: x[Int(o.n)]) != 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .testBranchZero:
                if x[Int(o.n)] &>> UInt64(o.a) & 1 == 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .testBranchZeroNear:
                if x[Int(o.n)] &>> UInt64(o.a) & 1 == 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .testBranchNonzero:
                if x[Int(o.n)] &>> UInt64(o.a) & 1 != 0 {
                    let target = c.page &+ o.imm
                    guard let ops = enter(target, fetch, doorbell) else {
                        return leave(c, at: target, retiring: 1, .redirect)
                    }
                    c.enter(ops, target, retiring: 1)
                    if isHot(c) {
                        c = runNative(c)
                        if takeNativeLeave() { return .redirect }
                    }
                } else {
                    c.next()
                }
            case .testBranchNonzeroNear:
                if x[Int(o.n)] &>> UInt64(o.a) & 1 != 0 {
                    let distance = Int64(bitPattern: o.imm)
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .branchRegister, .branchReturn:
                let target = x[Int(o.n)]
                guard let ops = enter(target, fetch, doorbell) else {
                    return leave(c, at: branchTarget(target), retiring: 1, .redirect)
                }
                c.enter(ops, target, retiring: 1)
                if isHot(c) {
                    c = runNative(c)
                    if takeNativeLeave() { return .redirect }
                }
            case .branchLinkRegister:
                let target = x[Int(o.n)]
                x[30] = c.pc &+ 4
                guard let ops = enter(target, fetch, doorbell) else {
                    return leave(c, at: branchTarget(target), retiring: 1, .redirect)
                }
                c.enter(ops, target, retiring: 1)
                if isHot(c) {
                    c = runNative(c)
                    if takeNativeLeave() { return .redirect }
                }

            // MARK: Exceptions and system
            case .supervisorCall:
                leave(c, at: c.pc, retiring: 1)
                return supervisorCall(UInt16(truncatingIfNeeded: o.imm))
            case .hypervisorCall:
                leave(c, at: c.pc, retiring: 1)
                return hypervisorCall(UInt16(truncatingIfNeeded: o.imm))
            case .secureMonitorCall:
                leave(c, at: c.pc, retiring: 1)
                return secureMonitorCall(UInt16(truncatingIfNeeded: o.imm))
            case .breakpoint:
                leave(c, at: c.pc)
                return breakpointInstruction(UInt16(truncatingIfNeeded: o.imm))
            case .exceptionReturn:
                leave(c, at: c.pc, retiring: 1)
                return exceptionReturn()
            case .readSystemRegister:
                leave(c, at: c.pc)
                c.restart()
                var value: UInt64 = 0
                let word = UInt32(truncatingIfNeeded: o.imm)
                let outcome = readSystemRegister(SystemRegisterEncoding(instruction: word), into: &value, word: word)
                guard outcome == .next else { return outcome }
                x[Int(o.d)] = value
                c.next()
            case .writeSystemRegister:
                leave(c, at: c.pc)
                c.restart()
                let word = UInt32(truncatingIfNeeded: o.imm)
                let outcome = writeSystemRegister(SystemRegisterEncoding(instruction: word), x[Int(o.n)], word: word)
                guard outcome == .next else { return outcome }
                c.nzcv = nzcv
                c.next()
            case .writePSTATEField:
                leave(c, at: c.pc)
                c.restart()
                let outcome = writePSTATEField(word: UInt32(truncatingIfNeeded: o.imm))
                guard outcome == .next else { return outcome }
                // SPSel decides whether SP_EL0 can be read.
                prepareNative()
                c.next()
            case .systemInstruction:
                leave(c, at: c.pc)
                c.restart()
                let outcome = executeSystemInstruction(word: UInt32(truncatingIfNeeded: o.imm))
                guard outcome == .next else { return outcome }
                c.next()
            case .readTPIDR_EL0:
                x[Int(o.d)] = system.tpidr_EL0
                c.next()
            case .readTPIDR_EL1:
                guard pstate.el != 0 else {
                    leave(c, at: c.pc)
                    return undefinedInstruction(UInt32(truncatingIfNeeded: o.imm))
                }
                x[Int(o.d)] = system.tpidr_EL1
                c.next()
            case .zeroBlock:
                if pstate.el != 0 || system.sctlr_EL1 & SCTLR.dze != 0, zeroBlockAtHand(x[Int(o.n)], tlb) {
                    c.next()
                    continue
                }
                leave(c, at: c.pc)
                c.restart()
                let outcome = executeSystemInstruction(word: UInt32(truncatingIfNeeded: o.imm))
                guard outcome == .next else { return outcome }
                c.next()
            case .noOperation:
                c.next()
            case .yield:
                spinHint()
                c.next()
            case .waitForEvent:
                leave(c, at: c.pc, retiring: 1)
                let outcome = waitForEvent(word: UInt32(truncatingIfNeeded: o.imm))
                guard outcome == .next else { return outcome }
                pc = c.pc &+ 4
                return .redirect
            case .waitForInterrupt:
                leave(c, at: c.pc, retiring: 1)
                let outcome = waitForInterrupt(word: UInt32(truncatingIfNeeded: o.imm))
                guard outcome == .next else { return outcome }
                pc = c.pc &+ 4
                return .redirect
            case .sendEvent:
                sendEvent()
                c.next()
            case .sendEventLocal:
                eventRegister = true
                c.next()
            case .clearExclusive:
                monitor.host = 0
                c.next()
            case .dataMemoryBarrier:
                if o.aux != 0 { armada_fence() }
                c.next()
            case .dataSynchronizationBarrier:
                armada_fence()
                guard count > 1 else {
                    c.next()
                    continue
                }
                leave(c, at: c.pc)
                c.restart()
                // A kick came first: the doorbell is seen to, then the DSB runs again.
                guard synchronizeDVM() else { return .redirect }
                c.next()
            case .instructionSynchronizationBarrier:
                guard isUnchanged(c, fetch, doorbell) else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()

            // MARK: Loads and stores
            case .load8:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load16:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load32:
                guard let value = load(UInt32.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load64:
                guard let value = load(UInt64.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = value
                c.next()
            case .loadSigned8To32:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(UInt32(bitPattern: Int32(Int8(bitPattern: value))))
                c.next()
            case .loadSigned8To64:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int8(bitPattern: value)))
                c.next()
            case .loadSigned16To32:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(UInt32(bitPattern: Int32(Int16(bitPattern: value))))
                c.next()
            case .loadSigned16To64:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int16(bitPattern: value)))
                c.next()
            case .loadSigned32To64:
                guard let value = load(UInt32.self, x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int32(bitPattern: value)))
                c.next()
            case .store8:
                guard store(UInt8(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ o.imm, tlb) else {
                    return dataAbort(c)
                }
                c.next()
            case .store16:
                guard store(UInt16(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ o.imm, tlb) else {
                    return dataAbort(c)
                }
                c.next()
            case .store32:
                guard store(UInt32(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ o.imm, tlb) else {
                    return dataAbort(c)
                }
                c.next()
            case .store64:
                guard store(x[Int(o.d)], x[Int(o.n)] &+ o.imm, tlb) else { return dataAbort(c) }
                c.next()
            case .load8Register:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load16Register:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load32Register:
                guard let value = load(UInt32.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load64Register:
                guard let value = load(UInt64.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = value
                c.next()
            case .loadSigned8To32Register:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(UInt32(bitPattern: Int32(Int8(bitPattern: value))))
                c.next()
            case .loadSigned8To64Register:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int8(bitPattern: value)))
                c.next()
            case .loadSigned16To32Register:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(UInt32(bitPattern: Int32(Int16(bitPattern: value))))
                c.next()
            case .loadSigned16To64Register:
                guard let value = load(UInt16.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int16(bitPattern: value)))
                c.next()
            case .loadSigned32To64Register:
                guard let value = load(UInt32.self, x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int32(bitPattern: value)))
                c.next()
            case .store8Register:
                guard
                    store(
                        UInt8(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a),
                        tlb)
                else { return dataAbort(c) }
                c.next()
            case .store16Register:
                guard
                    store(
                        UInt16(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a),
                        tlb)
                else { return dataAbort(c) }
                c.next()
            case .store32Register:
                guard
                    store(
                        UInt32(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a),
                        tlb)
                else { return dataAbort(c) }
                c.next()
            case .store64Register:
                guard store(x[Int(o.d)], x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, o.a), tlb) else {
                    return dataAbort(c)
                }
                c.next()
            case .load8Indexed:
                guard let value = load(UInt8.self, x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load32Indexed:
                guard let value = load(UInt32.self, x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = UInt64(value)
                c.next()
            case .load64Indexed:
                guard let value = load(UInt64.self, x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.d)] = value
                c.next()
            case .store8Indexed:
                guard store(UInt8(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb)
                else { return dataAbort(c) }
                c.next()
            case .store32Indexed:
                guard store(UInt32(truncatingIfNeeded: x[Int(o.d)]), x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb)
                else { return dataAbort(c) }
                c.next()
            case .store64Indexed:
                guard store(x[Int(o.d)], x[Int(o.n)] &+ x[Int(o.m)] &<< UInt64(o.a), tlb) else { return dataAbort(c) }
                c.next()
            case .loadStoreWriteback:
                let base = x[Int(o.n)]
                let moved = base &+ o.imm
                guard let operation = MemoryOperation(rawValue: o.a),
                    perform(operation, register: o.d, o.m != 0 ? moved : base, tlb)
                else { return dataAbort(c) }
                x[Int(o.n)] = moved
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .load64PostIndex:
                let address = x[Int(o.n)]
                guard let value = load(UInt64.self, address, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = value
                x[Int(o.n)] = address &+ o.imm
                c.next()
            case .store64PreIndex:
                let address = x[Int(o.n)] &+ o.imm
                guard store(x[Int(o.d)], address, tlb) else { return dataAbort(c) }
                x[Int(o.n)] = address
                c.next()
            case .loadLiteral:
                guard let operation = MemoryOperation(rawValue: o.a),
                    perform(operation, register: o.d, c.page &+ o.imm, tlb)
                else { return dataAbort(c) }
                c.next()
            case .loadStoreUnprivileged:
                guard let operation = MemoryOperation(rawValue: o.a),
                    perform(operation, register: o.d, x[Int(o.n)] &+ o.imm, pstate.uao ? tlb : mmu.unprivileged)
                else { return dataAbort(c) }
                c.next()
            case .loadPair64:
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard let first = load(UInt64.self, address, tlb), let second = load(UInt64.self, address &+ 8, tlb)
                else {
                    return dataAbort(c)
                }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                x[Int(o.d)] = first
                x[Int(o.a)] = second
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .loadPair32:
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard let first = load(UInt32.self, address, tlb), let second = load(UInt32.self, address &+ 4, tlb)
                else {
                    return dataAbort(c)
                }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                x[Int(o.d)] = UInt64(first)
                x[Int(o.a)] = UInt64(second)
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .storePair64:
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard store(x[Int(o.d)], address, tlb), store(x[Int(o.a)], address &+ 8, tlb) else {
                    return dataAbort(c)
                }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .storePair32:
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard store(UInt32(truncatingIfNeeded: x[Int(o.d)]), address, tlb),
                    store(UInt32(truncatingIfNeeded: x[Int(o.a)]), address &+ 4, tlb)
                else { return dataAbort(c) }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .loadPairSigned32:
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard let first = load(UInt32.self, address, tlb), let second = load(UInt32.self, address &+ 4, tlb)
                else {
                    return dataAbort(c)
                }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                x[Int(o.d)] = UInt64(bitPattern: Int64(Int32(bitPattern: first)))
                x[Int(o.a)] = UInt64(bitPattern: Int64(Int32(bitPattern: second)))
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .loadPair64PostIndex:
                let address = x[Int(o.n)]
                guard let first = load(UInt64.self, address, tlb), let second = load(UInt64.self, address &+ 8, tlb)
                else {
                    return dataAbort(c)
                }
                x[Int(o.n)] = address &+ o.imm
                x[Int(o.d)] = first
                x[Int(o.a)] = second
                c.next()
            case .storePair64PreIndex:
                let address = x[Int(o.n)] &+ o.imm
                guard store(x[Int(o.d)], address, tlb), store(x[Int(o.a)], address &+ 8, tlb) else {
                    return dataAbort(c)
                }
                x[Int(o.n)] = address
                c.next()
            case .loadExclusive:
                guard loadExclusive(o, tlb) else { return dataAbort(c) }
                c.next()
            case .storeExclusive:
                guard storeExclusive(o, tlb) else { return dataAbort(c) }
                c.next()
            case .loadExclusivePair:
                guard loadExclusivePair(o, tlb) else { return dataAbort(c) }
                c.next()
            case .storeExclusivePair:
                guard storeExclusivePair(o, tlb) else { return dataAbort(c) }
                c.next()
            case .loadAcquire:
                guard loadAcquire(o, tlb) else { return dataAbort(c) }
                c.next()
            case .storeRelease:
                guard storeRelease(o, tlb) else { return dataAbort(c) }
                c.next()
            case .atomicReadModifyWrite:
                guard atomicReadModifyWrite(o, tlb) else { return dataAbort(c) }
                c.next()
            case .compareAndSwap:
                guard compareAndSwap(o, tlb) else { return dataAbort(c) }
                c.next()
            case .compareAndSwapPair:
                guard compareAndSwapPair(o, tlb) else { return dataAbort(c) }
                c.next()

            // MARK: Vector
            case .loadVector:
                guard fpAccessible else { return fpAccessTrap(c) }
                let address = x[Int(o.n)] &+ o.imm
                guard loadVector(Int(o.d), scale: o.a, address, tlb) else { return dataAbort(c) }
                c.next()
            case .storeVector:
                guard fpAccessible else { return fpAccessTrap(c) }
                let address = x[Int(o.n)] &+ o.imm
                guard storeVector(Int(o.d), scale: o.a, address, tlb) else { return dataAbort(c) }
                c.next()
            case .loadVectorRegister:
                guard fpAccessible else { return fpAccessTrap(c) }
                let address = x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, UInt8(truncatingIfNeeded: o.imm))
                guard loadVector(Int(o.d), scale: o.a, address, tlb) else { return dataAbort(c) }
                c.next()
            case .storeVectorRegister:
                guard fpAccessible else { return fpAccessTrap(c) }
                let address = x[Int(o.n)] &+ extendRegister(x[Int(o.m)], o.aux, UInt8(truncatingIfNeeded: o.imm))
                guard storeVector(Int(o.d), scale: o.a, address, tlb) else { return dataAbort(c) }
                c.next()
            case .loadVectorWriteback:
                guard fpAccessible else { return fpAccessTrap(c) }
                let base = x[Int(o.n)]
                let moved = base &+ o.imm
                guard loadVector(Int(o.d), scale: o.a, o.m != 0 ? moved : base, tlb) else { return dataAbort(c) }
                x[Int(o.n)] = moved
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .storeVectorWriteback:
                guard fpAccessible else { return fpAccessTrap(c) }
                let base = x[Int(o.n)]
                let moved = base &+ o.imm
                guard storeVector(Int(o.d), scale: o.a, o.m != 0 ? moved : base, tlb) else { return dataAbort(c) }
                x[Int(o.n)] = moved
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .loadVectorLiteral:
                guard fpAccessible else { return fpAccessTrap(c) }
                guard loadVector(Int(o.d), scale: o.a, c.page &+ o.imm, tlb) else { return dataAbort(c) }
                c.next()
            case .loadVectorPair:
                guard fpAccessible else { return fpAccessTrap(c) }
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard loadVectorPair(Int(o.d), Int(o.m), scale: o.a, address, tlb) else { return dataAbort(c) }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .storeVectorPair:
                guard fpAccessible else { return fpAccessTrap(c) }
                let base = x[Int(o.n)]
                let address = o.aux == PairMode.postIndex ? base : base &+ o.imm
                guard storeVectorPair(Int(o.d), Int(o.m), scale: o.a, address, tlb) else { return dataAbort(c) }
                if o.aux != PairMode.offset { x[Int(o.n)] = base &+ o.imm }
                guard !o.mayMisalignSP || isSPAligned else { return leave(c, at: c.pc &+ 4, retiring: 1, .redirect) }
                c.next()
            case .vectorStructures:
                guard fpAccessible else { return fpAccessTrap(c) }
                guard transferStructures(o, tlb) else { return dataAbort(c) }
                guard o.n != RegisterSlot.sp || isSPAligned else {
                    return leave(c, at: c.pc &+ 4, retiring: 1, .redirect)
                }
                c.next()
            case .vector:
                guard fpAccessible else { return fpAccessTrap(c) }
                var flags = c.nzcv
                VectorUnit.execute(o, x: x, v: v, nzcv: &flags, fpcr: fpcr, fpsr: &fpsr)
                c.nzcv = flags
                c.next()

            // MARK: Fused pairs
            case .compareImmediateBranch64:
                let a = x[Int(o.n)]
                let b = o.imm & 0xFFFF_FFFF
                let result = a &- b
                c.nzcv = Flags.sub64(a, b, result)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareImmediateBranch32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: o.imm)
                let result = a &- b
                c.nzcv = Flags.sub32(a, b, result)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareRegisterBranch64:
                let a = x[Int(o.n)]
                let b = x[Int(o.m)]
                let result = a &- b
                c.nzcv = Flags.sub64(a, b, result)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .compareRegisterBranch32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: x[Int(o.m)])
                let result = a &- b
                c.nzcv = Flags.sub32(a, b, result)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .subsImmediateBranch64:
                let a = x[Int(o.n)]
                let b = o.imm & 0xFFFF_FFFF
                let result = a &- b
                c.nzcv = Flags.sub64(a, b, result)
                x[Int(o.d)] = result
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .subsImmediateBranch32:
                let a = UInt32(truncatingIfNeeded: x[Int(o.n)])
                let b = UInt32(truncatingIfNeeded: o.imm)
                let result = a &- b
                c.nzcv = Flags.sub32(a, b, result)
                x[Int(o.d)] = UInt64(result)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .testImmediateBranch:
                let result = x[Int(o.n)] & (o.imm & 0xFFFF_FFFF)
                c.nzcv = result == 0 ? Flags.z : UInt32(truncatingIfNeeded: result) & (UInt32(o.a) &<< 31)
                c.next()
                if holds(o.aux, c.nzcv) {
                    let distance = Int64(bitPattern: o.imm) &>> 32
                    c.branch(distance)
                    if distance <= 0 {
                        if armada_load_relaxed32(doorbell) != 0 { return leave(c, at: c.pc, retiring: 0, .redirect) }
                        if isHot(c) {
                            c = runNative(c)
                            if takeNativeLeave() { return .redirect }
                        }
                    }
                } else {
                    c.next()
                }
            case .pcRelativePair:
                x[Int(o.d)] = c.page &+ o.imm
                c.op += 2
            case .pcRelativeLoad64:
                x[Int(o.d)] = c.page &+ (o.imm & ~0xFFF)
                c.next()
                guard let value = load(UInt64.self, c.page &+ o.imm, tlb) else { return dataAbort(c) }
                x[Int(o.d)] = value
                c.next()
            case .moveImmediatePair:
                x[Int(o.d)] = o.imm
                c.op += Int(o.a)
            }
        }
    }
}
