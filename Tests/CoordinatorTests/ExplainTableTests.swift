import Shared
import Testing

@testable import Coordinator

/// The exit table, the vectors, and numbers as people write them.
@Suite struct ExplainTableTests {
    @Test func exitsAreThoseOfTheHandlers() {
        let exits = arm_exit_handlers.map(\.exceptionClass).filter(\.isExit)
        #expect(exits == [.wfx, .hvc64, .smc64, .sys64, .iabtLow, .dabtLow])
        let text = ExitTable.text
        for handler in arm_exit_handlers where handler.exceptionClass.meaning != nil {
            let number = hexadecimal(UInt64(handler.exceptionClass.rawValue), digits: 2)
            let line = text.split(separator: "\n").first { $0.hasPrefix("2 \(number) ") }
            #expect(line?.contains(" \(handler.name) ") == true, "\(number)")
            #expect(line?.contains(" \(handler.exceptionClass.name) ") == true, "\(number)")
        }
        #expect(text.contains("kvm_handle_guest_abort") && text.contains("EL1_SERROR"))
        #expect(text.contains("handleExit: the run fails"))
    }

    /// Arm ARM "ESR_EL2": the values of EC that are not defined.
    @Test func reservedClasses() {
        let reserved = (UInt8(0)..<64).filter { ExceptionClass(rawValue: $0).meaning == nil }
        #expect(reserved == [2, 11, 15, 16, 35, 41, 42, 43, 46, 54, 55, 57, 59, 62, 63])
        #expect(ExitTable.text.contains("The other \(reserved.count) classes are reserved"))
    }

    @Test func vectorOffsets() {
        #expect(VectorTable.entries.map(\.offset) == Array(stride(from: 0, to: 0x800, by: 0x80)))
        #expect(VectorTable.Entry(origin: .lower64, kind: .irq).offset == 0x480)
        let reached = VectorTable.entries.filter(\.use.isReached).map(\.nameInLinux)
        #expect(
            reached == [
                "el1h_64_sync", "el1h_64_irq", "el1h_64_error", "el0t_64_sync", "el0t_64_irq", "el0t_64_error",
            ])
        #expect(VectorTable.text.split(separator: "\n").count == 18)
    }

    @Test(
        arguments: [
            ("0x93c08046", 0x93C0_8046), ("93C08046", 0x93C0_8046), ("0X0", 0), ("0x0000000093c08046", 0x93C0_8046),
            ("10", 0x10),
        ] as [(String, UInt32)]) func numbers(text: String, value: UInt32)
    {
        #expect(HexadecimalWord.parse(text) == .success(value))
    }

    @Test(arguments: [
        ("", "no number"), ("0x", "no number"), ("xyz", "no number"), ("-1", "no number"), ("1 2", "no number"),
        ("0x1_0", "no number"), ("0x193c08046", "wider than 32 bits"), ("１２", "no number"),
        ("ffffffffffffffffffffffff", "wider than 32 bits"),
    ]) func noNumbers(text: String, problem: String) {
        guard case .failure(let found) = HexadecimalWord.parse(text) else {
            Issue.record("\(text) is a number")
            return
        }
        #expect(found.message.contains(problem))
    }

    @Test(arguments: [["esr"], ["esr", "xyz"], ["insn", "100000000"], ["sysreg", "3,0"], ["exits", "1"]])
    func wrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try Armada.parseAsRoot(["explain"] + arguments) }
        do { _ = try Armada.parseAsRoot(["explain"] + arguments) } catch {
            #expect(Armada.exitCode(for: error).rawValue == 64)
        }
    }

    @Test func commandsParse() throws {
        #expect(try Armada.parseAsRoot(["explain", "esr", "0x1", "--el1"]) is ExplainESRCommand)
        #expect(try Armada.parseAsRoot(["explain", "insn", "d503207f"]) is ExplainInstructionCommand)
        #expect(try Armada.parseAsRoot(["explain", "sysreg", "3,0,1,0,0"]) is ExplainSystemRegisterCommand)
        #expect(try Armada.parseAsRoot(["explain", "exits"]) is ExplainExitsCommand)
        #expect(try Armada.parseAsRoot(["explain", "vectors"]) is ExplainVectorsCommand)
    }
}
