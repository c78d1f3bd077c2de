import ArgumentParser

/// `armada ctl shutdown`.
struct CtlShutdownCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "shutdown",
        abstract: "End the VM at once; its exit code is 39.",
        discussion: "The guest is not asked, as with Ctrl-a x.")
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .shutdown }
}
