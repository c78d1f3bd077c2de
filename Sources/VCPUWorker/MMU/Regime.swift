import Shared

/// The registers that stage 1 depends on.
struct RegimeRegisters: Equatable {
    var sctlr: UInt64 = 0
    var tcr: UInt64 = 0
    var ttbr0: UInt64 = 0
    var ttbr1: UInt64 = 0
    var mair: UInt64 = 0

    /// SCTLR_EL1.M, A and WXN: the bits that matter to translations that are kept.
    static let sctlrMask: UInt64 = 1 << 0 | 1 << 1 | 1 << 19
}

extension VCPU {
    /// Takes over SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1 and MAIR_EL1 after a write to any of them. Cheap when nothing
    /// of weight changed.
    ///
    /// A new table base or ASID leaves the TLB alone, as the architecture lets it: entries are found by ASID, and who
    /// reuses one invalidates it first. Anything else forgets every translation.
    mutating func translationRegimeChanged() {
        let registers = RegimeRegisters(
            sctlr: system.sctlr_EL1 & RegimeRegisters.sctlrMask, tcr: system.tcr_EL1, ttbr0: system.ttbr0_EL1,
            ttbr1: system.ttbr1_EL1, mair: system.mair_EL1)
        guard registers != mmu.source else { return }
        let isOnlyTable =
            registers.sctlr == mmu.source.sctlr && registers.tcr == mmu.source.tcr
            && registers.mair == mmu.source.mair
        mmu.source = registers
        mmu.regime.stage1 = Stage1Regime(
            sctlr: registers.sctlr, tcr: registers.tcr, ttbr0: registers.ttbr0, ttbr1: registers.ttbr1,
            mair: registers.mair)
        if isOnlyTable {
            mmu.fast.forgetNonGlobal()
            mmu.refused.forget()
            forgetFetchSide()
        } else {
            forgetTranslations()
        }
    }

    /// Takes over PSTATE.PAN after it changed.
    @inline(__always)
    mutating func panChanged() {
        if pstate.pan { mmu.fast.forgetUser() }
    }

    /// Forgets every translation: both TLBs and the fetch side.
    mutating func forgetTranslations() {
        mmu.fast.forgetAll()
        mmu.tlb.removeAll()
        mmu.refused.forget()
        forgetFetchSide()
    }

    /// Makes the fetch side ask again. A context switch writes TTBRs several times; only the first costs something.
    mutating func forgetFetchSide() {
        guard mmu.isFetchSideFilled else { return }
        mmu.isFetchSideFilled = false
        flushFetchTranslations()
    }
}
