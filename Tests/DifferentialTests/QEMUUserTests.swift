import Shared
import Testing

@testable import VCPUWorker

/// A second reference, a release of QEMU three years younger than the one in Unicorn.
@Suite struct QEMUUserTests {
    private static func isHalfPrecision(_ row: EncodingRow) -> Bool {
        row.name.description.contains("half)") || row.name.description.contains(", H)")
    }

    /// The row whose 16-bit result QEMU extends to 32 bits by its sign. The manual's write to V[d] clears the rest.
    static let signExtended = "FCVTZS (scalar, fixed-point, H)"

    /// Every row of floating point and Advanced SIMD data processing; most often those of half precision.
    @Test func vectorsAgree() throws {
        let machine = try QEMUUserMachine()
        let states = RandomStates(seed: 0x5EED)
        for (index, row) in VectorEncodings.rows.enumerated() where row.isImplemented {
            var generator = SplitMix64(seed: 0x5EED &+ UInt64(index) << 32)
            let isHalf = Self.isHalfPrecision(row)
            let cases = (0..<(isHalf ? 300 : 100)).map { count in
                let word = DifferentialHarness.randomWord(of: row, using: &generator)
                var state = states.state(using: &generator)
                if isHalf && count % 3 != 0 { HalfOperands.fill(&state, using: &generator) }
                return QEMUUserMachine.Case(word: word, state: state)
            }
            try compare(row, cases, machine)
        }
    }

    /// One source: one in sixteen of all numbers, under any control.
    @Test func allHalvesAgree() throws {
        let machine = try QEMUUserMachine()
        for (index, row) in AdvancedSIMDTwoRegisterMiscellaneousFP16.rows.enumerated() {
            var generator = SplitMix64(seed: UInt64(index))
            // From V1 to V0, all eight lanes.
            let word = row.maskAndValue.value | 1 << 30 | 1 << 5
            let cases = (0..<512).map { count in
                var state = MachineState()
                for lane in 0..<8 {
                    let number = UInt64(count * 8 + lane) << 4 | generator.next() & 15
                    state.v[2 + lane / 4] |= number << UInt64(lane % 4 * 16)
                }
                state.fpcr = UInt32(truncatingIfNeeded: generator.next()) & 0x07C8_0000
                return QEMUUserMachine.Case(word: word, state: state)
            }
            try compare(row, cases, machine)
        }
    }

    private func compare(_ row: EncodingRow, _ cases: [QEMUUserMachine.Case], _ machine: QEMUUserMachine) throws {
        var found = 0
        for (item, result) in zip(cases, try machine.execute(cases)) where found < 3 {
            var expected = result
            let op = row.lower(Word(item.word))
            var ours = item.state
            if op.code != .undefined { VectorExecutor.execute(op, on: &ours) }
            if var state = expected, row.name.description == Self.signExtended {
                state.v[2 * Int(op.d)] &= 0xFFFF
                expected = state
            }
            let differences =
                (op.code != .undefined) != (expected != nil)
                ? ["is \(expected == nil ? "undefined" : "defined") there"]
                : ours.differences(from: expected ?? item.state)
            if differences.isEmpty { continue }
            found += 1
            Issue.record(
                """
                \(row.name) \(String(item.word, radix: 16)) fpcr \(String(item.state.fpcr, radix: 16)): \
                \(differences.joined(separator: "; "))
                """)
        }
    }
}

/// Operands for half precision: one in three is special, the others are near one, subnormal or anything.
enum HalfOperands {
    /// Zero, the ends of the subnormal and of the normal numbers, one, an infinity, signalling and quiet NaNs.
    private static let special: [UInt64] = [
        0x0000, 0x0001, 0x0002, 0x03FF, 0x0400, 0x0401, 0x3800, 0x3BFF, 0x3C00, 0x3C01, 0x4000, 0x6400, 0x6801, 0x7800,
        0x7BFF, 0x7C00, 0x7C01, 0x7DFF, 0x7E00, 0x7FFF,
    ]

    private static func next(using generator: inout SplitMix64) -> UInt64 {
        let random = generator.next()
        let magnitude: UInt64 =
            switch random % 6 {
            case 0, 1: special[Int((random >> 8) % UInt64(special.count))]
            case 2, 3: 0x3000 &+ (random >> 8 & 0x1FFF)
            case 4: random >> 8 & 0x3FF
            default: random >> 8
            }
        return magnitude & 0x7FFF | (random >> 63) << 15
    }

    /// Every lane of every vector register.
    static func fill(_ state: inout MachineState, using generator: inout SplitMix64) {
        for index in 0..<64 {
            state.v[index] = (0..<4).reduce(0) { word, _ in word << 16 | next(using: &generator) }
        }
    }
}
