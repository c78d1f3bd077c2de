import Shared

/// `armada explain insn`: an A64 instruction, and what a hypervisor sees of it.
struct InstructionExplanation {
    let word: UInt32
    var address: UInt64 = 0

    private var kind: InstructionKind { InstructionKind(word) }

    var text: String {
        var out = "\(hexadecimal(UInt64(word), digits: 8)): \(Disassembly.text(word, at: address))\n\n"
        func line(_ label: String, _ value: String) { out += "  " + label.left(13) + value + "\n" }
        line("kind", kind.name)
        if let exception { line("exception", exception) }
        if kind == .systemInstruction || kind == .systemRegister {
            let encoding = SystemRegisterEncoding(instruction: word)
            line("register", SystemName(encoding).map { "\($0.text), \(encoding)" } ?? "\(encoding); no name known")
            line("answered by", SystemRegisterAnswer(encoding).text)
            let isRead = word & 1 << 21 != 0
            let syndrome = ExceptionSyndrome(.sys64, iss: encoding.iss(rt: Int(word & 31), isRead: isRead))
            line("if it traps", Self.syndrome(syndrome))
        }
        for (label, value) in syndromeLines { line(label, value) }
        return out
    }

    /// What SVC, HVC, SMC, BRK, WFI and WFE raise.
    private var exception: String? {
        let immediate = word >> 5 & 0xFFFF
        switch (kind, word & 0x00E0_001F) {
        case (.exceptionGeneration, 0x01):
            return "to EL1: " + Self.syndrome(ExceptionSyndrome(.svc64, iss: immediate), level: 1)
        case (.exceptionGeneration, 0x02):
            return "leaves the guest: " + Self.syndrome(ExceptionSyndrome(.hvc64, iss: immediate)) + "; UNDEF at EL0"
        case (.exceptionGeneration, 0x03):
            return "leaves the guest: " + Self.syndrome(ExceptionSyndrome(.smc64, iss: immediate)) + "; UNDEF at EL0"
        case (.exceptionGeneration, 0x20_0000):
            return "to EL1: " + Self.syndrome(ExceptionSyndrome(.brk64, iss: immediate), level: 1)
        default: break
        }
        switch word {
        case 0xD503_207F:
            return "leaves the guest unless an interrupt is pending: "
                + Self.syndrome(ExceptionSyndrome(.wfx, iss: 0x1E0_0000))
        case 0xD503_205F: return "none: the worker waits or gives way itself, counted as a fast exit"
        default: return nil
        }
    }

    private var syndromeLines: [(String, String)] {
        switch LoadStoreSyndrome(word) {
        case .valid(let iss, let isStore):
            // Stage 2 knows nothing of the page: a device, or memory not mapped yet.
            let status = FaultStatus.translation(level: 3)
            let esr = ExceptionSyndrome(
                .dabtLow, iss: iss | (isStore ? 1 << 6 : 0) | UInt32(status.rawValue))
            return [
                ("data abort", "by stage 2 with a valid syndrome (ISV = 1): it can reach a device"),
                ("", "for a translation fault at level 3 " + Self.syndrome(esr)),
            ]
        case .none(let reason):
            return [
                ("data abort", "by stage 2 without a syndrome (ISV = 0): \(reason)"),
                ("", "on a device nobody decodes it: the run ends, unless --nisv says otherwise"),
            ]
        case .noAbort: return [("data abort", "none: a prefetch does not fault")]
        case .notApplicable:
            return kind == .loadStore ? [("data abort", "none: the encoding is unallocated")] : []
        }
    }

    private static func syndrome(_ syndrome: ExceptionSyndrome, level: Int = 2) -> String {
        "ESR_EL\(level) \(hexadecimal(UInt64(syndrome.rawValue), digits: 8))"
    }
}
