import ArgumentParser

/// `armada explain walk`.
struct ExplainWalkCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "walk",
        abstract: "Walk a virtual address through both stages of a paused VM, descriptor by descriptor.",
        discussion: """
            With the registers that the vCPU has; it must be paused or off. It says what there is, or why and where the \
            access faults. Example: armada ctl pause; armada explain walk 0xffff800080000000 --fetch
            """)

    @Argument(help: ArgumentHelp("The virtual address: decimal, or hexadecimal with 0x.", valueName: "address"))
    var address: WordArgument
    @OptionGroup var selection: OneVCPUOption
    @Flag(help: "For a write instead of a read.")
    var write = false
    @Flag(help: "For an instruction fetch instead of a read.")
    var fetch = false
    @Flag(help: "With the permissions of EL0 instead of EL1's.")
    var el0 = false
    @OptionGroup var vm: VMOption

    func validate() throws {
        if write, fetch { throw ValidationError("an access is a write or a fetch: give one of --write and --fetch") }
    }

    func execute() throws -> Int32 {
        let access = WalkedAccess(
            address: address.value, kind: write ? .write : fetch ? .fetch : .read, isUnprivileged: el0)
        let text = try vm.ask(.walk(vcpu: selection.vcpu, access)) { reply -> String? in
            if case .text(let text) = reply { text } else { nil }
        }
        try StandardOutput.write(text.split(separator: "\n").map { printable(String($0)) + "\n" }.joined())
        return 0
    }
}
