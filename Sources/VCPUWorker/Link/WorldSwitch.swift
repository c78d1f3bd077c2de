import Shared

// The world switch nvhe: the guest's registers go with each Exit and come with each Entry, as KVM's
// `__sysreg_save_state_nvhe` and `__sysreg_restore_state_nvhe` move them.
extension VCPU {
    /// Saves the guest's registers for an Exit.
    mutating func saveContext(into context: inout RegisterContext) {
        let isSP1Selected = pstate.el != 0 && pstate.sp != 0
        context.mdscr_EL1 = system.mdscr_EL1
        context.sp_EL0 = isSP1Selected ? system.sp_EL0 : x[31]
        context.tpidr_EL0 = system.tpidr_EL0
        context.tpidrro_EL0 = system.tpidrro_EL0
        context.sctlr_EL1 = system.sctlr_EL1
        context.cpacr_EL1 = system.cpacr_EL1
        context.ttbr0_EL1 = system.ttbr0_EL1
        context.ttbr1_EL1 = system.ttbr1_EL1
        context.tcr_EL1 = system.tcr_EL1
        context.esr_EL1 = system.esr_EL1
        context.afsr0_EL1 = system.afsr0_EL1
        context.afsr1_EL1 = system.afsr1_EL1
        context.far_EL1 = system.far_EL1
        context.mair_EL1 = system.mair_EL1
        context.vbar_EL1 = system.vbar_EL1
        context.contextidr_EL1 = system.contextidr_EL1
        context.amair_EL1 = system.amair_EL1
        context.cntkctl_EL1 = system.cntkctl_EL1
        context.par_EL1 = system.par_EL1
        context.tpidr_EL1 = system.tpidr_EL1
        context.sp_EL1 = isSP1Selected ? x[31] : system.sp_EL1
        context.elr_EL1 = system.elr_EL1
        context.spsr_EL1 = system.spsr_EL1
        context.cntv_CTL_EL0 = timers.virtual.control
        context.cntv_CVAL_EL0 = timers.virtual.compare
    }

    /// Restores the registers of an Entry, and brings what depends on them up to date, as MSR does. The timer's line
    /// and the pending interrupts follow in `resumeInterrupts`.
    mutating func restoreContext(_ context: inout RegisterContext) {
        let isDebugChanged = system.mdscr_EL1 != context.mdscr_EL1
        system.mdscr_EL1 = context.mdscr_EL1
        system.sp_EL0 = context.sp_EL0
        system.tpidr_EL0 = context.tpidr_EL0
        system.tpidrro_EL0 = context.tpidrro_EL0
        system.sctlr_EL1 = context.sctlr_EL1 | features.absent.sctlr_EL1
        system.cpacr_EL1 = context.cpacr_EL1
        system.ttbr0_EL1 = context.ttbr0_EL1
        system.ttbr1_EL1 = context.ttbr1_EL1
        system.tcr_EL1 = context.tcr_EL1 & ~features.absent.tcr_EL1
        system.esr_EL1 = context.esr_EL1
        system.afsr0_EL1 = context.afsr0_EL1
        system.afsr1_EL1 = context.afsr1_EL1
        system.far_EL1 = context.far_EL1
        system.mair_EL1 = context.mair_EL1
        system.vbar_EL1 = context.vbar_EL1
        system.contextidr_EL1 = context.contextidr_EL1
        system.amair_EL1 = context.amair_EL1
        system.cntkctl_EL1 = context.cntkctl_EL1
        system.par_EL1 = context.par_EL1
        system.tpidr_EL1 = context.tpidr_EL1
        system.sp_EL1 = context.sp_EL1
        system.elr_EL1 = context.elr_EL1
        system.spsr_EL1 = context.spsr_EL1
        timers.virtual.control = context.cntv_CTL_EL0
        timers.virtual.compare = context.cntv_CVAL_EL0

        x[31] = pstate.el != 0 && pstate.sp != 0 ? context.sp_EL1 : context.sp_EL0
        // These compare for themselves, and do nothing when nothing has changed.
        translationRegimeChanged()
        updateFPAccess()
        if isDebugChanged { updateDebug() }
    }
}
