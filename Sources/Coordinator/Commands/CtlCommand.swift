import ArgumentParser

/// `armada ctl`.
struct CtlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: "Look into a running VM, pause and change it, inject exceptions and interrupts, shut it down.",
        discussion: """
            While one looks, the VM goes on: what its vCPUs hold is as it was at their last entry into the guest.
            """,
        subcommands: [
            CtlPauseCommand.self, CtlResumeCommand.self, CtlVGICCommand.self, CtlVCPUsCommand.self,
            CtlSlotsCommand.self, CtlSlotCommand.self, CtlStage2Command.self, CtlRegistersCommand.self,
            CtlRegisterCommand.self, CtlReadCommand.self, CtlWriteCommand.self, CtlKickCommand.self,
            CtlInjectCommand.self, CtlInterruptCommand.self, CtlMPStateCommand.self, CtlCounterOffsetCommand.self,
            CtlExitsCommand.self, CtlShutdownCommand.self,
        ])
}

/// A part of the VM as text.
protocol InspectingCommand: ExecutableCommand {
    static var part: VMPart { get }
    var vm: VMTarget { get }
}

extension InspectingCommand {
    func execute() throws -> Int32 {
        let text = try vm.ask(.inspect(Self.part)) { if case .text(let text) = $0 { text } else { nil } }
        try StandardOutput.write(Self.printableLines(text))
        return 0
    }

    /// Who listens at a path may be anybody.
    private static func printableLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { printable(String($0)) }
                .joined(separator: "\t")
        }.joined(separator: "\n")
    }
}

/// `armada ctl vgic`.
struct CtlVGICCommand: InspectingCommand {
    static let part = VMPart.vgic
    static let configuration = CommandConfiguration(
        commandName: "vgic",
        abstract: "Print every interrupt's state, in the columns of KVM's vgic-state in debugfs.")
    @OptionGroup var vm: VMTarget
}

/// `armada ctl vcpus`.
struct CtlVCPUsCommand: InspectingCommand {
    static let part = VMPart.vcpus
    static let configuration = CommandConfiguration(
        commandName: "vcpus",
        abstract: "Print each vCPU's state, mode, requests, doorbell, last exit and list registers.")
    @OptionGroup var vm: VMTarget
}

/// `armada ctl slots`.
struct CtlSlotsCommand: InspectingCommand {
    static let part = VMPart.slots
    static let configuration = CommandConfiguration(commandName: "slots", abstract: "Print the memory slots.")
    @OptionGroup var vm: VMTarget
}

/// `armada ctl stage2`.
struct CtlStage2Command: InspectingCommand {
    static let part = VMPart.stage2
    static let configuration = CommandConfiguration(
        commandName: "stage2",
        abstract: "Print the stage-2 tables.",
        discussion: "One line for each run of blocks or pages that map one piece of memory with the same attributes.")
    @OptionGroup var vm: VMTarget
}
