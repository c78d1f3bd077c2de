// What the translator must know of an op before it lowers it.

extension Translator {
    /// Guest slots that an op reads and writes.
    struct Operands {
        var reads: [UInt8] = []
        var writes: [UInt8] = []
    }

    /// What an op does to NZCV, and whether it may leave the trace.
    struct FlagEffect {
        var reads = false
        var writes = false
        var mayLeave = false
    }

    /// The kinds of op that are translated, by the fields that they use.
    enum Form {
        /// d ← nothing
        case constant
        /// d ← n
        case unary
        /// d ← d, n
        case merge
        /// d ← d
        case update
        /// d ← n, m
        case binary
        /// d ← n, m, a
        case ternary
        /// flags ← n
        case compareOne
        /// flags ← n, m
        case compareTwo
        case branch
        case branchLink
        /// n decides or is the target
        case branchOn
        case branchLinkOn
        /// d ← memory at n
        case load
        case loadIndexed
        case store
        case storeIndexed
        case loadPair
        case storePair
        case literal
        case nothing
    }

    static func form(_ op: Op) -> Form? {
        // What may misalign SP is looked at by the interpreter.
        if writesBase(op), op.mayMisalignSP { return nil }
        switch op.code {
        case .addSubExtended64 where op.d == RegisterSlot.sp, .addSubExtended32 where op.d == RegisterSlot.sp:
            return nil
        case .pcRelative, .moveImmediate, .readTPIDR_EL0, .readTPIDR_EL1: return .constant
        case .readSystemRegister: return isReadSP_EL0(op) ? .constant : nil
        case .addImmediate64, .addImmediate32, .addsImmediate64, .addsImmediate32, .subsImmediate64,
            .subsImmediate32, .andImmediate64, .andImmediate32, .orrImmediate64, .orrImmediate32, .eorImmediate64,
            .eorImmediate32, .andsImmediate64, .andsImmediate32, .signedBitfield64, .signedBitfield32,
            .unsignedExtract, .unsignedInsert, .reverseBytes32, .reverseBytes64, .countLeadingZeros64,
            .countLeadingZeros32:
            return .unary
        case .moveKeep64, .moveKeep32: return .update
        case .bitfieldExtractLow64, .bitfieldExtractLow32, .bitfieldInsert64, .bitfieldInsert32: return .merge
        case .moveRegister64, .moveRegister32, .extract64, .extract32, .addRegister64, .addRegister32,
            .subRegister64, .subRegister32, .addsRegister64, .addsRegister32, .subsRegister64, .subsRegister32,
            .addLSL64, .subLSL64, .addLSL32, .subLSL32, .addSubShifted64, .addSubShifted32, .addSubExtended64,
            .addSubExtended32, .addSubCarry64, .addSubCarry32, .andRegister64, .bicRegister64, .orrRegister64,
            .ornRegister64, .eorRegister64, .eonRegister64, .andsRegister64, .bicsRegister64, .andRegister32,
            .bicRegister32, .orrRegister32, .ornRegister32, .eorRegister32, .eonRegister32, .andsRegister32,
            .bicsRegister32, .logicalShifted64, .logicalShifted32, .shiftLeft64, .shiftLeft32, .shiftRight64,
            .shiftRight32, .shiftArithmetic64, .shiftArithmetic32, .rotateRight64, .rotateRight32,
            .unsignedDivide64, .unsignedDivide32, .signedDivide64, .signedDivide32, .signedMultiplyHigh,
            .unsignedMultiplyHigh, .select64, .select32, .selectIncrement64, .selectIncrement32, .selectInvert64,
            .selectInvert32, .selectNegate64, .selectNegate32:
            return .binary
        case .multiplyAdd64, .multiplyAdd32, .multiplySub64, .multiplySub32, .signedMultiplyAddLong,
            .signedMultiplySubLong, .unsignedMultiplyAddLong, .unsignedMultiplySubLong:
            return .ternary
        case .compareImmediate64, .compareImmediate32, .compareNegativeImmediate64, .compareNegativeImmediate32:
            return .compareOne
        case .compareRegister64, .compareRegister32, .compareNegativeRegister64, .compareNegativeRegister32:
            return .compareTwo
        case .branch, .branchNear, .branchConditional, .branchConditionalNear: return .branch
        case .branchLink, .branchLinkNear: return .branchLink
        case .compareBranchZero64, .compareBranchZero64Near, .compareBranchZero32, .compareBranchZero32Near,
            .compareBranchNonzero64, .compareBranchNonzero64Near, .compareBranchNonzero32,
            .compareBranchNonzero32Near, .testBranchZero, .testBranchZeroNear, .testBranchNonzero,
            .testBranchNonzeroNear, .branchRegister, .branchReturn:
            return .branchOn
        case .branchLinkRegister: return .branchLinkOn
        case .load8, .load16, .load32, .load64, .loadSigned8To32, .loadSigned8To64, .loadSigned16To32,
            .loadSigned16To64, .loadSigned32To64:
            return .load
        case .store8, .store16, .store32, .store64: return .store
        case .load8Register, .load16Register, .load32Register, .load64Register, .loadSigned8To32Register,
            .loadSigned8To64Register, .loadSigned16To32Register, .loadSigned16To64Register,
            .loadSigned32To64Register, .load8Indexed, .load32Indexed, .load64Indexed:
            return .loadIndexed
        case .store8Register, .store16Register, .store32Register, .store64Register, .store8Indexed, .store32Indexed,
            .store64Indexed:
            return .storeIndexed
        case .loadStoreWriteback, .load64PostIndex, .store64PreIndex:
            guard let operation = MemoryOperation(rawValue: op.a), op.d != op.n || isStore(operation) else {
                return nil
            }
            return isStore(operation) ? .store : .load
        case .loadLiteral: return .literal
        case .loadPair64, .loadPair32, .loadPairSigned32, .loadPair64PostIndex:
            let isWriteback = op.aux != PairMode.offset
            return isWriteback && (op.d == op.n || op.a == op.n) ? nil : .loadPair
        case .storePair64, .storePair32, .storePair64PreIndex: return .storePair
        case .noOperation, .dataMemoryBarrier: return .nothing
        default: return nil
        }
    }

    static func isStore(_ operation: MemoryOperation) -> Bool {
        switch operation {
        case .store8, .store16, .store32, .store64: true
        default: false
        }
    }

    /// MRS Xt, SP_EL0.
    static func isReadSP_EL0(_ op: Op) -> Bool { op.imm & ~31 == 0xD538_4100 }

    static func isTranslatable(_ op: Op) -> Bool { form(op) != nil }

    private static func writesBase(_ op: Op) -> Bool {
        switch op.code {
        case .loadStoreWriteback, .load64PostIndex, .store64PreIndex, .loadPair64PostIndex, .storePair64PreIndex: true
        case .loadPair64, .loadPair32, .loadPairSigned32, .storePair64, .storePair32: op.aux != PairMode.offset
        default: false
        }
    }

    static func operands(_ op: Op) -> Operands {
        let base = writesBase(op) ? [op.n] : []
        switch form(op) {
        case .constant, .literal: return Operands(writes: [op.d])
        case .unary: return Operands(reads: [op.n], writes: [op.d])
        case .merge: return Operands(reads: [op.d, op.n], writes: [op.d])
        case .update: return Operands(reads: [op.d], writes: [op.d])
        case .binary: return Operands(reads: [op.n, op.m], writes: [op.d])
        case .ternary: return Operands(reads: [op.n, op.m, op.a], writes: [op.d])
        case .compareOne, .branchOn: return Operands(reads: [op.n])
        case .compareTwo: return Operands(reads: [op.n, op.m])
        case .branchLink: return Operands(writes: [30])
        case .branchLinkOn: return Operands(reads: [op.n], writes: [30])
        case .load: return Operands(reads: [op.n], writes: [op.d] + base)
        case .loadIndexed: return Operands(reads: [op.n, op.m], writes: [op.d])
        case .store: return Operands(reads: [op.n, op.d], writes: base)
        case .storeIndexed: return Operands(reads: [op.n, op.m, op.d])
        case .loadPair: return Operands(reads: [op.n], writes: [op.d, op.a] + base)
        case .storePair: return Operands(reads: [op.n, op.d, op.a], writes: base)
        case .branch, .nothing, nil: return Operands()
        }
    }

    static func flagEffect(_ op: Op) -> FlagEffect {
        var effect = FlagEffect()
        switch op.code {
        case .addsImmediate64, .addsImmediate32, .subsImmediate64, .subsImmediate32, .andsImmediate64,
            .andsImmediate32, .addsRegister64, .addsRegister32, .subsRegister64, .subsRegister32, .andsRegister64,
            .andsRegister32, .bicsRegister64, .bicsRegister32:
            effect.writes = true
        case .addSubShifted64, .addSubShifted32: effect.writes = op.aux & 8 != 0
        case .addSubExtended64, .addSubExtended32: effect.writes = op.aux & 16 != 0
        case .logicalShifted64, .logicalShifted32: effect.writes = op.aux >> 2 & 3 == 3
        case .addSubCarry64, .addSubCarry32:
            effect.reads = true
            effect.writes = op.aux & 2 != 0
        case .compareImmediate64, .compareImmediate32, .compareNegativeImmediate64, .compareNegativeImmediate32,
            .compareRegister64, .compareRegister32, .compareNegativeRegister64, .compareNegativeRegister32:
            effect.reads = true
            effect.writes = true
        case .select64, .select32, .selectIncrement64, .selectIncrement32, .selectInvert64, .selectInvert32,
            .selectNegate64, .selectNegate32, .branchConditional, .branchConditionalNear:
            effect.reads = true
        default: break
        }
        switch form(op) {
        case .branch, .branchLink, .branchOn, .branchLinkOn, .load, .loadIndexed, .store, .storeIndexed, .loadPair,
            .storePair, .literal, .constant:
            effect.mayLeave = true
        default: break
        }
        return effect
    }
}
