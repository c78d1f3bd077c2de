import Shared

/// A row of the exit table: the exception classes of traps, then the other exit codes, then what a class is split into.
struct ExitReason: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8
    static let count = 80

    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ exceptionClass: ExceptionClass) { rawValue = exceptionClass.rawValue }

    static let irq = Self(rawValue: 64)
    static let serror = Self(rawValue: 65)
    static let illegal = Self(rawValue: 66)
    static let wfi = Self(rawValue: 67)
    static let wfe = Self(rawValue: 68)
    static let dataUserMemory = Self(rawValue: 69)
    static let instructionUserMemory = Self(rawValue: 70)
    static let mmioReadUser = Self(rawValue: 71)
    static let mmioWriteUser = Self(rawValue: 72)
    static let mmioReadKernel = Self(rawValue: 73)
    static let mmioWriteKernel = Self(rawValue: 74)

    static let armNISV = Self(rawValue: 75)

    static func mmio(write: Bool, side: MMIOBus.Side) -> Self {
        switch side {
        case .user: write ? mmioWriteUser : mmioReadUser
        case .kernel: write ? mmioWriteKernel : mmioReadKernel
        }
    }

    /// As `perf kvm stat report` prints it, with a detail where the class has several.
    var name: String {
        switch self {
        case .irq: "IRQ"
        case .serror: "SERROR"
        case .illegal: "IL"
        case .wfi: "WFx wfi"
        case .wfe: "WFx wfe"
        case .dataUserMemory: "DABT_LOW user_mem"
        case .instructionUserMemory: "IABT_LOW user_mem"
        case .mmioReadUser: "DABT_LOW mmio_read_user"
        case .mmioWriteUser: "DABT_LOW mmio_write_user"
        case .mmioReadKernel: "DABT_LOW mmio_read_kernel"
        case .mmioWriteKernel: "DABT_LOW mmio_write_kernel"
        case .armNISV: "DABT_LOW arm_nisv"
        default: ExceptionClass(rawValue: rawValue).name
        }
    }
}

extension ExceptionClass {
    /// The name in KVM's `kvm_arm_exception_class`, or else in Linux's `ESR_ELx_EC_…`.
    var name: String {
        switch self {
        case .unknown: "UNKNOWN"
        case .wfx: "WFx"
        case .cp15_32: "CP15_32"
        case .cp15_64: "CP15_64"
        case .cp14_MR: "CP14_MR"
        case .cp14_LS: "CP14_LS"
        case .fpASIMD: "FP_ASIMD"
        case .cp10_ID: "CP10_ID"
        case .pac: "PAC"
        case .other: "OTHER"
        case .cp14_64: "CP14_64"
        case .bti: "BTI"
        case .illegalState: "ILL"
        case .svc32: "SVC32"
        case .hvc32: "HVC32"
        case .smc32: "SMC32"
        case .svc64: "SVC64"
        case .hvc64: "HVC64"
        case .smc64: "SMC64"
        case .sys64: "SYS64"
        case .sve: "SVE"
        case .eret: "ERET"
        case .fpac: "FPAC"
        case .sme: "SME"
        case .iabtLow: "IABT_LOW"
        case .iabtCurrent: "IABT_CUR"
        case .pcAlignment: "PC_ALIGN"
        case .dabtLow: "DABT_LOW"
        case .dabtCurrent: "DABT_CUR"
        case .spAlignment: "SP_ALIGN"
        case .mops: "MOPS"
        case .fpException32: "FP_EXC32"
        case .fpException64: "FP_EXC64"
        case .gcs: "GCS"
        case .serror: "SERROR"
        case .breakpointLow: "BREAKPT_LOW"
        case .breakpointCurrent: "BREAKPT_CUR"
        case .softStepLow: "SOFTSTP_LOW"
        case .softStepCurrent: "SOFTSTP_CUR"
        case .watchpointLow: "WATCHPT_LOW"
        case .watchpointCurrent: "WATCHPT_CUR"
        case .bkpt32: "BKPT32"
        case .vector32: "VECTOR32"
        case .brk64: "BRK64"
        default: "EC_" + hexadecimal(UInt64(rawValue), digits: 2)
        }
    }
}
