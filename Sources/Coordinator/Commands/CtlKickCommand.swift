import ArgumentParser

/// `armada ctl kick`.
struct CtlKickCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "kick",
        abstract: "Have vCPUs leave the guest and go back in.",
        discussion: "One that waits in WFI looks whether it has an interrupt, and waits on if not.")
    @OptionGroup var selection: VCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .kick(vcpu: selection.vcpu) }
}
