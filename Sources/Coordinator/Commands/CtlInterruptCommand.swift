import ArgumentParser
import Shared

/// `armada ctl irq`.
struct CtlInterruptCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "irq",
        abstract: "Move the wire of an SPI or a PPI, as KVM_IRQ_LINE does.",
        discussion: """
            Without --level the wire goes up and down again: an edge, for an interrupt that the guest has made \
            edge-triggered. A level-sensitive one needs --level 1, and --level 0 when it is handled. The wires of timers \
            and devices are their own.
            """)

    @Argument(help: ArgumentHelp("32 and up for an SPI, 16 to 31 for a PPI.", valueName: "intid"))
    var intid: UInt32
    @Option(help: ArgumentHelp("Whose PPI, from 0 on.", valueName: "number"))
    var vcpu: Int?
    @Option(help: ArgumentHelp("Leave the wire at this level.", valueName: "0|1"))
    var level: Int?
    @OptionGroup var vm: VMTarget

    func validate() throws {
        if let vcpu { try VCPUOption.check(vcpu) }
        if let level, !(0...1 ~= level) { throw ValidationError("--level \(level) is not possible: give 0 or 1") }
    }

    var request: ControlRequest {
        .irq(InterruptLine(intid: intid, vcpu: vcpu, change: level.map { $0 == 0 ? .lower : .raise } ?? .pulse))
    }
}
