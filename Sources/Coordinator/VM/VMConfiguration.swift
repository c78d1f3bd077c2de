import Shared

/// What `armada run` was asked to build.
struct VMConfiguration {
    var kernelPath: String
    var initrdPath: String?
    var commandLine = ""
    /// 1…512.
    var vcpuCount = 1
    var cpu = CPUSelection()
    var memoryByteCount: UInt64 = 512 << 20
    /// The shape of the stage-2 tables, and with it the size of the guest's physical addresses.
    var stage2Geometry = Stage2Geometry()
    /// A device tree to use instead of the generated one.
    var dtbPath: String?
    /// Where to write the device tree that the guest gets.
    var dumpDTBPath: String?
    var haltPoll = HaltPoll()
    var pin = PinPolicy.none
    /// Watchdog: the run ends with exit code 36 after so many seconds.
    var timeoutSeconds: Double?
    /// List registers of each vCPU's GIC CPU interface, 1…16.
    var listRegisterCount = usualListRegisterCount
    static let usualListRegisterCount = 4
    /// What of the guest's state moves with each exit.
    var worldSwitch = WorldSwitch.vhe
    /// What happens to an access to a device that comes without a syndrome; nil: the run ends, as in KVM without
    /// KVM_CAP_ARM_NISV_TO_USER.
    var nisv: NISVPolicy?
    /// What the guest finds, unless it is set before the VM runs.
    var psciVersion = PSCI.Version.v1_1
    /// All vCPUs are paused before the first instruction.
    var startsPaused = false
    /// A listening socket for workers that are started by hand; nil: the coordinator starts them.
    var externalWorkersPath: String?
    /// The worker program; nil: `armada-vcpu` beside this program.
    var workerPath: String?
    /// What both counters show when the guest starts.
    var counterStart: UInt64 = 0
    /// Where to write the trace, and the frames of every wire; nil: nowhere.
    var tracePath: String?
    var recordPath: String?
    /// The exit table at the end of the run, on standard error; nil: none.
    var statistics: StatisticsFormat?
    /// What happens when a worker is lost.
    var vcpuLoss = VCPULossPolicy.stop
    /// One vCPU at a time, in virtual time; nil: all run freely.
    var lockstep: Lockstep?
    var control = ControlSocket.none
    /// Faults to inject.
    var faults = FaultPlan()
}

/// What is done about KVM_EXIT_ARM_NISV.
enum NISVPolicy: String, CaseIterable, Sendable {
    /// The guest gets an external data abort.
    case inject
    /// The run ends.
    case stop
    /// As `inject`, with a line for each instruction.
    case report
}

/// Where a VM can be asked about itself while it runs.
enum ControlSocket: Equatable, Sendable {
    case none
    /// `PID.sock` in the user's directory of control sockets.
    case automatic
    case path(String)
}

/// The form of the exit table.
enum StatisticsFormat: String, CaseIterable, Sendable {
    case table
    case json
}

/// Which processors the coordinator and its workers are bound to.
enum PinPolicy: String, CaseIterable, Sendable {
    /// The host's scheduler decides.
    case none
    /// Coordinator and workers all on processor 0.
    case same
    /// Coordinator on processor 0, worker i on 1 + i modulo the others.
    case separate
}

/// How long both sides of a socket poll before they block.
struct HaltPoll: Hashable, Sendable {
    /// At most this long; 0 always blocks.
    var nanoseconds: UInt64 = 200_000
    /// Always this long, instead of what has proven useful.
    var isFixed = false
}

/// How a run ended.
enum VMOutcome: Equatable {
    case poweredOff
    case reset
    case watchdog
    /// In lock-step: every vCPU waits, and nothing will ever come.
    case deadlock
    /// A worker died: its vCPU, and what its last exit was.
    case workerLost(vcpu: Int, detail: String)
    /// The user ended it (Ctrl-a x, SIGINT, SIGTERM).
    case interrupted
    /// A client of the control socket ended it.
    case shutDown
    case failed(String)

    /// The process exit code, as documented in README.
    var exitCode: Int32 {
        switch self {
        case .poweredOff: 0
        case .reset: 32
        case .watchdog: 36
        case .workerLost: 37
        case .deadlock: 38
        case .shutDown: 39
        case .interrupted, .failed: 1
        }
    }
}
