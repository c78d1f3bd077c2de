/// Executes floating-point and Advanced SIMD data processing.
enum VectorUnit {
    /// One operation, on the register files given: `x` by slot, `v` as pairs of words. Nothing here can fault.
    static func execute(
        _ op: Op, x: UnsafeMutablePointer<UInt64>, v: VectorRegisters, nzcv: inout UInt32, fpcr: UInt32,
        fpsr: inout UInt32
    ) {
        switch VectorOp(rawValue: op.aux) ?? .none {
        case .none: break

        // MARK: Floating-point, scalar
        case .fmovS: storeScalar(scalar(v, op.n, .single), v, op.d)
        case .fmovD: storeScalar(scalar(v, op.n, .double), v, op.d)
        case .fabsS: storeScalar(scalar(v, op.n, .single) & 0x7FFF_FFFF, v, op.d)
        case .fabsD: storeScalar(scalar(v, op.n, .double) & ~(1 << 63), v, op.d)
        case .fnegS: storeScalar(scalar(v, op.n, .single) ^ 1 << 31, v, op.d)
        case .fnegD: storeScalar(scalar(v, op.n, .double) ^ 1 << 63, v, op.d)
        case .fsqrtS: scalars(op, v, fpcr, &fpsr, .single) { fp, n, _, format in fp.squareRoot(n, format) }
        case .fsqrtD: scalars(op, v, fpcr, &fpsr, .double) { fp, n, _, format in fp.squareRoot(n, format) }
        case .faddS: scalars(op, v, fpcr, &fpsr, .single) { $0.add($1, $2, $3) }
        case .faddD: scalars(op, v, fpcr, &fpsr, .double) { $0.add($1, $2, $3) }
        case .fsubS: scalars(op, v, fpcr, &fpsr, .single) { $0.subtract($1, $2, $3) }
        case .fsubD: scalars(op, v, fpcr, &fpsr, .double) { $0.subtract($1, $2, $3) }
        case .fmulS: scalars(op, v, fpcr, &fpsr, .single) { $0.multiply($1, $2, $3) }
        case .fmulD: scalars(op, v, fpcr, &fpsr, .double) { $0.multiply($1, $2, $3) }
        case .fdivS: scalars(op, v, fpcr, &fpsr, .single) { $0.divide($1, $2, $3) }
        case .fdivD: scalars(op, v, fpcr, &fpsr, .double) { $0.divide($1, $2, $3) }
        case .fnmulS: scalars(op, v, fpcr, &fpsr, .single) { $0.multiply($1, $2, $3) ^ $3.signBit }
        case .fnmulD: scalars(op, v, fpcr, &fpsr, .double) { $0.multiply($1, $2, $3) ^ $3.signBit }
        case .fmaddH: multiplyAdd(op, v, fpcr, &fpsr, .half, negatesAddend: false, negatesProduct: false)
        case .fmaddS: multiplyAdd(op, v, fpcr, &fpsr, .single, negatesAddend: false, negatesProduct: false)
        case .fmaddD: multiplyAdd(op, v, fpcr, &fpsr, .double, negatesAddend: false, negatesProduct: false)
        case .fmsubH: multiplyAdd(op, v, fpcr, &fpsr, .half, negatesAddend: false, negatesProduct: true)
        case .fmsubS: multiplyAdd(op, v, fpcr, &fpsr, .single, negatesAddend: false, negatesProduct: true)
        case .fmsubD: multiplyAdd(op, v, fpcr, &fpsr, .double, negatesAddend: false, negatesProduct: true)
        case .fnmaddH: multiplyAdd(op, v, fpcr, &fpsr, .half, negatesAddend: true, negatesProduct: true)
        case .fnmaddS: multiplyAdd(op, v, fpcr, &fpsr, .single, negatesAddend: true, negatesProduct: true)
        case .fnmaddD: multiplyAdd(op, v, fpcr, &fpsr, .double, negatesAddend: true, negatesProduct: true)
        case .fnmsubH: multiplyAdd(op, v, fpcr, &fpsr, .half, negatesAddend: true, negatesProduct: false)
        case .fnmsubS: multiplyAdd(op, v, fpcr, &fpsr, .single, negatesAddend: true, negatesProduct: false)
        case .fnmsubD: multiplyAdd(op, v, fpcr, &fpsr, .double, negatesAddend: true, negatesProduct: false)
        case .fcmpH: nzcv = compare(op, v, fpcr, &fpsr, .half, signals: false)
        case .fcmpS: nzcv = compare(op, v, fpcr, &fpsr, .single, signals: false)
        case .fcmpD: nzcv = compare(op, v, fpcr, &fpsr, .double, signals: false)
        case .fcmpeH: nzcv = compare(op, v, fpcr, &fpsr, .half, signals: true)
        case .fcmpeS: nzcv = compare(op, v, fpcr, &fpsr, .single, signals: true)
        case .fcmpeD: nzcv = compare(op, v, fpcr, &fpsr, .double, signals: true)
        case .fcmpZeroH: nzcv = compareWithZero(op, v, fpcr, &fpsr, .half, signals: false)
        case .fcmpZeroS: nzcv = compareWithZero(op, v, fpcr, &fpsr, .single, signals: false)
        case .fcmpZeroD: nzcv = compareWithZero(op, v, fpcr, &fpsr, .double, signals: false)
        case .fcmpeZeroH: nzcv = compareWithZero(op, v, fpcr, &fpsr, .half, signals: true)
        case .fcmpeZeroS: nzcv = compareWithZero(op, v, fpcr, &fpsr, .single, signals: true)
        case .fcmpeZeroD: nzcv = compareWithZero(op, v, fpcr, &fpsr, .double, signals: true)
        case .fccmpH: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .half, signals: false)
        case .fccmpS: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .single, signals: false)
        case .fccmpD: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .double, signals: false)
        case .fccmpeH: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .half, signals: true)
        case .fccmpeS: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .single, signals: true)
        case .fccmpeD: nzcv = compareConditionally(op, v, nzcv, fpcr, &fpsr, .double, signals: true)
        case .fcselH: storeScalar(scalar(v, holds(op.a, nzcv) ? op.n : op.m, .half), v, op.d)
        case .fcselS: storeScalar(scalar(v, holds(op.a, nzcv) ? op.n : op.m, .single), v, op.d)
        case .fcselD: storeScalar(scalar(v, holds(op.a, nzcv) ? op.n : op.m, .double), v, op.d)
        case .fcvtSingleToDouble:
            scalars(op, v, fpcr, &fpsr, .single) { fp, n, _, format in fp.convert(n, from: format, to: .double) }
        case .fcvtDoubleToSingle:
            scalars(op, v, fpcr, &fpsr, .double) { fp, n, _, format in fp.convert(n, from: format, to: .single) }
        case .fcvtSingleToHalf:
            scalars(op, v, fpcr, &fpsr, .single) { fp, n, _, format in fp.convert(n, from: format, to: .half) }
        case .fcvtDoubleToHalf:
            scalars(op, v, fpcr, &fpsr, .double) { fp, n, _, format in fp.convert(n, from: format, to: .half) }
        case .fcvtHalfToSingle:
            scalars(op, v, fpcr, &fpsr, .half) { fp, n, _, format in fp.convert(n, from: format, to: .single) }
        case .fcvtHalfToDouble:
            scalars(op, v, fpcr, &fpsr, .half) { fp, n, _, format in fp.convert(n, from: format, to: .double) }
        case .fcvtToGeneral: toGeneral(op, x, v, fpcr, &fpsr)
        case .cvtfFromGeneral: fromGeneral(op, x, v, fpcr, &fpsr)
        case .fmovFromGeneral: storeScalar(x[Int(op.n)] & laneMask(op.laneSize), v, op.d)

        // MARK: Floating-point lanes
        case .fadd:
            if !onHost(op, v, fpcr, fpsr, .sum, { $0 + $1 }, { $0 + $1 }) {
                floats(op, v, fpcr, &fpsr) { $0.add($1, $2, $3) }
            }
        case .fsub:
            if !onHost(op, v, fpcr, fpsr, .sum, { $0 - $1 }, { $0 - $1 }) {
                floats(op, v, fpcr, &fpsr) { $0.subtract($1, $2, $3) }
            }
        case .fmul:
            if !onHost(op, v, fpcr, fpsr, .product, { $0 * $1 }, { $0 * $1 }) {
                floats(op, v, fpcr, &fpsr) { $0.multiply($1, $2, $3) }
            }
        case .fdiv: floats(op, v, fpcr, &fpsr) { $0.divide($1, $2, $3) }
        case .fnmul: floats(op, v, fpcr, &fpsr) { $0.multiply($1, $2, $3) ^ $3.signBit }
        case .fmulx: floats(op, v, fpcr, &fpsr) { $0.multiplyExtended($1, $2, $3) }
        case .fabd: floats(op, v, fpcr, &fpsr) { $0.subtract($1, $2, $3) & ($3.signBit &- 1) }
        case .fmax: floats(op, v, fpcr, &fpsr) { $0.maximum($1, $2, $3) }
        case .fmin: floats(op, v, fpcr, &fpsr) { $0.minimum($1, $2, $3) }
        case .fmaxnm: floats(op, v, fpcr, &fpsr) { $0.maximumNumber($1, $2, $3) }
        case .fminnm: floats(op, v, fpcr, &fpsr) { $0.minimumNumber($1, $2, $3) }
        case .fmla: accumulated(op, v, fpcr, &fpsr, isNegated: false)
        case .fmls: accumulated(op, v, fpcr, &fpsr, isNegated: true)
        case .frecps: floats(op, v, fpcr, &fpsr) { $0.reciprocalStep($1, $2, $3) }
        case .frsqrts: floats(op, v, fpcr, &fpsr) { $0.reciprocalRootStep($1, $2, $3) }
        case .fcmeq: floats(op, v, fpcr, &fpsr) { mask($0.test($1, $2, .equal, $3)) }
        case .fcmge: floats(op, v, fpcr, &fpsr) { mask($0.test($1, $2, .greaterOrEqual, $3)) }
        case .fcmgt: floats(op, v, fpcr, &fpsr) { mask($0.test($1, $2, .greater, $3)) }
        case .facge:
            floats(op, v, fpcr, &fpsr) {
                mask($0.test($1 & ($3.signBit &- 1), $2 & ($3.signBit &- 1), .greaterOrEqual, $3))
            }
        case .facgt:
            floats(op, v, fpcr, &fpsr) { mask($0.test($1 & ($3.signBit &- 1), $2 & ($3.signBit &- 1), .greater, $3)) }
        case .fmulElement: floatsByElement(op, v, fpcr, &fpsr) { $0.multiply($1, $2, $3) }
        case .fmulxElement: floatsByElement(op, v, fpcr, &fpsr) { $0.multiplyExtended($1, $2, $3) }
        case .fmlaElement: accumulatedByElement(op, v, fpcr, &fpsr, isNegated: false)
        case .fmlsElement: accumulatedByElement(op, v, fpcr, &fpsr, isNegated: true)
        case .faddp: floatPairs(op, v, fpcr, &fpsr) { $0.add($1, $2, $3) }
        case .fmaxp: floatPairs(op, v, fpcr, &fpsr) { $0.maximum($1, $2, $3) }
        case .fminp: floatPairs(op, v, fpcr, &fpsr) { $0.minimum($1, $2, $3) }
        case .fmaxnmp: floatPairs(op, v, fpcr, &fpsr) { $0.maximumNumber($1, $2, $3) }
        case .fminnmp: floatPairs(op, v, fpcr, &fpsr) { $0.minimumNumber($1, $2, $3) }
        case .faddpScalar: floatPair(op, v, fpcr, &fpsr) { $0.add($1, $2, $3) }
        case .fmaxpScalar: floatPair(op, v, fpcr, &fpsr) { $0.maximum($1, $2, $3) }
        case .fminpScalar: floatPair(op, v, fpcr, &fpsr) { $0.minimum($1, $2, $3) }
        case .fmaxnmpScalar: floatPair(op, v, fpcr, &fpsr) { $0.maximumNumber($1, $2, $3) }
        case .fminnmpScalar: floatPair(op, v, fpcr, &fpsr) { $0.minimumNumber($1, $2, $3) }
        case .fmaxv: floatReduction(op, v, fpcr, &fpsr) { $0.maximum($1, $2, $3) }
        case .fminv: floatReduction(op, v, fpcr, &fpsr) { $0.minimum($1, $2, $3) }
        case .fmaxnmv: floatReduction(op, v, fpcr, &fpsr) { $0.maximumNumber($1, $2, $3) }
        case .fminnmv: floatReduction(op, v, fpcr, &fpsr) { $0.minimumNumber($1, $2, $3) }
        case .fabs: floats(op, v, fpcr, &fpsr) { $1 & ($3.signBit &- 1) }
        case .fneg: floats(op, v, fpcr, &fpsr) { $1 ^ $3.signBit }
        case .fsqrt: floats(op, v, fpcr, &fpsr) { $0.squareRoot($1, $3) }
        case .frint: roundInt(op, v, fpcr, &fpsr)
        case .fcvtToFixed: toFixed(op, v, fpcr, &fpsr)
        case .cvtfFixed: fromFixed(op, v, fpcr, &fpsr)
        case .fcmgtZero: floats(op, v, fpcr, &fpsr) { mask($0.test($1, 0, .greater, $3)) }
        case .fcmgeZero: floats(op, v, fpcr, &fpsr) { mask($0.test($1, 0, .greaterOrEqual, $3)) }
        case .fcmeqZero: floats(op, v, fpcr, &fpsr) { mask($0.test($1, 0, .equal, $3)) }
        case .fcmleZero: floats(op, v, fpcr, &fpsr) { mask($0.test(0, $1, .greaterOrEqual, $3)) }
        case .fcmltZero: floats(op, v, fpcr, &fpsr) { mask($0.test(0, $1, .greater, $3)) }
        case .frecpe: floats(op, v, fpcr, &fpsr) { $0.reciprocalEstimate($1, $3) }
        case .frsqrte: floats(op, v, fpcr, &fpsr) { $0.reciprocalRootEstimate($1, $3) }
        case .frecpx: floats(op, v, fpcr, &fpsr) { $0.reciprocalExponent($1, $3) }
        case .urecpe: floats(op, v, fpcr, &fpsr) { _, n, _, _ in Estimate.unsignedReciprocal(n) }
        case .ursqrte: floats(op, v, fpcr, &fpsr) { _, n, _, _ in Estimate.unsignedReciprocalRoot(n) }
        case .fcvtnSingle: floatNarrow(op, v, fpcr, &fpsr, from: .single, to: .half, odd: false)
        case .fcvtnDouble: floatNarrow(op, v, fpcr, &fpsr, from: .double, to: .single, odd: false)
        case .fcvtxn: floatNarrow(op, v, fpcr, &fpsr, from: .double, to: .single, odd: true)
        case .fcvtxnScalar:
            scalars(op, v, fpcr, &fpsr, .double) { fp, n, _, format in
                fp.convertExactly(n, from: format, to: .single, .odd)
            }
        case .fcvtlHalf: floatWiden(op, v, fpcr, &fpsr, from: .half, to: .single)
        case .fcvtlSingle: floatWiden(op, v, fpcr, &fpsr, from: .single, to: .double)

        // MARK: Moves
        case .movi: store(Doubles(repeating: op.imm), v, op)
        case .orrImmediate: store(load(Doubles.self, v, op.d) | Doubles(repeating: op.imm), v, op)
        case .bicImmediate: store(load(Doubles.self, v, op.d) & Doubles(repeating: ~op.imm), v, op)
        case .dupElement:
            let element = Vector128(v, op.n).unsigned(Int(truncatingIfNeeded: op.imm), op.laneSize)
            store(Doubles(repeating: replicate(element, op.laneSize)), v, op)
        case .dupElementScalar:
            storeScalar(Vector128(v, op.n).unsigned(Int(truncatingIfNeeded: op.imm), op.laneSize), v, op.d)
        case .dupGeneral: store(Doubles(repeating: replicate(x[Int(op.n)], op.laneSize)), v, op)
        case .smov:
            let element = Vector128(v, op.n).signed(Int(truncatingIfNeeded: op.imm), op.laneSize)
            x[Int(op.d)] = UInt64(bitPattern: element) & (op.isQuad ? ~0 : 0xFFFF_FFFF)
        case .umov: x[Int(op.d)] = Vector128(v, op.n).unsigned(Int(truncatingIfNeeded: op.imm), op.laneSize)
        case .insGeneral:
            var result = Vector128(v, op.d)
            result.set(Int(truncatingIfNeeded: op.imm), op.laneSize, x[Int(op.n)])
            result.store(v, op.d)
        case .insElement:
            var result = Vector128(v, op.d)
            let element = Vector128(v, op.n).unsigned(Int(truncatingIfNeeded: op.imm &>> 8), op.laneSize)
            result.set(Int(truncatingIfNeeded: op.imm & 0xFF), op.laneSize, element)
            result.store(v, op.d)
        case .ext: extract(op, v)
        case .tbl: tableLookup(op, v, Vector128())
        case .tbx: tableLookup(op, v, Vector128(v, op.d))
        case .zip1: zip(op, v, part: 0)
        case .zip2: zip(op, v, part: 1)
        case .uzp1: unzip(op, v, part: 0)
        case .uzp2: unzip(op, v, part: 1)
        case .trn1: transpose(op, v, part: 0)
        case .trn2: transpose(op, v, part: 1)

        // MARK: Logical
        case .and: whole(op, v) { $0 & $1 }
        case .bic: whole(op, v) { $0 & ~$1 }
        case .orr: whole(op, v) { $0 | $1 }
        case .orn: whole(op, v) { $0 | ~$1 }
        case .eor: whole(op, v) { $0 ^ $1 }
        case .bsl:
            let d = load(Doubles.self, v, op.d)
            whole(op, v) { ($0 ^ $1) & d ^ $1 }
        case .bit:
            let d = load(Doubles.self, v, op.d)
            whole(op, v) { ($0 ^ d) & $1 ^ d }
        case .bif:
            let d = load(Doubles.self, v, op.d)
            whole(op, v) { ($0 ^ d) & ~$1 ^ d }
        case .not: whole(op, v) { n, _ in ~n }

        // MARK: Integer lanes, two sources
        case .add: unsigned(op, v, { $0 &+ $1 }, { $0 &+ $1 }, { $0 &+ $1 }, { $0 &+ $1 })
        case .sub: unsigned(op, v, { $0 &- $1 }, { $0 &- $1 }, { $0 &- $1 }, { $0 &- $1 })
        case .mul: multiply(op, v, load(Doubles.self, v, op.m), .replace)
        case .mla: multiply(op, v, load(Doubles.self, v, op.m), .add)
        case .mls: multiply(op, v, load(Doubles.self, v, op.m), .subtract)
        case .mulElement: multiply(op, v, element(op, v), .replace)
        case .mlaElement: multiply(op, v, element(op, v), .add)
        case .mlsElement: multiply(op, v, element(op, v), .subtract)
        case .pmul: polynomialLanes(op, v)
        case .cmeq: unsigned(op, v, { $0 .== $1 }, { $0 .== $1 }, { $0 .== $1 }, { $0 .== $1 })
        case .cmgt: signed(op, v, { $0 .> $1 }, { $0 .> $1 }, { $0 .> $1 }, { $0 .> $1 })
        case .cmge: signed(op, v, { $0 .>= $1 }, { $0 .>= $1 }, { $0 .>= $1 }, { $0 .>= $1 })
        case .cmhi: unsigned(op, v, { $0 .> $1 }, { $0 .> $1 }, { $0 .> $1 }, { $0 .> $1 })
        case .cmhs: unsigned(op, v, { $0 .>= $1 }, { $0 .>= $1 }, { $0 .>= $1 }, { $0 .>= $1 })
        case .cmtst:
            unsigned(
                op, v, { $0 & $1 .!= Bytes() }, { $0 & $1 .!= Halves() }, { $0 & $1 .!= Words() },
                { $0 & $1 .!= Doubles() })
        case .smax: signed(op, v, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) })
        case .umax: unsigned(op, v, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) })
        case .smin: signed(op, v, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) })
        case .umin: unsigned(op, v, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) })
        case .shadd: signedLanes(Lane.HalvingAdd.self, op, v, &fpsr)
        case .uhadd: unsignedLanes(Lane.HalvingAdd.self, op, v, &fpsr)
        case .srhadd: signedLanes(Lane.RoundingHalvingAdd.self, op, v, &fpsr)
        case .urhadd: unsignedLanes(Lane.RoundingHalvingAdd.self, op, v, &fpsr)
        case .shsub: signedLanes(Lane.HalvingSubtract.self, op, v, &fpsr)
        case .uhsub: unsignedLanes(Lane.HalvingSubtract.self, op, v, &fpsr)
        case .sqadd: signedLanes(Lane.SaturatingAdd.self, op, v, &fpsr)
        case .uqadd: unsignedLanes(Lane.SaturatingAdd.self, op, v, &fpsr)
        case .sqsub: signedLanes(Lane.SaturatingSubtract.self, op, v, &fpsr)
        case .uqsub: unsignedLanes(Lane.SaturatingSubtract.self, op, v, &fpsr)
        case .sabd: signedLanes(Lane.AbsoluteDifference.self, op, v, &fpsr)
        case .uabd: unsignedLanes(Lane.AbsoluteDifference.self, op, v, &fpsr)
        case .saba: signedLanes(Lane.AbsoluteDifferenceAccumulate.self, op, v, &fpsr)
        case .uaba: unsignedLanes(Lane.AbsoluteDifferenceAccumulate.self, op, v, &fpsr)
        case .sshl: signedLanes(Lane.Shift.self, op, v, &fpsr)
        case .ushl: unsignedLanes(Lane.Shift.self, op, v, &fpsr)
        case .srshl: signedLanes(Lane.RoundingShift.self, op, v, &fpsr)
        case .urshl: unsignedLanes(Lane.RoundingShift.self, op, v, &fpsr)
        case .sqshl, .sqshlImmediate: signedLanes(Lane.SaturatingShift.self, op, v, &fpsr)
        case .uqshl, .uqshlImmediate: unsignedLanes(Lane.SaturatingShift.self, op, v, &fpsr)
        case .sqrshl: signedLanes(Lane.SaturatingRoundingShift.self, op, v, &fpsr)
        case .uqrshl: unsignedLanes(Lane.SaturatingRoundingShift.self, op, v, &fpsr)
        case .sqdmulh, .sqdmulhElement: signedLanes(Lane.DoublingMultiplyHigh.self, op, v, &fpsr)
        case .sqrdmulh, .sqrdmulhElement: signedLanes(Lane.RoundingDoublingMultiplyHigh.self, op, v, &fpsr)
        case .sqrdmlah: signedLanes(Lane.RoundingDoublingMultiplyAdd.self, op, v, &fpsr)
        case .sqrdmlsh: signedLanes(Lane.RoundingDoublingMultiplySubtract.self, op, v, &fpsr)
        case .sdot: dotProduct(op, v, isSigned: true)
        case .udot: dotProduct(op, v, isSigned: false)
        case .addp: pairwise(op, v, { $0 &+ $1 }, { $0 &+ $1 }, { $0 &+ $1 }, { $0 &+ $1 })
        case .umaxp: pairwise(op, v, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) }, { larger($0, $1) })
        case .uminp: pairwise(op, v, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) }, { smaller($0, $1) })
        case .smaxp:
            pairwise(
                op, v, { asSigned($0, $1) { larger($0, $1) } }, { asSigned($0, $1) { larger($0, $1) } },
                { asSigned($0, $1) { larger($0, $1) } }, { n, _ in n })
        case .sminp:
            pairwise(
                op, v, { asSigned($0, $1) { smaller($0, $1) } }, { asSigned($0, $1) { smaller($0, $1) } },
                { asSigned($0, $1) { smaller($0, $1) } }, { n, _ in n })
        case .addpScalar:
            let n = Vector128(v, op.n)
            storeScalar(n.low &+ n.high, v, op.d)

        // MARK: Integer lanes, one source
        case .abs:
            signed(
                op, v, { n, _ in magnitude(n) }, { n, _ in magnitude(n) }, { n, _ in magnitude(n) },
                { n, _ in magnitude(n) })
        case .neg: unsigned(op, v, { n, _ in 0 &- n }, { n, _ in 0 &- n }, { n, _ in 0 &- n }, { n, _ in 0 &- n })
        case .cls: signedLanes(Lane.CountLeadingSigns.self, op, v, &fpsr)
        case .clz: unsignedLanes(Lane.CountLeadingZeros.self, op, v, &fpsr)
        case .cnt: countOnes(op, v)
        case .rbit: reverseBits(op, v)
        case .rev16: reverse(op, v, container: 1)
        case .rev32: reverse(op, v, container: 2)
        case .rev64: reverse(op, v, container: 3)
        case .sqabs: signedLanes(Lane.SaturatingAbsolute.self, op, v, &fpsr)
        case .sqneg: signedLanes(Lane.SaturatingNegate.self, op, v, &fpsr)
        case .suqadd: signedLanes(Lane.MixedSaturatingAdd.self, op, v, &fpsr)
        case .usqadd: unsignedLanes(Lane.MixedSaturatingAdd.self, op, v, &fpsr)
        case .cmgtZero:
            signed(
                op, v, { n, _ in n .> SignedBytes() }, { n, _ in n .> SignedHalves() }, { n, _ in n .> SignedWords() },
                { n, _ in n .> SignedDoubles() })
        case .cmgeZero:
            signed(
                op, v, { n, _ in n .>= SignedBytes() }, { n, _ in n .>= SignedHalves() },
                { n, _ in n .>= SignedWords() },
                { n, _ in n .>= SignedDoubles() })
        case .cmeqZero:
            signed(
                op, v, { n, _ in n .== SignedBytes() }, { n, _ in n .== SignedHalves() },
                { n, _ in n .== SignedWords() },
                { n, _ in n .== SignedDoubles() })
        case .cmleZero:
            signed(
                op, v, { n, _ in n .<= SignedBytes() }, { n, _ in n .<= SignedHalves() },
                { n, _ in n .<= SignedWords() },
                { n, _ in n .<= SignedDoubles() })
        case .cmltZero:
            signed(
                op, v, { n, _ in n .< SignedBytes() }, { n, _ in n .< SignedHalves() }, { n, _ in n .< SignedWords() },
                { n, _ in n .< SignedDoubles() })
        case .saddlp: addLongPairs(op, v, isSigned: true, accumulates: false)
        case .uaddlp: addLongPairs(op, v, isSigned: false, accumulates: false)
        case .sadalp: addLongPairs(op, v, isSigned: true, accumulates: true)
        case .uadalp: addLongPairs(op, v, isSigned: false, accumulates: true)
        case .saddlv: reduce(op, v, isSigned: true, resultSize: op.laneSize &+ 1) { $0 &+ $1 }
        case .uaddlv: reduce(op, v, isSigned: false, resultSize: op.laneSize &+ 1) { $0 &+ $1 }
        case .smaxv: reduce(op, v, isSigned: true, resultSize: op.laneSize) { $0 > $1 ? $0 : $1 }
        case .umaxv: reduce(op, v, isSigned: false, resultSize: op.laneSize) { $0 > $1 ? $0 : $1 }
        case .sminv: reduce(op, v, isSigned: true, resultSize: op.laneSize) { $0 < $1 ? $0 : $1 }
        case .uminv: reduce(op, v, isSigned: false, resultSize: op.laneSize) { $0 < $1 ? $0 : $1 }
        case .addv: reduce(op, v, isSigned: false, resultSize: op.laneSize) { $0 &+ $1 }

        // MARK: Shifts by immediate
        case .sshr: shiftRightSigned(op, v)
        case .ushr: shiftRightUnsigned(op, v)
        case .shl: shiftLeft(op, v)
        case .ssra: signedLanes(Lane.ShiftRightAccumulate.self, op, v, &fpsr)
        case .usra: unsignedLanes(Lane.ShiftRightAccumulate.self, op, v, &fpsr)
        case .srshr: signedLanes(Lane.RoundingShiftRight.self, op, v, &fpsr)
        case .urshr: unsignedLanes(Lane.RoundingShiftRight.self, op, v, &fpsr)
        case .srsra: signedLanes(Lane.RoundingShiftRightAccumulate.self, op, v, &fpsr)
        case .ursra: unsignedLanes(Lane.RoundingShiftRightAccumulate.self, op, v, &fpsr)
        case .sri: unsignedLanes(Lane.ShiftRightInsert.self, op, v, &fpsr)
        case .sli: unsignedLanes(Lane.ShiftLeftInsert.self, op, v, &fpsr)
        case .sqshlu: signedLanes(Lane.SaturatingShiftUnsigned.self, op, v, &fpsr)

        // MARK: Narrowing and widening
        case .shrn: narrowPlain(op, v)
        case .rshrn: narrow(op, v, &fpsr, rounds: true, from: .unsigned, to: .truncated)
        case .sqshrn: narrow(op, v, &fpsr, rounds: false, from: .signed, to: .signed)
        case .uqshrn: narrow(op, v, &fpsr, rounds: false, from: .unsigned, to: .unsigned)
        case .sqrshrn: narrow(op, v, &fpsr, rounds: true, from: .signed, to: .signed)
        case .uqrshrn: narrow(op, v, &fpsr, rounds: true, from: .unsigned, to: .unsigned)
        case .sqshrun: narrow(op, v, &fpsr, rounds: false, from: .signed, to: .unsigned)
        case .sqrshrun: narrow(op, v, &fpsr, rounds: true, from: .signed, to: .unsigned)
        case .sshll: long(op, v, isSigned: true) { n, _, _ in n &<< op.smallImmediate }
        case .ushll: long(op, v, isSigned: false) { n, _, _ in n &<< op.smallImmediate }
        case .saddl: long(op, v, isSigned: true) { n, m, _ in n &+ m }
        case .uaddl: long(op, v, isSigned: false) { n, m, _ in n &+ m }
        case .ssubl: long(op, v, isSigned: true) { n, m, _ in n &- m }
        case .usubl: long(op, v, isSigned: false) { n, m, _ in n &- m }
        case .saddw: wide(op, v, isSigned: true) { n, m in n &+ m }
        case .uaddw: wide(op, v, isSigned: false) { n, m in n &+ m }
        case .ssubw: wide(op, v, isSigned: true) { n, m in n &- m }
        case .usubw: wide(op, v, isSigned: false) { n, m in n &- m }
        case .addhn: narrowHigh(op, v, rounds: false) { n, m in n &+ m }
        case .raddhn: narrowHigh(op, v, rounds: true) { n, m in n &+ m }
        case .subhn: narrowHigh(op, v, rounds: false) { n, m in n &- m }
        case .rsubhn: narrowHigh(op, v, rounds: true) { n, m in n &- m }
        case .sabal: long(op, v, isSigned: true) { n, m, d in d &+ absoluteDifference(n, m) }
        case .uabal: long(op, v, isSigned: false) { n, m, d in d &+ absoluteDifference(n, m) }
        case .sabdl: long(op, v, isSigned: true) { n, m, _ in absoluteDifference(n, m) }
        case .uabdl: long(op, v, isSigned: false) { n, m, _ in absoluteDifference(n, m) }
        case .smlal: long(op, v, isSigned: true) { n, m, d in d &+ n &* m }
        case .umlal: long(op, v, isSigned: false) { n, m, d in d &+ n &* m }
        case .smlsl: long(op, v, isSigned: true) { n, m, d in d &- n &* m }
        case .umlsl: long(op, v, isSigned: false) { n, m, d in d &- n &* m }
        case .smull: long(op, v, isSigned: true) { n, m, _ in n &* m }
        case .umull: long(op, v, isSigned: false) { n, m, _ in n &* m }
        case .sqdmlal: doublingLong(op, v, &fpsr, .add)
        case .sqdmlsl: doublingLong(op, v, &fpsr, .subtract)
        case .sqdmull: doublingLong(op, v, &fpsr, .replace)
        case .pmull: polynomialLong(op, v)

        // MARK: Cryptographic
        case .aese: AES.shiftAndSubstitute(combined(op, v)).store(v, op.d)
        case .aesd: AES.inverseShiftAndSubstitute(combined(op, v)).store(v, op.d)
        case .aesmc: AES.mixColumns(Vector128(v, op.n)).store(v, op.d)
        case .aesimc: AES.inverseMixColumns(Vector128(v, op.n)).store(v, op.d)
        case .sha1c: sha(op, v) { d, n, m in SHA.rounds1(d, n[0], m, SHA.choose) }
        case .sha1p: sha(op, v) { d, n, m in SHA.rounds1(d, n[0], m, SHA.parity) }
        case .sha1m: sha(op, v) { d, n, m in SHA.rounds1(d, n[0], m, SHA.majority) }
        case .sha1h: storeScalar(UInt64(SHA.rotatedLeft(load(Words.self, v, op.n)[0], 30)), v, op.d)
        case .sha1su0: sha(op, v) { d, n, m in SHA.schedule1Start(d, n, m) }
        case .sha1su1: sha(op, v) { d, n, _ in SHA.schedule1End(d, n) }
        case .sha256h: sha(op, v) { d, n, m in SHA.hash256(d, n, m, wantsFirst: true) }
        case .sha256h2: sha(op, v) { d, n, m in SHA.hash256(n, d, m, wantsFirst: false) }
        case .sha256su0: sha(op, v) { d, n, _ in SHA.schedule256Start(d, n) }
        case .sha256su1: sha(op, v) { d, n, m in SHA.schedule256End(d, n, m) }
        }
    }
}
