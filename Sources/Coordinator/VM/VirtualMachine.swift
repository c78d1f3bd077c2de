import Shared

/// One virtual machine: memory, vCPUs, interrupt controller, devices. One thread owns it: whoever calls `run`.
final class VirtualMachine {
    let configuration: VMConfiguration
    let console: TerminalConsole

    init(configuration: VMConfiguration, console: TerminalConsole) throws(VMError) {
        self.configuration = configuration
        self.console = console
    }

    /// Runs the guest to its end. Workers, sockets and memory files are gone when it returns; the console is finished.
    func run() -> VMOutcome { .failed("the virtual machine's loop is not there yet") }

    /// What the run has cost, as a table in the form of `perf kvm stat report`, or as JSON.
    func statisticsReport(json: Bool) -> String { "" }
}
