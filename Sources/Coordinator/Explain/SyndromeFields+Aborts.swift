import Shared

// Source: Arm ARM "ISS encoding for an exception from a Data Abort", "… from an Instruction Abort", "… an SError".
extension SyndromeFields {
    static func addInstructionAbort(
        to layout: inout BitLayout, _ syndrome: ExceptionSyndrome, _ level: SyndromeExplanation.Level
    ) {
        addSynchronousErrorType(to: &layout, syndrome)
        addFAR(to: &layout, syndrome, level)
        layout.flag("EA", 9, zero: "the external abort's kind: 0", one: "the external abort's kind: 1")
        addWalk(to: &layout, level)
        layout.field("IFSC", 5, 0) { FaultStatus(rawValue: UInt8($0)).text }
    }

    static func addDataAbort(
        to layout: inout BitLayout, _ syndrome: ExceptionSyndrome, _ level: SyndromeExplanation.Level
    ) {
        let isValid = syndrome.isSyndromeValid
        layout.flag(
            "ISV", 24,
            zero: level == .el2
                ? "no syndrome: whoever emulates the access must decode it" : "always 0 for EL1's faults",
            one: level == .el2
                ? "bits 23:14 describe the access" : "set, though EL1's own faults have no syndrome (but FEAT_RAS's)")
        if isValid {
            layout.field("SAS", 23, 22) { ["a byte", "a halfword: 2 bytes", "a word: 4 bytes", "8 bytes"][Int($0)] }
            layout.flag("SSE", 21, zero: "not sign-extended", one: "a load that is sign-extended")
            layout.field("SRT", 20, 16) { syndrome.is64Bit ? register($0) : $0 == 31 ? "WZR" : "W\($0)" }
            layout.flag("SF", 15, zero: "a 32-bit register", one: "a 64-bit register")
            layout.flag("AR", 14, zero: "neither acquire nor release", one: "acquire or release")
        } else {
            // Newer extensions use these bits where there is no syndrome.
            layout.field("RES0", 23, 16) { $0 == 0 ? "" : "without ISV they have no meaning for Armada" }
            layout.flag("FnP", 15, zero: "", one: "FAR is not precise (FEAT_SME, FEAT_SVE2p1)")
            layout.flag("PFV", 14, zero: "", one: "PFAR_ELx holds an address (FEAT_PFAR)")
        }
        layout.flag("VNCR", 13, zero: "", one: "an access that VNCR_EL2 made one of memory (FEAT_NV2)")
        addSynchronousErrorType(to: &layout, syndrome, hasAddress: false)
        addFAR(to: &layout, syndrome, level)
        layout.flag("EA", 9, zero: "the external abort's kind: 0", one: "the external abort's kind: 1")
        layout.flag("CM", 8, zero: "no cache maintenance", one: "cache maintenance, or address translation")
        addWalk(to: &layout, level)
        layout.flag("WnR", 6, zero: "a read", one: "a write")
        layout.field("DFSC", 5, 0) { FaultStatus(rawValue: UInt8($0)).text }
    }

    /// PFV, if the class has it here, and SET.
    private static func addSynchronousErrorType(
        to layout: inout BitLayout, _ syndrome: ExceptionSyndrome, hasAddress: Bool = true
    ) {
        if hasAddress { layout.flag("PFV", 14, zero: "", one: "PFAR_ELx holds an address (FEAT_PFAR)") }
        let isExternal = syndrome.faultStatus.rawValue == 0x10
        layout.field("SET", 12, 11) { value in
            guard isExternal else { return value == 0 ? "" : "says nothing here: the status is no external abort" }
            return ["recoverable (UER)", "reserved", "uncontainable (UC)", "restartable (UEO)"][Int(value)]
        }
    }

    private static func addFAR(
        to layout: inout BitLayout, _ syndrome: ExceptionSyndrome, _ level: SyndromeExplanation.Level
    ) {
        let far = "FAR_EL\(level.rawValue)"
        let isExternal = syndrome.faultStatus.rawValue == 0x10
        layout.flag(
            "FnV", 10, zero: "\(far) holds the address",
            one: isExternal ? "\(far) is not valid" : "set, though the status is no external abort")
    }

    private static func addWalk(to layout: inout BitLayout, _ level: SyndromeExplanation.Level) {
        layout.flag(
            "S1PTW", 7, zero: level == .el2 ? "the access itself, not a walk for it" : "always 0 for EL1's faults",
            one: level == .el2
                ? "stage 2 refused a stage-1 walk: HPFAR_EL2 has the table's page"
                : "set, though only EL2 sees such faults")
    }

    static func addSError(to layout: inout BitLayout, _ syndrome: ExceptionSyndrome) {
        let isDefined = syndrome.iss & 1 << 24 == 0
        layout.flag("IDS", 24, zero: "the architecture's fields", one: "implementation defined")
        guard isDefined else { return layout.field("ISS", 23, 0) { _ in "the implementation's own" } }
        let isAsynchronous = syndrome.faultStatus.rawValue == 0x11
        func ifAsynchronous(_ text: String) -> String { isAsynchronous ? text : "says nothing: DFSC is not 0x11" }
        layout.field("WU", 17, 16) { $0 == 0 ? "" : "what a store has updated (FEAT_PFAR and later)" }
        layout.flag("VFV", 15, zero: "", one: "FAR_ELx holds an address")
        layout.flag("PFV", 14, zero: "", one: "PFAR_ELx holds an address (FEAT_PFAR)")
        layout.flag("IESB", 13, zero: "", one: ifAsynchronous("synchronized by an implicit error barrier (FEAT_IESB)"))
        layout.field("AET", 12, 10) { value in
            switch value {
            case 0: ifAsynchronous("uncontainable (UC)")
            case 1: ifAsynchronous("unrecoverable (UEU)")
            case 2: ifAsynchronous("restartable (UEO)")
            case 3: ifAsynchronous("recoverable (UER)")
            case 6: ifAsynchronous("corrected (CE)")
            default: "reserved"
            }
        }
        layout.flag("EA", 9, zero: ifAsynchronous("the external abort's kind: 0"), one: ifAsynchronous("its kind: 1"))
        layout.flag("WnRV", 7, zero: "", one: "WnR is valid")
        layout.flag("WnR", 6, zero: "", one: "a write, if WnRV")
        layout.field("DFSC", 5, 0) { value in
            switch value {
            case 0: "uncategorized"
            case 0x11: "asynchronous SError"
            default: "reserved"
            }
        }
    }
}
