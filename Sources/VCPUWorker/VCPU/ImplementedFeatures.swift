import Shared

/// What a PE has of the features that a VM can do without, as its identification registers say.
struct ImplementedFeatures {
    let registers: IDRegisterSet
    let set: CPUFeatureSet
    let absent: AbsentBits

    init(_ registers: IDRegisterSet) {
        self.registers = registers
        set = registers.features
        absent = AbsentBits(set)
    }
}

/// The bits of registers that come with features which are not there.
struct AbsentBits {
    /// SPAN and TSCXT, which are RES1 then.
    private(set) var sctlr_EL1: UInt64 = 0
    /// RES0, as all that follow.
    private(set) var tcr_EL1: UInt64 = 0
    private(set) var fpcr: UInt64 = 0
    private(set) var spsr_EL1: UInt64 = 0

    init(_ features: CPUFeatureSet) {
        if !features.contains(.PAN) {
            sctlr_EL1 |= SCTLR.span
            spsr_EL1 |= SPSR.pan
        }
        if !features.contains(.UAO) { spsr_EL1 |= SPSR.uao }
        if !features.contains(.CSV2_2) { sctlr_EL1 |= SCTLR.tscxt }
        if !features.contains(.E0PD) { tcr_EL1 |= TCR.e0pd0 | TCR.e0pd1 }
        if !features.contains(.FP16) { fpcr |= FPCR.fz16 }
    }
}

extension VCPU {
    /// Has what `registers` say from now on, and nothing else. The vCPU has not been in the guest.
    mutating func identify(_ registers: IDRegisterSet) {
        features = ImplementedFeatures(registers)
        // A debugger may have set what is no longer there.
        let absent = features.absent
        system.sctlr_EL1 |= absent.sctlr_EL1
        system.tcr_EL1 &= ~absent.tcr_EL1
        fpcr &= ~UInt32(truncatingIfNeeded: absent.fpcr)
        if absent.spsr_EL1 & SPSR.uao != 0 { setUAO(false) }
        if absent.spsr_EL1 & SPSR.pan != 0 { setPAN(false) }
        translationRegimeChanged()
    }
}
