import CHost
import Shared

/// One half of the stage-1 address space: what TTBR0_EL1 or TTBR1_EL1 and its part of TCR_EL1 say.
private struct Stage1Half {
    var granule: TranslationGranule
    /// 64 − TxSZ.
    var inputBits: UInt8
    /// TxSZ is within 16…39, and EPDx does not forbid walks.
    var isEnabled: Bool
    /// TBIx: bits 63:56 of an address are a tag.
    var isTopByteIgnored: Bool
    /// E0PDx: unprivileged accesses fault without a walk, always after the same time.
    var isUnprivilegedPrevented: Bool
    var startLevel: UInt8
    var table: UInt64

    init(
        granule: TranslationGranule, txsz: UInt64, isWalkDisabled: Bool, isTopByteIgnored: Bool,
        isUnprivilegedPrevented: Bool, ttbr: UInt64
    ) {
        let txsz = UInt8(truncatingIfNeeded: txsz & 0x3F)
        let isSizeValid = txsz >= 16 && txsz <= 39
        self.granule = granule
        self.isTopByteIgnored = isTopByteIgnored
        self.isUnprivilegedPrevented = isUnprivilegedPrevented
        isEnabled = isSizeValid && !isWalkDisabled
        inputBits = isSizeValid ? 64 &- txsz : 48
        startLevel = granule.startLevel(inputBits: inputBits)
        // The table of the start level is aligned to its size.
        let tableBits = inputBits &- granule.blockBits(level: startLevel) &+ 3
        table = ttbr & 0x0000_FFFF_FFFF_FFFE & ~((1 &<< UInt64(tableBits)) &- 1)
    }
}

/// Stage 1 of the EL1&0 regime, decoded from SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1 and MAIR_EL1.
///
/// Hardware does not set the access flag or the dirty state (ID_AA64MMFR1_EL1.HAFDBS = 0), and tables' attributes
/// always count (HPDS = 0). The contiguous hint is ignored, as an implementation may.
///
/// Source: Arm ARM "The VMSAv8-64 address translation system", "VMSAv8-64 Stage 1 attribute fields".
struct Stage1Regime {
    /// SCTLR_EL1.M.
    let isEnabled: Bool
    /// SCTLR_EL1.WXN.
    private let isWritableExecuteNever: Bool
    /// What TCR_EL1.IPS allows, which may be more than the machine has.
    private let outputBits: UInt8
    private let mair: UInt64
    private let lower: Stage1Half
    private let upper: Stage1Half
    /// The current ASID, from the TTBR that TCR_EL1.A1 names.
    let asid: UInt16
    /// The ASID bits that TCR_EL1.AS lets count.
    let asidMask: UInt16

    init(sctlr: UInt64, tcr: UInt64, ttbr0: UInt64, ttbr1: UInt64, mair: UInt64) {
        isEnabled = sctlr & 1 != 0
        isWritableExecuteNever = sctlr & 1 << 19 != 0
        outputBits = PhysicalAddressSize.bits(encoded: tcr >> 32)
        self.mair = mair
        lower = Stage1Half(
            granule: TranslationGranule(tg0: tcr >> 14), txsz: tcr, isWalkDisabled: tcr & 1 << 7 != 0,
            isTopByteIgnored: tcr & 1 << 37 != 0, isUnprivilegedPrevented: tcr & 1 << 55 != 0, ttbr: ttbr0)
        upper = Stage1Half(
            granule: TranslationGranule(tg1: tcr >> 30), txsz: tcr >> 16, isWalkDisabled: tcr & 1 << 23 != 0,
            isTopByteIgnored: tcr & 1 << 38 != 0, isUnprivilegedPrevented: tcr & 1 << 56 != 0, ttbr: ttbr1)
        asidMask = tcr & 1 << 36 != 0 ? 0xFFFF : 0x00FF
        asid = UInt16(truncatingIfNeeded: (tcr & 1 << 22 != 0 ? ttbr1 : ttbr0) >> 48) & asidMask
    }

    /// `va` without its tag, if it has one: bits 63:56 copied from bit 55.
    @inline(__always)
    func untagged(_ va: UInt64) -> UInt64 {
        let isUpper = va & 1 << 55 != 0
        guard isUpper ? upper.isTopByteIgnored : lower.isTopByteIgnored else { return va }
        return UInt64(bitPattern: Int64(bitPattern: va &<< 8) &>> 8)
    }

    /// Walks for an access to `va`. Permissions are the caller's to check.
    func walk(
        _ va: UInt64, unprivileged: Bool, stage2: Stage2Regime, in memory: PhysicalMemory
    ) throws(WalkFault) -> Stage1Translation {
        guard isEnabled else { return try flat(va, physicalAddressBits: stage2.physicalAddressBits) }
        let address = untagged(va)
        let isUpper = va & 1 << 55 != 0
        let half = isUpper ? upper : lower
        let top = UInt64(bitPattern: Int64(bitPattern: address) &>> Int64(half.inputBits))
        guard half.isEnabled, top == (isUpper ? ~0 : 0), !(unprivileged && half.isUnprivilegedPrevented) else {
            throw WalkFault(status: .translation(level: 0))
        }
        let outputBits = min(outputBits, stage2.physicalAddressBits)
        var table = half.table
        guard table &>> UInt64(outputBits) == 0 else { throw WalkFault(status: .addressSize(level: 0)) }

        let granule = half.granule
        var level = half.startLevel
        var indexMask = (1 as UInt64) &<< UInt64(half.inputBits &- granule.blockBits(level: level)) &- 1
        // APTable, UXNTable and PXNTable of all tables so far, in their places 62:59.
        var limits: UInt64 = 0
        while true {
            let below = UInt64(granule.blockBits(level: level))
            let descriptor = try readDescriptor(
                at: table &+ (address &>> below & indexMask) &<< 3, stage2: stage2, in: memory)
            let next = descriptor & 0x0000_FFFF_FFFF_F000 & ~((1 &<< UInt64(granule.pageBits)) &- 1)
            if descriptor & 3 == 3, level < 3 {
                guard next &>> UInt64(outputBits) == 0 else {
                    throw WalkFault(status: .addressSize(level: Int(level)))
                }
                limits |= descriptor
                table = next
                level &+= 1
                indexMask = (1 &<< UInt64(granule.indexBits)) &- 1
                continue
            }
            let isLeaf = level == 3 ? descriptor & 3 == 3 : descriptor & 3 == 1 && granule.allowsBlock(level: level)
            guard isLeaf else { throw WalkFault(status: .translation(level: Int(level))) }
            let blockMask = (1 &<< below) &- 1
            let output = next & ~blockMask
            guard output &>> UInt64(outputBits) == 0 else { throw WalkFault(status: .addressSize(level: Int(level))) }
            guard descriptor & 1 << 10 != 0 else { throw WalkFault(status: .accessFlag(level: Int(level))) }
            var translation = leaf(
                descriptor, limits: limits, ipa: output | (address & blockMask), blockBits: UInt8(below), level: level)
            if half.isUnprivilegedPrevented { translation.rights.subtract(.unprivileged) }
            return translation
        }
    }

    /// The MMU is off: the IPA is the address, data is Device-nGnRnE, everything is permitted.
    private func flat(_ va: UInt64, physicalAddressBits: UInt8) throws(WalkFault) -> Stage1Translation {
        let isUpper = va & 1 << 55 != 0
        let isTagged = isUpper ? upper.isTopByteIgnored : lower.isTopByteIgnored
        let ipa = isTagged ? va & (1 << 56 - 1) : va
        guard ipa &>> UInt64(physicalAddressBits) == 0 else {
            throw WalkFault(status: .addressSize(level: 0))
        }
        return Stage1Translation(
            ipa: ipa, rights: .all, isUserAccessible: false, isGlobal: true, attributes: 0, shareability: 2,
            blockBits: 12, level: 0)
    }

    private func readDescriptor(
        at ipa: UInt64, stage2: Stage2Regime, in memory: PhysicalMemory
    ) throws(WalkFault) -> UInt64 {
        do throws(WalkFault) {
            let translation = try stage2.walk(ipa, in: memory)
            guard translation.isReadable else {
                throw WalkFault(status: .permission(level: Int(translation.level)), isStage2: true, ipa: ipa)
            }
            // SAFETY: stage 2 yields only pages that lie within RAM, and a descriptor does not cross a page.
            return armada_load_acquire64(memory.ram + Int(translation.offset & ~7))
        } catch {
            var fault = error
            fault.isStage1Walk = true
            throw fault
        }
    }

    private func leaf(
        _ descriptor: UInt64, limits: UInt64, ipa: UInt64, blockBits: UInt8, level: UInt8
    ) -> Stage1Translation {
        // APTable[0] takes EL0's access away, APTable[1] all writing.
        let isUserAccessible = descriptor & 1 << 6 != 0 && limits & 1 << 61 == 0
        let isReadOnly = descriptor & 1 << 7 != 0 || limits & 1 << 62 != 0
        var rights: AccessRights = .privilegedRead
        if !isReadOnly { rights.insert(.privilegedWrite) }
        if isUserAccessible {
            rights.insert(.unprivilegedRead)
            if !isReadOnly { rights.insert(.unprivilegedWrite) }
        }
        let isPXN = descriptor & 1 << 53 != 0 || limits & 1 << 59 != 0
        let isUXN = descriptor & 1 << 54 != 0 || limits & 1 << 60 != 0
        // What EL0 may write, EL1 never executes.
        if !isPXN, !rights.contains(.unprivilegedWrite), !(isWritableExecuteNever && !isReadOnly) {
            rights.insert(.privilegedExecute)
        }
        if !isUXN, !(isWritableExecuteNever && rights.contains(.unprivilegedWrite)) {
            rights.insert(.unprivilegedExecute)
        }
        let index = descriptor >> 2 & 7
        return Stage1Translation(
            ipa: ipa, rights: rights, isUserAccessible: isUserAccessible, isGlobal: descriptor & 1 << 11 == 0,
            attributes: UInt8(truncatingIfNeeded: mair &>> (index &* 8)),
            shareability: UInt8(truncatingIfNeeded: descriptor >> 8 & 3), blockBits: blockBits, level: level)
    }
}

extension Stage1Translation {
    /// Why stage 1 refuses the access in `request`, in the architecture's order; nil: it does not.
    ///
    /// Source: Arm ARM "MMU fault prioritization from a single address translation stage".
    @inline(__always)
    func fault(_ request: WalkRequest) -> WalkFault? {
        if request.isUnaligned, isDevice, request.access.kind != .fetch { return WalkFault(status: .alignment) }
        return permissionFault(request)
    }

    /// What stage 1 permits `access` to do, PAN included. A nil is a permission.
    func permissionFault(_ request: WalkRequest) -> WalkFault? {
        let isPAN = request.isPrivilegedAccessNever && isUserAccessible && request.access.kind != .fetch
        guard rights.contains(.needed(by: request.access)), !(isPAN && !request.access.unprivileged) else {
            return WalkFault(status: .permission(level: Int(level)))
        }
        return nil
    }
}
