import Testing

@testable import VCPUWorker

/// What Unicorn cannot be asked: minima and maxima narrower than 64 bits, and misaligned atomics, which it allows.
@Suite struct NarrowAtomicTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        /// With X0 as the base, X1 as the operand and X2 as the result.
        let word: UInt32
        let memory: UInt64
        let operand: UInt64
        let result: UInt64

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "LDSMAXB of −1 and 1", word: 0x3821_4002, memory: 0x12FF, operand: 0x8001, result: 0x1201),
        Case(name: "LDSMAXB of −1 and −2", word: 0x3821_4002, memory: 0x12FF, operand: 0xFE, result: 0x12FF),
        Case(name: "LDSMINB of 1 and −128", word: 0x3821_5002, memory: 0x1201, operand: 0x80, result: 0x1280),
        Case(name: "LDSMINH of −1 and 1", word: 0x7821_5002, memory: 0x5_FFFF, operand: 1, result: 0x5_FFFF),
        Case(name: "LDSMAXH of −32768 and 0", word: 0x7821_4002, memory: 0x8000, operand: 0x7_0000, result: 0),
        Case(
            name: "LDSMAX of −1 and 1, 32 bits", word: 0xB821_4002, memory: 0x9_FFFF_FFFF, operand: 1,
            result: 0x9_0000_0001),
        Case(
            name: "LDSMIN of 1 and −1, 32 bits", word: 0xB821_5002, memory: 1, operand: 0xFFFF_FFFF,
            result: 0xFFFF_FFFF),
        Case(name: "LDUMAXB of 0xFF and 1", word: 0x3821_6002, memory: 0x12FF, operand: 0x1_0001, result: 0x12FF),
        Case(name: "LDUMINH of 0xFFFF and 1", word: 0x7821_7002, memory: 0x1_FFFF, operand: 0x1_0001, result: 0x1_0001),
    ]

    @Test(arguments: cases)
    func compares(_ example: Case) throws {
        let machine = try InterpreterMachine()
        let address = InterpreterMachine.dataMiddle
        // STR X3, [X0]; the atomic; LDR X4, [X0]
        let program = machine.place([0xF900_0003, example.word, 0xF940_0004])
        var state = MachineState()
        state.x[0] = address
        state.x[1] = example.operand
        state.x[3] = example.memory
        #expect(machine.run(program, on: &state, isTranslated: false) == .done)
        let width = 8 << UInt64(example.word >> 30)
        #expect(state.x[2] == example.memory & ~(~0 << UInt64(width)))
        #expect(state.x[4] == example.result)
    }

    /// LDADD, CAS, LDXR, STXR, LDAR and STLR of words at an odd address, CASP and LDXP of a pair at a multiple of 8.
    @Test(
        arguments: [
            (0xB821_0002, 1), (0x88A1_7C02, 1), (0x885F_7C02, 1), (0x8801_7C02, 1), (0x88DF_FC02, 1), (0x889F_FC02, 1),
            (0x4822_7C04, 8), (0xC87F_0C02, 8),
        ] as [(UInt32, UInt64)])
    func misalignmentIsADataAbort(word: UInt32, offset: UInt64) throws {
        let machine = try InterpreterMachine()
        let program = machine.place([word])
        var state = MachineState()
        state.x[0] = InterpreterMachine.dataMiddle + offset
        // A data abort: alignment fault.
        guard case .exception(0x25, let syndrome) = machine.run(program, on: &state, isTranslated: false) else {
            Issue.record("no data abort")
            return
        }
        #expect(syndrome & 0x3F == 0x21)
        #expect(state.x[0] == InterpreterMachine.dataMiddle + offset)
    }
}
