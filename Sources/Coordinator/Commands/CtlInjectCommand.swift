import ArgumentParser
import Shared

/// `armada ctl inject`.
struct CtlInjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inject",
        abstract: "Have a vCPU take an exception, as KVM_SET_VCPU_EVENTS does.",
        discussion: """
            It is taken between two instructions, wherever the guest is; a paused vCPU takes it when it is resumed, one \
            in WFI is woken. Numbers are decimal, or hexadecimal with 0x.

            Example: armada ctl inject serror --esr 0x1000001
            """,
        subcommands: [
            CtlInjectSErrorCommand.self, CtlInjectDataAbortCommand.self, CtlInjectInstructionAbortCommand.self,
            CtlInjectUndefinedCommand.self,
        ])
}

/// `armada ctl inject serror`.
struct CtlInjectSErrorCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "serror",
        abstract: "A virtual SError: HCR_EL2.VSE with VSESR_EL2. It is pending until PSTATE.A is clear.")

    @Option(
        help: ArgumentHelp(
            """
            The ISS that ESR_EL1 gets. Without FEAT_RAS, which is not announced, 0 or one with IDS (bit 24). Without \
            it: IDS alone.
            """, valueName: "iss"))
    var esr: WordArgument?
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMTarget

    func validate() throws {
        if let esr, esr.value & ~UInt64(ExceptionSyndrome.issMask) != 0 {
            throw ValidationError("--esr \(hexadecimal(esr.value)) is not possible: an ISS has 25 bits")
        }
    }

    var request: ControlRequest {
        .inject(.serror(iss: esr.map { UInt32(truncatingIfNeeded: $0.value) }), vcpu: selection.vcpu)
    }
}

/// `armada ctl inject data-abort`.
struct CtlInjectDataAbortCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "data-abort", abstract: "A synchronous external data abort, as for a read.")
    @Argument(help: ArgumentHelp("FAR_EL1.", valueName: "address"))
    var address: WordArgument
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .inject(.dataAbort(address.value), vcpu: selection.vcpu) }
}

/// `armada ctl inject instruction-abort`.
struct CtlInjectInstructionAbortCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "instruction-abort", abstract: "A synchronous external instruction abort.")
    @Argument(help: ArgumentHelp("FAR_EL1.", valueName: "address"))
    var address: WordArgument
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .inject(.instructionAbort(address.value), vcpu: selection.vcpu) }
}

/// `armada ctl inject undefined`.
struct CtlInjectUndefinedCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "undefined", abstract: "UNDEF: an exception of class Unknown.")
    @OptionGroup var selection: OneVCPUOption
    @OptionGroup var vm: VMTarget
    var request: ControlRequest { .inject(.undefined, vcpu: selection.vcpu) }
}
