import Shared

/// The fields of ISS by exception class.
///
/// Source: Arm ARM "ESR_EL2, Exception Syndrome Register (EL2)", the "ISS encoding for an exception from …" of each class.
enum SyndromeFields {
    static func add(to layout: inout BitLayout, _ syndrome: ExceptionSyndrome, _ level: SyndromeExplanation.Level) {
        switch syndrome.exceptionClass {
        case .wfx: addWait(to: &layout)
        case .svc32, .hvc32, .svc64, .hvc64, .smc64: addImmediate("imm16", to: &layout)
        case .brk64, .bkpt32: addImmediate("Comment", to: &layout)
        case .sys64: addSystemRegister(to: &layout, syndrome)
        case .iabtLow, .iabtCurrent: addInstructionAbort(to: &layout, syndrome, level)
        case .dabtLow, .dabtCurrent: addDataAbort(to: &layout, syndrome, level)
        case .serror: addSError(to: &layout, syndrome)
        case .fpASIMD: addCondition(to: &layout)
        case .smc32:
            addCondition(to: &layout)
            layout.flag(
                "CCKNOWNPASS", 19, zero: "its condition passed, or it has none", one: "its condition may have failed")
        case .cp15_32, .cp14_MR, .cp10_ID: addCoprocessor32(to: &layout)
        case .cp15_64, .cp14_64: addCoprocessor64(to: &layout)
        case .cp14_LS: addCoprocessorLoadStore(to: &layout)
        case .breakpointLow, .breakpointCurrent, .vector32: addDebugStatus("IFSC", to: &layout)
        case .softStepLow, .softStepCurrent: addStep(to: &layout)
        case .watchpointLow, .watchpointCurrent: addWatchpoint(to: &layout)
        case .fpException64, .fpException32: addFloatingPointException(to: &layout, syndrome)
        case .bti: layout.field("BTYPE", 1, 0) { "PSTATE.BTYPE of the branch: \($0)" }
        case .eret:
            layout.flag("ERET", 1, zero: "ERET", one: "ERETAA or ERETAB")
            layout.flag("ERETA", 0, zero: "ERETAA, if bit 1 is set", one: "ERETAB")
        case .fpac:
            layout.flag("data", 1, zero: "an instruction key", one: "a data key")
            layout.flag("B", 0, zero: "an A key", one: "a B key")
        case .sme: addSME(to: &layout)
        case .mops: addMemoryCopy(to: &layout)
        case .unknown, .illegalState, .pcAlignment, .spAlignment, .pac, .sve: break
        default: layout.field("ISS", 24, 0) { _ in "not taken apart here" }
        }
        layout.reserved(downTo: 0)
    }

    // MARK: Parts of several classes

    static func addCondition(to layout: inout BitLayout) {
        layout.flag("CV", 24, zero: "COND says nothing", one: "COND is valid; always so from AArch64")
        layout.field("COND", 23, 20) { $0 == 0xE ? "always; every A64 instruction has it" : "condition \($0)" }
    }

    static func addDebugStatus(_ name: String, to layout: inout BitLayout) {
        layout.field(name, 5, 0) { FaultStatus(rawValue: UInt8($0)).text }
    }

    static func register(_ number: UInt32) -> String { number == 31 ? "XZR" : "X\(number)" }

    private static func addImmediate(_ name: String, to layout: inout BitLayout) {
        layout.field(name, 15, 0) { "the instruction's immediate: \($0)" }
    }

    // MARK: Traps

    private static func addWait(to layout: inout BitLayout) {
        addCondition(to: &layout)
        let hasRegister = layout.word & 1 << 2 != 0
        layout.field("RN", 9, 5) { hasRegister ? "the time-out is in \(register($0))" : "says nothing: RV is 0" }
        layout.flag("RV", 2, zero: "RN says nothing", one: "RN is valid: WFIT or WFET")
        layout.field("TI", 1, 0) { ["WFI", "WFE", "WFIT", "WFET"][Int($0)] }
    }

    private static func addSystemRegister(to layout: inout BitLayout, _ syndrome: ExceptionSyndrome) {
        let encoding = syndrome.systemRegister
        let name = SystemName(encoding)?.text ?? pstateField(encoding) ?? "no name known"
        layout.field("Op0", 21, 20) { "\($0); with Op1, CRn, CRm and Op2 \(encoding): \(name)" }
        layout.field("Op2", 19, 17) { "\($0)" }
        layout.field("Op1", 16, 14) { "\($0)" }
        layout.field("CRn", 13, 10) { "\($0)" }
        layout.field("Rt", 9, 5) { register($0) }
        layout.field("CRm", 4, 1) { "\($0)" }
        layout.flag("Direction", 0, zero: "write: MSR or SYS", one: "read: MRS or SYSL")
    }

    /// MSR (immediate), whose immediate is CRm.
    ///
    /// Source: Arm ARM "MSR (immediate)".
    private static func pstateField(_ encoding: SystemRegisterEncoding) -> String? {
        guard encoding.op0 == 0, encoding.crn == 4 else { return nil }
        return switch (encoding.op1, encoding.op2) {
        case (0, 3): "MSR UAO, #\(encoding.crm)"
        case (0, 4): "MSR PAN, #\(encoding.crm)"
        case (0, 5): "MSR SPSel, #\(encoding.crm)"
        case (3, 6): "MSR DAIFSet, #\(encoding.crm)"
        case (3, 7): "MSR DAIFClr, #\(encoding.crm)"
        default: nil
        }
    }

    private static func addCoprocessor32(to layout: inout BitLayout) {
        addCondition(to: &layout)
        layout.field("Opc2", 19, 17) { "\($0)" }
        layout.field("Opc1", 16, 14) { "\($0)" }
        layout.field("CRn", 13, 10) { "c\($0)" }
        layout.field("Rt", 9, 5) { "X\($0), where AArch64 sees the AArch32 register" }
        layout.field("CRm", 4, 1) { "c\($0)" }
        layout.flag("Direction", 0, zero: "write: MCR", one: "read: MRC or VMRS")
    }

    private static func addCoprocessor64(to layout: inout BitLayout) {
        addCondition(to: &layout)
        layout.field("Opc1", 19, 16) { "\($0)" }
        layout.field("Rt2", 14, 10) { "X\($0)" }
        layout.field("Rt", 9, 5) { "X\($0)" }
        layout.field("CRm", 4, 1) { "c\($0)" }
        layout.flag("Direction", 0, zero: "write: MCRR", one: "read: MRRC")
    }

    private static func addCoprocessorLoadStore(to layout: inout BitLayout) {
        addCondition(to: &layout)
        layout.field("imm8", 19, 12) { "the offset: \($0)" }
        layout.field("Rn", 9, 5) { "the base: X\($0)" }
        layout.flag("Offset", 4, zero: "subtracted", one: "added")
        layout.field("AM", 3, 1) { value in
            switch value {
            case 0: "unindexed"
            case 1: "post-indexed"
            case 2: "an offset"
            case 3: "pre-indexed"
            case 4: "literal, unindexed: an A32 LDC"
            case 6: "literal, an offset: LDC alone"
            default: "reserved"
            }
        }
        layout.flag("Direction", 0, zero: "write to memory: STC", one: "read from memory: LDC")
    }

    private static func addSME(to layout: inout BitLayout) {
        layout.field("SMTC", 2, 0) { value in
            switch value {
            case 0: "trapped by CPACR_EL1.SMEN or CPTR_EL2"
            case 1: "not allowed in streaming mode"
            case 2: "allowed in streaming mode alone"
            case 3: "ZA is off"
            case 4: "ZT0 is trapped"
            default: "reserved"
            }
        }
    }
}
