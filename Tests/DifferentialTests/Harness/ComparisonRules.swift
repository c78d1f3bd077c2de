@testable import VCPUWorker

/// What is compared with what, and all that is not, each with its reason.
enum ComparisonRules {
    /// Rows that do not run at user level, or whose effect is not in the registers that are compared.
    struct Elsewhere {
        let row: String
        let reason: String
        /// What compares them with another implementation instead.
        let comparedBy: String
    }

    // swift-format-ignore
    static let elsewhere: [Elsewhere] = [
        Elsewhere(row: "SVC", reason: "raises an exception", comparedBy: "guest transcript"),
        Elsewhere(row: "HVC", reason: "raises an exception to EL2", comparedBy: "guest transcript"),
        Elsewhere(row: "SMC", reason: "raises an exception to EL2", comparedBy: "guest transcript"),
        Elsewhere(row: "BRK", reason: "raises an exception", comparedBy: "guest transcript"),
        Elsewhere(row: "ERET", reason: "changes the exception level", comparedBy: "guest transcript"),
        Elsewhere(row: "MSR (immediate, UAO)", reason: "changes PSTATE", comparedBy: "guest transcript"),
        Elsewhere(row: "MSR (immediate, PAN)", reason: "changes PSTATE", comparedBy: "guest transcript"),
        Elsewhere(row: "MSR (immediate, SPSel)", reason: "changes PSTATE", comparedBy: "guest transcript"),
        Elsewhere(row: "MSR (immediate, DAIFSet)", reason: "changes PSTATE", comparedBy: "guest transcript"),
        Elsewhere(row: "MSR (immediate, DAIFClr)", reason: "changes PSTATE", comparedBy: "guest transcript"),
        Elsewhere(row: "FCVTZS (scalar, fixed-point, H)", reason: "Unicorn extends its 16 bits by their sign", comparedBy: "QEMU user mode"),
        Elsewhere(row: "SYSL", reason: "no instruction of it is allocated", comparedBy: "guest transcript"),
    ]

    /// Words of rows that are compared otherwise.
    struct Exclusion: Sendable {
        let reason: String
        let covers: @Sendable (Word) -> Bool
    }

    static let exclusions: [Exclusion] = [
        Exclusion(reason: "CONSTRAINED UNPREDICTABLE: any of several results is right") {
            MemoryOperands.isLoadOrStore($0) && MemoryOperands.isConstrainedUnpredictable($0)
        },
        Exclusion(
            reason:
                "Unicorn compares the operand of LDSMAX, LDSMIN, LDUMAX and LDUMIN narrower than 64 bits as a whole, and"
                + " memory without its sign (NarrowAtomicTests has them)"
        ) { MemoryOperands.isLoadOrStore($0) && MemoryOperands.isReferenceWrong($0) },
        Exclusion(reason: "WFE and WFI wait; XPACLRI is FEAT_PAuth's, which Unicorn has") { w in
            w.raw & 0xFFFF_F01F == 0xD503_201F && [2, 3, 7].contains(w.bits(11, 5))
        },
        Exclusion(reason: "a branch to itself or to the word before does not end") { w in
            isDirectBranch(w) && (distance(w) == 0 || distance(w) == -1)
        },
    ]

    static func isExcluded(_ word: Word) -> Bool { exclusions.contains { $0.covers(word) } }

    /// Rows that are compared, as indices of `Decoder.rows`.
    static let comparedRows: [Int] = Decoder.rows.indices.filter { index in
        let row = Decoder.rows[index]
        return row.isImplemented && !elsewhere.contains { $0.row == row.name.description }
    }

    // MARK: Kinds of words

    /// Loads, stores and DC ZVA.
    static func accessesData(_ w: Word) -> Bool { MemoryOperands.isLoadOrStore(w) || SystemOperands.isByAddress(w) }

    /// B, BL, B.cond, CBZ, CBNZ, TBZ, TBNZ.
    static func isDirectBranch(_ w: Word) -> Bool {
        w.bits(30, 26) == 0b00101 || w.bits(31, 25) == 0b0101010 || w.bits(30, 26) == 0b01101
    }

    /// BR, BLR, RET.
    static func isIndirectBranch(_ w: Word) -> Bool { w.bits(31, 25) == 0b1101011 }

    static func isBranch(_ w: Word) -> Bool { isDirectBranch(w) || isIndirectBranch(w) }

    /// In instructions.
    static func distance(_ w: Word) -> Int64 {
        w.bits(30, 26) == 0b00101 ? w.signed(25, 0) : w.bits(30, 25) == 0b011011 ? w.signed(18, 5) : w.signed(23, 5)
    }

    /// A branch that may lead out of the few words of a sequence, whose own branches skip one word.
    static func mayLeave(_ w: Word) -> Bool { isIndirectBranch(w) || isDirectBranch(w) && distance(w) != 2 }
}
