/// Arm ARM "Advanced SIMD load/store multiple structures" and "… single structure", with their post-indexed forms.
enum AdvancedSIMDLoadsStores {
    static let rows: [EncodingRow] = [
        EncodingRow("ST1…ST4, LD1…LD4 (multiple structures)", "0q001100 0l 000000 oooo zz nnnnn ttttt") {
            multiple($0)
        },
        EncodingRow("ST1…ST4, LD1…LD4 (multiple structures, post-indexed)", "0q001100 1l 0 mmmmm oooo zz nnnnn ttttt") {
            multiple($0)
        },
        EncodingRow("ST1…ST4, LD1…LD4, LD1R…LD4R (single structure)", "0q001101 0lr 00000 ooo s zz nnnnn ttttt") {
            single($0)
        },
        EncodingRow(
            "ST1…ST4, LD1…LD4, LD1R…LD4R (single structure, post-indexed)", "0q001101 1lr mmmmm ooo s zz nnnnn ttttt"
        ) { single($0) },
    ]

    private static func op(_ w: Word) -> Op {
        Op(.vectorStructures, d: w.rt, n: w.rn, m: w.rm == 31 ? RegisterSlot.zero : w.rm, imm: UInt64(w.raw))
    }

    private static func multiple(_ w: Word) -> Op {
        guard let shape = VectorStructure.multiple(opcode: w.bits(15, 12)) else { return .undefined(w.raw) }
        // One 64-bit element per register cannot be interleaved.
        if shape.elements > 1, w.bits(11, 10) == 3, !w.isSet(30) { return .undefined(w.raw) }
        return op(w)
    }

    private static func single(_ w: Word) -> Op {
        VectorStructure.single(w) == nil ? .undefined(w.raw) : op(w)
    }
}

/// What a structure load or store moves.
struct VectorStructure {
    /// Registers in a row, each transferred whole (`rpt`).
    var repeats: Int
    /// Elements of a structure, in consecutive registers (`selem`).
    var elements: Int
    /// log2 of the element's bytes.
    var scale: Int = 0
    /// Single structure: the lane, or nil for load-and-replicate.
    var lane: Int?

    static func multiple(opcode: UInt32) -> VectorStructure? {
        switch opcode {
        case 0b0000: VectorStructure(repeats: 1, elements: 4)
        case 0b0010: VectorStructure(repeats: 4, elements: 1)
        case 0b0100: VectorStructure(repeats: 1, elements: 3)
        case 0b0110: VectorStructure(repeats: 3, elements: 1)
        case 0b0111: VectorStructure(repeats: 1, elements: 1)
        case 0b1000: VectorStructure(repeats: 1, elements: 2)
        case 0b1010: VectorStructure(repeats: 2, elements: 1)
        default: nil
        }
    }

    static func single(_ w: Word) -> VectorStructure? {
        let opcode = w.bits(15, 13)
        let size = w.bits(11, 10)
        let s = w.bit(12)
        let q = w.bit(30)
        let elements = Int((opcode & 1) << 1 | w.bit(21)) + 1
        switch opcode >> 1 {
        case 0: return VectorStructure(repeats: 1, elements: elements, scale: 0, lane: Int(q << 3 | s << 2 | size))
        case 1:
            guard size & 1 == 0 else { return nil }
            return VectorStructure(repeats: 1, elements: elements, scale: 1, lane: Int(q << 2 | s << 1 | size >> 1))
        case 2:
            if size == 0 { return VectorStructure(repeats: 1, elements: elements, scale: 2, lane: Int(q << 1 | s)) }
            guard size == 1, s == 0 else { return nil }
            return VectorStructure(repeats: 1, elements: elements, scale: 3, lane: Int(q))
        default:
            guard w.isSet(22), s == 0 else { return nil }
            return VectorStructure(repeats: 1, elements: elements, scale: Int(size), lane: nil)
        }
    }
}
