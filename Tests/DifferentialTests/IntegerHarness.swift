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
                let differences = compare(program, state, machine, saved, &report)
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

    private func compare(
        _ program: InterpreterMachine.Program, _ state: MachineState, _ machine: InterpreterMachine,
        _ saved: UnsafeMutableRawPointer, _ report: inout Report
    ) -> [String] {
        var theirs = state
        let end = machine.unicorn.run(from: program.start, count: program.words.count, on: &theirs)
        if end == .fault { report.faulted += 1 }
        // Not executed: it would be reported as unsupported.
        if Decoder.shared.decode(program.words[1]).code == .undefined {
            _ = machine.firstDataDifference()
            return end == .exception ? [] : ["undefined, expected defined"]
        }
        for isTranslated in [false, true] {
            let position = machine.nativePosition
            if isTranslated, usesMemory { machine.restoreOurData(from: saved) }
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
