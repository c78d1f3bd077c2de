import CHost
import Shared

/// The coordinator's side of one vCPU: KVM's `struct kvm_vcpu`.
final class VCPU {
    enum State {
        /// Off: PSCI has not started it, or it called CPU_OFF.
        case poweredOff
        /// Between Exit and Entry.
        case inCoordinator
        /// Its worker is in the guest, or on its way.
        case running
        /// In WFI: waits for an interrupt.
        case blocked
        /// In lock-step: waits for its turn to go into the guest.
        case ready
        /// Would be in the guest if it were not paused.
        case paused
        /// Its worker is gone, and it never comes back.
        case lost
    }

    let index: Int
    let control: VCPUControl
    let channel: WorkerChannel
    var state = State.poweredOff

    /// Somebody wants it to stay out of the guest.
    var isPaused = false
    /// KVM_MP_STATE_SUSPENDED: it waits, or is to wait, as by WFI.
    var isSuspended = false

    /// With `VCPULossPolicy.offline`, once it is lost.
    var loss: WorkerLoss?
    /// What is to be done with its registers, the first under way at its worker. Until all is done the vCPU stays paused.
    var registerOperations: [RegisterOperation] = []
    /// With operations: it goes on when they are done.
    var resumesAfterOperations = false
    /// The virtual counter is the physical one less this.
    var virtualCounterOffset: UInt64 = 0

    /// What must happen before the next Entry. The control page shows a copy, for the order of events only.
    var requests: VCPURequest = []
    /// Goes with `VCPURequest.vcpuReset`.
    var reset: ResetState?
    var pendingExceptions = PendingExceptions()
    /// A kick has found it blocked; it stands in the list of those to be woken.
    var isWaking = false

    /// The Entry under construction. Its CPU interface and its context hold what came with the last Exit; list registers
    /// are filled in last.
    var entry = EntryFrame()
    /// With the world switch nvhe only.
    var physicalTimer = PhysicalTimer()
    var reason = ExitReason.irq
    private(set) var fault = FaultInformation()
    /// When the Exit arrived that the next Entry answers; 0: the next Entry answers none.
    var exitArrived: UInt64 = 0
    var statistics = ExitStatistics()
    /// Once the guest has asked for it.
    var stolenTime: StolenTime?
    /// Stamps this vCPU's exits, if anybody wants to know.
    var observation: UnsafeMutablePointer<ExitObservation>? {
        didSet { channel.isObserved = observation != nil }
    }

    init(index: Int, control: VCPUControl, channel: WorkerChannel) {
        self.index = index
        self.control = control
        self.channel = channel
        entry.cpuInterface.vmcr = ICH_VMCR.reset
    }

    /// The last Exit.
    var exit: ExitFrame { _read { yield channel.exit } }

    /// The worker shows in the control page that it has left the guest, or has sent SGIs that were not received yet. A
    /// hint: nobody is bound to show it.
    var isAboutToSend: Bool {
        armada_load_relaxed32(control.mode) == VCPUMode.outsideGuest.rawValue
            || control.counter(.sgiSent) != statistics.sgis
    }

    /// KVM's `__populate_fault_info`: the addresses are those of the last abort.
    func noteFault(_ exceptionClass: ExceptionClass) {
        fault.esr = channel.exit.esr
        guard exceptionClass == .dabtLow || exceptionClass == .iabtLow else { return }
        fault.far = channel.exit.far
        fault.hpfar = channel.exit.hpfar
    }

    // MARK: What a handler says about the way back

    /// The guest's register `number` is `value` when it goes on; 31 is the zero register.
    func write(register number: Int, _ value: UInt64) { entry.write(register: number, value: value) }

    /// Skips the trapped instruction.
    func advancePC() { entry.advancePC = true }

    func injectUndefined() { entry.injected = InjectedException(.undefined) }

    /// KVM's `kvm_inject_dabt`: a synchronous external data abort at `address`, with the WnR of the access that exited.
    func injectDataAbort(_ address: UInt64) {
        let iss: UInt64 = exit.esr.isWrite ? 1 << 6 : 0
        entry.injected = InjectedException(.dataAbort, address: address, syndrome: iss)
    }

    /// KVM's `kvm_inject_pabt`.
    func injectInstructionAbort(_ address: UInt64) {
        entry.injected = InjectedException(.instructionAbort, address: address)
    }

    /// KVM's `kvm_inject_vabt`.
    func injectSError() { entry.injected = InjectedException(.serror, syndrome: UInt64(ExceptionSyndrome.serrorIDS)) }

    /// What handlers said is at the worker, or of no use any more: it is not to be done again.
    func clearResults() {
        entry.writeCount = 0
        entry.advancePC = false
        entry.injected = InjectedException()
        entry.reset = nil
    }

    /// The place and the last exit of the vCPU, for a report.
    var lastExitDescription: String {
        if state == .poweredOff { return "the vCPU was off" }
        let place =
            switch state {
            case .lost: "the vCPU is lost"
            case .blocked: "the vCPU was waiting for an interrupt"
            case .ready: "the vCPU was waiting for its turn"
            default: "the vCPU was in the guest"
            }
        guard statistics.exits > 0 else { return "\(place) and never left it" }
        return "\(place); its last exit was \(reason.name) at PC \(hexadecimal(exit.pc)), ESR_EL2 "
            + "\(hexadecimal(UInt64(exit.esr.rawValue), digits: 8)), number \(statistics.exits)"
    }
}
