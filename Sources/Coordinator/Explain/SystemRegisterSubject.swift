import Shared

// What registers and instructions are, in a sentence.

extension SystemRegister {
    var subject: String {
        switch self {
        case .OSDTRRX_EL1, .OSDTRTX_EL1:
            "The debug communications channel's data, for saving; nobody is at its other end."
        case .DBGBVR0_EL1, .DBGBVR1_EL1, .DBGBVR2_EL1, .DBGBVR3_EL1, .DBGBVR4_EL1, .DBGBVR5_EL1:
            "Where a hardware breakpoint is: an address or a context."
        case .DBGBCR0_EL1, .DBGBCR1_EL1, .DBGBCR2_EL1, .DBGBCR3_EL1, .DBGBCR4_EL1, .DBGBCR5_EL1:
            "When a hardware breakpoint hits: on or off, Exception levels, type, link."
        case .DBGWVR0_EL1, .DBGWVR1_EL1, .DBGWVR2_EL1, .DBGWVR3_EL1: "The address that a watchpoint watches."
        case .DBGWCR0_EL1, .DBGWCR1_EL1, .DBGWCR2_EL1, .DBGWCR3_EL1:
            "When a watchpoint hits: on or off, loads or stores, bytes, Exception levels."
        case .MDCCINT_EL1: "Interrupts of the debug communications channel, which has nobody at its other end."
        case .MDSCR_EL1: "Self-hosted debug: breakpoints and watchpoints as a whole, software step, debugging of EL1."
        case .OSECCR_EL1: "What an external debugger would catch, for saving; there is none."
        case .MDRAR_EL1: "Where the memory-mapped debug registers would be: nowhere."
        case .OSLAR_EL1: "Locks and unlocks the OS lock, which holds debug exceptions back. Write-only."
        case .OSLSR_EL1: "Whether the OS lock is locked. Read-only."
        case .OSDLR_EL1: "The OS double lock."
        case .DBGPRCR_EL1: "Whether a debugger asks for power; it is only kept here."
        case .DBGCLAIMSET_EL1, .DBGCLAIMCLR_EL1:
            "Bits by which debuggers agree on who uses the hardware; there are none."
        case .DBGAUTHSTATUS_EL1: "Which external debug is permitted: none. Read-only."
        case .MDCCSR_EL0: "Whether the debug communications channel is full: never. Read-only."
        case .DBGDTR_EL0: "64 bits to or from the debug communications channel."
        case .DBGDTRRX_EL0: "32 bits from the debug communications channel; a write goes to it, as DBGDTRTX_EL0."
        case .MIDR_EL1: "Who made the processor, and which it is. Read-only."
        case .MPIDR_EL1: "The number of this vCPU as affinities. Read-only."
        case .REVIDR_EL1: "The implementation's own revision. Read-only."
        case .ID_AA64PFR0_EL1: "What the processor has: Exception levels, floating point, GIC, SVE, RAS. Read-only."
        case .ID_AA64DFR0_EL1: "What debug has: version, breakpoints, watchpoints, PMU. Read-only."
        case .ID_AA64ISAR0_EL1, .ID_AA64ISAR1_EL1: "Which optional instructions there are. Read-only."
        case .ID_AA64MMFR0_EL1, .ID_AA64MMFR1_EL1, .ID_AA64MMFR2_EL1:
            "What the memory system has: address sizes, granules, ASIDs, PAN. Read-only."
        case .SCTLR_EL1: "Switches of EL1 and EL0: MMU, caches, alignment checks, what EL0 may do."
        case .ACTLR_EL1: "The implementation's own switches; there are none."
        case .CPACR_EL1: "Whether floating point and Advanced SIMD trap to EL1."
        case .TTBR0_EL1: "The stage-1 table for low addresses, and an ASID."
        case .TTBR1_EL1: "The stage-1 table for high addresses, and an ASID."
        case .TCR_EL1: "How stage 1 translates: address sizes, granules, cacheability of walks."
        case .SPSR_EL1: "PSTATE from before the exception to EL1."
        case .ELR_EL1: "Where the exception to EL1 returns."
        case .SP_EL0: "EL0's stack pointer; Linux keeps the current task in it."
        case .SPSel: "Which stack pointer EL1 uses: SP_EL0 or its own."
        case .CurrentEL: "The current Exception level. Read-only."
        case .PAN: "Whether EL1 may touch what EL0 can touch."
        case .UAO: "Whether LDTR and STTR at EL1 behave as LDR and STR."
        case .ICC_PMR_EL1: "Interrupts of this priority or a lower one are held back."
        case .AFSR0_EL1, .AFSR1_EL1: "The implementation's own words about a fault; they are only kept here."
        case .ESR_EL1: "Why the last exception to EL1 was taken; armada explain esr --el1 reads it."
        case .FAR_EL1: "The address of the last fault taken to EL1."
        case .PAR_EL1: "The result of an AT instruction."
        case .MAIR_EL1: "The eight memory types from which a descriptor chooses."
        case .AMAIR_EL1: "The implementation's own memory attributes; they are only kept here."
        case .VBAR_EL1: "Where EL1's exception vectors are; armada explain vectors lists them."
        case .ISR_EL1: "Which interrupts and SErrors are pending. Read-only."
        case .ICC_IAR0_EL1, .ICC_IAR1_EL1: "Takes the highest pending interrupt, and makes it active. Read-only."
        case .ICC_EOIR0_EL1, .ICC_EOIR1_EL1: "Ends an interrupt: drops its priority. Write-only."
        case .ICC_HPPIR0_EL1, .ICC_HPPIR1_EL1: "The highest pending interrupt, without taking it. Read-only."
        case .ICC_BPR0_EL1, .ICC_BPR1_EL1: "Which bits of a priority count for preemption."
        case .ICC_AP0R0_EL1, .ICC_AP1R0_EL1: "The priorities of the active interrupts."
        case .ICC_DIR_EL1: "Makes an interrupt inactive, apart from its priority drop. Write-only."
        case .ICC_RPR_EL1: "The running priority. Read-only."
        case .ICC_SGI1R_EL1: "Sends a Group 1 software-generated interrupt: an IPI. Write-only."
        case .ICC_ASGI1R_EL1: "Sends a Group 1 software-generated interrupt of the other security state. Write-only."
        case .ICC_SGI0R_EL1: "Sends a Group 0 software-generated interrupt. Write-only."
        case .ICC_CTLR_EL1: "The CPU interface: EOI mode, sizes of priorities and identifiers."
        case .ICC_SRE_EL1: "Whether the CPU interface is reached by system registers: always."
        case .ICC_IGRPEN0_EL1, .ICC_IGRPEN1_EL1: "Whether interrupts of this group are signalled."
        case .CONTEXTIDR_EL1: "The process, for debuggers and trace."
        case .TPIDR_EL1, .TPIDR_EL0: "A pointer of the software's own: per CPU or per thread."
        case .TPIDRRO_EL0: "A pointer that EL1 writes and EL0 reads."
        case .SCXTNUM_EL1, .SCXTNUM_EL0: "The software context, by which branch prediction may tell programs apart."
        case .CNTKCTL_EL1: "Which counters and timers EL0 may use, and the event stream."
        case .CCSIDR_EL1: "The shape of the cache that CSSELR_EL1 selects. Read-only."
        case .CLIDR_EL1: "Which caches there are at which level. Read-only."
        case .AIDR_EL1: "The implementation's own identification. Read-only."
        case .CSSELR_EL1: "Selects the cache that CCSIDR_EL1 describes."
        case .CTR_EL0: "Cache lines, and whether the caches need maintenance. Read-only."
        case .DCZID_EL0: "How many bytes DC ZVA clears, and whether it may. Read-only."
        case .NZCV: "The condition flags."
        case .DAIF: "Which exceptions are masked: debug, SError, IRQ, FIQ."
        case .FPCR: "How floating point computes: rounding, flushing to zero, NaNs."
        case .FPSR: "What floating point has met: the cumulative exception flags, saturation."
        case .CNTFRQ_EL0: "Ticks of the counter in a second. Read-only here."
        case .CNTPCT_EL0: "The physical counter. Read-only."
        case .CNTVCT_EL0: "The virtual counter: the physical one less an offset. Read-only."
        case .CNTP_TVAL_EL0, .CNTV_TVAL_EL0: "The timer's remaining ticks, 32 bits with sign."
        case .CNTP_CTL_EL0, .CNTV_CTL_EL0: "The timer: on or off, masked or not, and whether it has fired."
        case .CNTP_CVAL_EL0, .CNTV_CVAL_EL0: "The count at which the timer fires."
        case .MVFR0_EL1, .MVFR1_EL1, .MVFR2_EL1:
            "Identifies AArch32's floating point, which the processor does not have. Reads as zero."
        case _ where name.hasPrefix("ID_AA64"): "Identifies what the processor does not have. Reads as zero."
        default: "Identifies AArch32, which the processor does not have. Reads as zero."
        }
    }
}

extension SystemInstruction {
    var subject: String {
        switch self {
        case .IC_IALLUIS: "Drops all cached instructions, on every vCPU."
        case .IC_IALLU: "Drops all cached instructions of this vCPU."
        case .IC_IVAU: "Drops the cached instructions at an address, on every vCPU."
        case .DC_IVAC: "Invalidates data at an address, to the point of coherency."
        case .DC_ISW, .DC_CSW, .DC_CISW: "Invalidates or cleans data by set and way."
        case .DC_ZVA: "Clears a block of memory; DCZID_EL0 says how large."
        case .DC_CVAC, .DC_CVAU, .DC_CVAP, .DC_CIVAC: "Cleans data at an address."
        case .AT_S1E1R, .AT_S1E1W, .AT_S1E0R, .AT_S1E0W, .AT_S1E1RP, .AT_S1E1WP:
            "Translates an address by stage 1, into PAR_EL1."
        case .TLBI_VMALLE1: "Forgets all translations of EL1 and EL0, on this vCPU."
        case .TLBI_VMALLE1IS: "Forgets all translations of EL1 and EL0, on every vCPU."
        case .TLBI_ASIDE1: "Forgets the translations of an ASID, on this vCPU."
        case .TLBI_ASIDE1IS: "Forgets the translations of an ASID, on every vCPU."
        case .TLBI_VAE1, .TLBI_VALE1: "Forgets the translation of an address in an ASID, on this vCPU."
        case .TLBI_VAE1IS, .TLBI_VALE1IS: "Forgets the translation of an address in an ASID, on every vCPU."
        case .TLBI_VAAE1, .TLBI_VAALE1: "Forgets the translation of an address in every ASID, on this vCPU."
        case .TLBI_VAAE1IS, .TLBI_VAALE1IS: "Forgets the translation of an address in every ASID, on every vCPU."
        }
    }
}

extension ForeignSystemName {
    /// What it belongs to, and so why the PE does not have it.
    var subject: String {
        if encoding.op0 == 1 { return instructionSubject }
        switch (encoding.op1, name) {
        case (4, _): return "A register of EL2: the hypervisor's, which no guest sees."
        case (5, _): return "EL1's register under its name for EL2 (FEAT_VHE)."
        case (6, _), (7, _): return "A register of EL3 or the secure world; there is neither."
        default: break
        }
        for (prefix, subject) in Self.groups where name.hasPrefix(prefix) { return subject }
        return "It belongs to an extension that the ID registers do not announce."
    }

    private var instructionSubject: String {
        if encoding.op1 == 4 { return "A system instruction of EL2: the hypervisor's." }
        if name.hasPrefix("TLBI R") { return "TLB maintenance of a range (FEAT_TLBIRANGE), which is not announced." }
        if name.hasPrefix("TLBI") { return "TLB maintenance, Outer Shareable (FEAT_TLBIOS), which is not announced." }
        if name.hasSuffix("RCTX") { return "Forgets predictions (FEAT_SPECRES), which is not announced." }
        if name == "DC CVADP" { return "Cleans to the point of deep persistence (FEAT_DPB2), which is not announced." }
        return "Maintenance of allocation tags (FEAT_MTE), which is not announced."
    }

    private static let groups = [
        ("AP", "A key of pointer authentication (FEAT_PAuth), which is not announced."),
        ("PMS", "Statistical profiling (FEAT_SPE), which is not announced."),
        ("PMB", "Statistical profiling (FEAT_SPE), which is not announced."),
        ("PM", "The performance monitors (FEAT_PMUv3), which are not announced."),
        ("TRF", "Self-hosted trace, which is not announced."), ("TRB", "The trace buffer, which is not announced."),
        ("AM", "The activity monitors (FEAT_AMUv1), which are not announced."),
        ("ER", "Error records (FEAT_RAS), which are not announced."),
        ("DISR", "Deferred SErrors (FEAT_RAS), which is not announced."),
        ("LOR", "Limited ordering regions (FEAT_LOR), which are not announced."),
        ("GCS", "The guarded control stack (FEAT_GCS), which is not announced."),
        ("ZCR", "Vector lengths of SVE, which is not announced."), ("SM", "SME, which is not announced."),
        ("SVCR", "SME, which is not announced."), ("TPIDR2", "SME's thread pointer; SME is not announced."),
        ("RGSR", "Allocation tags (FEAT_MTE), which are not announced."),
        ("GCR", "Allocation tags (FEAT_MTE), which are not announced."),
        ("TFSR", "Allocation tags (FEAT_MTE), which are not announced."),
        ("GMID", "Allocation tags (FEAT_MTE), which are not announced."),
        ("TCO", "Allocation tags (FEAT_MTE), which are not announced."),
        ("RNDR", "Random numbers (FEAT_RNG), which are not announced."),
        ("CNT", "A self-synchronized counter (FEAT_ECV), which is not announced."),
        ("DLR", "Halting debug, which has no debugger here."), ("DSPSR", "Halting debug, which has no debugger here."),
        ("ICC_AP", "Active priorities beyond the 32 that the CPU interface has."),
        ("ICC_NMI", "Takes a non-maskable interrupt (FEAT_GICv3_NMI), which is not announced."),
        ("ALLINT", "Masks all interrupts (FEAT_NMI), which is not announced."),
        ("DIT", "Data-independent timing (FEAT_DIT), which is not announced."),
        ("SSBS", "Speculative store bypassing (FEAT_SSBS), which is not announced."),
    ]
}
