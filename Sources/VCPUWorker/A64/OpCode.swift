/// What an `Op` does. One case a behaviour, told apart at decode so that the interpreter never looks at the word again.
/// Suffixes 64 and 32 are the operand width; a 32-bit result is zero-extended. Groups stand in the manual's order.
enum OpCode: UInt16 {
    /// A slot that has not been decoded yet: decodes itself in place and runs again. Zero, so that fresh memory is that.
    case decode = 0
    /// The slot after a page's last instruction: goes on in the next page.
    case pageEnd
    case undefined
    /// Ends the execution of a single instruction.
    case stop

    // MARK: Data processing, immediate

    /// d = page + imm
    case pcRelative
    /// d = n + imm
    case addImmediate64, addImmediate32
    /// SP = n + imm, n & imm (a = 0), n | imm (1), n ^ imm (2); aux = 1 for 32 bits. Apart, because SP may lose its alignment
    case addImmediateSP, logicalImmediateSP
    /// The same with flags; subs: d = n − imm
    case addsImmediate64, addsImmediate32, subsImmediate64, subsImmediate32
    case andImmediate64, andImmediate32, orrImmediate64, orrImmediate32, eorImmediate64, eorImmediate32
    case andsImmediate64, andsImmediate32
    /// d = imm
    case moveImmediate
    /// d = d & ~(0xFFFF << a) | imm; for 32 bits zero-extended
    case moveKeep64, moveKeep32
    /// d = n << a >> m, arithmetic
    case signedBitfield64, signedBitfield32
    /// d = n >> a & imm; and d = (n & imm) << a
    case unsignedExtract, unsignedInsert
    /// d = d & ~imm | n >> a & imm; and d = d & ~imm | n << a & imm
    case bitfieldExtractLow64, bitfieldExtractLow32, bitfieldInsert64, bitfieldInsert32
    /// d = n:m >> a
    case extract64, extract32

    // MARK: Data processing, register

    case addRegister64, addRegister32, subRegister64, subRegister32
    case addsRegister64, addsRegister32, subsRegister64, subsRegister32
    /// d = n ± (m << a)
    case addLSL64, subLSL64, addLSL32, subLSL32
    /// Any shift: a = amount, aux = shift type | op << 2 | S << 3
    case addSubShifted64, addSubShifted32
    /// a = left shift, aux = extend option | op << 3 | S << 4
    case addSubExtended64, addSubExtended32
    /// aux bit 0 subtracts, bit 1 sets flags
    case addSubCarry64, addSubCarry32
    case moveRegister64, moveRegister32
    case andRegister64, bicRegister64, orrRegister64, ornRegister64, eorRegister64, eonRegister64
    case andsRegister64, bicsRegister64
    case andRegister32, bicRegister32, orrRegister32, ornRegister32, eorRegister32, eonRegister32
    case andsRegister32, bicsRegister32
    /// Any shift: a = amount, aux = shift type | opc << 2 | N << 4
    case logicalShifted64, logicalShifted32
    case shiftLeft64, shiftLeft32, shiftRight64, shiftRight32
    case shiftArithmetic64, shiftArithmetic32, rotateRight64, rotateRight32
    case unsignedDivide64, unsignedDivide32, signedDivide64, signedDivide32
    /// a = log2 of the byte count, aux = 1 for the Castagnoli polynomial
    case crc32
    /// d = a ± n × m
    case multiplyAdd64, multiplyAdd32, multiplySub64, multiplySub32
    case signedMultiplyAddLong, signedMultiplySubLong, unsignedMultiplyAddLong, unsignedMultiplySubLong
    case signedMultiplyHigh, unsignedMultiplyHigh
    case reverseBits64, reverseBits32, reverseBytes16_64, reverseBytes16_32
    case reverseBytes32_64, reverseBytes32, reverseBytes64
    case countLeadingZeros64, countLeadingZeros32, countLeadingSigns64, countLeadingSigns32
    /// aux = the condition as a mask over NZCV
    case select64, select32, selectIncrement64, selectIncrement32
    case selectInvert64, selectInvert32, selectNegate64, selectNegate32
    /// aux = condition mask, a = NZCV otherwise; with m a register or imm; n + x or n − x
    case compareRegister64, compareRegister32, compareNegativeRegister64, compareNegativeRegister32
    case compareImmediate64, compareImmediate32, compareNegativeImmediate64, compareNegativeImmediate32
    /// NZCV = NZCV & ~aux | (n rotated right by a, its low four bits) & aux, with aux in bits 3:0
    case insertFlags
    /// N, Z and V of the low a bits of n; C stays
    case evaluateFlags
    /// C = ~C
    case invertCarry

    // MARK: Branches. Near: imm is the distance in bytes of ops; otherwise imm is the target relative to the page.

    case branch, branchNear
    case branchLink, branchLinkNear
    case branchConditional, branchConditionalNear
    case compareBranchZero64, compareBranchZero64Near, compareBranchZero32, compareBranchZero32Near
    case compareBranchNonzero64, compareBranchNonzero64Near, compareBranchNonzero32, compareBranchNonzero32Near
    /// a = bit number
    case testBranchZero, testBranchZeroNear, testBranchNonzero, testBranchNonzeroNear
    case branchRegister, branchLinkRegister, branchReturn

    // MARK: Exceptions and system

    /// imm = the 16-bit immediate
    case supervisorCall, hypervisorCall, secureMonitorCall, breakpoint
    case exceptionReturn
    /// imm = word
    case readSystemRegister, writeSystemRegister, systemInstruction, writePSTATEField
    case readTPIDR_EL0, readTPIDR_EL1
    /// DC ZVA where it is permitted
    case zeroBlock
    case noOperation
    case yield, waitForEvent, waitForInterrupt, sendEvent, sendEventLocal
    case clearExclusive
    /// aux = 1 for a full barrier
    case dataMemoryBarrier
    case dataSynchronizationBarrier, instructionSynchronizationBarrier

    // MARK: Loads and stores: address = n + imm

    case load8, load16, load32, load64
    case loadSigned8To32, loadSigned8To64, loadSigned16To32, loadSigned16To64, loadSigned32To64
    case store8, store16, store32, store64
    /// Address = n + extend(m): a = left shift, aux = extend option
    case load8Register, load16Register, load32Register, load64Register
    case loadSigned8To32Register, loadSigned8To64Register, loadSigned16To32Register, loadSigned16To64Register
    case loadSigned32To64Register
    case store8Register, store16Register, store32Register, store64Register
    /// Address = n + m << a, the common case
    case load8Indexed, load32Indexed, load64Indexed, store8Indexed, store32Indexed, store64Indexed
    /// n += imm before (m = 1) or after (m = 0) the access; a = `MemoryOperation`
    case loadStoreWriteback
    case load64PostIndex, store64PreIndex
    /// Address = page + imm; a = `MemoryOperation`
    case loadLiteral
    /// LDTR, STTR; a = `MemoryOperation`
    case loadStoreUnprivileged
    /// d, a = Rt, Rt2; aux: see `PairMode`
    case loadPair64, storePair64, loadPair32, storePair32, loadPairSigned32
    case loadPair64PostIndex, storePair64PreIndex
    /// a = log2 of the byte count, aux bit 0 = acquire/release, m = Rs
    case loadExclusive, storeExclusive
    /// d, a = Rt, Rt2; aux bit 1 = 64-bit
    case loadExclusivePair, storeExclusivePair
    case loadAcquire, storeRelease
    /// m = Rs, d = Rt; a = log2 of the byte count; aux = `AtomicOperation`
    case atomicReadModifyWrite
    case compareAndSwap, compareAndSwapPair

    // MARK: Vector loads and stores: d = Vt, a = log2 of the byte count

    case loadVector, storeVector
    case loadVectorRegister, storeVectorRegister
    case loadVectorWriteback, storeVectorWriteback
    case loadVectorLiteral
    case loadVectorPair, storeVectorPair
    /// LD1…LD4, ST1…ST4 in all forms; imm = word
    case vectorStructures

    /// Floating point and Advanced SIMD data processing: see `VectorOp`.
    case vector

    // MARK: Fused pairs: what compilers write next to each other. The second instruction's slot stays what it is.

    /// CMP (immediate), B.cond: n − imm[31:0]; aux = condition mask; near distance in imm[63:32]
    case compareImmediateBranch64, compareImmediateBranch32
    /// CMP (register), B.cond; the same with m
    case compareRegisterBranch64, compareRegisterBranch32
    /// SUBS (immediate), B.cond, with a destination
    case subsImmediateBranch64, subsImmediateBranch32
    /// TST (immediate of up to 32 bits), B.cond
    case testImmediateBranch
    /// ADRP, ADD (immediate): d = page + imm
    case pcRelativePair
    /// ADRP, LDR 64 (unsigned immediate) of the same register
    case pcRelativeLoad64
    /// MOVZ, MOVK … of one register: imm is the result
    case moveImmediatePair
}

/// The access of an op whose addressing mode is told apart by its code.
enum MemoryOperation: UInt8 {
    case load8 = 0, load16, load32, load64
    case loadSigned8To32, loadSigned8To64, loadSigned16To32, loadSigned16To64, loadSigned32To64
    case store8, store16, store32, store64
    case prefetch
}

/// How a pair's address is formed.
enum PairMode {
    static let offset: UInt16 = 0
    static let preIndex: UInt16 = 1
    static let postIndex: UInt16 = 2
}

/// The arithmetic of an LSE read-modify-write instruction.
enum AtomicOperation: UInt16 {
    case add = 0, clear, exclusiveOr, set, signedMaximum, signedMinimum, unsignedMaximum, unsignedMinimum, swap
}
