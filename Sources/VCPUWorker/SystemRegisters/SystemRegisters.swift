import Shared

/// The system registers that hold state, by their architectural names, at EL1 and EL0.
///
/// PSTATE, NZCV, FPCR and FPSR live in `VCPU`, the timers in `GenericTimers`, the ICC registers in
/// `VirtualCPUInterface`. How software reaches each of them stands in `SystemRegisterTable`.
struct SystemRegisters {
    // MARK: Translation

    var sctlr_EL1: UInt64 = 0x30D0_0980
    var tcr_EL1: UInt64 = 0
    var ttbr0_EL1: UInt64 = 0
    var ttbr1_EL1: UInt64 = 0
    var mair_EL1: UInt64 = 0
    var amair_EL1: UInt64 = 0
    var contextidr_EL1: UInt64 = 0
    var par_EL1: UInt64 = 0

    // MARK: Exceptions

    var vbar_EL1: UInt64 = 0
    var esr_EL1: UInt64 = 0
    var far_EL1: UInt64 = 0
    var elr_EL1: UInt64 = 0
    var spsr_EL1: UInt64 = 0
    /// The banked stack pointers. The one that PSTATE selects is in `x[31]`, and its field here is stale.
    var sp_EL0: UInt64 = 0
    var sp_EL1: UInt64 = 0
    var afsr0_EL1: UInt64 = 0
    var afsr1_EL1: UInt64 = 0

    // MARK: Threads, features, timers, caches

    var tpidr_EL0: UInt64 = 0
    var tpidrro_EL0: UInt64 = 0
    var tpidr_EL1: UInt64 = 0
    var scxtnum_EL0: UInt64 = 0
    var scxtnum_EL1: UInt64 = 0
    var cpacr_EL1: UInt64 = 0
    var cntkctl_EL1: UInt64 = 0
    var csselr_EL1: UInt64 = 0

    // MARK: Debug

    var mdscr_EL1: UInt64 = 0
    var dbgbvr_EL1: InlineArray<6, UInt64> = InlineArray(repeating: 0)
    var dbgbcr_EL1: InlineArray<6, UInt64> = InlineArray(repeating: 0)
    var dbgwvr_EL1: InlineArray<4, UInt64> = InlineArray(repeating: 0)
    var dbgwcr_EL1: InlineArray<4, UInt64> = InlineArray(repeating: 0)
    /// OSLSR_EL1.OSLK, written through OSLAR_EL1; a cold reset locks it.
    var osLock = true
    /// OSDLR_EL1.DLK, and what it waits for: DBGPRCR_EL1.CORENPDRQ.
    var osdlr_EL1: UInt64 = 0
    var dbgprcr_EL1: UInt64 = 0

    // MARK: Not registers, but with them

    /// The affinity that MPIDR_EL1 reads.
    var mpidr = MPIDR(rawValue: 0)
    /// HCR_EL2.VSE: a virtual SError waits until PSTATE.A is clear.
    var serrorPending = false
    /// VSESR_EL2: its syndrome, 25 bits.
    var serrorSyndrome: UInt32 = 0
    /// CPACR_EL1.FPEN lets the current EL use FP and Advanced SIMD.
    var fpAccessible = false
    /// What the guest asked for and does not exist, so that each is reported once.
    var unknown = UnknownEncodings()
}

extension SystemRegisters {
    /// The architectural reset of the PE: state goes, its affinity and what was reported stay.
    mutating func reset() {
        let (mpidr, unknown) = (mpidr, unknown)
        self = SystemRegisters()
        self.mpidr = mpidr
        self.unknown = unknown
    }
}
