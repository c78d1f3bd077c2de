/// Conversions: between floating point and integers or fixed point, between formats, and to integral values.
extension VectorUnit {
    // MARK: General registers

    /// FCVT…, FCVTZ…: to a general register of 32 or (`isQuad`) 64 bits.
    @inline(__always) static func toGeneral(
        _ op: Op, _ x: UnsafeMutablePointer<UInt64>, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32
    ) {
        let control = ConversionControl(imm: op.imm)
        var environment = FPEnvironment(fpcr, fpsr)
        let format = op.laneFormat
        x[Int(op.d)] = environment.toFixed(
            scalar(v, op.n, format), format, fractionBits: control.fractionBits, isUnsigned: control.isUnsigned,
            width: op.isQuad ? 64 : 32, control.rounding(environment))
        fpsr = environment.fpsr
    }

    /// SCVTF, UCVTF: from a general register of 32 or (`isQuad`) 64 bits.
    @inline(__always) static func fromGeneral(
        _ op: Op, _ x: UnsafeMutablePointer<UInt64>, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32
    ) {
        let control = ConversionControl(imm: op.imm)
        var environment = FPEnvironment(fpcr, fpsr)
        var integer = x[Int(op.n)]
        if !op.isQuad {
            integer = control.isUnsigned ? integer & 0xFFFF_FFFF : UInt64(bitPattern: signExtend(integer, 2))
        }
        let isUnsigned = control.isUnsigned && Int64(bitPattern: integer) < 0
        let bits = control.fractionBits
        // The format is a constant in each branch.
        let result =
            switch op.laneFormat {
            case .double: environment.fromFixed(integer, isUnsigned: isUnsigned, fractionBits: bits, .double)
            case .single: environment.fromFixed(integer, isUnsigned: isUnsigned, fractionBits: bits, .single)
            case .half: environment.fromFixed(integer, isUnsigned: isUnsigned, fractionBits: bits, .half)
            }
        storeScalar(result, v, op.d)
        fpsr = environment.fpsr
    }

    // MARK: Lanes

    @inline(never) static func roundInt(_ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32) {
        let control = ConversionControl(imm: op.imm)
        floats(op, v, fpcr, &fpsr) { environment, n, _, format in
            environment.roundInt(n, format, control.rounding(environment), isExact: control.isExact)
        }
    }

    @inline(never) static func toFixed(_ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32) {
        let control = ConversionControl(imm: op.imm)
        floats(op, v, fpcr, &fpsr) { environment, n, _, format in
            environment.toFixed(
                n, format, fractionBits: control.fractionBits, isUnsigned: control.isUnsigned,
                width: 8 &<< format.laneSize, control.rounding(environment))
        }
    }

    @inline(never) static func fromFixed(_ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32) {
        let control = ConversionControl(imm: op.imm)
        floats(op, v, fpcr, &fpsr) { environment, n, _, format in
            let integer = control.isUnsigned ? n : UInt64(bitPattern: signExtend(n, format.laneSize))
            return environment.fromFixed(
                integer, isUnsigned: control.isUnsigned && Int64(bitPattern: integer) < 0,
                fractionBits: control.fractionBits, format)
        }
    }

    /// FCVTN, FCVTXN: into the lower half, or with Q into the upper half only.
    @inline(never) static func floatNarrow(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, from: FPFormat, to: FPFormat, odd: Bool
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        let n = Vector128(v, op.n)
        let size = from.laneSize
        let rounding = odd ? FPRounding.odd : environment.rounding
        var narrow = Vector128()
        for index in 0..<16 &>> size {
            narrow.set(
                index, size &- 1,
                environment.convertExactly(n.unsigned(index, size), from: from, to: to, rounding))
        }
        storeHalf(narrow.low, v, op)
        fpsr = environment.fpsr
    }

    /// FCVTL: from the lower half, or with Q from the upper half.
    @inline(never) static func floatWiden(
        _ op: Op, _ v: VectorRegisters, _ fpcr: UInt32, _ fpsr: inout UInt32, from: FPFormat, to: FPFormat
    ) {
        var environment = FPEnvironment(fpcr, fpsr)
        let n = Vector128(v, op.n)
        let source = Vector128(low: op.isQuad ? n.high : n.low, high: 0)
        let size = from.laneSize
        var result = Vector128()
        for index in 0..<8 &>> size {
            result.set(
                index, size &+ 1, environment.convert(source.unsigned(index, size), from: from, to: to))
        }
        result.store(v, op.d)
        fpsr = environment.fpsr
    }
}
