import Foundation
import Shared
import Testing

@testable import Coordinator
@testable import VCPUWorker

/// docs/nisv.md: which loads and stores have a syndrome when stage 2 aborts them, row by row of the instruction set.
@Suite struct NISVTableTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/nisv.md")
    /// Between these the page is generated.
    private static let marks = (
        "<!-- Generated; deploy/check-nisv.sh --write -->\n", "<!-- End of what is generated -->\n"
    )
    private static let heading = "| row | instructions | ISV | why | exit on a device |\n|---|---|---|---|---|\n"

    /// With ARMADA_WRITE_NISV set, writes the table instead of checking it.
    @Test func thePageIsWhatTheRowsMake() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(text.range(of: Self.marks.0)).upperBound
        let end = try #require(text.range(of: Self.marks.1)).lowerBound
        let table = Self.table()
        if ProcessInfo.processInfo.environment["ARMADA_WRITE_NISV"] != nil {
            try (text[..<start] + table + text[end...]).write(to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(text[start..<end] == table, "docs/nisv.md is stale: run deploy/check-nisv.sh --write")
        }
    }

    /// Every load and store of the instruction set has a line, and no word of it is judged in two ways.
    @Test func everyRowHasALine() {
        let table = Self.table()
        for row in Self.rows { #expect(table.contains("| \(row.name) |"), "\(row.name)") }
        #expect(Self.rows.count > 45)
    }

    /// The rule of the table is the worker's, in every encoding that the table stands on.
    @Test func theWorkerAgrees() {
        var compared = 0
        for row in Self.rows where row.isImplemented {
            for word in Self.words(of: row) {
                let expected = VCPU.loadStoreSyndrome(word)
                switch LoadStoreSyndrome(word) {
                case .valid(let iss, _): #expect(iss == expected, "\(hexadecimal(UInt64(word)))")
                case .none, .noAbort: #expect(expected == 0, "\(hexadecimal(UInt64(word)))")
                case .notApplicable: Issue.record("\(hexadecimal(UInt64(word))) is \(row.name)")
                }
                compared += 1
            }
        }
        #expect(compared > 3_000, "\(compared)")
    }

    // MARK: The table

    private static let rows = Decoder.rows.filter { $0.group.contains("LoadsStores") }

    /// The words of a row in all that its syndrome could hang on: every bit of 31:21 and 15:10 that is not fixed. The
    /// registers stay what they are: even numbers, all different.
    private static func words(of row: EncodingRow) -> [UInt32] {
        let (mask, value) = row.maskAndValue
        let free = ~mask & 0xFFE0_FC00
        let registers: UInt32 = (2 << 16 | 6 << 5 | 4) & ~mask
        var words: [UInt32] = []
        var subset: UInt32 = 0
        repeat {
            let word = value | subset | registers
            if !row.isImplemented || row.lower(Word(word)).code != .undefined { words.append(word) }
            subset = (subset &- free) & free
        } while subset != 0
        return words
    }

    /// One line of the table: those instructions of a row that share an answer.
    private struct Line {
        var isValid = false
        var reason = ""
        var mnemonics: Set<String> = []
        var exits: Set<String> = []
    }

    private static func line(_ word: UInt32) -> Line? {
        switch LoadStoreSyndrome(word) {
        case .valid(_, let isStore):
            Line(
                isValid: true, reason: "one general-purpose register, without writeback",
                exits: [isStore ? ExitReason.mmioWriteUser.name : ExitReason.mmioReadUser.name])
        case .none(let reason): Line(reason: reason, exits: [ExitReason.armNISV.name])
        case .noAbort: Line(reason: "a prefetch does not fault", exits: ["none"])
        case .notApplicable: nil
        }
    }

    private static func lines(_ words: [UInt32], isImplemented: Bool) -> [Line] {
        var lines: [Line] = []
        for word in words {
            guard var line = line(word) else { continue }
            if !isImplemented { line.exits = ["none: UNDEFINED"] }
            let place = lines.firstIndex { $0.reason == line.reason } ?? lines.endIndex
            if place == lines.endIndex { lines.append(line) }
            lines[place].exits.formUnion(line.exits)
            let mnemonic = Disassembly.text(word, at: 0).prefix { $0 != " " }
            if !mnemonic.hasPrefix("un"), isImplemented { lines[place].mnemonics.insert(String(mnemonic)) }
        }
        return lines
    }

    private static func table() -> String {
        var out = ""
        var group = ""
        for row in rows {
            if row.group != group {
                group = row.group
                out += "\n## \(group)\n\n" + heading
            }
            out += text(
                "\(row.name)", lines(words(of: row), isImplemented: row.isImplemented),
                row.isImplemented ? nil : row.feature)
        }
        out += "\n## System instructions\n\n" + heading
        out += text("DC ZVA", lines([0xD50B_7420], isImplemented: true), nil)
        return out + "\n"
    }

    private static func text(_ name: String, _ lines: [Line], _ feature: ArchitectureFeature?) -> String {
        lines.map { line in
            "| \(name) | \(mnemonics(line, name, feature)) | \(line.isValid ? "1" : "0") | \(line.reason) "
                + "| \(line.exits.sorted().joined(separator: ", ")) |\n"
        }.joined()
    }

    /// The feature of a row that is not implemented; the row's own name where the disassembler has none.
    private static func mnemonics(_ line: Line, _ name: String, _ feature: ArchitectureFeature?) -> String {
        if let feature { return feature.rawValue }
        if line.mnemonics.isEmpty { return name.lowercased() }
        guard line.mnemonics.count > 13 else { return line.mnemonics.sorted().joined(separator: ", ") }
        // Atomics: acquire, release, and their sizes.
        let suffixes = ["a", "l", "al", "b", "ab", "lb", "alb", "h", "ah", "lh", "alh"]
        let stems = line.mnemonics.filter { mnemonic in
            !suffixes.contains {
                mnemonic.hasSuffix($0) && line.mnemonics.contains(String(mnemonic.dropLast($0.count)))
            }
        }
        return stems.sorted().joined(separator: ", ") + ", with all suffixes"
    }
}
