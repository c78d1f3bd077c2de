import Shared

/// Who answers an access of the guest's EL1 to a system register or instruction.
enum SystemRegisterAnswer: Equatable {
    /// The worker, which is the processor.
    case worker
    /// The worker; real KVM would do it in EL2 without a full exit, so it is counted as a fast exit.
    case fastExit
    /// As a fast exit, and with `--world-switch nvhe` by the coordinator.
    case timerOfWorldSwitch
    /// As a fast exit, and while ICH_HCR_EL2.TDIR is set by the coordinator.
    case trappedDeactivation
    /// The worker sends the coordinator an SGI frame and goes on.
    case sgi
    /// Always the coordinator.
    case coordinator
    /// Nobody: UNDEF.
    case undefined

    init(_ encoding: SystemRegisterEncoding) {
        switch SystemName(encoding) {
        case .register(let register): self.init(register)
        case .instruction: self = .worker
        case .foreign, nil: self = encoding.isIdentification ? .worker : .undefined
        }
    }

    private init(_ register: SystemRegister) {
        switch register {
        case .ACTLR_EL1: self = .coordinator
        case .CNTPCT_EL0, .CNTVCT_EL0, .CNTV_TVAL_EL0, .CNTV_CTL_EL0, .CNTV_CVAL_EL0: self = .fastExit
        case .CNTP_TVAL_EL0, .CNTP_CTL_EL0, .CNTP_CVAL_EL0: self = .timerOfWorldSwitch
        case .ICC_DIR_EL1: self = .trappedDeactivation
        case .ICC_SGI0R_EL1, .ICC_SGI1R_EL1, .ICC_ASGI1R_EL1: self = .sgi
        case _ where register.name.hasPrefix("ICC_"): self = .fastExit
        default: self = .worker
        }
    }

    var text: String {
        switch self {
        case .worker: "the worker, without an exit"
        case .fastExit: "the worker, counted as a fast exit"
        case .timerOfWorldSwitch:
            "the worker, counted as a fast exit; with --world-switch nvhe it traps to the coordinator (handleSystemRegister)"
        case .trappedDeactivation:
            "the worker, counted as a fast exit; an active interrupt without list register makes it trap to the "
                + "coordinator (handleSystemRegister)"
        case .sgi: "the worker, which tells the coordinator in an SGI frame and does not wait"
        case .coordinator: "the coordinator: always traps (handleSystemRegister)"
        case .undefined:
            "nobody: UNDEF to the guest, without an exit, and once a line of the worker's on standard error"
        }
    }
}

extension SystemRegisterEncoding {
    /// One of the identification registers, which read as zero where they say nothing.
    ///
    /// Source: Arm ARM "Reserved encodings in the ID space".
    var isIdentification: Bool { op0 == 3 && op1 == 0 && crn == 0 && 1...7 ~= crm }
}
