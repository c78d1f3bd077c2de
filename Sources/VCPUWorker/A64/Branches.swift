/// Arm ARM "Branches, Exception Generating and System instructions".
///
/// A direct branch leaves here with its byte offset from the instruction in `imm`; `Op.placed` turns it into a distance
/// within the page or an offset from the page's start.
enum Branches {
    static let rows: [EncodingRow] = [
        // Conditional branch (immediate)
        EncodingRow("B.cond", "01010100 iiiiiiiiiiiiiiiiiii 0 cccc") { w in
            if w.bits(3, 0) >= 14 { return Op(.branch, imm: offset(w.signed(23, 5))) }
            return Op(.branchConditional, aux: conditionMask(w.bits(3, 0)), imm: offset(w.signed(23, 5)))
        },
        .absent("BC.cond", "01010100 iiiiiiiiiiiiiiiiiii 1 cccc", .hbc),
        // Exception generation
        EncodingRow("SVC", "11010100000 iiiiiiiiiiiiiiii 00001") { Op(.supervisorCall, imm: UInt64($0.bits(20, 5))) },
        EncodingRow("HVC", "11010100000 iiiiiiiiiiiiiiii 00010") { Op(.hypervisorCall, imm: UInt64($0.bits(20, 5))) },
        EncodingRow("SMC", "11010100000 iiiiiiiiiiiiiiii 00011") {
            Op(.secureMonitorCall, imm: UInt64($0.bits(20, 5)))
        },
        EncodingRow("BRK", "11010100001 iiiiiiiiiiiiiiii 00000") { Op(.breakpoint, imm: UInt64($0.bits(20, 5))) },
        // UNDEFINED where halting is not allowed, and in Non-debug state.
        EncodingRow("HLT", "11010100010 iiiiiiiiiiiiiiii 00000") { .undefined($0.raw) },
        EncodingRow("DCPS1, DCPS2, DCPS3", "11010100101 iiiiiiiiiiiiiiii 000 ll") { .undefined($0.raw) },
        // System instructions with register argument
        .absent("WFET, WFIT", "11010101000000110001 0000 00o ttttt", .wfxt),
        // Hints
        EncodingRow("HINT", "11010101000000110010 mmmm ooo 11111") { hint($0) },
        // Barriers
        EncodingRow("CLREX", "11010101000000110011 mmmm 010 11111") { _ in Op(.clearExclusive) },
        EncodingRow("DSB", "11010101000000110011 mmmm 100 11111") { _ in Op(.dataSynchronizationBarrier) },
        EncodingRow("DMB", "11010101000000110011 mmmm 101 11111") { w in
            // The host orders everything but a store before a load, so only the full types need a fence.
            let type = w.bits(9, 8)
            return Op(.dataMemoryBarrier, aux: type == 1 || type == 2 ? 0 : 1)
        },
        EncodingRow("ISB", "11010101000000110011 mmmm 110 11111") { _ in Op(.instructionSynchronizationBarrier) },
        .absent("SB", "11010101000000110011 mmmm 111 11111", .sb),
        // PSTATE
        .absent("XAFLAG", "1101010100000 000 0100 mmmm 001 11111", .flagM2),
        .absent("AXFLAG", "1101010100000 000 0100 mmmm 010 11111", .flagM2),
        .absent("MSR (immediate, SSBS)", "1101010100000 011 0100 mmmm 001 11111", .ssbs),
        .absent("MSR (immediate, DIT)", "1101010100000 011 0100 mmmm 010 11111", .dit),
        .absent("MSR (immediate, TCO)", "1101010100000 011 0100 mmmm 100 11111", .mte),
        .absent("MSR (immediate, SVCR)", "1101010100000 011 0100 mmmm 011 11111", .sme),
        .absent("MSR (immediate, ALLINT)", "1101010100000 001 0100 mmmm 000 11111", .nmi),
        EncodingRow("CFINV", "11010101000000000100000000011111", feature: .flagM) { _ in Op(.invertCarry) },
        EncodingRow("MSR (immediate, UAO)", "1101010100000 000 0100 mmmm 011 11111", feature: .uao) { pstateField($0) },
        EncodingRow("MSR (immediate, PAN)", "1101010100000 000 0100 mmmm 100 11111", feature: .pan) {
            pstateField($0)
        },
        EncodingRow("MSR (immediate, SPSel)", "1101010100000 000 0100 mmmm 101 11111") { pstateField($0) },
        EncodingRow("MSR (immediate, DAIFSet)", "1101010100000 011 0100 mmmm 110 11111") { pstateField($0) },
        EncodingRow("MSR (immediate, DAIFClr)", "1101010100000 011 0100 mmmm 111 11111") { pstateField($0) },
        // System instructions
        EncodingRow("SYS", "1101010100001 ooo nnnn mmmm ooo ttttt") { w in
            // DC ZVA
            let isZeroBlock = w.raw & ~31 == 0xD50B_7420
            return Op(
                isZeroBlock ? .zeroBlock : .systemInstruction, n: Word.source(w.rt), imm: UInt64(w.raw))
        },
        EncodingRow("SYSL", "1101010100101 ooo nnnn mmmm ooo ttttt") { Op(.systemInstruction, imm: UInt64($0.raw)) },
        // System register move
        EncodingRow("MSR (register)", "110101010001 o ooo nnnn mmmm ooo ttttt") {
            Op(.writeSystemRegister, n: Word.source($0.rt), imm: UInt64($0.raw))
        },
        EncodingRow("MRS", "110101010011 o ooo nnnn mmmm ooo ttttt") { w in
            let d = Word.destination(w.rt)
            switch w.raw & ~31 {
            case 0xD53B_D040: return Op(.readTPIDR_EL0, d: d, imm: UInt64(w.raw))
            case 0xD538_D080: return Op(.readTPIDR_EL1, d: d, imm: UInt64(w.raw))
            default: return Op(.readSystemRegister, d: d, imm: UInt64(w.raw))
            }
        },
        // System register and instruction pairs
        .absent("SYSP", "1101010101001 ooo nnnn mmmm ooo ttttt", .d128),
        .absent("MSRR", "110101010101 o ooo nnnn mmmm ooo ttttt", .d128),
        .absent("MRRS", "110101010111 o ooo nnnn mmmm ooo ttttt", .d128),
        // Unconditional branch (register)
        EncodingRow("BR", "1101011000011111000000 nnnnn 00000") { Op(.branchRegister, n: Word.source($0.rn)) },
        EncodingRow("BLR", "1101011000111111000000 nnnnn 00000") { Op(.branchLinkRegister, n: Word.source($0.rn)) },
        EncodingRow("RET", "1101011001011111000000 nnnnn 00000") { Op(.branchReturn, n: Word.source($0.rn)) },
        EncodingRow("ERET", "11010110100111110000001111100000") { Op(.exceptionReturn, imm: UInt64($0.raw)) },
        // UNDEFINED in Non-debug state.
        EncodingRow("DRPS", "11010110101111110000001111100000") { .undefined($0.raw) },
        .absent("BRAA, BRAB, BRAAZ, BRABZ", "1101011z00011111 00001 k nnnnn mmmmm", .pauth),
        .absent("BLRAA, BLRAB, BLRAAZ, BLRABZ", "1101011z00111111 00001 k nnnnn mmmmm", .pauth),
        .absent("RETAA, RETAB", "1101011001011111 00001 k 11111 11111", .pauth),
        .absent("ERETAA, ERETAB", "1101011010011111 00001 k 11111 11111", .pauth),
        // Unconditional branch (immediate)
        EncodingRow("B", "000101 iiiiiiiiiiiiiiiiiiiiiiiiii") { Op(.branch, imm: offset($0.signed(25, 0))) },
        EncodingRow("BL", "100101 iiiiiiiiiiiiiiiiiiiiiiiiii") { Op(.branchLink, imm: offset($0.signed(25, 0))) },
        // Compare and branch (immediate)
        EncodingRow("CBZ", "s0110100 iiiiiiiiiiiiiiiiiii ttttt") { w in
            Op(
                w.sf ? .compareBranchZero64 : .compareBranchZero32, n: Word.source(w.rt),
                imm: offset(w.signed(23, 5)))
        },
        EncodingRow("CBNZ", "s0110101 iiiiiiiiiiiiiiiiiii ttttt") { w in
            Op(
                w.sf ? .compareBranchNonzero64 : .compareBranchNonzero32, n: Word.source(w.rt),
                imm: offset(w.signed(23, 5)))
        },
        // Test and branch (immediate)
        EncodingRow("TBZ", "b0110110 bbbbb iiiiiiiiiiiiii ttttt") { testBranch($0, .testBranchZero) },
        EncodingRow("TBNZ", "b0110111 bbbbb iiiiiiiiiiiiii ttttt") { testBranch($0, .testBranchNonzero) },
    ]

    private static func offset(_ words: Int64) -> UInt64 { UInt64(bitPattern: words << 2) }

    private static func testBranch(_ w: Word, _ code: OpCode) -> Op {
        Op(
            code, n: Word.source(w.rt), a: UInt8(w.bit(31) << 5 | w.bits(23, 19)), imm: offset(w.signed(18, 5)))
    }

    private static func pstateField(_ w: Word) -> Op { Op(.writePSTATEField, imm: UInt64(w.raw)) }

    private static func hint(_ w: Word) -> Op {
        switch w.bits(11, 5) {
        case 1: Op(.yield)
        case 2: Op(.waitForEvent, imm: UInt64(w.raw))
        case 3: Op(.waitForInterrupt, imm: UInt64(w.raw))
        case 4: Op(.sendEvent)
        case 5: Op(.sendEventLocal)
        // The others, allocated (PACIASP, BTI, ESB …: their features are absent) or not, execute as NOP.
        default: Op(.noOperation)
        }
    }
}
