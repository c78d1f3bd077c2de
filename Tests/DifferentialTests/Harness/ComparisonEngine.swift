@testable import VCPUWorker

/// Executes programs on our side and on the reference, and says what differs afterwards: X, SP, PC, V, NZCV, FPCR, FPSR and
/// memory.
final class ComparisonEngine {
    private let machine: InterpreterMachine
    private var data = InterpreterMachine.Data(seed: 1)
    private var dataSeed: UInt64 = 1

    /// Comparisons in which a part of the program was executed by generated code.
    private(set) var translated = 0
    /// Comparisons that ended in a data abort on both sides.
    private(set) var faulted = 0

    /// Changes what our side has computed: only to prove that a wrong result is found.
    var sabotage: ((_ words: [UInt32], inout MachineState) -> Void)?
    /// The same for the first byte of our memory.
    var sabotageMemory = false

    init() throws { machine = try InterpreterMachine() }

    /// What differs after a case; nothing: both sides agree.
    func differences(_ comparison: ComparisonCase) -> [String] {
        let program = RandomProgram(words: comparison.words)
        return withPlaced(program) { placed in
            differences(
                program, placed, comparison.state, dataSeed: comparison.dataSeed, isTranslated: comparison.isTranslated)
        }
    }

    /// Replaces the reference by a new one.
    func renewReference() { machine.renewReference() }

    /// Our side's registers after a case.
    func ours(after comparison: ComparisonCase) -> MachineState {
        var state = comparison.state
        let program = RandomProgram(words: comparison.words)
        if program.accessesData { prepareData(seed: comparison.dataSeed) }
        if program.usesMonitor { machine.clearExclusiveMonitors() }
        _ = withPlaced(program) { machine.run($0, on: &state, isTranslated: comparison.isTranslated) }
        return state
    }

    /// Calls `body` while the words of `program` lie in memory.
    func withPlaced<Result>(_ program: RandomProgram, _ body: (InterpreterMachine.Program) -> Result) -> Result {
        let placed = machine.place(program.words)
        defer { machine.remove(placed) }
        return body(placed)
    }

    /// What differs after executing a placed program from `state`.
    func differences(
        _ program: RandomProgram, _ placed: InterpreterMachine.Program, _ state: MachineState, dataSeed: UInt64,
        isTranslated: Bool
    ) -> [String] {
        if program.accessesData { prepareData(seed: dataSeed) }
        if program.usesMonitor { machine.clearExclusiveMonitors() }
        var theirs = state
        let theirEnd = machine.runReference(placed, on: &theirs, isCounted: program.isCounted)
        // Not executed on our side: it would be logged.
        if !program.isDefined {
            return theirEnd == .exception ? [] : ["is undefined, expected defined"]
        }
        if program.usesMonitor { machine.clearExclusiveMonitors() }
        let nativePosition = machine.nativePosition
        var ours = state
        let ourEnd = machine.run(placed, on: &ours, isTranslated: isTranslated)
        if isTranslated, machine.nativePosition != nativePosition { translated += 1 }
        sabotage?(program.words, &ours)
        switch ourEnd {
        case .exception(0x25, let syndrome):
            // The reference checks the alignment of most atomics only, and calls it an exception.
            let isAlignmentFault = syndrome & 0x3F == 0x21
            guard theirEnd == .fault || isAlignmentFault || isZeroing(program, placed, ours.pc) else {
                return ["ended with a data abort, expected \(theirEnd)"]
            }
            faulted += 1
            return differencesBeforeAbort(program, placed, state, ours)
        case .exception(let exceptionClass, _):
            return theirEnd == .exception && exceptionClass == 0
                ? [] : ["ended with exception class \(String(exceptionClass, radix: 16)), expected \(theirEnd)"]
        case .done:
            guard theirEnd == .done else { return ["ended, expected \(theirEnd)"] }
            var differences = ours.differences(from: theirs)
            if program.accessesData {
                if sabotageMemory { machine.flipFirstByteOfOurs() }
                if let address = machine.firstDataDifference() {
                    differences.append("memory differs from \(String(address, radix: 16))")
                }
            }
            return differences
        }
    }

    /// Whether `pc` is at a DC ZVA, after whose abort the reference goes on to the next instruction.
    private func isZeroing(_ program: RandomProgram, _ placed: InterpreterMachine.Program, _ pc: UInt64) -> Bool {
        let index = Int(truncatingIfNeeded: pc &- placed.start) / 4
        return program.words.indices.contains(index) && SystemOperands.isByAddress(Word(program.words[index]))
    }

    /// After a data abort: compares with the reference's execution of what stands before the instruction that faulted.
    ///
    /// What a load or store that faults half-way has transferred is open, but not its base.
    private func differencesBeforeAbort(
        _ program: RandomProgram, _ placed: InterpreterMachine.Program, _ state: MachineState, _ ours: MachineState
    ) -> [String] {
        let index = Int(ours.pc &- placed.start) / 4
        guard index < program.words.count else { return ["aborts at \(String(ours.pc, radix: 16))"] }
        var ours = ours
        var theirs = state
        if index > 0 {
            machine.fillTheirs(with: data)
            if program.usesMonitor { machine.clearExclusiveMonitors() }
            let end = machine.runReference(placed, words: index, on: &theirs, isCounted: program.isCounted)
            guard end == .done else { return ["aborts at instruction \(index), expected earlier"] }
        } else {
            theirs.pc = placed.start
        }
        let w = Word(program.words[index])
        for register in [w.rt, w.rt2, w.rs] where register != 31 && register != w.rn {
            ours.x[Int(register)] = theirs.x[Int(register)]
        }
        // A structure has up to four registers, a pair has two.
        for register in [w.rt, w.rt2, (w.rt &+ 1) & 31, (w.rt &+ 2) & 31, (w.rt &+ 3) & 31] {
            for half in 0..<2 { ours.v[2 * Int(register) + half] = theirs.v[2 * Int(register) + half] }
        }
        return ours.differences(from: theirs)
    }

    private func prepareData(seed: UInt64) {
        if seed != dataSeed {
            data = InterpreterMachine.Data(seed: seed)
            dataSeed = seed
        }
        machine.fillOurs(with: data)
        machine.fillTheirs(with: data)
    }
}
