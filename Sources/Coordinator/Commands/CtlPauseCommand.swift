import ArgumentParser

/// A change to a VM's vCPUs, of one or of all.
protocol SelectingCommand: ExecutableCommand {
    var vm: VMTarget { get }
    var selection: VCPUOption { get }
    var request: ControlRequest { get }
}

struct VCPUOption: ParsableArguments {
    @Option(help: ArgumentHelp("This vCPU alone, from 0 on; without it, all.", valueName: "number"))
    var vcpu: Int?

    func validate() throws {
        if let vcpu, !(0..<512 ~= vcpu) { throw ValidationError("--vcpu \(vcpu) is not possible: give 0 to 511") }
    }
}

extension SelectingCommand {
    func execute() throws -> Int32 {
        _ = try vm.ask(request) { if case .done = $0 { () } else { nil } }
        return 0
    }
}

/// `armada ctl pause`.
struct CtlPauseCommand: SelectingCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keep vCPUs out of the guest; returns when they have left it.",
        discussion: "The guest's clock goes on, as under KVM.")
    @OptionGroup var selection: VCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .pause(vcpu: selection.vcpu) }
}

/// `armada ctl resume`.
struct CtlResumeCommand: SelectingCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let paused vCPUs run again.")
    @OptionGroup var selection: VCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .resume(vcpu: selection.vcpu) }
}
