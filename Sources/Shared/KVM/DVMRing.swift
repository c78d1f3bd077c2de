import CHost

/// A TLB or instruction-cache maintenance operation as the interconnect broadcasts it.
package struct DVMOperation: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        /// TLBI VMALLE1IS: everything of this VMID's stage 1.
        case allE1 = 1
        /// TLBI ASIDE1IS: operand = ASID.
        case asid = 2
        /// TLBI VAE1IS / VALE1IS: operand = the TLBI's Xt (ASID in 63:48, VA[55:12] in 43:0).
        case va = 3
        /// TLBI VAAE1IS / VAALE1IS: operand = the TLBI's Xt.
        case vaAllASIDs = 4
        /// The coordinator changed stage 2: operand = first IPA, `length` = bytes (0: everything).
        case ipa = 5
        /// IC IALLUIS.
        case instructionCacheAll = 6
        /// IC IVAU: operand = offset into guest RAM of the line.
        case instructionCacheLine = 7
    }

    package var kind: Kind
    package var operand: UInt64
    package var length: UInt64

    package init(_ kind: Kind, operand: UInt64 = 0, length: UInt64 = 0) {
        self.kind = kind
        self.operand = operand
        self.length = length
    }
}
