import Shared
import Testing

@testable import Coordinator

@Suite struct ExplainESRTests {
    private func explanation(_ value: UInt32, _ level: SyndromeExplanation.Level = .el2) -> SyndromeExplanation {
        SyndromeExplanation(syndrome: ExceptionSyndrome(rawValue: value), level: level)
    }

    /// "NAME value" of each field, reserved ones left out.
    private func fields(_ value: UInt32) -> String {
        explanation(value).layout.fields.filter { $0.name != "RES0" }.map { "\($0.name) \($0.value)" }
            .joined(separator: ", ")
    }

    /// Written down from the Arm ARM's "ISS encoding for an exception from …".
    private static let examples: [(UInt32, String)] = [
        // Unknown reason, as an UNDEFINED instruction has it.
        (0x0200_0000, "EC 0, IL 1"),
        // WFI; WFET with X3.
        (0x07E0_0000, "EC 1, IL 1, CV 1, COND 14, RN 0, RV 0, TI 0"),
        (0x07E0_0067, "EC 1, IL 1, CV 1, COND 14, RN 3, RV 1, TI 3"),
        // FP access.
        (0x1FE0_0000, "EC 7, IL 1, CV 1, COND 14"),
        // BTI after BR, ERETAB, FPAC with a data B key, SME with ZA off.
        (0x3600_0001, "EC 13, IL 1, BTYPE 1"), (0x6A00_0003, "EC 26, IL 1, ERET 1, ERETA 1"),
        (0x7200_0003, "EC 28, IL 1, data 1, B 1"), (0x7600_0003, "EC 29, IL 1, SMTC 3"),
        // Illegal state.
        (0x3A00_0000, "EC 14, IL 1"),
        // SVC #0, HVC #1, SMC #0xffff, BRK #0x800.
        (0x5600_0000, "EC 21, IL 1, imm16 0"), (0x5A00_0001, "EC 22, IL 1, imm16 1"),
        (0x5E00_FFFF, "EC 23, IL 1, imm16 65535"), (0xF200_0800, "EC 60, IL 1, Comment 2048"),
        // MRS X1, CTR_EL0: 3, 3, 0, 0, 1.
        (0x6232_C021, "EC 24, IL 1, Op0 3, Op2 1, Op1 3, CRn 0, Rt 1, CRm 0, Direction 1"),
        // MRC p15, 0, r5, c1, c0, 2 unconditionally.
        (0x0FE4_04A1, "EC 3, IL 1, CV 1, COND 14, Opc2 2, Opc1 0, CRn 1, Rt 5, CRm 0, Direction 1"),
        // A store of X0 that stage 2 refused at level 2; a load of a signed byte into W5 with acquire.
        (
            0x93C0_8046,
            "EC 36, IL 1, ISV 1, SAS 3, SSE 0, SRT 0, SF 1, AR 0, VNCR 0, SET 0, FnV 0, EA 0, CM 0, S1PTW 0, WnR 1, DFSC 6"
        ),
        (
            0x9325_4007,
            "EC 36, IL 1, ISV 1, SAS 0, SSE 1, SRT 5, SF 0, AR 1, VNCR 0, SET 0, FnV 0, EA 0, CM 0, S1PTW 0, WnR 0, DFSC 7"
        ),
        // The same class without a syndrome: LDP at an address without translation.
        (
            0x9200_0007,
            "EC 36, IL 1, ISV 0, FnP 0, PFV 0, VNCR 0, SET 0, FnV 0, EA 0, CM 0, S1PTW 0, WnR 0, DFSC 7"
        ),
        // An external abort on a fetch with FAR not valid.
        (0x8600_0410, "EC 33, IL 1, PFV 0, SET 0, FnV 1, EA 0, S1PTW 0, IFSC 16"),
        // SError: corrected; implementation defined.
        (
            0xBE00_1A11,
            "EC 47, IL 1, IDS 0, WU 0, VFV 0, PFV 0, IESB 0, AET 6, EA 1, WnRV 0, WnR 0, DFSC 17"
        ),
        (0xBF00_00AA, "EC 47, IL 1, IDS 1, ISS 170"),
        // A breakpoint; a step of a load-exclusive; a watchpoint hit by a store.
        (0xC200_0022, "EC 48, IL 1, IFSC 34"), (0xCB00_0062, "EC 50, IL 1, ISV 1, EX 1, IFSC 34"),
        (
            0xD200_0062,
            "EC 52, IL 1, WPT 0, WPTV 0, WPF 0, FnP 0, VNCR 0, FnV 0, CM 0, WnR 1, DFSC 34"
        ),
        // A division by zero that is trapped.
        (
            0xB280_0702,
            "EC 44, IL 1, TFV 1, VECITR 7, IDF 0, IXF 0, UFF 0, OFF 0, DZF 1, IOF 0"
        ),
        // Reserved.
        (0xFE00_0001, "EC 63, IL 1, ISS 1"),
    ]

    @Test(arguments: examples) func fieldsOfEachClass(value: UInt32, expected: String) {
        #expect(fields(value) == expected)
    }

    @Test func wordsOfTheExample() {
        let text = explanation(0x93C0_8046).text
        #expect(text.hasPrefix("ESR_EL2 0x93c08046: DABT_LOW write"))
        #expect(text.contains("  EC     IL ISV SAS   SSE SRT   SF AR VNCR SET   FnV EA CM S1PTW WnR DFSC\n"))
        #expect(text.contains("  100100 1  1   11    0   00000 1  0  0    00    0   0  0  0     1   000110\n"))
        #expect(text.contains("a write\n") && text.contains("X0\n") && text.contains("8 bytes\n"))
        #expect(text.contains("translation fault, level 2\n"))
        #expect(text.contains("the coordinator, handleGuestAbort (KVM: kvm_handle_guest_abort)"))
    }

    @Test func systemRegistersHaveNames() {
        #expect(explanation(0x6232_C021).text.contains("CTR_EL0"))
        // MSR ACTLR_EL1, X2: the coordinator's.
        let trap = explanation(0x6232_0440).text
        #expect(trap.contains("ACTLR_EL1") && trap.contains("write: MSR") && trap.contains("  X2\n"))
        #expect(trap.contains("ACTLR_EL1 is answered by: the coordinator"))
        // MSR DAIFSet, #2 at EL0: op0 0, op1 3, CRn 4, CRm 2, op2 6.
        #expect(explanation(0x620C_D3E4, .el1).text.contains("MSR DAIFSet, #2"))
    }

    @Test func el1HasVectorsInsteadOfHandlers() {
        #expect(explanation(0x5600_0000, .el1).text.contains("VBAR_EL1 + 0x400 (EL0 in AArch64)"))
        #expect(explanation(0x9600_0046, .el1).text.contains("VBAR_EL1 + 0x200 (EL1 with SP_EL1 (EL1h))"))
        #expect(explanation(0xBE00_0000, .el1).text.contains("VBAR_EL1 + 0x580"))
        #expect(explanation(0x5A00_0000, .el1).text.contains("No exception of this class goes to EL1"))
        #expect(explanation(0x93C0_8046, .el1).text.contains("EL1's own faults have no syndrome"))
    }

    @Test func reservedIsSaid() {
        #expect(explanation(0x0A00_0000).text.contains("reserved: no exception has this class"))
        #expect(explanation(0xFE00_0000).text.contains(": reserved class\n"))
        #expect(explanation(0x0200_0001).text.contains("reserved, and not 0"))
        #expect(explanation(0x9200_003F).text.contains("reserved FSC 0x3f"))
    }

    /// Arm ARM "ISS encoding for an exception from a Data Abort", DFSC.
    @Test func faultStatusCodes() {
        let examples: [(UInt8, String)] = [
            (0x00, "address size fault, level 0"), (0x07, "translation fault, level 3"),
            (0x0A, "access flag fault, level 2"), (0x0D, "permission fault, level 1"), (0x10, "external abort"),
            (0x13, "external abort on a table walk, level -1"), (0x16, "external abort on a table walk, level 2"),
            (0x1B, "parity or ECC error on a table walk, level -1"), (0x21, "alignment fault"),
            (0x29, "address size fault, level -1"), (0x2B, "translation fault, level -1"),
            (0x30, "TLB conflict abort"), (0x35, "unsupported exclusive or atomic"), (0x3E, "reserved FSC 0x3e"),
        ]
        for (code, text) in examples { #expect(FaultStatus(rawValue: code).text == text) }
    }

    /// Any value: the fields cover it from bit 31 to 0, and make it again.
    @Test func anyValueIsTakenApartWhole() {
        var random = SplitMix64(seed: 1)
        for round in 0..<100_000 {
            // Each class in turn.
            let value = UInt32(truncatingIfNeeded: random.next()) & 0x03FF_FFFF | UInt32(round & 63) << 26
            for level in [SyndromeExplanation.Level.el1, .el2] {
                var next = 31
                var sum: UInt32 = 0
                let layout = explanation(value, level).layout
                for field in layout.fields {
                    guard field.high == next, field.low <= field.high else { break }
                    sum |= field.value << UInt32(field.low)
                    next = field.low - 1
                }
                #expect(next == -1 && sum == value, "\(hexadecimal(UInt64(value)))")
            }
            if round < 4096 { #expect(!explanation(value).text.isEmpty && !explanation(value, .el1).text.isEmpty) }
        }
    }
}
