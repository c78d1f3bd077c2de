@testable import VCPUWorker

/// Makes a failing case small: fewer words, registers that are zero or nearly, no FPCR, memory of zeros; as long as it
/// still fails.
struct Minimizer {
    let fails: (ComparisonCase) -> Bool

    func minimize(_ comparison: ComparisonCase) -> ComparisonCase {
        var best = comparison
        while true {
            var next = withFewerWords(best)
            next = withSimplerState(next)
            if next.words == best.words, next.state == best.state, next.dataSeed == best.dataSeed { return best }
            best = next
        }
    }

    private func withFewerWords(_ comparison: ComparisonCase) -> ComparisonCase {
        var best = comparison
        var index = best.words.count - 1
        while index >= 0, best.words.count > 1 {
            var candidate = best
            candidate.words.remove(at: index)
            index -= 1
            // A branch over the word behind the program, where its loop is, would not end.
            if let last = candidate.words.last, ComparisonRules.isDirectBranch(Word(last)) { continue }
            // A branch that skipped the word may lead elsewhere now.
            if fails(candidate) { best = candidate }
        }
        return best
    }

    private func withSimplerState(_ comparison: ComparisonCase) -> ComparisonCase {
        var best = comparison
        func attempt(_ change: (inout ComparisonCase) -> Void) -> Bool {
            var candidate = best
            change(&candidate)
            guard fails(candidate) else { return false }
            best = candidate
            return true
        }
        if best.isTranslated { _ = attempt { $0.isTranslated = false } }
        if best.dataSeed != 0 { _ = attempt { $0.dataSeed = 0 } }
        if best.state.fpcr != 0 {
            _ = attempt { $0.state.fpcr = 0 }
            for bit in 0..<32 where best.state.fpcr >> bit & 1 != 0 { _ = attempt { $0.state.fpcr &= ~(1 << bit) } }
        }
        if best.state.fpsr != 0 { _ = attempt { $0.state.fpsr = 0 } }
        if best.state.nzcv != 0 {
            _ = attempt { $0.state.nzcv = 0 }
            for bit in 28..<32 where best.state.nzcv >> bit & 1 != 0 { _ = attempt { $0.state.nzcv &= ~(1 << bit) } }
        }
        _ = attempt { $0.state.v = [UInt64](repeating: 0, count: 64) }
        _ = attempt { $0.state.x = [UInt64](repeating: 0, count: 31) }
        for index in 0..<64 where best.state.v[index] != 0 { simplify(\.v[index]) }
        for index in 0..<31 where best.state.x[index] != 0 { simplify(\.x[index]) }
        if best.state.sp != 0 { simplify(\.sp) }
        return best

        /// Zero, else without as many bits as possible: first halves, then ever smaller parts.
        func simplify(_ path: WritableKeyPath<MachineState, UInt64>) {
            if attempt({ $0.state[keyPath: path] = 0 }) { return }
            var width = 32
            while width > 0 {
                for shift in stride(from: 0, to: 64, by: width) {
                    let mask: UInt64 = ((1 << UInt64(width)) &- 1) << UInt64(shift)
                    if best.state[keyPath: path] & mask != 0 { _ = attempt { $0.state[keyPath: path] &= ~mask } }
                }
                width /= 2
            }
        }
    }
}
