/// Floating-point and Advanced SIMD data-processing operations: what an `Op` with code `.vector` does. They touch the
/// vector registers, the general registers, FPCR, FPSR and NZCV, never memory, and cannot fault once FP is enabled.
///
/// Named after the instructions; where encodings differ in operands only, they share an operation.
enum VectorOp: UInt16 {
    case none = 0

    // MARK: Floating-point, scalar: S and D are operations of their own where they are frequent, and all three where `Op.a`
    // has no room for an arrangement
    case fmovS, fmovD, fabsS, fabsD, fnegS, fnegD, fsqrtS, fsqrtD, faddS, faddD, fsubS, fsubD, fmulS, fmulD, fdivS
    case fdivD, fnmulS, fnmulD, fmaddH, fmaddS, fmaddD, fmsubH, fmsubS, fmsubD, fnmaddH, fnmaddS, fnmaddD, fnmsubH
    case fnmsubS, fnmsubD, fcmpH, fcmpS, fcmpD, fcmpeH, fcmpeS, fcmpeD, fcmpZeroH, fcmpZeroS, fcmpZeroD, fcmpeZeroH
    case fcmpeZeroS, fcmpeZeroD, fccmpH, fccmpS, fccmpD, fccmpeH, fccmpeS, fccmpeD, fcselH, fcselS, fcselD
    case fcvtSingleToDouble, fcvtDoubleToSingle, fcvtSingleToHalf, fcvtDoubleToHalf, fcvtHalfToSingle
    case fcvtHalfToDouble, fcvtToGeneral, cvtfFromGeneral, fmovFromGeneral

    // MARK: Floating-point lanes
    case fadd, fsub, fmul, fdiv, fnmul, fmulx, fabd, fmax, fmin, fmaxnm, fminnm, fmla, fmls, frecps, frsqrts, fcmeq
    case fcmge, fcmgt, facge, facgt, fmulElement, fmulxElement, fmlaElement, fmlsElement, faddp, fmaxp, fminp
    case fmaxnmp, fminnmp, faddpScalar, fmaxpScalar, fminpScalar, fmaxnmpScalar, fminnmpScalar, fmaxv, fminv
    case fmaxnmv, fminnmv, fabs, fneg, fsqrt, frint, fcvtToFixed, cvtfFixed, fcmgtZero, fcmgeZero, fcmeqZero
    case fcmleZero, fcmltZero, frecpe, frsqrte, frecpx, urecpe, ursqrte, fcvtnSingle, fcvtnDouble, fcvtlHalf
    case fcvtlSingle, fcvtxn, fcvtxnScalar

    // MARK: Moves
    case movi, orrImmediate, bicImmediate, dupElement, dupElementScalar, dupGeneral, smov, umov, insGeneral
    case insElement, ext, tbl, tbx, zip1, zip2, uzp1, uzp2, trn1, trn2

    // MARK: Logical
    case and, bic, orr, orn, eor, bsl, bit, bif, not

    // MARK: Integer lanes, two sources
    case add, sub, mul, mla, mls, pmul, mulElement, mlaElement, mlsElement, cmeq, cmgt, cmge, cmhi, cmhs, cmtst
    case smax, umax, smin, umin, shadd, uhadd, srhadd, urhadd, shsub, uhsub, sqadd, uqadd, sqsub, uqsub, sabd
    case uabd, saba, uaba, sshl, ushl, srshl, urshl, sqshl, uqshl, sqrshl, uqrshl, sqdmulh, sqrdmulh
    case sqdmulhElement, sqrdmulhElement, sqrdmlah, sqrdmlsh, sdot, udot, addp, smaxp, umaxp, sminp, uminp, addpScalar

    // MARK: Integer lanes, one source
    case abs, neg, cls, clz, cnt, rbit, rev16, rev32, rev64, sqabs, sqneg, suqadd, usqadd, cmgtZero, cmgeZero
    case cmeqZero, cmleZero, cmltZero, saddlp, uaddlp, sadalp, uadalp, saddlv, uaddlv, smaxv, umaxv, sminv, uminv
    case addv

    // MARK: Shifts by immediate
    case sshr, ushr, ssra, usra, srshr, urshr, srsra, ursra, sri, sli, shl, sqshlu, sqshlImmediate, uqshlImmediate

    // MARK: Narrowing and widening
    case shrn, rshrn, sqshrn, uqshrn, sqrshrn, uqrshrn, sqshrun, sqrshrun, sshll, ushll, saddl, uaddl, saddw
    case uaddw, ssubl, usubl, ssubw, usubw, addhn, raddhn, subhn, rsubhn, sabal, uabal, sabdl, uabdl, smlal, umlal
    case smlsl, umlsl, smull, umull, sqdmlal, sqdmlsl, sqdmull, pmull

    // MARK: Cryptographic
    case aese, aesd, aesmc, aesimc, sha1c, sha1p, sha1m, sha1h, sha1su0, sha1su1, sha256h, sha256h2, sha256su0
    case sha256su1
}
