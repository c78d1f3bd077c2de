@testable import VCPUWorker

/// A case on which the two sides once disagreed, as a readable file: one line a field, zeros left out.
///
///     # FADD (scalar, single): v0 is 0:1, expected 0:0
///     word 1e222820
///     fpcr 1000000
///     v1 0:3f800000
///
/// `translated` stands in a case that failed in generated code, and `data` names what memory is filled from. `expect` lines
/// state what a register is afterwards; a case with any is compared with them instead of the reference.
struct FailCase {
    var comparison: ComparisonCase
    /// The comment on top.
    var title = ""
    /// Registers by name, as they must be afterwards.
    var expected: [String: String] = [:]

    init(_ comparison: ComparisonCase, title: String) {
        self.comparison = comparison
        self.title = title
    }

    struct SyntaxError: Error, CustomStringConvertible {
        let line: String
        var description: String { "no field of a fail case: \(line)" }
    }

    init(text: String) throws {
        comparison = ComparisonCase(words: [], state: MachineState())
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let name = fields.first else { continue }
            if name.hasPrefix("#") {
                title += (title.isEmpty ? "" : "\n") + line.drop { $0 == "#" || $0 == " " }
            } else if name == "translated" {
                comparison.isTranslated = true
            } else if name == "expect", fields.count >= 3 {
                expected[String(fields[1])] = String(fields[2])
            } else if fields.count < 2 || !set(name, fields[1]) {
                throw SyntaxError(line: String(line))
            }
        }
    }

    private mutating func set(_ name: Substring, _ value: Substring) -> Bool {
        let parts = value.split(separator: ":").compactMap { UInt64($0, radix: 16) }
        guard let first = parts.first, let last = parts.last else { return false }
        switch name {
        case "word": comparison.words.append(UInt32(truncatingIfNeeded: first))
        case "data": comparison.dataSeed = first
        case "sp": comparison.state.sp = first
        case "nzcv": comparison.state.nzcv = UInt32(truncatingIfNeeded: first)
        case "fpcr": comparison.state.fpcr = UInt32(truncatingIfNeeded: first)
        case "fpsr": comparison.state.fpsr = UInt32(truncatingIfNeeded: first)
        default:
            guard let number = Int(name.dropFirst()) else { return false }
            switch name.first {
            case "x" where number < 31: comparison.state.x[number] = first
            case "v" where number < 32 && parts.count == 2:
                comparison.state.v[2 * number] = last
                comparison.state.v[2 * number + 1] = first
            default: return false
            }
        }
        return true
    }

    var text: String {
        var lines = title.split(separator: "\n").map { "# " + $0 }
        for word in comparison.words {
            lines.append("word \(hex(word))  \(Decoder.shared.row(of: word)?.name.description ?? "unallocated")")
        }
        if comparison.isTranslated { lines.append("translated") }
        if comparison.dataSeed != 0 { lines.append("data \(hex(comparison.dataSeed))") }
        lines += Self.registers(of: comparison.state).filter { $0.value != "0" && $0.value != "0:0" }
            .map { "\($0.name) \($0.value)" }
        lines += expected.sorted { $0.key < $1.key }.map { "expect \($0.key) \($0.value)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Every register with its value as a case has it.
    static func registers(of state: MachineState) -> [(name: String, value: String)] {
        [("sp", hex(state.sp)), ("nzcv", hex(state.nzcv)), ("fpcr", hex(state.fpcr)), ("fpsr", hex(state.fpsr))]
            + (0..<31).map { ("x\($0)", hex(state.x[$0])) }
            + (0..<32).map { ("v\($0)", hex(state.v[2 * $0 + 1]) + ":" + hex(state.v[2 * $0])) }
    }
}

private func hex(_ value: some BinaryInteger) -> String { String(value, radix: 16) }
