import Shared

/// Decodes a recording's frames as the two ends of each wire did, with what each frame leaves out because it has not
/// changed.
struct RecordingDecoder: ~Copyable {
    enum Frame {
        case hello(HelloFrame)
        case welcome(WelcomeFrame)
        /// See `exit` and `carries`.
        case exit
        case sgi(SGIFrame)
        /// See `entry` and `carries`.
        case entry
        case stop
        case registerAccess(RegisterAccessFrame)
        case identification(IDRegisterSet)
        case registerAnswer(RegisterAnswerFrame)
    }

    /// The last Exit, whole.
    private(set) var exit = ExitFrame()
    /// The last Entry, whole.
    private(set) var entry = EntryFrame()
    /// Whether the last Exit or Entry had a CPU interface that differed from the one before, and a timer.
    private(set) var carries = (cpuInterface: false, timer: false)

    /// Of the VM: with nvhe Exits and Entries have a context.
    private(set) var worldSwitch = WorldSwitch.vhe
    /// Entries have a time and a budget.
    private(set) var isLockstep = false

    private var decoder = FrameDecoder()
    private var carried: [CarriedState]

    init(vcpuCount: Int) { carried = Array(repeating: CarriedState(), count: vcpuCount) }

    mutating func decode(_ record: RecordedFrame, _ bytes: UnsafeRawBufferPointer) throws(WireError) -> Frame {
        let before = carried[record.vcpu]
        var state = before
        // A frame that cannot be decoded changes nothing.
        let frame = try decode(record.direction, bytes, &state)
        carries = (!state.cpuInterface.isSame(as: before.cpuInterface), state.timer != before.timer)
        carried[record.vcpu] = state
        return frame
    }

    private mutating func decode(
        _ direction: RecordedDirection, _ bytes: UnsafeRawBufferPointer, _ state: inout CarriedState
    ) throws(WireError) -> Frame {
        switch direction {
        case .fromWorker:
            switch try decoder.decodeFromWorker(bytes, exit: &exit, carried: &state) {
            case .hello(let hello): return .hello(hello)
            case .exit: return .exit
            case .sgi(let sgi): return .sgi(sgi)
            case .registerAnswer: return .registerAnswer(decoder.answer)
            }
        case .fromCoordinator:
            switch try decoder.decodeFromCoordinator(bytes, entry: &entry, carried: &state) {
            case .welcome:
                let welcome = decoder.welcome
                state = CarriedState(worldSwitch: welcome.worldSwitch)
                worldSwitch = welcome.worldSwitch
                isLockstep = welcome.isLockstep
                return .welcome(welcome)
            case .entry: return .entry
            case .stop: return .stop
            case .registerAccess: return .registerAccess(decoder.access)
            case .identification: return .identification(decoder.identification)
            }
        }
    }
}

extension CPUInterfaceState {
    fileprivate func isSame(as other: Self) -> Bool {
        guard hcr == other.hcr, vmcr == other.vmcr, ap0r0 == other.ap0r0, ap1r0 == other.ap1r0 else { return false }
        for place in 0..<Self.maximumListRegisterCount where listRegisters[place] != other.listRegisters[place] {
            return false
        }
        return true
    }
}
