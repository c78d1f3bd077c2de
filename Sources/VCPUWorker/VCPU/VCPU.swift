import CHost
import Shared

/// The state of one processing element. It lives once, at a fixed address, and is worked on through `inout`; nothing in
/// it is a class, an array or a closure.
struct VCPU: ~Copyable {
    // MARK: Registers

    /// X0…X30, the current SP, the zero register and its sink: `RegisterSlot`.
    let x: UnsafeMutablePointer<UInt64>
    /// V0…V31 as pairs of 64-bit words, low first; 16-byte aligned.
    let v: UnsafeMutablePointer<UInt64>
    /// PSTATE.{N,Z,C,V} in bits 31:28, the other bits zero.
    var nzcv: UInt32 = 0
    var fpcr: UInt32 = 0
    var fpsr: UInt32 = 0
    /// Where the next instruction is fetched. While `run` is in the guest it holds a local copy; it is exact whenever
    /// another function of the worker sees it.
    var pc: UInt64 = 0
    /// PSTATE without NZCV.
    var pstate = ProcessState()
    /// The system registers that hold state.
    var system = SystemRegisters()

    // MARK: Memory

    /// Guest RAM: host address of offset 0 of the RAM file.
    let ram: UnsafeMutableRawPointer
    let ramByteCount: UInt64
    /// Stage-2 tables: host address of offset 0 of their file.
    let stage2Tables: UnsafeRawPointer
    let stage2ByteCount: UInt64
    var mmu: MMU
    /// What is there of what a VM can do without.
    var features: ImplementedFeatures
    var maintenanceFaults: MaintenanceFaults

    // MARK: Around the PE

    let index: Int
    let count: Int
    /// The world switch nvhe: the registers go with each Exit and come with each Entry, and the physical timer traps.
    let movesContext: Bool
    let control: VCPUControl
    /// The whole control page, for the DVM ring and the other vCPUs' words.
    let controlPage: UnsafeMutableRawPointer
    var cpuInterface: VirtualCPUInterface
    var timers: GenericTimers
    /// Why the guest was left, for the run loop to send.
    var exit = PendingExit()
    /// The local half of the event register, for WFE.
    var eventRegister = false
    /// YIELDs executed, modulo 2^32.
    var spinCount: UInt32 = 0
    /// SGIs that the guest sent go here at once; nil without a coordinator.
    var link: UnsafeMutablePointer<WorkerLink>?

    // MARK: Execution

    var code = CodeCache()
    var native = NativeCode()
    /// What breakpoints, watchpoints and software step are set up.
    var debug = DebugState()
    /// Generated code has jumped to where the interpreter cannot follow at once; `pc` says where.
    var nativeHasLeft = false
    var lockstep = LockstepState()
    var monitor = ExclusiveMonitor()
    var retiredInstructions: UInt64 = 0
    var decodedInstructions: UInt64 = 0
    var guestNanoseconds: UInt64 = 0

    /// A vCPU in its reset state, powered off until the first Entry.
    ///
    /// - Parameters:
    ///   - welcome: Who this vCPU is and how large the files are.
    ///   - ram: Guest RAM, `welcome.ramByteCount` bytes.
    ///   - stage2Tables: The stage-2 tables, `welcome.stage2ByteCount` bytes.
    ///   - controlPage: The control page, `welcome.controlByteCount` bytes.
    init(
        welcome: WelcomeFrame, ram: UnsafeMutableRawPointer, stage2Tables: UnsafeRawPointer,
        controlPage: UnsafeMutableRawPointer
    ) {
        x = .allocate(capacity: RegisterSlot.count)
        x.initialize(repeating: 0, count: RegisterSlot.count)
        let vectors = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 64)
        v = vectors.bindMemory(to: UInt64.self, capacity: 64)
        v.initialize(repeating: 0, count: 64)
        self.ram = ram
        ramByteCount = welcome.ramByteCount
        self.stage2Tables = stage2Tables
        stage2ByteCount = welcome.stage2ByteCount
        self.controlPage = controlPage
        index = Int(welcome.vcpuIndex)
        count = Int(welcome.vcpuCount)
        movesContext = welcome.worldSwitch == .nvhe
        control = VCPUControl(page: controlPage, vcpu: index)
        features = ImplementedFeatures(welcome.identification)
        mmu = MMU()
        mmu.vtcr_EL2 = welcome.vtcr
        mmu.vttbr_EL2 = welcome.vttbr
        maintenanceFaults = MaintenanceFaults(welcome)
        cpuInterface = VirtualCPUInterface(listRegisterCount: Int(welcome.listRegisterCount))
        timers = GenericTimers(counterOffset: welcome.counterOffset)
        system.mpidr = MPIDR(rawValue: welcome.mpidr)
        if welcome.isLockstep { enableLockstep() }
        translationRegimeChanged()
    }

    deinit {
        x.deallocate()
        UnsafeMutableRawPointer(v).deallocate()
    }
}

/// PSTATE without NZCV.
struct ProcessState {
    /// CurrentEL: 0 or 1.
    var el: UInt8 = 1
    /// PSTATE.SP: 1 selects SP_EL1 at EL1.
    var sp: UInt8 = 1
    /// D, A, I, F in bits 9:6.
    var daif: UInt32 = 0x3C0
    var pan = false
    var uao = false
    /// Software step, illegal execution state.
    var ss = false
    var il = false
}

/// An exit under construction: ESR_EL2, FAR_EL2, HPFAR_EL2 and what goes with them.
struct PendingExit {
    var code = ExitCode.irq
    var esr = ExceptionSyndrome(rawValue: 0)
    var far: UInt64 = 0
    var hpfar: UInt64 = 0
    var instruction: UInt32 = 0
}

/// A memory access that cannot be done: what the walker found.
struct MemoryFault {
    /// True: the fault belongs to the hypervisor; false: it is taken to EL1.
    var isStage2 = false
    /// With `isStage2`: the access was the stage-1 walker's.
    var isStage1Walk = false
    var status = FaultStatus(rawValue: 0)
    var address: UInt64 = 0
    /// With `isStage2`: the intermediate physical address of the access (or of the descriptor).
    var ipa: UInt64 = 0
    var isWrite = false
    var isFetch = false
    var isCacheMaintenance = false
}

/// Who accesses memory and how.
struct MemoryAccess {
    enum Kind: UInt8 { case read, write, fetch }
    var kind: Kind
    /// Checked with the permissions of EL0 (EL0 itself, LDTR and STTR).
    var unprivileged: Bool
    /// Set for DC, IC and AT.
    var isCacheMaintenance = false
}
