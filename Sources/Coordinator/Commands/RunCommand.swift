import ArgumentParser
import Glibc
import Shared

/// `armada run`.
struct RunCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boot a guest and run it to its end.",
        discussion: """
            The guest's serial port is on standard input and output; on a terminal, Ctrl-a x quits and Ctrl-a h lists \
            the other keys. Without --kernel the built-in guest runs: it starts every vCPU, sends interrupts round, \
            and powers off.

            Exit codes: 0 the guest powered off, 32 it asked for a reset, 36 --timeout ran out, 37 a worker was lost, \
            38 a deadlock in lock-step, 39 armada ctl shutdown, 64 wrong usage, 1 anything else.

            Example: armada run -k vmlinuz -i initrd.gz -c 4 -m 512M -p "console=ttyAMA0"
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The kernel: an arm64 Image (plain or gzip-ed), an ELF file, or a raw binary. Found out by its content.",
            valueName: "file"),
        completion: .file())
    var kernel: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The initial RAM disk.", valueName: "file"), completion: .file())
    var initrd: String?

    @Option(name: [.customShort("p"), .long], help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var cmdline = ""

    @Option(name: .shortAndLong, help: ArgumentHelp("How many vCPUs, 1 to 512.", valueName: "count"))
    var cpus = 1

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Guest RAM in bytes, or with K, M or G; a multiple of 2M.", valueName: "size"))
    var memory = MemorySize(byteCount: 512 << 20)

    @OptionGroup var cpu: CPUOptions

    @OptionGroup var stage2: Stage2Options

    @Option(
        help: ArgumentHelp(
            "Use this device tree instead of the generated one. Its memory, command line and initrd are set to this run's.",
            valueName: "file"),
        completion: .file())
    var dtb: String?

    @Option(
        name: .customLong("dump-dtb"),
        help: ArgumentHelp("Write the device tree that the guest gets to a file.", valueName: "file"),
        completion: .file())
    var dumpDTB: String?

    @Option(
        name: .customLong("halt-poll-ns"),
        help: ArgumentHelp(
            """
            The longest time to poll for a message before blocking; it adapts below that. 0 always blocks, and fixed:N \
            always polls for N.
            """, valueName: "nanoseconds"))
    var haltPoll = HaltPoll()

    @Option(
        help: ArgumentHelp(
            "Print what every kind of exit cost, on standard error: a table with --stats alone, or --stats=json.",
            valueName: "table|json"))
    var stats: StatisticsFormat?

    @Option(
        help: ArgumentHelp(
            "Write a trace of the run for ui.perfetto.dev and chrome://tracing.", valueName: "file"),
        completion: .file())
    var trace: String?

    @Option(
        help: ArgumentHelp(
            "Write every frame between the coordinator and the workers to a file for armada decode.", valueName: "file"),
        completion: .file())
    var record: String?

    @Option(
        help: ArgumentHelp(
            """
            Bind processes to processors: none leaves it to the host, same puts all on one, separate puts the \
            coordinator on the first and the workers on the others.
            """, valueName: "none|same|separate"))
    var pin = PinPolicy.none

    @Option(help: ArgumentHelp("End the run with exit code 36 after this time.", valueName: "seconds"))
    var timeout: Double?

    @Option(
        help: ArgumentHelp(
            "spawn starts the workers; external waits for armada-vcpu --connect on --socket.",
            valueName: "spawn|external"))
    var workers = WorkerSource.spawn

    @Option(
        help: ArgumentHelp("Where to listen for external workers.", valueName: "path"), completion: .file())
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "The worker program. Without it: armada-vcpu in the directory of armada.", valueName: "path"),
        completion: .file())
    var worker: String?

    @Option(
        name: .customLong("list-registers"),
        help: ArgumentHelp("List registers of each vCPU's GIC, 1 to 16.", valueName: "count"))
    var listRegisters = VMConfiguration.usualListRegisterCount

    @Option(
        help: ArgumentHelp(
            """
            What to do about a device access that comes without a syndrome, as of LDP: inject an external abort, stop, \
            or report and inject. Without it the run ends, as under KVM when user space has not asked for ARM_NISV.
            """, valueName: "inject|stop|report"))
    var nisv: NISVPolicy?

    @Option(
        name: .customLong("on-vcpu-loss"),
        help: ArgumentHelp(
            """
            What the loss of a worker process means: stop ends the run with code 37; with offline the guest sees a dead \
            CPU, and the others go on.
            """, valueName: "stop|offline"))
    var vcpuLoss = VCPULossPolicy.stop

    @Option(
        name: .customLong("psci"),
        help: ArgumentHelp("The version of PSCI that the guest finds.", valueName: "0.2|1.0|1.1"))
    var psciVersion = PSCI.Version.v1_1

    @Option(
        name: .customLong("counter-start"),
        help: ArgumentHelp(
            """
            What the guest's counters show when it starts, in nanoseconds, instead of 0: 0xfffffffdabf41c00 is 10 seconds \
            before they wrap.
            """, valueName: "number"))
    var counterStart: WordArgument?

    @Option(
        name: .customLong("world-switch"),
        help: ArgumentHelp(
            """
            What of the guest moves with each exit: vhe leaves the EL1 registers in the worker, nvhe carries them both \
            ways and emulates the physical timer, as KVM does without FEAT_VHE.
            """, valueName: "vhe|nvhe"))
    var worldSwitch = WorldSwitch.vhe

    @Option(
        name: .customLong("fault"),
        help: ArgumentHelp(
            """
            Inject a fault, at one of N opportunities; may be given several times. Legal ones, which a right guest \
            withstands: \(Fault.legal.names), or legal for all of them. Illegal ones, which break the machine: \
            \(Fault.illegal.names).
            """, valueName: "name[=1/N]"),
        transform: FaultArgument.parse)
    var faults: [FaultArgument] = []

    @Option(
        help: ArgumentHelp(
            """
            Where armada ps and armada stat find this VM: auto is a socket of its own in $XDG_RUNTIME_DIR/armada, or in \
            /tmp/armada-UID; none makes none.
            """, valueName: "auto|none|path"),
        completion: .file())
    var control = ControlSocket.automatic

    @Flag(
        help: ArgumentHelp(
            """
            Start with all vCPUs paused, before the guest's first instruction: what the VM has in common can still be set \
            with armada ctl reg, and armada ctl resume lets it run.
            """))
    var paused = false

    @Flag(
        help: ArgumentHelp(
            """
            One vCPU at a time, in virtual time: the same seed, guest and options give the same run, frame for frame. \
            At the end the hash of all frames is printed.
            """))
    var lockstep = false

    @Option(
        help: ArgumentHelp(
            """
            With --lockstep: which of all the orders in which the vCPUs can run; with --fault: when faults strike. \
            Without it: 1.
            """, valueName: "number"))
    var seed: UInt64?

    enum WorkerSource: String, CaseIterable, ExpressibleByArgument {
        case spawn
        case external
    }

    func validate() throws {
        guard 1...512 ~= cpus else { throw ValidationError("--cpus \(cpus) is not possible: give 1 to 512") }
        guard 1...16 ~= listRegisters else {
            throw ValidationError("--list-registers \(listRegisters) is not possible: give 1 to 16")
        }
        if let problem = memory.problem(hostByteCount: MemorySize.hostByteCount) { throw ValidationError(problem) }
        if let problem = stage2.geometry.problem(memoryByteCount: memory.byteCount, vcpuCount: cpus) {
            throw ValidationError(problem)
        }
        if let problem = haltPoll.problem { throw ValidationError(problem) }
        if let timeout, !(timeout > 0 && timeout <= 1e9) {
            throw ValidationError("--timeout \(timeout) is not possible: give seconds above 0")
        }
        switch (workers, socket) {
        case (.external, nil): throw ValidationError("--workers external needs --socket PATH to listen on")
        case (.spawn, .some): throw ValidationError("--socket is for --workers external: give both or neither")
        default: break
        }
        if seed != nil, !lockstep, faults.isEmpty {
            throw ValidationError("--seed is for --lockstep and --fault: give one of them, or leave it out")
        }
        if lockstep, vcpuLoss == .offline {
            throw ValidationError(
                "--on-vcpu-loss offline is not for --lockstep, where no seed says when a worker is lost: leave it out")
        }
        if paused, lockstep {
            throw ValidationError("--paused is not for --lockstep, where the seed alone says who runs: leave it out")
        }
        if paused, control == .none {
            throw ValidationError("--paused needs a control socket to be resumed over: leave out --control none")
        }
        if cmdline.utf8.contains(0) { throw ValidationError("--cmdline contains a NUL: leave it out") }
    }

    /// Runs the guest. Yields the process's exit code.
    func execute() throws -> Int32 {
        guard let kernel = kernel ?? BuiltInGuest.path(BuiltInGuest.standard) else {
            StandardError.report("the built-in guest is not there; run make build, or give a kernel with --kernel")
            return 1
        }
        let machine: VirtualMachine
        do throws(VMError) {
            machine = try VirtualMachine(configuration: configuration(kernel: kernel), console: TerminalConsole())
        } catch {
            StandardError.report(error.description)
            return 1
        }
        let outcome = machine.run()
        if let stats { StandardError.write(machine.statisticsReport(json: stats == .json)) }
        if let message = outcome.message { StandardError.report(message) }
        if let summary = machine.lockstepSummary(arguments: CommandLine.arguments) { StandardError.write(summary) }
        // A guest that did well makes no complete trace of one that is not.
        return outcome.exitCode == 0 && machine.files.hasFailed ? 1 : outcome.exitCode
    }

    func configuration(kernel: String) -> VMConfiguration {
        var configuration = VMConfiguration(kernelPath: kernel)
        configuration.initrdPath = initrd
        configuration.commandLine = cmdline
        configuration.vcpuCount = cpus
        configuration.cpu = cpu.selection
        configuration.memoryByteCount = memory.byteCount
        configuration.stage2Geometry = stage2.geometry
        configuration.dtbPath = dtb
        configuration.dumpDTBPath = dumpDTB
        configuration.haltPoll = haltPoll
        configuration.pin = pin
        configuration.nisv = nisv
        configuration.vcpuLoss = vcpuLoss
        configuration.timeoutSeconds = timeout
        configuration.externalWorkersPath = socket
        configuration.workerPath = worker
        configuration.statistics = stats
        configuration.control = control
        configuration.tracePath = trace
        configuration.recordPath = record
        configuration.listRegisterCount = listRegisters
        configuration.psciVersion = psciVersion
        configuration.startsPaused = paused
        configuration.counterStart = counterStart?.value ?? 0
        configuration.worldSwitch = worldSwitch
        if lockstep { configuration.lockstep = Lockstep(seed: seed ?? Lockstep().seed) }
        configuration.faults = FaultPlan(seed: seed ?? FaultPlan().seed)
        for fault in faults { configuration.faults.add(fault) }
        return configuration
    }
}

extension ControlSocket: ExpressibleByArgument {
    init?(argument: String) {
        switch argument {
        case "": return nil
        case "auto": self = .automatic
        case "none": self = .none
        default: self = .path(argument)
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .automatic: "auto"
        case .none: "none"
        case .path(let path): path
        }
    }
}

extension PSCI.Version: ExpressibleByArgument {
    init?(argument: String) {
        guard let version = Self.allCases.first(where: { $0.text == argument }) else { return nil }
        self = version
    }

    var defaultValueDescription: String { text }

    /// "1.1".
    var text: String { "\(rawValue >> 16).\(rawValue & 0xFFFF)" }
}

extension StatisticsFormat: ExpressibleByArgument {}
extension PinPolicy: ExpressibleByArgument {}
extension NISVPolicy: ExpressibleByArgument {}
extension VCPULossPolicy: ExpressibleByArgument {}
extension WorldSwitch: ExpressibleByArgument {}

extension VMOutcome {
    /// What the user is told, if anything.
    var message: String? {
        switch self {
        case .poweredOff, .reset, .interrupted: nil
        case .watchdog: "the guest did not end before --timeout; give more time, or look at its output"
        case .deadlock: "deadlock: every vCPU waits for an interrupt or is off, no timer is set, and no input can come"
        case .shutDown: "the VM was shut down over its control socket"
        case .workerLost(let vcpu, let detail): "the worker of vCPU \(vcpu) was lost: \(detail)"
        case .failed(let text): text
        }
    }
}
