import Shared

/// The registers that guests touch so often that they are looked for before the table, as raw encodings: comparing the
/// type itself is a call into another module.
// swift-format-ignore
private enum Frequent {
    @inline(__always) static var ttbr0_EL1: UInt16      { SystemRegisterEncoding(3, 0, 2, 0, 0).rawValue }
    @inline(__always) static var ttbr1_EL1: UInt16      { SystemRegisterEncoding(3, 0, 2, 0, 1).rawValue }
    @inline(__always) static var spsr_EL1: UInt16       { SystemRegisterEncoding(3, 0, 4, 0, 0).rawValue }
    @inline(__always) static var elr_EL1: UInt16        { SystemRegisterEncoding(3, 0, 4, 0, 1).rawValue }
    @inline(__always) static var sp_EL0: UInt16         { SystemRegisterEncoding(3, 0, 4, 1, 0).rawValue }
    @inline(__always) static var esr_EL1: UInt16        { SystemRegisterEncoding(3, 0, 5, 2, 0).rawValue }
    @inline(__always) static var far_EL1: UInt16        { SystemRegisterEncoding(3, 0, 6, 0, 0).rawValue }
    @inline(__always) static var icc_IAR1_EL1: UInt16   { SystemRegisterEncoding(3, 0, 12, 12, 0).rawValue }
    @inline(__always) static var icc_EOIR1_EL1: UInt16  { SystemRegisterEncoding(3, 0, 12, 12, 1).rawValue }
    @inline(__always) static var tpidr_EL1: UInt16      { SystemRegisterEncoding(3, 0, 13, 0, 4).rawValue }
    @inline(__always) static var daif: UInt16           { SystemRegisterEncoding(3, 3, 4, 2, 1).rawValue }
    @inline(__always) static var tpidr_EL0: UInt16      { SystemRegisterEncoding(3, 3, 13, 0, 2).rawValue }
    @inline(__always) static var tpidrro_EL0: UInt16    { SystemRegisterEncoding(3, 3, 13, 0, 3).rawValue }
    @inline(__always) static var cntvct_EL0: UInt16     { SystemRegisterEncoding(3, 3, 14, 0, 2).rawValue }
    @inline(__always) static var cntv_CTL_EL0: UInt16   { SystemRegisterEncoding(3, 3, 14, 3, 1).rawValue }
    @inline(__always) static var cntv_CVAL_EL0: UInt16  { SystemRegisterEncoding(3, 3, 14, 3, 2).rawValue }
}

// How MRS and MSR (register) work. Each function is called with `pc` at the instruction. `.next` means that it retired,
// and only then has a read a value; with `.redirect` and `.exit`, `pc` is set. A write that unmasks an interrupt takes it.
extension VCPU {
    /// MRS: reads register `e` into `value`. `word` is the instruction.
    mutating func readSystemRegister(
        _ e: SystemRegisterEncoding, into value: inout UInt64, word: UInt32
    ) -> Outcome {
        if pstate.el != 0 {
            switch e.rawValue {
            case Frequent.sp_EL0 where pstate.sp != 0: value = system.sp_EL0
            case Frequent.tpidr_EL1: value = system.tpidr_EL1
            case Frequent.esr_EL1: value = system.esr_EL1
            case Frequent.far_EL1: value = system.far_EL1
            case Frequent.elr_EL1: value = system.elr_EL1
            case Frequent.spsr_EL1: value = system.spsr_EL1
            case Frequent.daif: value = UInt64(pstate.daif)
            case Frequent.tpidr_EL0: value = system.tpidr_EL0
            case Frequent.cntvct_EL0: value = readVirtualCounter()
            case Frequent.cntv_CTL_EL0: value = readTimer(.cntvCtl)
            case Frequent.icc_IAR1_EL1: return acknowledgeInterrupt(isGroup1: true, into: &value)
            default: return readFromTable(e, into: &value, word: word)
            }
            return .next
        }
        switch e.rawValue {
        case Frequent.tpidr_EL0: value = system.tpidr_EL0
        case Frequent.tpidrro_EL0: value = system.tpidrro_EL0
        case Frequent.cntvct_EL0 where !trapsFromEL0(.el0vcten): value = readVirtualCounter()
        default: return readFromTable(e, into: &value, word: word)
        }
        return .next
    }

    /// MSR (register): writes `value` to register `e`. `word` is the instruction.
    mutating func writeSystemRegister(_ e: SystemRegisterEncoding, _ value: UInt64, word: UInt32) -> Outcome {
        if pstate.el != 0 {
            switch e.rawValue {
            case Frequent.sp_EL0 where pstate.sp != 0: system.sp_EL0 = value
            case Frequent.elr_EL1: system.elr_EL1 = value
            case Frequent.spsr_EL1: system.spsr_EL1 = value & 0xFFFF_FFFF
            case Frequent.tpidr_EL0: system.tpidr_EL0 = value
            case Frequent.ttbr0_EL1:
                system.ttbr0_EL1 = value & ~1
                translationRegimeChanged()
            case Frequent.ttbr1_EL1:
                system.ttbr1_EL1 = value & ~1
                translationRegimeChanged()
            case Frequent.cntv_CTL_EL0: return writeTimer(.cntvCtl, value)
            case Frequent.cntv_CVAL_EL0: return writeTimer(.cntvCval, value)
            case Frequent.icc_EOIR1_EL1: return endInterrupt(value, isGroup1: true)
            case Frequent.tpidrro_EL0: system.tpidrro_EL0 = value
            case Frequent.daif:
                pstate.daif = UInt32(truncatingIfNeeded: value) & 0x3C0
                return retireAndTakeInterrupts()
            default: return writeToTable(e, value, word: word)
            }
            return .next
        }
        if e.rawValue == Frequent.tpidr_EL0 {
            system.tpidr_EL0 = value
            return .next
        }
        return writeToTable(e, value, word: word)
    }

    private mutating func readFromTable(
        _ e: SystemRegisterEncoding, into value: inout UInt64, word: UInt32
    ) -> Outcome {
        guard let row = SystemRegisterTable.row(e) else { return unknownSystemRegister(e, word: word, isRead: true) }
        guard row.permissions.contains(pstate.el == 0 ? .el0Read : .el1Read),
            features.set.isSuperset(of: row.requirement)
        else { return takeUndefined() }
        if pstate.el == 0, trapsFromEL0(row.trap) { return takeSystemTrap(e, word: word, isRead: true) }
        switch row.meaning {
        case .state(let path, _, _): value = system[keyPath: path]
        case .constant(let constant): value = constant
        case .identification(let register): value = features.registers[register]
        case .rule(let rule): return readByRule(rule, e, into: &value, word: word)
        }
        return .next
    }

    private mutating func writeToTable(_ e: SystemRegisterEncoding, _ value: UInt64, word: UInt32) -> Outcome {
        guard let row = SystemRegisterTable.row(e) else { return unknownSystemRegister(e, word: word, isRead: false) }
        guard row.permissions.contains(pstate.el == 0 ? .el0Write : .el1Write),
            features.set.isSuperset(of: row.requirement)
        else { return takeUndefined() }
        if pstate.el == 0, trapsFromEL0(row.trap) { return takeSystemTrap(e, word: word, isRead: false) }
        switch row.meaning {
        case .state(let path, let mask, let effect):
            system[keyPath: path] = system[keyPath: path] & ~mask | value & mask
            switch effect {
            case .none: break
            case .translation: translationRegimeChanged()
            case .floatingPointAccess: updateFPAccess()
            case .debug: return debugRegisterWritten()
            }
        case .constant, .identification: break
        case .rule(let rule): return writeByRule(rule, e, value, word: word)
        }
        return .next
    }

    /// Leaves the guest for the access `word` to `e`, with `pc` at it.
    mutating func trapSystemRegister(_ e: SystemRegisterEncoding, word: UInt32, isRead: Bool) -> Outcome {
        let iss = e.iss(rt: Int(word & 31), isRead: isRead)
        exit = PendingExit(code: .trap, esr: ExceptionSyndrome(.sys64, iss: iss), instruction: word)
        return .exit
    }

    /// Whether EL1 has asked for a permitted access of EL0.
    private func trapsFromEL0(_ trap: EL0Trap) -> Bool {
        switch trap {
        case .none: false
        case .uct: system.sctlr_EL1 & SCTLR.uct == 0
        case .uma: system.sctlr_EL1 & SCTLR.uma == 0
        case .tscxt: system.sctlr_EL1 & SCTLR.tscxt != 0
        case .el0pcten: system.cntkctl_EL1 & 1 << 0 == 0
        case .el0vcten: system.cntkctl_EL1 & 1 << 1 == 0
        case .el0pctenAndVcten: system.cntkctl_EL1 & 3 == 0
        case .el0vten: system.cntkctl_EL1 & 1 << 8 == 0
        case .el0pten: system.cntkctl_EL1 & 1 << 9 == 0
        case .tdcc: system.mdscr_EL1 & 1 << 12 != 0
        }
    }
}

/// SCTLR_EL1's controls of EL0 and of exception entry, by their names.
enum SCTLR {
    static let sa: UInt64 = 1 << 3
    static let sa0: UInt64 = 1 << 4
    static let uma: UInt64 = 1 << 9
    static let dze: UInt64 = 1 << 14
    static let uct: UInt64 = 1 << 15
    static let nTWI: UInt64 = 1 << 16
    static let nTWE: UInt64 = 1 << 18
    static let tscxt: UInt64 = 1 << 20
    static let span: UInt64 = 1 << 23
    static let uci: UInt64 = 1 << 26

    /// M A C SA SA0 UMA I DZE UCT nTWI nTWE WXN TSCXT SPAN UCI
    static let writable: UInt64 = 0x049D_D21F
}

enum TCR {
    static let e0pd0: UInt64 = 1 << 55
    static let e0pd1: UInt64 = 1 << 56

    /// T0SZ EPD0 IRGN0 ORGN0 SH0 TG0 T1SZ A1 EPD1 IRGN1 ORGN1 SH1 TG1 IPS AS TBI0 TBI1 E0PD0 E0PD1
    static let writable: UInt64 = 0x0180_0077_FFFF_FFBF
}
