import CHost
import Logging
import Shared

/// One virtual machine: memory, vCPUs, interrupt controller, devices. One thread owns it: whoever calls `run`.
///
/// The order of things in one exit, as in KVM's `kvm_arch_vcpu_ioctl_run` (see VCPURun.swift):
/// ```
///  Exit → exits++ → vgic sync → timer sync → early SError → handle
///       → requests → vgic flush → mode = IN_GUEST → full barrier → requests again → Entry
/// ```
final class VirtualMachine {
    let configuration: VMConfiguration
    /// The world switch nvhe: the registers come with each Exit and go with each Entry, and the physical timer is
    /// emulated.
    let movesContext: Bool
    let console: TerminalConsole
    var logger: Logger
    /// Whether the log shows each guest fault: asking the logger takes as long as handling one.
    let logsFaults: Bool

    // MARK: Memory

    let ram: MappedMemory
    let ramFile: OwnedDescriptor
    let controlPage: MappedMemory
    let controlFile: OwnedDescriptor
    let stage2Mapping: MappedMemory
    let stage2File: OwnedDescriptor
    var slots: MemorySlots
    var retiringMemory = RetiringMemory()
    /// Where the records of stolen time stand in the RAM file; nil: the guest is not told of it.
    let stolenTimeMemory: HostOffset?
    var stage2: Stage2
    let dvm: DVMBroadcast
    /// The level of the largest stage-2 block that is made: 1 or 2 for blocks, as far as the granule has them, 3 for pages.
    var stage2BlockLevel = 2

    // MARK: Processors and devices

    var vcpus: [VCPU] = []
    /// What all vCPUs say that they are; changed by `identify` alone.
    var identification: IDRegisterSet
    var psciVersion: PSCI.Version
    let vgic: VGIC
    var bus = MMIOBus()
    let pl011: PL011
    let pl031: PL031
    /// What `armada bench` adds: nil in any other run.
    let bench: BenchSession?
    let benchDevice: BenchDevice?
    /// What `armada stress` adds: nil in any other run.
    let stress: StressSession?
    let stressDevice: StressDevice?
    let linuxStress: LinuxStressSession?

    // MARK: The run

    let clock: VMClock
    /// Lock-step: who runs when. nil: everyone runs freely.
    private(set) var schedule: LockstepSchedule?
    /// Set when the run is over: no vCPU enters the guest any more.
    private(set) var outcome: VMOutcome?
    /// CLOCK_MONOTONIC when the guest started.
    var startTime: UInt64 = 0
    /// CNTVOFF_EL2 and CNTPOFF_EL2: what both counters are behind `clock`.
    var counterOffset: UInt64 = 0
    /// vCPUs in the guest.
    var runningCount = 0
    /// The vCPU that was entered last, and when.
    var lastEntered = 0
    var lastEntry: UInt64 = 0
    /// When the last Exit came.
    var lastArrival: UInt64 = 0
    /// The vCPU that was called out of the guest last, until the loop has looked for its exit.
    var lastKicked: Int?
    /// Blocked vCPUs that have been kicked and are to be looked at.
    var wakes: [Int] = []
    /// The vCPU whose worker was lost last.
    var lastLost: VCPU?
    /// Blocked vCPUs whose timers are armed.
    var timers: DeadlineQueue
    /// vCPUs whose physical timer is emulated and waits.
    var physicalTimers: DeadlineQueue
    var loopStatistics = LoopStatistics()
    private var report = StatisticsReport()
    /// The control socket, if the VM has one and runs.
    var control: ControlServer?
    var lastControlTicket = ControlTicket()
    let files: RunFiles
    /// nil: the run is not traced.
    var tracer: Tracer?
    /// nil: no faults are injected.
    let faults: FaultInjector?

    // What has been said once already.
    var unknownClasses: Set<UInt8> = []
    var unknownRegisters: Set<UInt16> = []
    var unclaimedAddresses: Set<UInt64> = []
    var undecodedPCs: Set<UInt64> = []

    /// Makes the memory files and the devices. Nothing is started yet.
    init(
        configuration: VMConfiguration, console: TerminalConsole, bench: BenchSession? = nil,
        stress: StressSession? = nil, linuxStress: LinuxStressSession? = nil, logger: Logger = Logger(label: "armada")
    ) throws(VMError) {
        try configuration.check()
        files = try RunFiles(configuration, logger: logger)
        self.configuration = configuration
        movesContext = configuration.worldSwitch == .nvhe
        identification = configuration.cpu.registers
        psciVersion = configuration.psciVersion
        let clock = VMClock(isVirtual: configuration.lockstep != nil)
        self.clock = clock
        self.console = console
        self.logger = logger
        logsFaults = logger.logLevel <= .trace
        timers = DeadlineQueue(count: configuration.vcpuCount)
        physicalTimers = DeadlineQueue(count: configuration.vcpuCount)
        let geometry = configuration.stage2Geometry
        do throws(SystemError) {
            // As much again for slots that are added later, as far as output addresses reach and this user may have files: the
            // host backs only what is touched.
            let limit = min(geometry.ipaLimit, MemoryFile.largestByteCount) & ~geometry.pageMask
            let wanted = 2 * configuration.memoryByteCount + PhysicalMap.pvTimeByteCount
            let ramByteCount = max(configuration.memoryByteCount, min(wanted, limit))
            stolenTimeMemory =
                configuration.lockstep == nil
                    && ramByteCount - configuration.memoryByteCount >= PhysicalMap.pvTimeByteCount
                ? HostOffset(ramByteCount - PhysicalMap.pvTimeByteCount) : nil
            ramFile = try MemoryFile.create(name: "armada-ram", byteCount: ramByteCount)
            ram = try MappedMemory(
                descriptor: ramFile.rawValue, byteCount: Int(ramByteCount), writable: true, name: "guest memory")
            try Self.seal(ramFile.rawValue, "guest memory")

            let stage2ByteCount = geometry.fileByteCount(memoryByteCount: ramByteCount)
            stage2File = try MemoryFile.create(name: "armada-stage2", byteCount: stage2ByteCount)
            stage2Mapping = try MappedMemory(
                descriptor: stage2File.rawValue, byteCount: Int(stage2ByteCount), writable: true, name: "stage-2 tables"
            )
            // From here on nobody can get a second writable mapping.
            try Self.seal(stage2File.rawValue, "stage-2 tables", futureWrite: true)

            let controlByteCount = ControlPage.byteCount(vcpuCount: configuration.vcpuCount)
            controlFile = try MemoryFile.create(name: "armada-control", byteCount: UInt64(controlByteCount))
            controlPage = try MappedMemory(
                descriptor: controlFile.rawValue, byteCount: controlByteCount, writable: true, name: "control page")
            try Self.seal(controlFile.rawValue, "control page")
        } catch { throw .host(error) }

        armada_store32(controlPage.base + ControlPage.versionOffset, ControlPage.version)
        armada_store32(controlPage.base + ControlPage.vcpuCountOffset, UInt32(configuration.vcpuCount))
        armada_store32(controlPage.base + ControlPage.magicOffset, ControlPage.magic)
        dvm = DVMBroadcast(controlPage: controlPage.base, vcpuCount: configuration.vcpuCount)
        stage2 = Stage2(
            memory: Stage2TableMemory(geometry, base: stage2Mapping.base, byteCount: UInt64(stage2Mapping.byteCount)),
            broadcast: dvm)

        let vgic = VGIC(vcpuCount: configuration.vcpuCount, listRegisterCount: configuration.listRegisterCount)
        self.vgic = vgic
        vgic.isPhysicalTimerEmulated = movesContext
        pl011 = PL011(output: console) { vgic.setSPI(PhysicalMap.pl011INTID, level: $0) }
        pl031 = PL031(interrupt: { vgic.setSPI(PhysicalMap.pl031INTID, level: $0) }, now: { clock.sinceEpoch })
        faults =
            configuration.faults.isEmpty
            ? nil : FaultInjector(configuration.faults, vcpuCount: configuration.vcpuCount) { clock.now }
        self.bench = bench
        benchDevice = bench.map { BenchDevice(session: $0) }
        self.stress = stress
        stressDevice = stress.map { StressDevice(session: $0) }
        self.linuxStress = linuxStress

        slots = MemorySlots(geometry, fileByteCount: UInt64(ram.byteCount))
        do throws(MemorySlots.Failure) {
            try slots.insert(
                MemorySlot(base: PhysicalMap.ram, byteCount: configuration.memoryByteCount, output: HostOffset(0)))
            if let stolenTimeMemory { try slots.insert(.stolenTime(at: stolenTimeMemory)) }
        } catch { throw .configuration("guest memory of \(configuration.memoryByteCount) bytes: \(error)") }
        attachDevices()
        // The closures below live in objects that this one owns.
        vgic.kick = { [unowned self] index in kick(vcpus[index], .irqPending) }
        vgic.log = { [unowned self] line in self.logger.warning("\(line)") }
        beginFaults()
        console.onChange = { [unowned self] in pl011.lineChanged() }
        console.onEnd = { [unowned self] end in consoleEnded(end) }
        beginLockstep()
        if let linuxStress { attach(linuxStress) }
    }

    private func beginLockstep() {
        guard let lockstep = configuration.lockstep else { return }
        let schedule = LockstepSchedule(self, lockstep)
        self.schedule = schedule
        console.onOutput = { [clock] in schedule.hash.add(console: $0, at: clock.now) }
    }

    private static func seal(_ descriptor: CInt, _ name: String, futureWrite: Bool = false) throws(SystemError) {
        guard armada_memfd_seal(descriptor, futureWrite ? 1 : 0) == 0 else {
            throw SystemError("seal the \(name) file")
        }
    }

    private func attachDevices() {
        bus.attach(
            vgic.distributor, at: PhysicalMap.gicDistributor, byteCount: PhysicalMap.gicDistributorByteCount,
            side: .kernel, name: "GICD")
        let first = min(configuration.vcpuCount, PhysicalMap.gicRedistributorFirstRegionCount)
        bus.attach(
            vgic.redistributors(first: 0, count: first), at: PhysicalMap.gicRedistributor,
            byteCount: UInt64(first) * PhysicalMap.gicRedistributorStride, side: .kernel, name: "GICR")
        let second = configuration.vcpuCount - first
        if second > 0 {
            bus.attach(
                vgic.redistributors(first: first, count: second), at: PhysicalMap.gicHighRedistributor,
                byteCount: UInt64(second) * PhysicalMap.gicRedistributorStride, side: .kernel, name: "GICR high")
        }
        bus.attach(pl011, at: PhysicalMap.pl011, byteCount: PhysicalMap.pl011ByteCount, name: "PL011")
        bus.attach(pl031, at: PhysicalMap.pl031, byteCount: PhysicalMap.pl031ByteCount, name: "PL031")
        if let benchDevice { attach(benchDevice) }
        if let stressDevice, let stress { attach(stressDevice, stress) }
    }

    // MARK: Running

    /// Runs the guest to its end. No worker, socket or path is left when it returns, and the console is finished.
    func run() -> VMOutcome {
        let started = armada_monotonic()
        do throws(VMError) {
            try runGuest()
        } catch {
            if case .worker(.interrupted) = error { end(.interrupted) } else { end(.failed(error.description)) }
        }
        console.finish()
        if let faultReport { logger.info("\(faultReport)") }
        finishFiles()
        report.wallNanoseconds = armada_monotonic() &- started
        return outcome ?? .failed("the run ended without a reason")
    }

    private func runGuest() throws(VMError) {
        let events: EventSet
        do throws(SystemError) { events = try EventSet() } catch { throw .host(error) }
        let cancel = events.signalDescriptor
        control = try openControl(events)
        defer { control = nil }
        let image: BootImage
        let channels: [WorkerChannel]
        if let path = configuration.externalWorkersPath {
            image = try loadGuest()
            do throws(WorkerError) {
                let listener = try WorkerListener(path: path)
                logger.info("waiting for \(configuration.vcpuCount) workers: armada-vcpu --connect \(path)")
                channels = try WorkerPool.accept(count: configuration.vcpuCount, from: listener, cancel: cancel) {
                    logger.info("\($0)")
                }
            } catch { throw .worker(error) }
        } else {
            // The workers start up while the guest is loaded.
            do throws(WorkerError) {
                channels = try WorkerPool.start(count: configuration.vcpuCount, program: configuration.workerPath)
            } catch { throw .worker(error) }
            image = try loadGuest()
            do throws(WorkerError) {
                try WorkerPool.greet(channels, program: configuration.workerPath, cancel: cancel)
            } catch { throw .worker(error) }
        }
        defer { WorkerPool.end(channels) }

        startTime = clock.now
        counterOffset = startTime &- configuration.counterStart
        adopt(channels)
        beginFiles()
        for vcpu in vcpus { try welcome(vcpu) }
        let loop = EventLoop(self, events, processorCount: Int(armada_processor_count()))
        var processors = ProcessorSet()
        if configuration.pin != .none { _ = armada_pin(0) }
        defer { processors.restore() }
        console.start()
        powerOn(vcpus[0], ResetState(pc: image.entry.rawValue, x0: image.dtb.rawValue))
        if configuration.startsPaused {
            pause(vcpus.indices)
            logger.info("the VM is paused: armada ctl resume lets it run")
        }
        wakeKicked()
        loop.run()
        let snapshot = takeSnapshot()
        report = StatisticsReport(snapshot)
        control?.finish(snapshot)
    }

    private func loadGuest() throws(VMError) -> BootImage {
        do throws(BootError) {
            return try BootLoader.load(
                configuration: configuration, ram: ram.base, ramByteCount: configuration.memoryByteCount)
        } catch { throw .boot(error) }
    }

    /// Makes vCPUs of workers that have said Hello.
    func adopt(_ channels: [WorkerChannel]) {
        for (index, channel) in channels.enumerated() {
            channel.clock = clock
            channel.traceHash = schedule?.hash
            vcpus.append(
                VCPU(index: index, control: VCPUControl(page: controlPage.base, vcpu: index), channel: channel))
        }
    }

    func welcome(_ vcpu: VCPU) throws(VMError) {
        let index = vcpu.index
        var frame = WelcomeFrame()
        frame.protocolVersion = WireProtocol.version
        frame.vcpuIndex = UInt32(index)
        frame.vcpuCount = UInt32(configuration.vcpuCount)
        frame.mpidr = MPIDR(vcpuIndex: index).rawValue
        frame.ramByteCount = UInt64(ram.byteCount)
        frame.stage2ByteCount = UInt64(stage2Mapping.byteCount)
        frame.controlByteCount = UInt64(controlPage.byteCount)
        frame.vtcr = stage2.geometry.vtcr
        frame.vttbr = stage2Root
        frame.counterOffset = counterOffset
        frame.listRegisterCount = UInt32(configuration.listRegisterCount)
        frame.haltPollNanoseconds = configuration.haltPoll.nanoseconds
        frame.haltPollIsFixed = configuration.haltPoll.isFixed
        frame.worldSwitch = configuration.worldSwitch
        frame.identification = identification
        frame.isLockstep = schedule != nil
        frame.faultSeed = configuration.faults.seed
        frame.dropDVMAckInterval = configuration.faults[.dropDVMAck]
        frame.skipInvalidateInterval = configuration.faults[.skipInvalidate]
        frame.processor = configuration.pin.workerProcessor(index, of: Int(armada_processor_count()))
        do throws(WireError) {
            try vcpu.channel.send(
                welcome: frame, ram: ramFile.rawValue, stage2Tables: stage2File.rawValue,
                controlPage: controlFile.rawValue)
        } catch { throw .worker(.violation(vcpu: index, error)) }
    }

    /// VTTBR_EL2: VMID 1; the root stands at the beginning of the file.
    var stage2Root: UInt64 { 1 << 48 }

    /// Ends the run; the first reason counts.
    func end(_ outcome: VMOutcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        failRegisterOperations(outcome.message ?? "the VM has ended")
    }

    private func consoleEnded(_ end: TerminalConsole.End) {
        switch end {
        case .quit, .inputClosed: self.end(.interrupted)
        case .outputClosed: self.end(.failed("standard output is closed"))
        }
    }

    // MARK: Figures

    /// What the run has cost, as a table in the form of `perf kvm stat report`, or as JSON.
    func statisticsReport(json: Bool) -> String { json ? report.json : report.text }
}

extension PinPolicy {
    /// The processor of worker `index` on a host with `count` processors, or -1.
    func workerProcessor(_ index: Int, of count: Int) -> Int32 {
        switch self {
        case .none: -1
        case .same: 0
        case .separate: count > 1 ? Int32(1 + index % (count - 1)) : 0
        }
    }
}
