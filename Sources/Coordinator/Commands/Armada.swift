import ArgumentParser

/// The command `armada`.
struct Armada: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "armada",
        abstract: "A multi-process simulator of an ARM64 virtual machine, shaped like Linux KVM/arm64.",
        discussion: """
            One process is the hypervisor, and one process per vCPU is the processor. `armada run` boots a guest: \
            an arm64 Linux kernel, an ELF file, a raw binary, or the built-in guest when no kernel is given. While it \
            runs, `armada ps` lists it, `armada stat` measures it and `armada ctl` looks into it.
            """,
        version: "armada \(version)",
        subcommands: [
            RunCommand.self, BenchCommand.self, StressCommand.self, PsCommand.self, StatCommand.self,
            CtlCommand.self, DecodeCommand.self, ExplainCommand.self,
        ])
}

/// A command with an exit code of its own.
protocol ExecutableCommand: ParsableCommand {
    func execute() throws -> Int32
}

/// A failure that the user is told in one line, with exit code 1.
struct CommandFailure: Error {
    var message: String
    init(_ message: String) { self.message = message }
}
