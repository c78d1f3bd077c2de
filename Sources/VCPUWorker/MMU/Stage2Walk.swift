import CHost
import Shared

/// Stage 2 of the EL1&0 regime, decoded from VTCR_EL2 and VTTBR_EL2.
///
/// The tables lie in a file of their own that only the coordinator writes; table addresses are offsets into it. Output
/// addresses are offsets into the guest RAM file. One that points outside RAM is taken as if nothing were mapped.
///
/// Source: Arm ARM "VMSAv8-64 stage 2 translation", "VTCR_EL2, Virtualization Translation Control Register".
struct Stage2Regime {
    private let granule: TranslationGranule
    /// Bits of a physical address: what VTCR_EL2.PS says is the machine's size (ID_AA64MMFR0_EL1.PARange), too.
    let physicalAddressBits: UInt8
    /// 64 − T0SZ.
    private var inputBits: UInt8 = 0
    private var startLevel: UInt8 = 0
    /// Where the (possibly concatenated) tables of the start level begin.
    private var base: UInt64 = 0
    /// T0SZ and SL0 are possible, and fit together.
    private var isConsistent = false

    init(vtcr: UInt64, vttbr: UInt64) {
        granule = TranslationGranule(tg0: vtcr >> 14)
        physicalAddressBits = PhysicalAddressSize.bits(encoded: vtcr >> 16)
        let t0sz = UInt8(truncatingIfNeeded: vtcr & 0x3F)
        guard t0sz >= 64 &- physicalAddressBits, t0sz <= 39,
            let level = granule.startLevel(
                sl0: UInt8(truncatingIfNeeded: vtcr >> 6 & 3), physicalAddressBits: physicalAddressBits)
        else { return }
        inputBits = 64 &- t0sz
        startLevel = level
        let below = granule.blockBits(level: startLevel)
        // At most 16 tables are concatenated, and the start level has to resolve something.
        guard inputBits > below, inputBits &- below <= granule.indexBits &+ 4 else { return }
        let tableBits = inputBits &- below &+ 3
        base = vttbr & 0x0000_FFFF_FFFF_FFFE & ~((1 &<< UInt64(tableBits)) &- 1)
        isConsistent = true
    }

    /// Walks for `ipa`. Permissions are the caller's to check.
    func walk(_ ipa: UInt64, in memory: PhysicalMemory) throws(WalkFault) -> Stage2Translation {
        let last = try descend(ipa, in: memory)
        let (descriptor, level) = (last.descriptor, last.level)
        let isLeaf = level == 3 ? descriptor & 3 == 3 : descriptor & 3 == 1 && granule.allowsBlock(level: level)
        guard isLeaf else { throw fault(.translation(level: Int(level)), ipa) }
        let blockMask = (1 &<< UInt64(granule.blockBits(level: level))) &- 1
        let output = address(in: descriptor) & ~blockMask
        guard output &>> UInt64(physicalAddressBits) == 0 else { throw fault(.addressSize(level: Int(level)), ipa) }
        guard descriptor & Stage2Descriptor.accessFlag != 0 else {
            throw fault(.accessFlag(level: Int(level)), ipa)
        }
        let offset = output | (ipa & blockMask)
        guard offset | 0xFFF < memory.ramByteCount else { throw fault(.translation(level: Int(level)), ipa) }
        return Stage2Translation(
            offset: offset,
            isReadable: descriptor & Stage2Descriptor.read != 0,
            isWritable: descriptor & Stage2Descriptor.write != 0,
            isExecutable: descriptor & Stage2Descriptor.executeNever == 0,
            isDevice: descriptor & 0xC << 2 == 0,
            level: level)
    }

    /// Where the walk for `ipa` ends with a descriptor whose valid bit is 0; nil: it ends otherwise.
    func emptyDescriptor(_ ipa: UInt64, in memory: PhysicalMemory) -> (place: UnsafeRawPointer, level: Int)? {
        guard let last = try? descend(ipa, in: memory), last.descriptor & 1 == 0 else { return nil }
        return (last.place, Int(last.level))
    }

    /// Whether the descriptor at a place that `emptyDescriptor` found is still empty.
    static func isEmpty(descriptor place: UnsafeRawPointer) -> Bool { armada_load_acquire64(place) & 1 == 0 }

    /// Follows the tables until a descriptor points to no further one.
    @inline(__always)
    private func descend(
        _ ipa: UInt64, in memory: PhysicalMemory
    ) throws(WalkFault) -> (place: UnsafeRawPointer, descriptor: UInt64, level: UInt8) {
        guard isConsistent, ipa &>> UInt64(inputBits) == 0 else { throw fault(.translation(level: 0), ipa) }
        var table = base
        var level = startLevel
        var indexMask = (1 as UInt64) &<< UInt64(inputBits &- granule.blockBits(level: level)) &- 1
        while true {
            let below = UInt64(granule.blockBits(level: level))
            let offset = table &+ (ipa &>> below & indexMask) &<< 3
            guard offset < memory.stage2ByteCount, memory.stage2ByteCount &- offset >= 8 else {
                throw fault(.translation(level: Int(level)), ipa)
            }
            // SAFETY: the descriptor lies within the tables' mapping, by the check above.
            let place = memory.stage2Tables + Int(offset)
            let descriptor = armada_load_acquire64(place)
            guard descriptor & 3 == 3, level < 3 else { return (place, descriptor, level) }
            let next = address(in: descriptor)
            guard next &>> UInt64(physicalAddressBits) == 0 else { throw fault(.addressSize(level: Int(level)), ipa) }
            table = next
            level &+= 1
            indexMask = (1 &<< UInt64(granule.indexBits)) &- 1
        }
    }

    /// The address of a table or block, aligned to the granule.
    private func address(in descriptor: UInt64) -> UInt64 {
        descriptor & 0x0000_FFFF_FFFF_F000 & ~((1 &<< UInt64(granule.pageBits)) &- 1)
    }

    private func fault(_ status: FaultStatus, _ ipa: UInt64) -> WalkFault {
        WalkFault(status: status, isStage2: true, ipa: ipa)
    }
}
