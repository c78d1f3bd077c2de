import Shared

/// Makes states whose registers hold interesting words, which are drawn from a stock.
///
/// Making each word anew takes longer than executing a program from the state.
struct RandomStates {
    /// FPCR.{AHP, DN, FZ, RMode, FZ16}.
    static let controlBits: UInt64 = 0x07C8_0000

    private static let vectorKinds: UInt64 = 8
    /// Of general words, and of each kind of vector word; a power of two.
    private static let wordCount: UInt64 = 4096
    private let general: [UInt64]
    /// One kind after the other.
    private let vectors: [UInt64]

    init(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        general = (0..<Self.wordCount).map { _ in InterestingWord.general(using: &generator) }
        vectors = (0..<Self.vectorKinds * Self.wordCount).map {
            InterestingWord.vector($0 / Self.wordCount, using: &generator)
        }
    }

    func state(using generator: inout SplitMix64) -> MachineState {
        var state = MachineState()
        // Half of the states hold one kind of value in every vector register, so that operands meet their like.
        let kind = generator.next() % 16
        let first = kind < Self.vectorKinds ? Int(kind * Self.wordCount) : 0
        let mask = Int((kind < Self.vectorKinds ? 1 : Self.vectorKinds) * Self.wordCount - 1)
        vectors.withUnsafeBufferPointer { words in
            state.v.withUnsafeMutableBufferPointer { v in
                for index in v.indices { v[index] = words[first + Int(truncatingIfNeeded: generator.next()) & mask] }
            }
        }
        general.withUnsafeBufferPointer { words in
            state.x.withUnsafeMutableBufferPointer { x in
                for index in x.indices { x[index] = words[Int(generator.next() % Self.wordCount)] }
            }
            state.sp = words[Int(generator.next() % Self.wordCount)]
        }
        state.nzcv = UInt32(truncatingIfNeeded: generator.next()) & 0xF000_0000
        // RMode, FZ, DN, AHP, FZ16; half of the time none of them, as most software has it.
        let control = UInt32(truncatingIfNeeded: generator.next())
        state.fpcr = control & 1 == 0 ? 0 : control & UInt32(Self.controlBits)
        // IXC alone selects the fast paths; sometimes everything is set.
        let status = generator.next()
        state.fpsr = status & 1 == 0 ? 0 : status & 6 == 0 ? 0x0800_009F : 0x10
        return state
    }
}
