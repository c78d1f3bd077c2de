import Shared

// Source: Arm ARM "ISS encoding for an exception from a Software Step exception", "… from a Watchpoint exception", "…
// from a trapped floating-point exception", "… from the Memory Copy and Memory Set instructions".
extension SyndromeFields {
    static func addStep(to layout: inout BitLayout) {
        let isValid = layout.word & 1 << 24 != 0
        layout.flag("ISV", 24, zero: "EX says nothing", one: "an instruction was stepped; EX is valid")
        layout.flag(
            "EX", 6, zero: isValid ? "it was no load-exclusive" : "", one: isValid ? "it was a load-exclusive" : "")
        addDebugStatus("IFSC", to: &layout)
    }

    static func addWatchpoint(to layout: inout BitLayout) {
        let isNumbered = layout.word & 1 << 17 != 0
        layout.field("WPT", 23, 18) { isNumbered ? "watchpoint \($0)" : $0 == 0 ? "" : "says nothing: WPTV is 0" }
        layout.flag("WPTV", 17, zero: "", one: "WPT is valid")
        layout.flag("WPF", 16, zero: "", one: "the watchpoint may have matched by imprecision")
        layout.flag("FnP", 15, zero: "", one: "FAR is not precise")
        layout.flag("VNCR", 13, zero: "", one: "an access that VNCR_EL2 made one of memory (FEAT_NV2)")
        layout.flag("FnV", 10, zero: "FAR holds the address", one: "FAR is not valid")
        layout.flag("CM", 8, zero: "no cache maintenance", one: "cache maintenance")
        layout.flag("WnR", 6, zero: "a read", one: "a write")
        addDebugStatus("DFSC", to: &layout)
    }

    static func addFloatingPointException(to layout: inout BitLayout, _ syndrome: ExceptionSyndrome) {
        layout.flag("TFV", 23, zero: "the flags below say nothing", one: "the flags below are valid")
        layout.field("VECITR", 10, 8) { $0 == 7 ? "" : "iteration \($0), from AArch32" }
        layout.flag("IDF", 7, zero: "", one: "input denormal")
        layout.flag("IXF", 4, zero: "", one: "inexact")
        layout.flag("UFF", 3, zero: "", one: "underflow")
        layout.flag("OFF", 2, zero: "", one: "overflow")
        layout.flag("DZF", 1, zero: "", one: "division by zero")
        layout.flag("IOF", 0, zero: "", one: "invalid operation")
    }

    static func addMemoryCopy(to layout: inout BitLayout) {
        layout.flag("MemInst", 24, zero: "a copy", one: "a set")
        layout.flag("isSETG", 23, zero: "", one: "a set with tags")
        layout.field("Options", 22, 19) { "the instruction's options: \($0)" }
        layout.flag("FromEpilogue", 18, zero: "not the epilogue", one: "the epilogue")
        layout.flag(
            "WrongOption", 17, zero: "the other option is not the reason", one: "PSTATE.C says the other option")
        layout.flag("OptionA", 16, zero: "option B", one: "option A")
        layout.field("destreg", 14, 10) { register($0) }
        layout.field("srcreg", 9, 5) { register($0) }
        layout.field("sizereg", 4, 0) { register($0) }
    }
}
