import CHost
import Glibc
import Shared

/// The coordinator's end of one vCPU's wire. It never waits for the worker, and believes nothing: each frame is
/// validated, and must be one that this worker may send now.
///
/// ```
///  Hello →   ← Welcome   ( ← Entry   SGI → …   Exit → ) …   ← Stop
/// ```
final class WorkerChannel {
    enum Event {
        case hello(HelloFrame)
        /// The vCPU left the guest: see `exit`.
        case exit
        case sgi(SGIFrame)
        /// The registers were read or written: see `registerAnswer`.
        case registerAnswer
        /// Nothing more for now.
        case wouldBlock
        /// The worker has closed its end or is dead: see `endDescription`.
        case closed
        /// The worker broke the protocol, and must be ended.
        case violation(WireError)
    }

    fileprivate enum Phase {
        case awaitingHello
        case greeted
        /// The coordinator has the vCPU.
        case outsideGuest
        /// The worker has the vCPU.
        case inGuest
        case over
    }

    /// Which vCPU the worker is; given to an external worker once it has said Hello.
    fileprivate(set) var vcpu: Int
    /// The socket, for polling.
    var descriptor: CInt { socket.rawValue }
    /// A descriptor that becomes readable when the worker's process ends, or -1 for an external worker.
    var processDescriptor: CInt { process?.descriptor ?? -1 }
    let pid: pid_t
    /// nil for an external worker.
    let process: WorkerProcess?

    /// The VM's, once there is one.
    var clock = VMClock(isVirtual: false)
    /// In lock-step: takes what is exchanged once the guest runs.
    var traceHash: TraceHash?

    /// When the last frame had been received, by `clock`, and how long it was on the wire.
    private(set) var receivedAt: UInt64 = 0
    private(set) var receivedByteCount = 0
    /// When the last Entry was ready to be sent, while `isObserved`, and its bytes on the wire.
    private(set) var entrySentAt: UInt64 = 0
    private(set) var entryByteCount = 0
    var isObserved = false

    /// The last Exit, valid from `.exit` to the next `receive`.
    var exit = ExitFrame()
    private(set) var hello: HelloFrame?
    private(set) var traffic = WireTraffic()

    /// Takes every frame as it is on the wire, if anyone does.
    fileprivate var recorder: Recorder?
    /// The Hello and when it came: there is no recorder yet then.
    fileprivate var firstFrame: (bytes: [UInt8], time: UInt64)?

    private let socket: OwnedDescriptor
    private var phase = Phase.awaitingHello
    private var reader = FrameReader()
    private var decoder = FrameDecoder()
    private var encoder = FrameEncoder()
    private var carried = CarriedState()
    private var lastSequence: UInt64 = 0
    private var lastAccess: UInt64 = 0
    private var isAnswerAwaited = false

    /// Valid from `.registerAnswer` to the next one.
    var registerAnswer: RegisterAnswerFrame { decoder.answer }

    init(vcpu: Int, socket: consuming OwnedDescriptor, process: WorkerProcess?, pid: pid_t) {
        self.vcpu = vcpu
        self.socket = socket
        self.process = process
        self.pid = pid
    }

    // MARK: Receiving

    /// Takes one frame from the socket without waiting.
    func receive() -> Event {
        guard phase != .over else { return .closed }
        do throws(WireError) {
            switch try reader.next(from: socket.rawValue) {
            case .wouldBlock: return .wouldBlock
            case .closed:
                phase = .over
                return .closed
            case .frame(let bytes):
                receivedAt = clock.now
                receivedByteCount = bytes.count &+ WireProtocol.lengthByteCount
                switch try decode(bytes) {
                case .exit:
                    traffic.receivedByteCount &+= UInt64(bytes.count &+ WireProtocol.lengthByteCount)
                    return try acceptExit()
                case .sgi(let sgi):
                    guard phase == .inGuest else { throw .unexpected("SGI", when: phase.when) }
                    return .sgi(sgi)
                case .registerAnswer: return try acceptRegisterAnswer()
                case .hello(let hello):
                    if phase == .awaitingHello { firstFrame = (Array(bytes), clock.now) }
                    return try accept(hello)
                }
            }
        } catch {
            phase = .over
            return .violation(error)
        }
    }

    @inline(__always)
    private func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> WorkerFrame {
        if recorder != nil || traceHash != nil || clock.isVirtual { return try decodeAndNote(bytes) }
        return try decoder.decodeFromWorker(bytes, exit: &exit, carried: &carried)
    }

    /// Decodes and notes a frame. In lock-step it says itself what time it is.
    private func decodeAndNote(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> WorkerFrame {
        defer {
            if let recorder { recorder.received(bytes, vcpu: vcpu, at: receivedAt) }
            if let traceHash { traceHash.add(bytes, vcpu: vcpu, .fromWorker, at: receivedAt) }
        }
        let frame = try decoder.decodeFromWorker(bytes, exit: &exit, carried: &carried)
        guard clock.isVirtual else { return frame }
        switch frame {
        case .exit: try clock.follow(exit.timestamp)
        case .sgi(let sgi): try clock.follow(sgi.timestamp)
        case .hello, .registerAnswer: break
        }
        receivedAt = clock.now
        return frame
    }

    private func acceptExit() throws(WireError) -> Event {
        guard phase == .inGuest else { throw .unexpected("Exit", when: phase.when) }
        guard exit.sequence == lastSequence &+ 1 else {
            throw .exitSequence(exit.sequence, expected: lastSequence &+ 1)
        }
        lastSequence = exit.sequence
        traffic.registersMoved = carried.registersMoved
        phase = .outsideGuest
        return .exit
    }

    private func acceptRegisterAnswer() throws(WireError) -> Event {
        guard isAnswerAwaited else { throw .unexpected("RegisterAnswer", when: "without a RegisterAccess") }
        guard decoder.answer.number == lastAccess else {
            throw .outOfRange("number of a RegisterAnswer", decoder.answer.number)
        }
        isAnswerAwaited = false
        return .registerAnswer
    }

    private func accept(_ hello: HelloFrame) throws(WireError) -> Event {
        guard phase == .awaitingHello else { throw .unexpected("Hello", when: phase.when) }
        // A worker in another PID namespace has another idea of its number.
        guard process == nil || hello.pid == UInt32(bitPattern: pid) else {
            throw .outOfRange("pid", UInt64(hello.pid))
        }
        phase = .greeted
        self.hello = hello
        return .hello(hello)
    }

    // MARK: Sending

    /// Answers Hello; the worker gets duplicates of the descriptors.
    func send(
        welcome: WelcomeFrame, ram: CInt, stage2Tables: CInt, controlPage: CInt
    ) throws(WireError) {
        guard phase == .greeted else { throw .unexpected("Welcome", when: phase.when) }
        carried = CarriedState(worldSwitch: welcome.worldSwitch)
        let frame = encoder.encode(welcome)
        try FrameWriter.sendAtOnce(frame, descriptors: [ram, stage2Tables, controlPage], to: socket.rawValue)
        if let recorder { recorder.sent(frame, vcpu: vcpu, at: clock.now) }
        phase = .outsideGuest
    }

    /// Sends the vCPU into the guest. The sequence number is filled in here.
    func send(entry: inout EntryFrame) throws(WireError) {
        guard phase == .outsideGuest else { throw .unexpected("Entry", when: phase.when) }
        entry.sequence = lastSequence
        let frame = encoder.encode(&entry, carried: &carried)
        entryByteCount = frame.count
        if isObserved { entrySentAt = armada_monotonic() }
        try FrameWriter.sendAtOnce(frame, to: socket.rawValue)
        traffic.sentByteCount &+= UInt64(frame.count)
        traffic.registersMoved = carried.registersMoved
        if let recorder { recorder.sent(frame, vcpu: vcpu, at: clock.now) }
        if let traceHash {
            traceHash.add(
                UnsafeRawBufferPointer(rebasing: frame.dropFirst(4)), vcpu: vcpu, .fromCoordinator, at: clock.now)
        }
        phase = .inGuest
    }

    /// Asks for registers; one access at a time. The number is filled in here.
    func send(access: inout RegisterAccessFrame) throws(WireError) {
        guard phase == .outsideGuest, !isAnswerAwaited else { throw .unexpected("RegisterAccess", when: phase.when) }
        lastAccess &+= 1
        access.number = lastAccess
        let frame = RegisterFrameEncoder.encode(access, worldSwitch: carried.worldSwitch)
        try FrameWriter.sendAtOnce(frame, to: socket.rawValue)
        isAnswerAwaited = true
        if let recorder { frame.withUnsafeBytes { recorder.sent($0, vcpu: vcpu, at: clock.now) } }
    }

    /// Changes what the vCPU says that it is.
    func send(identification: IDRegisterSet) throws(WireError) {
        guard phase == .outsideGuest, lastSequence == 0 else { throw .unexpected("Identification", when: phase.when) }
        let frame = encoder.encode(identification)
        try FrameWriter.sendAtOnce(frame, to: socket.rawValue)
        if let recorder { recorder.sent(frame, vcpu: vcpu, at: clock.now) }
    }

    /// Asks the worker to exit; what it still sends is ignored.
    func sendStop() {
        guard phase != .over else { return }
        phase = .over
        let frame = encoder.encodeStop()
        // A worker that cannot be told is ended in other ways.
        guard (try? FrameWriter.sendAtOnce(frame, to: socket.rawValue)) != nil else { return }
        if let recorder { recorder.sent(frame, vcpu: vcpu, at: clock.now) }
    }

    // MARK: The end

    /// Neither listens nor speaks any more; a worker at the other end sees that it is not wanted.
    func abandon() {
        phase = .over
        _ = shutdown(socket.rawValue, Int32(SHUT_RDWR))
    }

    /// What became of the worker after `.closed`, for a report: "killed by signal 9 (Killed)". Waits a moment for the
    /// process to be gone.
    func endDescription() -> String {
        guard let process else { return "closed its connection" }
        return process.waitForEnd(milliseconds: 50)?.description ?? "closed its connection but still runs"
    }
}

extension WorkerChannel {
    /// Names the vCPU of an external worker.
    func assign(vcpu index: Int) { vcpu = index }

    /// Records the wire from its Hello on.
    func record(with recorder: Recorder) {
        self.recorder = recorder
        guard let firstFrame else { return }
        self.firstFrame = nil
        // A virtual clock begins with the guest.
        let time = clock.isVirtual ? clock.now : firstFrame.time
        firstFrame.bytes.withUnsafeBytes { recorder.received($0, vcpu: vcpu, at: time) }
    }
}

extension WorkerChannel.Phase {
    /// For a sentence: "Exit came …".
    fileprivate var when: StaticString {
        switch self {
        case .awaitingHello: "before Hello"
        case .greeted: "before Welcome"
        case .outsideGuest: "while the vCPU was outside the guest"
        case .inGuest: "while the vCPU was in the guest"
        case .over: "after the end"
        }
    }
}
