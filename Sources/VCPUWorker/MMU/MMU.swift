import Shared

/// The translation state of one PE: two fast TLBs and a second-level TLB over the walker.
///
/// ```
///  load, store ──▶ fast TLB (privileged | unprivileged)      256 slots, VA with tag byte, read and write tags
///                     │ miss                                  flushed by context switches
///  fetch ─────────────┤
///                     ▼
///                   TLB, 4096 entries, both stages combined   tagged with the ASID; flushed by TLBI
///                     │ miss, or not permitted
///                     ▼
///                   walk: stage 1 in guest RAM, each step through stage 2 in the coordinator's tables
/// ```
///
/// Faults are never cached, and an access that an entry does not permit walks again, so a fault is always of the tables
/// as they are, but for stage 1 of the page that stage 2 refused last. A fast slot exists only where an unaligned access
/// needs no check: Normal memory with SCTLR_EL1.A = 0.
///
/// Who changes what this depends on, tells:
/// - after a write to SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1, MAIR_EL1 (SetState and reset included):
///   `translationRegimeChanged()`; it finds out itself what changed, and does nothing if nothing did;
/// - after PSTATE.PAN changed (MSR, exception entry, exception return): `panChanged()`;
/// - nothing for PSTATE.EL or PSTATE.UAO: they select the array (and, for fetches, the rights asked for).
struct MMU: ~Copyable {
    /// Direct-mapped by VA bits 19:12, for EL1's privileged accesses.
    let privileged: UnsafeMutablePointer<FastTLBEntry>
    /// The same for EL0, LDTR and STTR.
    let unprivileged: UnsafeMutablePointer<FastTLBEntry>
    /// What `translate` and its like found when they returned nil.
    var fault = MemoryFault()

    /// Stage 2's control and table base, as the coordinator says.
    var vtcr_EL2: UInt64 = 0 { didSet { regime.stage2 = Stage2Regime(vtcr: vtcr_EL2, vttbr: vttbr_EL2) } }
    var vttbr_EL2: UInt64 = 0 { didSet { regime.stage2 = Stage2Regime(vtcr: vtcr_EL2, vttbr: vttbr_EL2) } }

    /// The registers that `regime` was decoded from.
    var source = RegimeRegisters()
    var regime = TranslationRegime(
        stage1: Stage1Regime(sctlr: 0, tcr: 0, ttbr0: 0, ttbr1: 0, mair: 0), stage2: Stage2Regime(vtcr: 0, vttbr: 0))
    var tlb = TLB()
    var refused = RefusedTranslation()

    /// The fetch side may know translations.
    var isFetchSideFilled = false

    /// The ring position up to which this vCPU has applied broadcasts.
    var dvmPosition: UInt64 = 0
    /// Instruction-cache operations that were published before the head was last read.
    var instructionCacheOperations: UInt64 = 0
    /// A broadcast of this vCPU waits for its DSB: the others must have come to `dvmTicket`.
    var isDVMPending = false
    var dvmTicket: UInt64 = 0

    /// The fast TLBs with what is needed to empty them.
    let fast = FastTLBs()

    init() {
        privileged = fast.privileged
        unprivileged = fast.unprivileged
    }

    deinit { fast.deallocate() }
}
