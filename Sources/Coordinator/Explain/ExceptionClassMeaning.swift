import Shared

// What an exception class is, and who answers it.
//
// Source: Arm ARM "ESR_EL2, Exception Syndrome Register (EL2)", field EC.
extension ExceptionClass {
    /// nil: the value is reserved.
    var meaning: String? {
        switch self {
        case .unknown: "no reason given: mostly an UNDEFINED instruction"
        case .wfx: "a trapped WFI, WFE, WFIT or WFET"
        case .cp15_32: "a trapped AArch32 MCR or MRC, coprocessor 15"
        case .cp15_64: "a trapped AArch32 MCRR or MRRC, coprocessor 15"
        case .cp14_MR: "a trapped AArch32 MCR or MRC, coprocessor 14"
        case .cp14_LS: "a trapped AArch32 LDC or STC, coprocessor 14"
        case .fpASIMD: "floating point, Advanced SIMD or SVE while it is trapped (CPACR_EL1.FPEN, CPTR_EL2)"
        case .cp10_ID: "a trapped AArch32 VMRS of an identification register"
        case .pac: "a trapped pointer authentication instruction"
        case .other: "a trapped LD64B or ST64B instruction"
        case .cp14_64: "a trapped AArch32 MRRC, coprocessor 14"
        case .bti: "an indirect branch to what is no landing pad (FEAT_BTI)"
        case .illegalState: "an instruction while PSTATE.IL is set"
        case .svc32: "an AArch32 SVC"
        case .hvc32: "an AArch32 HVC"
        case .smc32: "a trapped AArch32 SMC"
        case Self(rawValue: 0x14): "a trapped MSRR, MRRS or SYSP: 128 bits (FEAT_SYSREG128, FEAT_SYSINSTR128)"
        case .svc64: "SVC: a system call"
        case .hvc64: "HVC: a hypercall"
        case .smc64: "a trapped SMC"
        case .sys64: "a trapped MSR, MRS or system instruction"
        case .sve: "SVE while it is trapped (CPACR_EL1.ZEN, CPTR_EL2)"
        case .eret: "a trapped ERET, ERETAA or ERETAB"
        case Self(rawValue: 0x1B): "a trapped TSTART (FEAT_TME)"
        case .fpac: "a pointer whose authentication failed (FEAT_FPAC)"
        case .sme: "SME while it is trapped, or in the wrong mode"
        case Self(rawValue: 0x1E): "a granule protection check failed (FEAT_RME; to EL3 alone)"
        case Self(rawValue: 0x1F): "implementation defined (to EL3 alone)"
        case .iabtLow: "instruction abort from a lower Exception level"
        case .iabtCurrent: "instruction abort from the same Exception level"
        case .pcAlignment: "a PC that is not a multiple of 4"
        case .dabtLow: "data abort from a lower Exception level"
        case .dabtCurrent: "data abort from the same Exception level"
        case .spAlignment: "a base SP that is not a multiple of 16"
        case .mops: "a memory copy or set that cannot go on (FEAT_MOPS)"
        case .fpException32: "a trapped floating-point exception, AArch32"
        case .fpException64: "a trapped floating-point exception"
        case .gcs: "a failed check of the guarded control stack (FEAT_GCS)"
        case .serror: "SError: an error that belongs to no instruction"
        case .breakpointLow: "hardware breakpoint, from a lower Exception level"
        case .breakpointCurrent: "hardware breakpoint, from the same Exception level"
        case .softStepLow: "software step, from a lower Exception level"
        case .softStepCurrent: "software step, from the same Exception level"
        case .watchpointLow: "watchpoint, from a lower Exception level"
        case .watchpointCurrent: "watchpoint, from the same Exception level"
        case .bkpt32: "an AArch32 BKPT"
        case .vector32: "an AArch32 vector catch"
        case .brk64: "BRK: a software breakpoint"
        case Self(rawValue: 0x3D): "a profiling exception (FEAT_EBEP, FEAT_SPE_EXC)"
        default: nil
        }
    }

    /// KVM's row of `arm_exit_handlers`.
    var handlerInKVM: String {
        switch self {
        case .wfx: "kvm_handle_wfx"
        case .cp15_32: "kvm_handle_cp15_32"
        case .cp15_64: "kvm_handle_cp15_64"
        case .cp14_MR: "kvm_handle_cp14_32"
        case .cp14_LS: "kvm_handle_cp14_load_store"
        case .cp14_64: "kvm_handle_cp14_64"
        case .cp10_ID: "kvm_handle_cp10_id"
        case .fpASIMD: "kvm_handle_fpasimd"
        case .pac: "kvm_handle_ptrauth"
        case .hvc32, .hvc64: "handle_hvc"
        case .smc32, .smc64: "handle_smc"
        case .svc64: "handle_svc"
        case .sys64: "kvm_handle_sys_reg"
        case .sve: "handle_sve"
        case .eret: "kvm_handle_eret"
        case .iabtLow, .dabtLow: "kvm_handle_guest_abort"
        case .breakpointLow, .softStepLow, .watchpointLow, .bkpt32, .brk64: "kvm_handle_guest_debug"
        default: "kvm_handle_unknown_ec"
        }
    }

    /// Workers leave the guest with it: the coordinator has a row of its own.
    var isExit: Bool { "\(arm_exit_handlers[Int(rawValue)].name)" != "handleUnknownClass" }

    /// Exceptions of this class are the hypervisor's or the monitor's alone.
    var isOfHypervisor: Bool {
        switch self {
        case .hvc32, .hvc64, .smc32, .smc64, .cp10_ID, .pac, .eret, Self(rawValue: 0x1E), Self(rawValue: 0x1F): true
        default: false
        }
    }

    /// Where exceptions to EL1 of this class come from.
    var origins: [VectorTable.Origin] {
        if isAArch32 { return [.lower32] }
        switch self {
        // Of WFx and system registers EL1's controls trap those of EL0 alone.
        case .iabtLow, .dabtLow, .breakpointLow, .softStepLow, .watchpointLow, .wfx, .sys64: return [.lower64]
        case .iabtCurrent, .dabtCurrent, .breakpointCurrent, .softStepCurrent, .watchpointCurrent: return [.currentSPx]
        default: return [.lower64, .currentSPx]
        }
    }

    private var isAArch32: Bool {
        switch self {
        case .cp15_32, .cp15_64, .cp14_MR, .cp14_LS, .cp14_64, .cp10_ID, .svc32, .hvc32, .smc32, .fpException32,
            .bkpt32, .vector32:
            true
        default: false
        }
    }

    /// Who answers, beside the coordinator's handler or instead of it. nil: nobody.
    var otherAnswers: String? {
        if isAArch32 { return "never: the PE has no AArch32" }
        switch self {
        case .wfx:
            return "the worker: WFE (fast exit), WFI with an interrupt pending; EL1: from EL0, SCTLR_EL1.nTWI, nTWE"
        case .hvc64, .smc64: return "EL1: UNDEF for one at EL0"
        case .sys64:
            return "the worker: counters, timers, CPU interface (fast exits) and all else; EL1: what it traps of EL0"
        case .iabtLow, .dabtLow: return "EL1: faults of stage 1 from EL0"
        case .unknown: return "EL1: what is UNDEFINED or injected as UNDEF"
        case .fpASIMD: return "EL1: CPACR_EL1.FPEN; nothing of it is lazy here"
        case .svc64, .illegalState, .iabtCurrent, .pcAlignment, .dabtCurrent, .spAlignment, .breakpointLow,
            .breakpointCurrent, .softStepLow, .softStepCurrent, .watchpointLow, .watchpointCurrent, .brk64:
            return "EL1: always"
        case .serror: return "EL1: one that the coordinator injects"
        case .pac, .fpac: return absent("FEAT_PAuth")
        case .other: return absent("FEAT_LS64")
        case .bti: return absent("FEAT_BTI")
        case .sve: return absent("FEAT_SVE")
        case .sme: return absent("FEAT_SME")
        case .mops: return absent("FEAT_MOPS")
        case .gcs: return absent("FEAT_GCS")
        case .eret: return "never: only nested virtualization traps it"
        case .fpException64: return "never: floating-point exceptions set FPSR and do not trap"
        case Self(rawValue: 0x14): return absent("FEAT_SYSREG128")
        case Self(rawValue: 0x1B): return absent("FEAT_TME")
        case Self(rawValue: 0x1E), Self(rawValue: 0x1F): return "never: there is no EL3"
        case Self(rawValue: 0x3D): return absent("FEAT_PMUv3")
        default: return nil
        }
    }

    private func absent(_ feature: String) -> String { "never: \(feature) is not announced" }
}
