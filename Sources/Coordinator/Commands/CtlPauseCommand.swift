import ArgumentParser

/// Has a VM do something, and says nothing if it has.
protocol ChangingCommand: ExecutableCommand {
    var vm: VMTarget { get }
    var request: ControlRequest { get }
}

extension ChangingCommand {
    func execute() throws -> Int32 {
        _ = try vm.ask(request) { if case .done = $0 { () } else { nil } }
        return 0
    }
}

/// `armada ctl pause`.
struct CtlPauseCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keep vCPUs out of the guest; returns when they have left it.",
        discussion: "The guest's clock goes on, as under KVM.")
    @OptionGroup var selection: VCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .pause(vcpu: selection.vcpu) }
}

/// `armada ctl resume`.
struct CtlResumeCommand: ChangingCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let paused vCPUs run again.")
    @OptionGroup var selection: VCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .resume(vcpu: selection.vcpu) }
}
