import Shared

@testable import VCPUWorker

/// A program of a few words and all that it starts from.
struct ComparisonCase {
    var words: [UInt32]
    var state: MachineState
    /// What the data is filled from; 0: it is zero.
    var dataSeed: UInt64 = 0
    /// Executed by generated code on our side, as far as the translator knows the words.
    var isTranslated = false
}

/// Words, and how they are executed.
struct RandomProgram {
    var words: [UInt32] = []
    /// Rows of the words, as indices of `Decoder.rows`; the row under test last.
    var rows: [Int] = []
    /// Branches that lead elsewhere: no more is executed than there are words.
    var isCounted = false
    var accessesData = false
    var usesMonitor = false
    /// Whether all words are.
    var isDefined = true

    init() {}

    init(words: [UInt32]) {
        self.words = words
        isDefined = words.allSatisfy { Decoder.shared.decode($0, .all).code != .undefined }
        for word in words.lazy.map({ Word($0) }) {
            if ComparisonRules.accessesData(word) { accessesData = true }
            if MemoryOperands.usesMonitor(word) { usesMonitor = true }
            if ComparisonRules.mayLeave(word) { isCounted = true }
        }
    }
}
