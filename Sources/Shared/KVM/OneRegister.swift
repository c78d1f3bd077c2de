/// A register as KVM_GET_ONE_REG and KVM_SET_ONE_REG name it.
///
/// Source: Linux "The Definitive KVM (Kernel-based Virtual Machine) API Documentation", arm64's `kvm.h` and `struct kvm_regs`.
package enum OneRegister: Hashable, Sendable {
    // KVM_REG_ARM_CORE: `struct kvm_regs`.
    case x(Int)
    case sp_EL0
    case pc
    case pstate
    case sp_EL1
    case elr_EL1
    case spsr(SavedStatus)
    case v(Int)
    case fpsr
    case fpcr
    // KVM_REG_ARM_TIMER_… and KVM_REG_ARM_PTIMER_….
    case timer(Timer)
    // KVM_REG_ARM64_SYSREG.
    case system(SystemRegisterEncoding)
    /// KVM_REG_ARM_PSCI_VERSION, the first of KVM_REG_ARM_FW. It is the VM's.
    case psciVersion

    /// KVM's banks of SPSR. Only EL1's is a register of a PE without AArch32.
    package enum SavedStatus: Int, CaseIterable, Sendable { case el1, abt, und, irq, fiq }

    /// The system register whose encoding is the id. Of the virtual timer's, KVM has those of CNT and CVAL the wrong way round
    /// for ever, because programs rely on it.
    package enum Timer: CaseIterable, Sendable {
        case virtualControl, virtualCompare, virtualCounter, physicalControl, physicalCompare, physicalCounter

        var encoding: SystemRegisterEncoding {
            switch self {
            case .virtualControl: SystemRegister.CNTV_CTL_EL0.encoding
            case .virtualCompare: SystemRegister.CNTVCT_EL0.encoding
            case .virtualCounter: SystemRegister.CNTV_CVAL_EL0.encoding
            case .physicalControl: SystemRegister.CNTP_CTL_EL0.encoding
            case .physicalCompare: SystemRegister.CNTP_CVAL_EL0.encoding
            case .physicalCounter: SystemRegister.CNTPCT_EL0.encoding
            }
        }
    }
}

// MARK: Ids

extension OneRegister {
    private static let arm64: UInt64 = 0x60 << 56
    /// The size is 2 to this power, in bytes.
    private static let sizeShift: UInt64 = 52
    private static let groupMask: UInt64 = 0xFFFF_0000
    private static let core: UInt64 = 0x10 << 16
    private static let systemGroup: UInt64 = 0x13 << 16
    private static let firmware: UInt64 = 0x14 << 16

    /// Offsets into `struct kvm_regs` in 32-bit words.
    private enum Word {
        static let sp_EL0: UInt64 = 62
        static let pc: UInt64 = 64
        static let pstate: UInt64 = 66
        static let sp_EL1: UInt64 = 68
        static let elr_EL1: UInt64 = 70
        static let spsr: UInt64 = 72
        static let v: UInt64 = 84
        static let fpsr: UInt64 = 212
        static let fpcr: UInt64 = 213
    }

    package var byteCount: Int {
        switch self {
        case .v: 16
        case .fpsr, .fpcr: 4
        default: 8
        }
    }

    package var id: UInt64 {
        let number: UInt64 =
            switch self {
            case .x(let number): Self.core | UInt64(number) * 2
            case .sp_EL0: Self.core | Word.sp_EL0
            case .pc: Self.core | Word.pc
            case .pstate: Self.core | Word.pstate
            case .sp_EL1: Self.core | Word.sp_EL1
            case .elr_EL1: Self.core | Word.elr_EL1
            case .spsr(let bank): Self.core | (Word.spsr + UInt64(bank.rawValue) * 2)
            case .v(let number): Self.core | (Word.v + UInt64(number) * 4)
            case .fpsr: Self.core | Word.fpsr
            case .fpcr: Self.core | Word.fpcr
            case .timer(let timer): Self.systemGroup | UInt64(timer.encoding.rawValue)
            case .system(let encoding): Self.systemGroup | UInt64(encoding.rawValue)
            case .psciVersion: Self.firmware
            }
        return Self.arm64 | UInt64(byteCount.trailingZeroBitCount) << Self.sizeShift | number
    }

    /// nil: no register has this id. That of a system register says nothing about whether there is one with this encoding.
    package init?(id: UInt64) {
        let number = id & 0xFFFF
        let found: OneRegister? =
            switch id & Self.groupMask {
            case Self.core: Self.core(at: number)
            case Self.systemGroup: Self.systemRegister(at: SystemRegisterEncoding(rawValue: UInt16(number)))
            case Self.firmware: number == 0 ? .psciVersion : nil
            default: nil
            }
        guard let found, found.id == id else { return nil }
        self = found
    }

    private static func core(at word: UInt64) -> OneRegister? {
        switch word {
        case 0..<Word.sp_EL0: .x(Int(word / 2))
        case Word.sp_EL0: .sp_EL0
        case Word.pc: .pc
        case Word.pstate: .pstate
        case Word.sp_EL1: .sp_EL1
        case Word.elr_EL1: .elr_EL1
        case Word.spsr..<Word.spsr + 10: SavedStatus(rawValue: Int(word - Word.spsr) / 2).map { .spsr($0) }
        case Word.v..<Word.fpsr: .v(Int(word - Word.v) / 4)
        case Word.fpsr: .fpsr
        case Word.fpcr: .fpcr
        default: nil
        }
    }

    private static func systemRegister(at encoding: SystemRegisterEncoding) -> OneRegister {
        Timer.allCases.first { $0.encoding == encoding }.map { .timer($0) } ?? .system(encoding)
    }
}

// MARK: Names

extension OneRegister {
    /// For people; `init(name:)` takes it.
    package var name: String {
        switch self {
        case .x(let number): "X\(number)"
        case .sp_EL0: "SP_EL0"
        case .pc: "PC"
        case .pstate: "PSTATE"
        case .sp_EL1: "SP_EL1"
        case .elr_EL1: "ELR_EL1"
        case .spsr(let bank): "SPSR_\(bank)".uppercased()
        case .v(let number): "V\(number)"
        case .fpsr: "FPSR"
        case .fpcr: "FPCR"
        case .timer(.virtualControl): "TIMER_CTL"
        case .timer(.virtualCompare): "TIMER_CVAL"
        case .timer(.virtualCounter): "TIMER_CNT"
        case .timer(.physicalControl): "PTIMER_CTL"
        case .timer(.physicalCompare): "PTIMER_CVAL"
        case .timer(.physicalCounter): "PTIMER_CNT"
        case .system(let encoding): SystemRegister(encoding)?.name ?? encoding.description
        case .psciVersion: "PSCI_VERSION"
        }
    }

    /// A name in either case, the architecture's of the timers and of a system register included.
    package init?(name: String) {
        let name = name.uppercased()
        if let register = Self.byName[name] {
            self = register
        } else if let register = SystemRegister.allCases.first(where: { $0.name.uppercased() == name }) {
            self = Self.timers[register] ?? .system(register.encoding)
        } else {
            return nil
        }
    }

    private static let byName: [String: OneRegister] = {
        var registers: [OneRegister] = (0..<31).map { .x($0) } + (0..<32).map { .v($0) }
        registers += [.sp_EL0, .pc, .pstate, .sp_EL1, .elr_EL1, .fpsr, .fpcr, .psciVersion]
        registers += SavedStatus.allCases.map { .spsr($0) } + Timer.allCases.map { .timer($0) }
        return Dictionary(uniqueKeysWithValues: registers.map { ($0.name, $0) })
    }()

    private static let timers: [SystemRegister: OneRegister] = [
        .CNTV_CTL_EL0: .timer(.virtualControl), .CNTV_CVAL_EL0: .timer(.virtualCompare),
        .CNTVCT_EL0: .timer(.virtualCounter), .CNTP_CTL_EL0: .timer(.physicalControl),
        .CNTP_CVAL_EL0: .timer(.physicalCompare), .CNTPCT_EL0: .timer(.physicalCounter),
    ]
}
