import Shared

/// `armada explain sysreg`: a system register or instruction in all its forms.
struct SystemRegisterExplanation {
    let encoding: SystemRegisterEncoding

    var text: String {
        let name = SystemName(encoding)
        var out = "\(name?.text ?? "\(encoding)"): \(subject(name))\n\n"
        func line(_ label: String, _ value: String) { out += "  " + label.left(18) + value + "\n" }
        line("name", name.map { "\($0.text), \(encoding)" } ?? "\(encoding); no name known")
        line(
            "encoding",
            "op0 \(encoding.op0), op1 \(encoding.op1), CRn \(encoding.crn), CRm \(encoding.crm), op2 \(encoding.op2)")
        if encoding.op0 == 1 {
            let word = Self.instruction(encoding, isRead: false)
            line("with X0", "\(hexadecimal(UInt64(word), digits: 8))  \(Disassembly.text(word, at: 0))")
            line("trap", Self.trap(encoding, isRead: false))
        } else {
            line("read into X0", Self.access(encoding, isRead: true))
            line("write of X0", Self.access(encoding, isRead: false))
            line("trap of the read", Self.trap(encoding, isRead: true))
            line("trap of the write", Self.trap(encoding, isRead: false))
        }
        line("answered by", SystemRegisterAnswer(encoding).text)
        return out
    }

    private func subject(_ name: SystemName?) -> String {
        switch name {
        case .register(let register): register.subject
        case .instruction(let instruction): instruction.subject
        case .foreign(let foreign): foreign.subject
        case nil where encoding.isIdentification: "An identification register without a name: reads as zero."
        case nil where encoding.op0 == 3 && (encoding.crn == 11 || encoding.crn == 15):
            "Implementation defined; this processor has none."
        case nil: "Nothing that is known here."
        }
    }

    /// The instruction word of MRS, MSR or SYS with X0.
    static func instruction(_ encoding: SystemRegisterEncoding, isRead: Bool) -> UInt32 {
        0xD500_0000 | (isRead ? 1 << 21 : 0) | UInt32(encoding.rawValue) << 5
    }

    private static func access(_ encoding: SystemRegisterEncoding, isRead: Bool) -> String {
        let name = SystemName(encoding)?.text ?? "\(encoding)"
        let word = hexadecimal(UInt64(instruction(encoding, isRead: isRead)), digits: 8)
        return isRead ? "\(word)  mrs x0, \(name)" : "\(word)  msr \(name), x0"
    }

    private static func trap(_ encoding: SystemRegisterEncoding, isRead: Bool) -> String {
        let iss = encoding.iss(rt: 0, isRead: isRead)
        let syndrome = ExceptionSyndrome(.sys64, iss: iss)
        return "ESR_ELx \(hexadecimal(UInt64(syndrome.rawValue), digits: 8)), ISS "
            + hexadecimal(UInt64(iss), digits: 7)
    }
}
