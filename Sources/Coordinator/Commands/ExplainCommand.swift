import ArgumentParser
import Shared

/// `armada explain`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say in words what a syndrome, an instruction, a system register, or a translation is.",
        discussion: """
            No VM is needed, but for walk. Numbers are hexadecimal, with or without 0x. An encoding that the architecture does not \
            define is said to be reserved.

            Example: armada explain esr 0x93c08046
            """,
        subcommands: [
            ExplainESRCommand.self, ExplainInstructionCommand.self, ExplainSystemRegisterCommand.self,
            ExplainExitsCommand.self, ExplainVectorsCommand.self, ExplainWalkCommand.self,
        ])
}

/// `armada explain esr`.
struct ExplainESRCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "esr",
        abstract: "Explain a value of ESR_EL2, or of ESR_EL1: every field, and who answers.")

    @Argument(help: ArgumentHelp("The value: up to 8 hexadecimal digits, and leading zeros.", valueName: "value"))
    var value: String

    @Flag(name: .customLong("el1"), help: "The value is ESR_EL1's: the exception went to the guest's kernel.")
    var isEL1 = false

    func validate() throws { _ = try HexadecimalWord.parse(value).orUsage() }

    func execute() throws -> Int32 {
        let syndrome = ExceptionSyndrome(rawValue: try HexadecimalWord.parse(value).orUsage())
        try StandardOutput.write(SyndromeExplanation(syndrome: syndrome, level: isEL1 ? .el1 : .el2).text)
        return 0
    }
}

/// `armada explain insn`.
struct ExplainInstructionCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insn",
        abstract: "Explain an A64 instruction: its text, its kind, and whether its data abort has a syndrome.")

    @Argument(help: ArgumentHelp("The instruction: up to 8 hexadecimal digits.", valueName: "word"))
    var word: String

    func validate() throws { _ = try HexadecimalWord.parse(word).orUsage() }

    func execute() throws -> Int32 {
        try StandardOutput.write(InstructionExplanation(word: try HexadecimalWord.parse(word).orUsage()).text)
        return 0
    }
}

/// `armada explain sysreg`.
struct ExplainSystemRegisterCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sysreg",
        abstract: "Explain a system register or system instruction: its names, its encodings, and who answers it.")

    @Argument(
        help: ArgumentHelp(
            "A name (SCTLR_EL1, DC-CIVAC), S3_0_C1_C0_0, or op0,op1,CRn,CRm,op2 (3,0,1,0,0).", valueName: "register"))
    var register: String

    func validate() throws { _ = try SystemRegisterArgument.parse(register).orUsage() }

    func execute() throws -> Int32 {
        let encoding = try SystemRegisterArgument.parse(register).orUsage()
        try StandardOutput.write(SystemRegisterExplanation(encoding: encoding).text)
        return 0
    }
}

/// `armada explain exits`.
struct ExplainExitsCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exits", abstract: "List all exits with KVM's handler, Armada's, and who else may answer.")

    func execute() throws -> Int32 {
        try StandardOutput.write(ExitTable.text)
        return 0
    }
}

/// `armada explain vectors`.
struct ExplainVectorsCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors", abstract: "List EL1's exception vectors, and which of them a running Linux reaches.")

    func execute() throws -> Int32 {
        try StandardOutput.write(VectorTable.text)
        return 0
    }
}

extension Result where Failure == ExplainProblem {
    /// The value, or wrong usage.
    fileprivate func orUsage() throws -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let problem): throw ValidationError(problem.message)
        }
    }
}
