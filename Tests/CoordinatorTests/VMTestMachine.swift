import CHost
import Glibc
import Logging
import Shared

@testable import Coordinator

/// The worker's end of a real channel, driven by a test.
final class ScriptedWorker {
    let socket: CInt
    private var reader = FrameReader()
    private var decoder = FrameDecoder()
    private var encoder = FrameEncoder()
    private var carried = CarriedState()
    var registersMoved: UInt64 { carried.registersMoved }
    var sequence: UInt64 = 0
    /// What the last `nextEntry` found.
    var entry = EntryFrame()
    /// What each Exit says unless a test changes it.
    var exit = ExitFrame()

    init(socket: CInt) {
        self.socket = socket
        hello()
    }

    deinit { close(socket) }

    private func hello() {
        let frame = HelloFrame(protocolVersion: WireProtocol.version, pid: UInt32(getpid()), features: 0)
        try? FrameWriter.send(encoder.encode(frame), to: socket)
    }

    func sendExit() {
        sequence += 1
        exit.sequence = sequence
        try? FrameWriter.send(encoder.encode(&exit, carried: &carried), to: socket)
    }

    func send(_ sgi: SGIFrame) { try? FrameWriter.send(encoder.encode(sgi), to: socket) }

    func sendRaw(_ bytes: [UInt8]) { bytes.withUnsafeBytes { _ = Glibc.send(socket, $0.baseAddress, $0.count, 0) } }

    /// Of the last `.registerAccess`.
    var access: RegisterAccessFrame { decoder.access }

    func send(_ answer: RegisterAnswerFrame) {
        try? FrameWriter.send(RegisterFrameEncoder.encode(answer, worldSwitch: carried.worldSwitch), to: socket)
    }

    /// Of the last Welcome or Identification.
    private(set) var identification = IDRegisterSet.implemented

    enum Order { case welcome, entry, registerAccess, identification, stop, nothing, closed }

    func next(waiting: FrameReader.Waiting = .never) -> Order {
        do throws(WireError) {
            switch try reader.next(from: socket, waiting: waiting) {
            case .wouldBlock: return .nothing
            case .closed: return .closed
            case .frame(let bytes):
                switch try decoder.decodeFromCoordinator(bytes, entry: &entry, carried: &carried) {
                case .welcome:
                    carried = CarriedState(worldSwitch: decoder.welcome.worldSwitch)
                    identification = decoder.welcome.identification
                    return .welcome
                case .entry: return .entry
                case .registerAccess: return .registerAccess
                case .identification:
                    identification = decoder.identification
                    return .identification
                case .stop: return .stop
                }
            }
        } catch {
            return .closed
        }
    }
}

/// A VM whose workers are scripted: everything else is real.
final class TestMachine {
    let vm: VirtualMachine
    let workers: [ScriptedWorker]

    init(
        vcpuCount: Int = 1, memoryByteCount: UInt64 = 16 << 20, timeoutSeconds: Double? = nil,
        worldSwitch: WorldSwitch = .vhe, tracePath: String? = nil, recordPath: String? = nil,
        faults: FaultPlan = FaultPlan(), vcpuLoss: VCPULossPolicy = .stop
    ) throws {
        var configuration = VMConfiguration(kernelPath: "/nonexistent")
        configuration.vcpuCount = vcpuCount
        configuration.memoryByteCount = memoryByteCount
        configuration.timeoutSeconds = timeoutSeconds
        configuration.worldSwitch = worldSwitch
        configuration.tracePath = tracePath
        configuration.recordPath = recordPath
        configuration.faults = faults
        configuration.vcpuLoss = vcpuLoss
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        vm = try VirtualMachine(
            configuration: configuration, console: TerminalConsole(input: -1, output: open("/dev/null", O_WRONLY)),
            logger: logger)
        var channels: [WorkerChannel] = []
        var workers: [ScriptedWorker] = []
        for index in 0..<vcpuCount {
            var ends: [CInt] = [-1, -1]
            _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            workers.append(ScriptedWorker(socket: ends[1]))
            channels.append(
                WorkerChannel(vcpu: index, socket: OwnedDescriptor(ends[0]), process: nil, pid: getpid()))
            _ = channels[index].receive()
        }
        self.workers = workers
        vm.adopt(channels)
        if tracePath != nil || recordPath != nil { vm.startTime = armada_monotonic() }
        vm.beginFiles()
        for vcpu in vm.vcpus {
            try vm.welcome(vcpu)
            _ = workers[vcpu.index].next()
        }
    }

    /// Powers vCPU 0 on and takes its first Entry.
    func boot() {
        vm.powerOn(vm.vcpus[0], ResetState(pc: 0x4008_0000, x0: 0x4400_0000))
        vm.wakeKicked()
        _ = workers[0].next()
    }

    /// The worker leaves the guest with `esr`; afterwards `workers[index].entry` is the answer. Yields what came.
    @discardableResult
    func exit(
        _ esr: ExceptionSyndrome, far: UInt64 = 0, ipa: UInt64 = 0, registers: [UInt64] = [], code: ExitCode = .trap,
        vcpu index: Int = 0
    ) -> ScriptedWorker.Order {
        let worker = workers[index]
        armada_store32(vm.vcpus[index].control.mode, VCPUMode.outsideGuest.rawValue)
        worker.exit.code = code
        worker.exit.esr = esr
        worker.exit.far = far
        worker.exit.hpfar = (ipa >> 12) << 4
        worker.exit.pc = 0x4008_1000
        worker.exit.instruction = 0xF940_0020
        for (number, value) in registers.enumerated() { worker.exit.registers[number] = value }
        worker.sendExit()
        guard case .exit = vm.vcpus[index].channel.receive() else { return .closed }
        vm.exited(vm.vcpus[index])
        return worker.next()
    }

    @discardableResult
    func call(_ function: UInt32, _ x1: UInt64 = 0, _ x2: UInt64 = 0, _ x3: UInt64 = 0, vcpu: Int = 0)
        -> ScriptedWorker.Order
    {
        exit(ExceptionSyndrome(.hvc64), registers: [UInt64(function), x1, x2, x3], vcpu: vcpu)
    }

    /// Lets the timers' PPIs through the distributor and a redistributor.
    func enableTimers(vcpu: Int) {
        vm.vgic.distributor.write(offset: 0, byteCount: 4, value: 0x12, vcpu: vcpu)
        let redistributor = vm.vgic.redistributor(vcpu: vcpu)
        redistributor.write(offset: 0x1_0080, byteCount: 4, value: 0xFFFF_FFFF, vcpu: vcpu)
        redistributor.write(offset: 0x1_0100, byteCount: 4, value: 1 << 30 | 1 << 27, vcpu: vcpu)
    }

    func leaf(_ ipa: IPA) -> (descriptor: UInt64, level: Int)? { vm.stage2.lookUp(ipa) }

    func samples(_ reason: ExitReason, _ index: Int = 0) -> UInt64 { vm.vcpus[index].statistics.samples(reason) }

    /// X0 of the last answer, if it was written.
    func x0(_ index: Int = 0) -> UInt64? { register(0, index) }

    func register(_ number: UInt8, _ index: Int = 0) -> UInt64? {
        let entry = workers[index].entry
        for write in 0..<entry.writeCount where entry.writeRegisters[write] == number {
            return entry.writeValues[write]
        }
        return nil
    }
}

/// A device that remembers.
final class RecordingDevice: MMIODevice {
    var value: UInt64 = 0
    var log: [String] = []

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        log.append("r \(offset) \(byteCount) \(vcpu)")
        return value
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        log.append("w \(offset) \(byteCount) \(value) \(vcpu)")
    }
}

extension VirtualMachine {
    /// The memory slot of that number.
    func slot(_ id: Int) throws -> MemorySlot { slots[try slots.index(id: id)] }

    func startLogging(_ id: Int) throws { slots.startLogging(slot: try slots.index(id: id)) }
}
