// The frames of the wire as plain values: what `vcpu.proto` says, after validation. Field meanings are in docs/wire.md.

/// Worker → coordinator, first frame: who is there and what it can do.
package struct HelloFrame: Hashable, Sendable {
    package var protocolVersion: UInt32
    package var pid: UInt32
    /// Bit set of `WorkerFeature`.
    package var features: UInt64
    /// The vCPU that a worker started by hand asks to be; nil: any.
    package var wantedVCPU: Int?

    package init(protocolVersion: UInt32, pid: UInt32, features: UInt64, wantedVCPU: Int? = nil) {
        self.protocolVersion = protocolVersion
        self.pid = pid
        self.features = features
        self.wantedVCPU = wantedVCPU
    }
}

/// Coordinator → worker, the answer to Hello. Carries three descriptors: guest RAM, stage-2 tables, control page.
package struct WelcomeFrame: Hashable, Sendable {
    package var protocolVersion: UInt32 = 0
    package var vcpuIndex: UInt32 = 0
    package var vcpuCount: UInt32 = 0
    package var mpidr: UInt64 = 0
    package var ramByteCount: UInt64 = 0
    package var stage2ByteCount: UInt64 = 0
    package var controlByteCount: UInt64 = 0
    /// VTCR_EL2 and VTTBR_EL2; VTTBR.BADDR is an offset into the stage-2 memory file.
    package var vtcr: UInt64 = 0
    package var vttbr: UInt64 = 0
    /// CNTVOFF_EL2 and CNTPOFF_EL2: what both counters are behind the host's CLOCK_MONOTONIC, in nanoseconds.
    package var counterOffset: UInt64 = 0
    package var listRegisterCount: UInt32 = 0
    /// Upper bound of the worker's adaptive polling window before it blocks for an Entry.
    package var haltPollNanoseconds: UInt64 = 0
    /// The window does not adapt.
    package var haltPollIsFixed = false
    /// Processor to bind to, or -1.
    package var processor: Int32 = -1
    package var worldSwitch = WorldSwitch.vhe
    package var identification = IDRegisterSet.implemented
    /// Each Entry brings the time and a budget, and the guest's clock is what it retires.
    package var isLockstep = false
    /// The worker's faults: the plan's seed, and the interval of each; 0: never.
    package var faultSeed: UInt64 = 0
    package var dropDVMAckInterval: UInt32 = 0
    package var skipInvalidateInterval: UInt32 = 0

    package init() {}
}

/// The generic timers as the coordinator must know them to wake a blocked vCPU.
package struct TimerState: Hashable, Sendable {
    /// CNTV_CTL_EL0 and CNTP_CTL_EL0, ENABLE and IMASK only.
    package var virtualControl: UInt32 = 0
    package var physicalControl: UInt32 = 0
    /// CNTV_CVAL_EL0, CNTP_CVAL_EL0.
    package var virtualCompare: UInt64 = 0
    package var physicalCompare: UInt64 = 0
    /// The timers' output lines at the exit: ENABLE, not IMASK, condition met.
    package var virtualLine = false
    package var physicalLine = false

    package init() {}

    /// CTL and CVAL of both.
    static let registerCount: UInt64 = 4
}

/// Worker → coordinator: the vCPU left the guest.
package struct ExitFrame: Sendable {
    /// Starts at 1, one more each time.
    package var sequence: UInt64 = 0
    package var code = ExitCode.irq
    /// ESR_EL2, FAR_EL2, HPFAR_EL2 (as the registers hold them).
    package var esr = ExceptionSyndrome(rawValue: 0)
    package var far: UInt64 = 0
    package var hpfar: UInt64 = 0
    package var pc: UInt64 = 0
    /// SPSR_EL2.
    package var pstate: UInt64 = 0
    /// The instruction at `pc` if it could be read, otherwise 0.
    package var instruction: UInt32 = 0
    /// X0…X7 for HVC and SMC; X<SRT> or X<Rt> in the first element for aborts and trapped system registers.
    package var registers: InlineArray<8, UInt64> = InlineArray(repeating: 0)
    package var cpuInterface = CPUInterfaceState()
    package var timer = TimerState()
    /// Host CLOCK_MONOTONIC nanoseconds when the guest was left; in lock-step, virtual ones.
    package var timestamp: UInt64 = 0
    /// With the world switch nvhe only.
    package var context = RegisterContext()
    /// In lock-step: the guest waits for another vCPU, by WFE or YIELD.
    package var givesWay = false
    /// HCR_EL2.VSE: an SError was injected that the guest has not taken yet.
    package var isSErrorPending = false

    package init() {}
}

/// An exception that the worker takes to EL1 before it goes on in the guest.
package struct InjectedException: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        case none = 0
        /// Synchronous, class Unknown.
        case undefined = 1
        /// Synchronous external data abort; `address` goes to FAR_EL1, and WnR is taken from `syndrome`.
        case dataAbort = 2
        /// Synchronous external instruction abort; `address` goes to FAR_EL1.
        case instructionAbort = 3
        /// Virtual SError, pending until unmasked; `syndrome` is VSESR_EL2.
        case serror = 4
    }

    package var kind = Kind.none
    package var address: UInt64 = 0
    package var syndrome: UInt64 = 0

    package init(_ kind: Kind = .none, address: UInt64 = 0, syndrome: UInt64 = 0) {
        self.kind = kind
        self.address = address
        self.syndrome = syndrome
    }
}

/// PSCI CPU_ON and the first entry of the boot vCPU: the PE starts over.
package struct ResetState: Hashable, Sendable {
    package var pc: UInt64
    package var x0: UInt64

    package init(pc: UInt64, x0: UInt64) {
        self.pc = pc
        self.x0 = x0
    }
}

/// Coordinator → worker: (re-)enter the guest.
package struct EntryFrame: Sendable {
    /// The sequence number of the Exit that this answers; 0 for the first entry after Welcome.
    package var sequence: UInt64 = 0
    /// X<register> = value for each of the first `writeCount` writes.
    package var writeCount = 0
    package var writeRegisters: InlineArray<8, UInt8> = InlineArray(repeating: 0)
    package var writeValues: InlineArray<8, UInt64> = InlineArray(repeating: 0)
    /// Skip the instruction at PC.
    package var advancePC = false
    package var injected = InjectedException()
    package var reset: ResetState?
    package var cpuInterface = CPUInterfaceState()
    /// Of a frame that has come: false if the CPU interface is as the last Exit left it.
    package var movesCPUInterface = true
    /// With the world switch nvhe only.
    package var context = RegisterContext()
    /// In lock-step: the virtual time in nanoseconds, and how many instructions later the guest is to be left at the latest.
    package var time: UInt64 = 0
    package var budget: UInt64 = 0

    package init() {}

    /// Asks for X<register> = value; register 31 is the zero register and writes nothing.
    package mutating func write(register: Int, value: UInt64) {
        guard register < 31, writeCount < 8 else { return }
        writeRegisters[writeCount] = UInt8(register)
        writeValues[writeCount] = value
        writeCount += 1
    }
}

/// Worker → coordinator: the guest wrote ICC_SGI1R_EL1, ICC_SGI0R_EL1 or ICC_ASGI1R_EL1. It goes without waiting for an answer.
package struct SGIFrame: Hashable, Sendable {
    /// The value written.
    package var value: UInt64
    /// 1 for SGI1R, 0 for SGI0R and ASGI1R.
    package var group: UInt32
    package var timestamp: UInt64

    package init(value: UInt64, group: UInt32, timestamp: UInt64) {
        self.value = value
        self.group = group
        self.timestamp = timestamp
    }
}

/// Everything that a worker may send. Exit's contents are decoded into a frame that the receiver owns.
package enum WorkerFrame: Sendable {
    case hello(HelloFrame)
    case exit
    case sgi(SGIFrame)
    /// See `FrameDecoder.answer`.
    case registerAnswer
}

/// Everything that the coordinator may send. Entry's contents are decoded into a frame that the receiver owns. The others'
/// stand in the decoder: this value is returned for every Entry, and is to fit into a register.
package enum CoordinatorFrame: Sendable {
    /// See `FrameDecoder.welcome`.
    case welcome
    case entry
    /// See `FrameDecoder.access`.
    case registerAccess
    /// The identification registers have been changed; the VM has not run. See `FrameDecoder.identification`.
    case identification
    /// The VM ends: the worker exits with status 0.
    case stop
}
