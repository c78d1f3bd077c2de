import CHost
import Shared

@testable import VCPUWorker

/// A vCPU at EL1h on the MMU tests' memory, at a fixed address as in the worker.
final class SystemFixture {
    let memory: MMUFixture
    let vcpu: UnsafeMutablePointer<VCPU>

    init(vcpuCount: Int = 1, worldSwitch: WorldSwitch = .vhe) {
        memory = MMUFixture(vcpuCount: vcpuCount)
        vcpu = .allocate(capacity: 1)
        vcpu.initialize(to: memory.makeVCPU(worldSwitch: worldSwitch))
        vcpu.pointee.cpuInterface = VirtualCPUInterface(listRegisterCount: 4)
        vcpu.pointee.cpuInterface.state.hcr = ICH_HCR.en
        vcpu.pointee.cpuInterface.state.vmcr =
            ICH_VMCR.reset | ICH_VMCR.veng0 | ICH_VMCR.veng1 | 0xF8 << ICH_VMCR.vpmrShift
        vcpu.pointee.timers.counterOffset = armada_monotonic()
        vcpu.pointee.pc = 0x4000_1000
        vcpu.pointee.system.vbar_EL1 = 0x4008_0000
        vcpu.pointee.x[31] = 0x1111
        vcpu.pointee.system.sp_EL0 = 0x2222
    }

    deinit {
        vcpu.deinitialize(count: 1)
        vcpu.deallocate()
    }

    /// Something of the vCPU, in a form that expectations can call.
    func run<Result>(_ body: (inout VCPU) -> Result) -> Result { body(&vcpu.pointee) }

    // MARK: State, as values that expectations can take apart

    var pc: UInt64 {
        get { vcpu.pointee.pc }
        set { vcpu.pointee.pc = newValue }
    }
    var system: SystemRegisters {
        get { vcpu.pointee.system }
        set { vcpu.pointee.system = newValue }
    }
    var pstate: ProcessState {
        get { vcpu.pointee.pstate }
        set { vcpu.pointee.pstate = newValue }
    }
    var exit: PendingExit { vcpu.pointee.exit }
    var esr: ExceptionSyndrome { ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: system.esr_EL1)) }
    var sp: UInt64 { vcpu.pointee.x[31] }
    func counter(_ which: VCPUCounter) -> UInt64 { vcpu.pointee.control.counter(which) }

    /// Goes to EL0 as an exception return does, with every interrupt unmasked.
    func goToEL0() {
        vcpu.pointee.selectStack(el: 0, sp: 0)
        vcpu.pointee.pstate.daif = 0
    }

    /// Puts a pending interrupt into list register `index`.
    func setPending(_ intid: UInt32, at index: Int = 0, isGroup1: Bool = true) {
        var register = ListRegister.invalid
        register.virtualINTID = intid
        register.priority = 0xA0
        register.isGroup1 = isGroup1
        register.isPending = true
        vcpu.pointee.cpuInterface.state.listRegisters[index] = register.rawValue
        vcpu.pointee.cpuInterface.refresh()
    }

    // MARK: Instructions

    /// MRS X`rt`, `e`.
    static func mrs(_ e: SystemRegisterEncoding, _ rt: UInt32 = 5) -> UInt32 {
        0xD500_0000 | 1 << 21 | UInt32(e.rawValue) << 5 | rt
    }
    /// MSR `e`, X`rt`.
    static func msr(_ e: SystemRegisterEncoding, _ rt: UInt32 = 5) -> UInt32 {
        0xD500_0000 | UInt32(e.rawValue) << 5 | rt
    }

    func read(_ e: SystemRegisterEncoding) -> (outcome: Outcome, value: UInt64) {
        var value: UInt64 = 0
        let outcome = vcpu.pointee.readSystemRegister(e, into: &value, word: Self.mrs(e))
        return (outcome, value)
    }

    /// The value of a read that must succeed; nil otherwise.
    func value(_ e: SystemRegisterEncoding) -> UInt64? {
        let (outcome, value) = read(e)
        return outcome == .next ? value : nil
    }

    @discardableResult
    func write(_ e: SystemRegisterEncoding, _ value: UInt64) -> Outcome {
        vcpu.pointee.writeSystemRegister(e, value, word: Self.msr(e))
    }

    func eret() -> Outcome { vcpu.pointee.exceptionReturn() }
}

/// Registers by the names of the manual.
// swift-format-ignore
extension SystemRegisterEncoding {
    static let sp_EL0 = Self(3, 0, 4, 1, 0)
    static let daif = Self(3, 3, 4, 2, 1)
    static let tpidr_EL0 = Self(3, 3, 13, 0, 2)
    static let tpidrro_EL0 = Self(3, 3, 13, 0, 3)
    static let cntvct_EL0 = Self(3, 3, 14, 0, 2)
    static let sctlr_EL1 = Self(3, 0, 1, 0, 0)
    static let cpacr_EL1 = Self(3, 0, 1, 0, 2)
    static let ttbr0_EL1 = Self(3, 0, 2, 0, 0)
    static let currentEL = Self(3, 0, 4, 2, 2)
    static let spSel = Self(3, 0, 4, 2, 0)
    static let pan = Self(3, 0, 4, 2, 3)
    static let uao = Self(3, 0, 4, 2, 4)
    static let vbar_EL1 = Self(3, 0, 12, 0, 0)
    static let isr_EL1 = Self(3, 0, 12, 1, 0)
    static let icc_IAR1_EL1 = Self(3, 0, 12, 12, 0)
    static let icc_EOIR1_EL1 = Self(3, 0, 12, 12, 1)
    static let icc_CTLR_EL1 = Self(3, 0, 12, 12, 4)
    static let icc_DIR_EL1 = Self(3, 0, 12, 11, 1)
    static let icc_PMR_EL1 = Self(3, 0, 4, 6, 0)
    static let midr_EL1 = Self(3, 0, 0, 0, 0)
    static let mpidr_EL1 = Self(3, 0, 0, 0, 5)
    static let ctr_EL0 = Self(3, 3, 0, 0, 1)
    static let dczid_EL0 = Self(3, 3, 0, 0, 7)
    static let nzcv = Self(3, 3, 4, 2, 0)
    static let fpcr = Self(3, 3, 4, 4, 0)
    static let fpsr = Self(3, 3, 4, 4, 1)
    static let cntkctl_EL1 = Self(3, 0, 14, 1, 0)
    static let cntfrq_EL0 = Self(3, 3, 14, 0, 0)
    static let cntpct_EL0 = Self(3, 3, 14, 0, 1)
    static let cntp_CTL_EL0 = Self(3, 3, 14, 2, 1)
    static let cntp_CVAL_EL0 = Self(3, 3, 14, 2, 2)
    static let cntv_TVAL_EL0 = Self(3, 3, 14, 3, 0)
    static let cntv_CTL_EL0 = Self(3, 3, 14, 3, 1)
    static let cntv_CVAL_EL0 = Self(3, 3, 14, 3, 2)
    static let mdscr_EL1 = Self(2, 0, 0, 2, 2)
    static let oslar_EL1 = Self(2, 0, 1, 0, 4)
    static let oslsr_EL1 = Self(2, 0, 1, 1, 4)
    static let osdlr_EL1 = Self(2, 0, 1, 3, 4)
    static let contextidr_EL1 = Self(3, 0, 13, 0, 1)
}
