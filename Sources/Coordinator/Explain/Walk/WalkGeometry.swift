import Shared

/// The shape of one stage's tables.
struct WalkGeometry: Equatable {
    var granule: TranslationGranule
    var inputBits: Int
    var outputBits: Int
    var startLevel: Int
    /// Where the tables of the start level begin.
    var table: UInt64 = 0

    /// log2 of what a descriptor of `level` maps.
    func blockBits(_ level: Int) -> Int { Int(granule.blockBits(level: UInt8(level))) }

    func index(of address: UInt64, level: Int) -> UInt64 {
        let count = level == startLevel ? inputBits - blockBits(level) : Int(granule.indexBits)
        return address >> UInt64(blockBits(level)) & ((1 << UInt64(count)) - 1)
    }

    func allowsBlock(_ level: Int) -> Bool { granule.allowsBlock(level: UInt8(level)) }

    /// The next table or the page, aligned to the granule.
    func address(in descriptor: UInt64) -> UInt64 {
        descriptor & 0x0000_FFFF_FFFF_F000 & ~((1 << UInt64(granule.pageBits)) - 1)
    }

    func exceedsOutput(_ address: UInt64) -> Bool { address >> UInt64(outputBits) != 0 }

    /// "4 KiB granule, 48 bits, from level 0".
    var text: String {
        "\((1 << Int(granule.pageBits)) >> 10) KiB granule, \(inputBits) bits, from level \(startLevel)"
    }
}

extension WalkRegisters {
    /// Of the half of the address space that TTBR<half>_EL1 serves; nil: TxSZ is out of range.
    func stage1Geometry(half: Int) -> WalkGeometry? {
        let tcr = tcr_EL1 >> (half == 0 ? 0 : 16)
        let txsz = Int(tcr & 0x3F)
        guard 16...39 ~= txsz else { return nil }
        let granule = half == 0 ? TranslationGranule(tg0: tcr >> 14) : TranslationGranule(tg1: tcr >> 14)
        let outputBits = min(Int(PhysicalAddressSize.bits(encoded: tcr_EL1 >> 32)), physicalAddressBits)
        var geometry = WalkGeometry(
            granule: granule, inputBits: 64 - txsz, outputBits: outputBits,
            startLevel: Int(granule.startLevel(inputBits: UInt8(64 - txsz))))
        geometry.align(half == 0 ? ttbr0_EL1 : ttbr1_EL1)
        return geometry
    }

    /// nil: T0SZ and SL0 do not fit together.
    var stage2Geometry: WalkGeometry? {
        let t0sz = Int(vtcr_EL2 & 0x3F)
        let granule = TranslationGranule(tg0: vtcr_EL2 >> 14)
        let size = UInt8(truncatingIfNeeded: physicalAddressBits)
        guard 64 - physicalAddressBits...39 ~= t0sz,
            let startLevel = granule.startLevel(sl0: UInt8(vtcr_EL2 >> 6 & 3), physicalAddressBits: size)
        else { return nil }
        var geometry = WalkGeometry(
            granule: granule, inputBits: 64 - t0sz, outputBits: physicalAddressBits,
            startLevel: Int(startLevel))
        // The start level resolves something, in at most 16 tables side by side.
        let resolved = geometry.inputBits - geometry.blockBits(geometry.startLevel)
        guard 1...Int(granule.indexBits) + 4 ~= resolved else { return nil }
        geometry.align(vttbr_EL2)
        return geometry
    }
}

extension WalkGeometry {
    /// The tables of the start level are aligned to their size.
    fileprivate mutating func align(_ register: UInt64) {
        let bits = inputBits - blockBits(startLevel) + 3
        table = register & 0x0000_FFFF_FFFF_FFFE & ~((1 << UInt64(bits)) - 1)
    }
}
