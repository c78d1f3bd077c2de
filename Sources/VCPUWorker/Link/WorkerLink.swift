import CHost
import Glibc
import Shared

/// The worker's end of the wire. It lives once, at a fixed address; nothing on the way from Exit to Entry allocates.
struct WorkerLink: ~Copyable {
    /// What the coordinator wants next.
    enum Order {
        /// `entry` has been filled in.
        case enter
        /// `access` is to be done and answered.
        case access
        /// The identification registers are `identification` from now on.
        case identify
        /// The VM ends, or the coordinator is gone.
        case stop
    }

    private let socket: CInt
    private var reader = FrameReader()
    private var decoder = FrameDecoder()
    private var encoder = FrameEncoder()
    private var carried = CarriedState()
    private var lastSequence: UInt64 = 0
    var access: RegisterAccessFrame { decoder.access }
    var identification: IDRegisterSet { decoder.identification }
    var entry = EntryFrame()
    var exit = ExitFrame()

    init(socket: CInt) { self.socket = socket }

    // MARK: Handshake

    /// Says Hello and returns what the coordinator answers; nil: it wants no worker.
    mutating func handshake(wantedVCPU: Int?) throws(LinkError) -> VMResources? {
        var descriptors = ReceivedDescriptors()
        do throws(WireError) {
            let hello = HelloFrame(
                protocolVersion: WireProtocol.version, pid: UInt32(bitPattern: getpid()),
                features: WorkerFeature.all.rawValue, wantedVCPU: wantedVCPU)
            try FrameWriter.send(encoder.encode(hello), to: socket)
        } catch .socketFailed(EPIPE) {
            throw .notWelcome
        } catch {
            throw .wire(error)
        }
        let welcome: WelcomeFrame
        do throws(WireError) {
            switch try reader.next(from: socket, waiting: .untilFrame, collecting: &descriptors) {
            case .frame(let bytes):
                switch try decoder.decodeFromCoordinator(bytes, entry: &entry, carried: &carried) {
                case .welcome:
                    welcome = decoder.welcome
                    carried = CarriedState(worldSwitch: welcome.worldSwitch)
                case .stop: return nil
                case .entry: throw .unexpected("Entry", when: "before Welcome")
                case .registerAccess: throw .unexpected("RegisterAccess", when: "before Welcome")
                case .identification: throw .unexpected("Identification", when: "before Welcome")
                }
            case .closed, .wouldBlock: return nil
            }
        } catch {
            throw .wire(error)
        }
        return try VMResources.open(welcome, descriptors: &descriptors)
    }

    // MARK: Exit and Entry

    /// Sends `exit` under the next sequence number. The time at which the frame is ready goes to `stamp`, if there is one.
    mutating func sendExit(stamping stamp: UnsafeMutableRawPointer?) throws(WireError) {
        lastSequence &+= 1
        exit.sequence = lastSequence
        let frame = encoder.encode(&exit, carried: &carried)
        if let stamp { armada_store_relaxed64(stamp, armada_monotonic()) }
        try FrameWriter.send(frame, to: socket)
    }

    /// Sends an SGI without leaving the guest. Waits only while the coordinator has fallen far behind.
    mutating func send(_ sgi: SGIFrame) throws(WireError) {
        try FrameWriter.send(encoder.encode(sgi), to: socket)
    }

    func send(_ answer: RegisterAnswerFrame) throws(WireError) {
        try FrameWriter.send(RegisterFrameEncoder.encode(answer, worldSwitch: carried.worldSwitch), to: socket)
    }

    /// Waits for the coordinator's next order: polls as long as `wait` says, then blocks. `answeredQuickly` is as in
    /// `EntryWait.begin`.
    mutating func awaitOrder(
        _ wait: inout EntryWait, answeredQuickly: Bool
    ) throws(WireError) -> Order {
        wait.begin(answeredQuickly: answeredQuickly, at: exit.timestamp)
        if wait.polls {
            repeat {
                if let order = try order(from: reader.next(from: socket)) {
                    wait.endPolled()
                    return order
                }
            } while wait.continuesPolling()
        }
        while true {
            if let order = try order(from: reader.next(from: socket, waiting: .untilFrame)) {
                wait.endBlocked()
                return order
            }
        }
    }

    private mutating func order(from status: FrameReader.Status) throws(WireError) -> Order? {
        switch status {
        case .wouldBlock: return nil
        case .closed: return .stop
        case .frame(let bytes):
            switch try decoder.decodeFromCoordinator(bytes, entry: &entry, carried: &carried) {
            case .entry:
                guard entry.sequence == lastSequence else {
                    throw .entrySequence(entry.sequence, expected: lastSequence)
                }
                return .enter
            case .registerAccess: return .access
            case .identification:
                guard lastSequence == 0 else { throw .unexpected("Identification", when: "after the first Entry") }
                return .identify
            case .stop: return .stop
            case .welcome: throw .unexpected("Welcome", when: "twice")
            }
        }
    }
}
