import Shared

/// `armada explain esr`: a value of ESR_EL1 or ESR_EL2 in words.
///
/// Source: Arm ARM "ESR_EL1, Exception Syndrome Register (EL1)", "ESR_EL2, Exception Syndrome Register (EL2)".
struct SyndromeExplanation {
    /// In whose register the value was found.
    enum Level: UInt8 {
        /// ESR_EL1: the exception went to the guest's kernel.
        case el1 = 1
        /// ESR_EL2: the exception left the guest.
        case el2 = 2
    }

    let syndrome: ExceptionSyndrome
    let level: Level

    var layout: BitLayout {
        var layout = BitLayout(syndrome.rawValue)
        let exceptionClass = syndrome.exceptionClass
        layout.field("EC", 31, 26) { _ in
            exceptionClass.meaning.map { "\(exceptionClass.name): \($0)" } ?? "reserved: no exception has this class"
        }
        layout.flag(
            "IL", 25, zero: "a 16-bit instruction", one: "a 32-bit instruction, or a class for which it is always 1")
        if exceptionClass.meaning == nil {
            layout.field("ISS", 24, 0) { _ in "reserved with its class" }
        } else {
            SyndromeFields.add(to: &layout, syndrome, level)
        }
        return layout
    }

    var text: String {
        let layout = layout
        let exceptionClass = syndrome.exceptionClass
        var out = "ESR_EL\(level.rawValue) \(hexadecimal(UInt64(syndrome.rawValue), digits: 8))"
        out += exceptionClass.meaning == nil ? ": reserved class\n\n" : ": \(syndrome.text)\n\n"
        out += layout.picture + "\n" + layout.table + "\n"
        for line in answer { out += "  " + line + "\n" }
        return out
    }

    /// Who does something about it.
    private var answer: [String] {
        let exceptionClass = syndrome.exceptionClass
        switch level {
        case .el2:
            let row = arm_exit_handlers[Int(exceptionClass.rawValue)]
            var lines = ["answered by: the coordinator, \(row.name) (KVM: \(exceptionClass.handlerInKVM))"]
            if !exceptionClass.isExit {
                lines.append("Armada's workers never leave the guest with this class; it would get UNDEF.")
            }
            if exceptionClass == .sys64, let name = SystemName(syndrome.systemRegister) {
                lines.append("\(name.text) is answered by: \(SystemRegisterAnswer(name.encoding).text)")
            } else if let others = exceptionClass.otherAnswers {
                lines.append("else: \(others)")
            }
            return lines
        case .el1:
            guard exceptionClass.meaning != nil else { return ["answered by: nobody; its kernel has no name for it"] }
            if exceptionClass.isOfHypervisor {
                return ["No exception of this class goes to EL1: try without --el1."]
            }
            let kind = exceptionClass == .serror ? VectorTable.Kind.serror : .synchronous
            let entries = exceptionClass.origins.map { origin in
                let entry = VectorTable.Entry(origin: origin, kind: kind)
                return "VBAR_EL1 + \(hexadecimal(UInt64(entry.offset), digits: 3)) (\(origin.name))"
            }
            return ["answered by: the guest's kernel, at \(entries.joined(separator: " or "))"]
        }
    }
}
