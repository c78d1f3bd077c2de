/// The virtual CPU interface's state that travels with a vCPU: the worker owns it in the guest, the coordinator between
/// exit and entry.
///
/// Source: GICv3 "ICH_* registers"; KVM's `struct vgic_v3_cpu_if`.
package struct CPUInterfaceState: Sendable {
    package static let maximumListRegisterCount = 16
    /// Those beside the list registers: ICH_HCR_EL2, ICH_VMCR_EL2, ICH_AP0R0_EL2, ICH_AP1R0_EL2.
    static let otherRegisterCount: UInt64 = 4

    /// ICH_LR<n>_EL2; only the first `listRegisterCount` of the VM are used.
    package var listRegisters: InlineArray<16, UInt64> = InlineArray(repeating: 0)
    /// ICH_HCR_EL2.
    package var hcr: UInt64 = 0
    /// ICH_VMCR_EL2: the guest's PMR, BPRs, group enables, EOImode.
    package var vmcr: UInt64 = 0
    /// ICH_AP0R0_EL2: active priorities of group 0. With 5 priority bits there is one register of each.
    package var ap0r0: UInt32 = 0
    /// ICH_AP1R0_EL2: active priorities of group 1.
    package var ap1r0: UInt32 = 0

    package init() {}
}

/// ICH_HCR_EL2 bits.
package enum ICH_HCR {
    package static let en: UInt64 = 1 << 0
    /// Underflow: maintenance interrupt when at most one list register holds a valid interrupt.
    package static let uie: UInt64 = 1 << 1
    package static let lrenpie: UInt64 = 1 << 2
    /// No pending: maintenance interrupt when no list register is pending.
    package static let npie: UInt64 = 1 << 3
    /// VM group enabled and disabled: maintenance interrupt while the guest's enable of the group is 1, or 0.
    package static let vgrp0eie: UInt64 = 1 << 4
    package static let vgrp0die: UInt64 = 1 << 5
    package static let vgrp1eie: UInt64 = 1 << 6
    package static let vgrp1die: UInt64 = 1 << 7
    /// Trap writes of ICC_DIR_EL1.
    package static let tdir: UInt64 = 1 << 14
    package static let eoiCountShift: UInt64 = 27
    package static let eoiCountMask: UInt64 = 0x1F << 27
}

/// ICH_VMCR_EL2 fields.
package enum ICH_VMCR {
    package static let veng0: UInt64 = 1 << 0
    package static let veng1: UInt64 = 1 << 1
    package static let vackctl: UInt64 = 1 << 2
    package static let vfiqen: UInt64 = 1 << 3
    package static let vcbpr: UInt64 = 1 << 4
    package static let veoim: UInt64 = 1 << 9
    package static let vbpr1Shift: UInt64 = 18
    package static let vbpr0Shift: UInt64 = 21
    package static let vpmrShift: UInt64 = 24
    /// After reset: binary points at their minimum (2 and 3 with 5 priority bits), everything masked and disabled.
    package static let reset: UInt64 = 2 << 21 | 3 << 18
}
