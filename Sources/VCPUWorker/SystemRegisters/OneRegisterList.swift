import Shared

/// The registers that KVM_GET_ONE_REG reaches: KVM_GET_REG_LIST without what is the VM's.
///
/// Left out, as in KVM: parts of PSTATE and other names of the core registers; the ICC registers, which belong to the GIC's
/// state; what is a window to something else (CNT*_TVAL_EL0, CCSIDR_EL1, ISR_EL1, the OS lock's OSLAR_EL1) or the hypervisor's.
enum OneRegisterList {
    /// Those of a PE that has `features`, rising by id.
    static func ids(with features: CPUFeatureSet) -> [UInt64] {
        ids.filter {
            guard case .system(let encoding) = OneRegister(id: $0) else { return true }
            return SystemRegisterTable.row(encoding)?.requirement.isSubset(of: features) != false
        }
    }

    /// Rising by id.
    static let ids: [UInt64] = {
        var registers: [OneRegister] = (0..<31).map { .x($0) } + (0..<32).map { .v($0) }
        registers += [.sp_EL0, .pc, .pstate, .sp_EL1, .elr_EL1, .fpsr, .fpcr]
        registers += OneRegister.SavedStatus.allCases.map { .spsr($0) } + OneRegister.Timer.allCases.map { .timer($0) }
        for raw in UInt16(2 << 14)...UInt16.max {
            let encoding = SystemRegisterEncoding(rawValue: raw)
            if SystemRegisterTable.row(encoding)?.isOneRegister == true { registers.append(.system(encoding)) }
        }
        return registers.map(\.id).sorted()
    }()
}

extension SystemRegisterRow {
    var isOneRegister: Bool {
        switch meaning {
        case .state: register != .SPSR_EL1 && register != .ELR_EL1
        case .constant, .identification: true
        case .rule(let rule):
            switch rule {
            case .breakpointValue, .breakpointControl, .watchpointValue, .watchpointControl, .mdscr, .oslsr, .mpidr,
                .aa64mmfr0, .dczid, .sctlr, .tcr:
                true
            default: false
            }
        }
    }
}
