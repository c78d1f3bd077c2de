@testable import VCPUWorker

/// Random words of rows whose instructions touch general registers, flags, PC and memory, executed by Unicorn and twice by a
/// vCPU: interpreted and, where the translator knows them, translated.
struct IntegerHarness {
    let rows: [EncodingRow]
    /// Words that are not compared, by what the architecture or the reference leaves open.
    var isExcluded: (Word) -> Bool = { _ in false }
    /// The instruction before the word.
    var prefix: (Word, inout SeededGenerator) -> UInt32 = { _, _ in 0xD503_201F }
    /// Makes registers fit for the word.
    var prepare: (Word, inout MachineState, inout SeededGenerator) -> Void = { _, _, _ in }
    var usesMemory = false

    struct Report {
        var mismatches: [String] = []
        var compared = 0
        var faulted = 0
        var translated = 0
    }

    func run(countPerRow: Int, seed: UInt64) throws -> Report {
        let machine = try InterpreterMachine()
        var report = Report()
        var generator = SeededGenerator(seed: seed)
        machine.fillData(using: &generator)
        let saved = UnsafeMutableRawPointer.allocate(byteCount: InterpreterMachine.windowByteCount, alignment: 64)
        defer { saved.deallocate() }
        for (index, row) in rows.enumerated() {
            var found = 0
            for iteration in 0..<countPerRow where found < 3 {
                let caseSeed = seed &+ UInt64(index) << 32 &+ UInt64(iteration)
                var generator = SeededGenerator(seed: caseSeed)
                let word = Word(DifferentialHarness.randomWord(of: row, using: &generator))
                if isExcluded(word) { continue }
                var state = MachineState.random(using: &generator)
                state.sp = MachineState.generalWord(using: &generator)
                prepare(word, &state, &generator)
                let program = machine.place([prefix(word, &generator), word.raw])
                if usesMemory { machine.saveData(to: saved) }
                let differences = compare(program, state, machine, usesMemory ? saved : nil, &report)
                machine.remove(program)
                report.compared += 1
                if differences.isEmpty { continue }
                found += 1
                report.mismatches.append(
                    "\(row.name) \(String(word.raw, radix: 16)) after \(String(program.words[0], radix: 16)), "
                        + "seed \(caseSeed): " + differences.joined(separator: "; "))
            }
        }
        return report
    }

    /// Compares `count` sequences of defined words of the rows, which are data processing: what the interpreter fuses and the
    /// translator keeps in host registers and flags.
    func runSequences(count: Int, seed: UInt64) throws -> Report {
        let machine = try InterpreterMachine()
        var report = Report()
        for iteration in 0..<count where report.mismatches.count < 3 {
            let caseSeed = seed &+ UInt64(iteration)
            var generator = SeededGenerator(seed: caseSeed)
            var words: [UInt32] = []
            let length = 2 + Int(generator.next() % 12)
            while words.count < length {
                let row = rows[Int(generator.next() % UInt64(rows.count))]
                var word = DifferentialHarness.randomWord(of: row, using: &generator)
                // Few registers, so that instructions depend on each other.
                if generator.next() & 3 != 0 { word &= ~0b01100_01100 }
                if Decoder.shared.decode(word).code != .undefined { words.append(word) }
                if generator.next() & 3 == 0 { words += Self.idiom(using: &generator) }
            }
            var state = MachineState.random(using: &generator)
            state.sp = MachineState.generalWord(using: &generator)
            let program = machine.place(words)
            let differences = compare(program, state, machine, nil, &report)
            machine.remove(program)
            report.compared += 1
            if differences.isEmpty { continue }
            report.mismatches.append(
                "\(words.map { String($0, radix: 16) }), seed \(caseSeed): " + differences.joined(separator: "; "))
        }
        return report
    }

    /// Words that compilers write next to each other.
    private static func idiom(using generator: inout SeededGenerator) -> [UInt32] {
        let random = UInt32(truncatingIfNeeded: generator.next())
        let d = random & 31
        let n = random >> 5 & 31
        switch random >> 29 {
        case 0, 1:  // MOVZ or MOVN, and MOVK of the same or another register
            let first: UInt32 = random >> 28 & 1 == 0 ? 0xD280_0000 : 0x9280_0000
            var words = [first | random >> 8 & 0xFFFF << 5 | random >> 10 & 3 << 21 | d]
            for _ in 0..<1 + random >> 26 & 3 {
                let next = UInt32(truncatingIfNeeded: generator.next())
                words.append(0xF280_0000 | next & 0x7F_FFE0 | (next >> 28 == 0 ? n : d))
            }
            return words
        case 2:  // ADRP and LDR, of the page itself
            return [0x9000_0000 | d & 15, 0xF940_0000 | random >> 8 & 0x7FC00 | (d & 15) << 5 | d & 15]
        case 3:  // ADRP and ADD
            return [0x9000_0000 | random & 0x60FF_FFE0 | d, 0x9100_0000 | random >> 8 & 0x3F_FC00 | d << 5 | d]
        default:  // SUBS, ADDS or ANDS, and a branch
            let compares: [UInt32] = [
                0xF100_0000, 0x7100_0000, 0xEB00_0000, 0x6B00_0000, 0xF200_0000, 0x7200_0000, 0xB100_0000, 0x2B00_0000,
            ]
            let compare = compares[Int(random >> 26 & 7)]
            let isRegister = compare & 0x0100_0000 != 0 && compare & 0x1000_0000 == 0
            let operands = isRegister ? random & 0x1F_0000 : compare & 0x0300_0000 == 0x0200_0000 ? random & 0x3C00 : 0
            return [
                compare | operands | n << 5 | (random >> 25 & 1 == 0 ? 31 : d),
                // Over ADD Xd, Xd, #1.
                0x5400_0040 | random >> 20 & 15, 0x9100_0400 | d << 5 | d,
            ]
        }
    }

    private func compare(
        _ program: InterpreterMachine.Program, _ state: MachineState, _ machine: InterpreterMachine,
        _ saved: UnsafeMutableRawPointer?, _ report: inout Report
    ) -> [String] {
        var theirs = state
        let end = machine.unicorn.run(program.start..<program.end, on: &theirs)
        if end == .fault { report.faulted += 1 }
        // Not executed: it would be reported as unsupported.
        if program.words.contains(where: { Decoder.shared.decode($0).code == .undefined }) {
            _ = machine.firstDataDifference()
            return end == .exception ? [] : ["undefined, expected defined"]
        }
        for isTranslated in [false, true] {
            let position = machine.nativePosition
            if isTranslated, let saved { machine.restoreOurData(from: saved) }
            var ours = state
            let ourEnd = machine.run(program, on: &ours, isTranslated: isTranslated)
            if isTranslated, machine.nativePosition != position { report.translated += 1 }
            var differences: [String] = []
            switch end {
            case .done:
                differences = ourEnd == .done ? ours.differences(from: theirs) : ["ended with \(ourEnd)"]
            case .fault:
                // What a load or store that faults half-way has transferred is open, but not its base.
                let n = Int(program.words[1] >> 5 & 31)
                if ourEnd != .exception(0x25) {
                    differences = ["ended with \(ourEnd), expected a data abort"]
                } else if n == 31 ? ours.sp != state.sp : ours.x[n] != state.x[n] {
                    differences = ["the base of an aborted access changed"]
                } else if ours.pc != program.start + 4 {
                    differences = ["ELR_EL1 is \(String(ours.pc, radix: 16))"]
                }
            case .exception:
                if ourEnd != .exception(0) { differences = ["ended with \(ourEnd), expected undefined"] }
            }
            if usesMemory {
                if let address = machine.firstDataDifference(), end == .done {
                    differences.append("memory differs from \(String(address, radix: 16))")
                }
            }
            if !differences.isEmpty { return [isTranslated ? "translated" : "interpreted"] + differences }
        }
        return []
    }
}
