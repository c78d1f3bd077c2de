/// Which of KVM's two ways the exit takes: what of the guest's state moves with each Exit and Entry.
package enum WorldSwitch: String, CaseIterable, Sendable {
    /// The host runs at EL2, as with FEAT_VHE: the guest's EL1 registers stay where they are.
    case vhe
    /// The host runs at EL1 too: `RegisterContext`, the CPU interface and the virtual timer move both ways each time.
    case nvhe

    /// As it stands in Welcome.
    package var wireValue: UInt32 { self == .nvhe ? 1 : 0 }

    package init?(wireValue: UInt32) {
        switch wireValue {
        case 0: self = .vhe
        case 1: self = .nvhe
        default: return nil
        }
    }
}

/// The registers that nVHE moves, in the order of the wire. A new one has the values of the architectural reset.
///
/// The fields are the wire's words: each is 64 bits, and `rows` has them in this order.
///
/// Source: KVM's `__sysreg_save_common_state`, `__sysreg_save_user_state`, `__sysreg_save_el1_state`; SP_EL0 goes with
/// `__guest_exit`. The virtual timer's are here because a worker has nowhere else to be given them.
package struct RegisterContext: Equatable, Sendable {
    package var mdscr_EL1: UInt64 = 0
    package var sp_EL0: UInt64 = 0
    package var tpidr_EL0: UInt64 = 0
    package var tpidrro_EL0: UInt64 = 0
    package var sctlr_EL1: UInt64 = 0x30D0_0980
    package var cpacr_EL1: UInt64 = 0
    package var ttbr0_EL1: UInt64 = 0
    package var ttbr1_EL1: UInt64 = 0
    package var tcr_EL1: UInt64 = 0
    package var esr_EL1: UInt64 = 0
    package var afsr0_EL1: UInt64 = 0
    package var afsr1_EL1: UInt64 = 0
    package var far_EL1: UInt64 = 0
    package var mair_EL1: UInt64 = 0
    package var vbar_EL1: UInt64 = 0
    package var contextidr_EL1: UInt64 = 0
    package var amair_EL1: UInt64 = 0
    package var cntkctl_EL1: UInt64 = 0
    package var par_EL1: UInt64 = 0
    package var tpidr_EL1: UInt64 = 0
    package var sp_EL1: UInt64 = 0
    package var elr_EL1: UInt64 = 0
    package var spsr_EL1: UInt64 = 0
    package var cntv_CTL_EL0: UInt64 = 0
    package var cntv_CVAL_EL0: UInt64 = 0

    package init() {}

    /// How many registers there are.
    package static let count = MemoryLayout<RegisterContext>.size / 8
}

extension RegisterContext {
    /// One register of the context.
    package struct Row: Sendable {
        package let name: StaticString
        package let path: WritableKeyPath<RegisterContext, UInt64> & Sendable
        /// The bits that can have either value. The others always are as after reset.
        package let mask: UInt64

        init(
            _ name: StaticString, _ path: WritableKeyPath<RegisterContext, UInt64> & Sendable, _ mask: UInt64 = ~0
        ) {
            self.name = name
            self.path = path
            self.mask = mask
        }
    }

    // swift-format-ignore
    package static let rows = [
        // TFO RXfull TXfull RXO TXU INTdis TDA MDE HDE KDE TDCC ERR SS
        Row("MDSCR_EL1",      \.mdscr_EL1, 0x6CE0_F041),
        Row("SP_EL0",         \.sp_EL0),
        Row("TPIDR_EL0",      \.tpidr_EL0),
        Row("TPIDRRO_EL0",    \.tpidrro_EL0),
        // M A C SA SA0 UMA I DZE UCT nTWI nTWE WXN TSCXT SPAN UCI
        Row("SCTLR_EL1",      \.sctlr_EL1, 0x049D_D21F),
        // FPEN
        Row("CPACR_EL1",      \.cpacr_EL1, 3 << 20),
        Row("TTBR0_EL1",      \.ttbr0_EL1, ~1),
        Row("TTBR1_EL1",      \.ttbr1_EL1, ~1),
        Row("TCR_EL1",        \.tcr_EL1, 0x0180_0077_FFFF_FFBF),
        Row("ESR_EL1",        \.esr_EL1, 0xFFFF_FFFF),
        Row("AFSR0_EL1",      \.afsr0_EL1),
        Row("AFSR1_EL1",      \.afsr1_EL1),
        Row("FAR_EL1",        \.far_EL1),
        Row("MAIR_EL1",       \.mair_EL1),
        Row("VBAR_EL1",       \.vbar_EL1, ~0x7FF),
        Row("CONTEXTIDR_EL1", \.contextidr_EL1, 0xFFFF_FFFF),
        Row("AMAIR_EL1",      \.amair_EL1),
        // EL0PCTEN EL0VCTEN EVNTEN EVNTDIR EVNTI EL0VTEN EL0PTEN
        Row("CNTKCTL_EL1",    \.cntkctl_EL1, 0x3FF),
        Row("PAR_EL1",        \.par_EL1),
        Row("TPIDR_EL1",      \.tpidr_EL1),
        Row("SP_EL1",         \.sp_EL1),
        Row("ELR_EL1",        \.elr_EL1),
        Row("SPSR_EL1",       \.spsr_EL1, 0xFFFF_FFFF),
        // ENABLE IMASK
        Row("CNTV_CTL_EL0",   \.cntv_CTL_EL0, 3),
        Row("CNTV_CVAL_EL0",  \.cntv_CVAL_EL0),
    ]
}
