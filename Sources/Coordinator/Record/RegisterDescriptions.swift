import CDisassembler
import Shared

// Registers in words, for people.

/// A64 instructions as assembler text, by VIXL.
enum Disassembly {
    static func text(_ word: UInt32, at address: UInt64) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            _ = armada_disassemble(word, address, base, buffer.count)
            return String(cString: base)
        }
    }
}

extension ExitCode {
    /// As KVM's `kvm_arm_exception_type` has it.
    var name: String {
        switch withoutSError {
        case .irq: "IRQ"
        case .serror: "EL1_SERROR"
        case .trap: "TRAP"
        case .illegal: "ILLEGAL"
        default: hexadecimal(UInt64(rawValue))
        }
    }
}

extension InjectedException.Kind {
    var name: String {
        switch self {
        case .none: "none"
        case .undefined: "UNDEF"
        case .dataAbort: "DABT"
        case .instructionAbort: "IABT"
        case .serror: "SERROR"
        }
    }
}

extension ExceptionSyndrome {
    /// The class, and what its ISS says.
    var text: String {
        let name = exceptionClass.name
        switch exceptionClass {
        case .wfx: return "\(name) \(isWFE ? "WFE" : "WFI")"
        case .svc64, .hvc64, .smc64, .brk64: return "\(name) #\(hexadecimal(UInt64(immediate)))"
        case .sys64:
            let transfer = systemTransferRegister == 31 ? "XZR" : "X\(systemTransferRegister)"
            return isSystemRead
                ? "\(name) MRS \(transfer), \(systemRegister)" : "\(name) MSR \(systemRegister), \(transfer)"
        case .iabtLow, .iabtCurrent: return "\(name) \(faultStatus.text)" + (isStage1Walk ? " S1PTW" : "")
        case .dabtLow, .dabtCurrent, .watchpointLow, .watchpointCurrent:
            var words = "\(name) \(isWrite ? "write" : "read") \(faultStatus.text)"
            if isSyndromeValid {
                let transfer = transferRegister == 31 ? "ZR" : "\(transferRegister)"
                words += " ISV \(accessByteCount) bytes \(is64Bit ? "X" : "W")\(transfer)"
                if isSignExtended { words += " SSE" }
                if isAcquireRelease { words += " AR" }
            }
            if isStage1Walk { words += " S1PTW" }
            if isCacheMaintenance { words += " CM" }
            return words
        default: return iss == 0 ? name : "\(name) ISS \(hexadecimal(UInt64(iss)))"
        }
    }
}

extension FaultStatus {
    /// Source: Arm ARM "ISS encoding for an exception from a Data Abort", field DFSC.
    var text: String {
        if isAddressSize { return "address size fault, level \(level)" }
        if isTranslation { return "translation fault, level \(level)" }
        if isAccessFlag { return "access flag fault, level \(level)" }
        if isPermission { return "permission fault, level \(level)" }
        switch rawValue {
        case 0x10: return "external abort"
        case 0x11: return "tag check fault (FEAT_MTE2)"
        case 0x12, 0x13: return "external abort on a table walk, level \(Int(rawValue) - 0x14)"
        case 0x14...0x17: return "external abort on a table walk, level \(level)"
        case 0x18: return "parity or ECC error"
        case 0x1B: return "parity or ECC error on a table walk, level -1"
        case 0x1C...0x1F: return "parity or ECC error on a table walk, level \(level)"
        case FaultStatus.alignment.rawValue: return "alignment fault"
        case FaultStatus.debug.rawValue: return "debug"
        case 0x23: return "granule protection fault on a table walk, level -1"
        case 0x24...0x27: return "granule protection fault on a table walk, level \(level)"
        case 0x28: return "granule protection fault"
        case 0x29: return "address size fault, level -1"
        case 0x2A, 0x2B: return "translation fault, level \(Int(rawValue) - 0x2C)"
        case 0x2C: return "address size fault, level -2"
        case FaultStatus.tlbConflict.rawValue: return "TLB conflict abort"
        case 0x31: return "unsupported atomic hardware update"
        case 0x34: return "implementation defined (lockdown)"
        case FaultStatus.unsupportedAtomic.rawValue: return "unsupported exclusive or atomic"
        default: return "reserved FSC \(hexadecimal(UInt64(rawValue), digits: 2))"
        }
    }
}

extension ListRegister {
    var text: String {
        let state =
            switch (isPending, isActive) {
            case (false, false): "invalid"
            case (true, false): "pending"
            case (false, true): "active"
            case (true, true): "pending and active"
            }
        var words = "INTID \(virtualINTID), \(state), group \(isGroup1 ? 1 : 0), priority "
        words += hexadecimal(UInt64(priority), digits: 2)
        if isHardware {
            words += ", pINTID \(physicalINTID)"
        } else if wantsEOIMaintenance {
            words += ", EOI"
        }
        return words
    }
}

/// What is written to ICC_SGI1R_EL1 and its like.
struct SGIRegister: CustomStringConvertible {
    let value: UInt64

    var intid: UInt32 { UInt32(value >> 24 & 0xF) }
    /// IRM: to everyone else.
    var isForOthers: Bool { value & 1 << 40 != 0 }

    var description: String {
        if isForOthers { return "INTID \(intid) to all others" }
        let affinity = "\(value >> 48 & 0xFF).\(value >> 32 & 0xFF).\(value >> 16 & 0xFF)"
        let range = value >> 44 & 0xF
        let targets = (UInt64(0)..<16).filter { value >> $0 & 1 != 0 }.map { String(range << 4 | $0) }
        return "INTID \(intid) to Aff3.2.1 \(affinity), Aff0 "
            + (targets.isEmpty ? "none" : targets.joined(separator: " "))
    }
}
