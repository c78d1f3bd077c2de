import Shared

/// A system register or instruction as a person writes it: a name, `S3_0_C1_C0_0`, or `3,0,1,0,0`.
enum SystemRegisterArgument {
    /// The encoding, or what is wrong with `text` and what would do.
    static func parse(_ text: String) -> Result<SystemRegisterEncoding, ExplainProblem> {
        if let name = SystemName(text) { return .success(name.encoding) }
        let hasCommas = text.contains(",")
        let parts = text.split(separator: hasCommas ? "," : "_", omittingEmptySubsequences: false).map(String.init)
        let isGeneric = parts.count == 5 && parts[0].uppercased().hasPrefix("S") && number(parts[0].dropFirst()) != nil
        guard hasCommas || isGeneric else { return .failure(unknown(text)) }
        guard parts.count == 5 else {
            return .failure("'\(printable(text))' has \(parts.count) numbers: give op0,op1,CRn,CRm,op2, as 3,0,1,0,0")
        }
        let letters = hasCommas ? ["", "", "", "", ""] : ["S", "", "C", "C", ""]
        let fields = [("op0", 3), ("op1", 7), ("CRn", 15), ("CRm", 15), ("op2", 7)]
        var values: [UInt16] = []
        for (index, part) in parts.enumerated() {
            var digits = Substring(part)
            while digits.first == " " { digits = digits.dropFirst() }
            if !letters[index].isEmpty {
                guard digits.first?.uppercased() == letters[index] else { return .failure(form(text)) }
                digits = digits.dropFirst()
            }
            guard let value = number(digits) else { return .failure(form(text)) }
            let (name, maximum) = fields[index]
            guard value <= maximum else { return .failure("\(name) \(value) is not possible: give 0 to \(maximum)") }
            values.append(UInt16(value))
        }
        guard values[0] > 0 else {
            return .failure("op0 0 is not possible: system instructions have 1, registers 2 or 3")
        }
        return .success(SystemRegisterEncoding(values[0], values[1], values[2], values[3], values[4]))
    }

    /// Decimal digits and nothing else.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.count <= 6, text.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return Int(text)
    }

    private static func form(_ text: String) -> ExplainProblem {
        "'\(printable(text))' is no encoding: write it as S3_0_C1_C0_0 or 3,0,1,0,0"
    }

    private static func unknown(_ text: String) -> ExplainProblem {
        let near = SystemName.near(text)
        let help =
            near.isEmpty
            ? "give its encoding, as S3_0_C1_C0_0 or 3,0,1,0,0" : "did you mean \(near.joined(separator: ", "))?"
        return "no system register '\(printable(text))' is known: \(help)"
    }
}

/// What is wrong with an argument, in one line.
struct ExplainProblem: Error, Equatable, ExpressibleByStringInterpolation {
    let message: String
    init(stringLiteral value: String) { message = value }
}

/// Words of 32 bits in hexadecimal.
enum HexadecimalWord {
    /// `text` with or without 0x. A register as Linux prints it has 16 digits; its upper half must be 0.
    static func parse(_ text: String) -> Result<UInt32, ExplainProblem> {
        let hasPrefix = text.hasPrefix("0x") || text.hasPrefix("0X")
        let digits = text.dropFirst(hasPrefix ? 2 : 0)
        guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit) else {
            return .failure("'\(printable(text))' is no number: give up to 8 hexadecimal digits, as 0x93c08046")
        }
        let significant = digits.drop { $0 == "0" }
        guard significant.count <= 8, let value = UInt32(significant.isEmpty ? "0" : significant, radix: 16) else {
            return .failure("\(printable(text)) is wider than 32 bits: give its low 8 hexadecimal digits alone")
        }
        return .success(value)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
