import Shared

/// Why a register was not read or written.
struct OneRegisterError: Error, Equatable {
    var problem: RegisterProblem
    /// Those of the value that cannot be.
    var bits: UInt64 = 0

    static let unknown = Self(problem: .unknown)
    static func unfit(_ bits: UInt64) -> Self { Self(problem: .unfit, bits: bits) }
}

// KVM_GET_ONE_REG and KVM_SET_ONE_REG. The vCPU is outside the guest.
extension VCPU {
    /// Does what is left of the exit, then the access.
    mutating func perform(_ access: borrowing RegisterAccessFrame, at time: UInt64) -> RegisterAnswerFrame {
        var answer = RegisterAnswerFrame()
        answer.number = access.number
        completeExit(access.pending)
        do throws(OneRegisterError) {
            if let offset = access.counterOffset {
                timers.setCounterOffset(offset)
            } else if !access.ids.isEmpty {
                // All or nothing.
                for (position, id) in access.ids.enumerated() {
                    answer.position = position
                    try check(id, access.values[position], at: time)
                }
                for (position, id) in access.ids.enumerated() { write(id, access.values[position], at: time) }
                answer.position = 0
            } else {
                answer.ids = OneRegisterList.ids(with: features.set)
                for id in answer.ids { answer.values.append(try read(id, at: time)) }
            }
        } catch {
            answer.problem = error.problem
            answer.bits = error.bits
        }
        answer.timer = timerState(at: time)
        if movesContext {
            saveContext(into: &answer.context)
            // These are the coordinator's.
            answer.timer.physicalControl = 0
            answer.timer.physicalCompare = 0
        }
        answer.virtualOffset = timers.virtualOffset
        answer.isSErrorPending = system.serrorPending
        answer.serrorSyndrome = UInt64(system.serrorSyndrome)
        return answer
    }

    /// KVM's `__kvm_adjust_pc`: what would be done on the way into the guest is done now.
    private mutating func completeExit(_ pending: EntryFrame) {
        applyResults(pending)
        if movesContext {
            var context = pending.context
            restoreContext(&context)
        }
        inject(pending.injected)
    }

    // MARK: Reading

    private mutating func read(_ id: UInt64, at time: UInt64) throws(OneRegisterError) -> UInt128 {
        guard let register = OneRegister(id: id) else { throw .unknown }
        let isSP1Selected = pstate.el != 0 && pstate.sp != 0
        switch register {
        case .x(let number): return UInt128(x[number])
        case .v(let number): return UInt128(v[number &* 2]) | UInt128(v[number &* 2 &+ 1]) << 64
        case .sp_EL0: return UInt128(isSP1Selected ? system.sp_EL0 : x[31])
        case .sp_EL1: return UInt128(isSP1Selected ? x[31] : system.sp_EL1)
        case .pc: return UInt128(pc)
        case .pstate: return UInt128(savedProgramStatus)
        case .elr_EL1: return UInt128(system.elr_EL1)
        case .spsr(let bank): return bank == .el1 ? UInt128(system.spsr_EL1) : 0
        case .fpsr: return UInt128(fpsr)
        case .fpcr: return UInt128(fpcr)
        case .timer(let timer): return UInt128(read(timer, counter: time &- timers.counterOffset))
        case .system(let encoding): return UInt128(try read(encoding))
        case .psciVersion: throw .unknown
        }
    }

    private func read(_ timer: OneRegister.Timer, counter: UInt64) -> UInt64 {
        switch timer {
        case .virtualControl: timers.virtual.controlValue(at: counter &- timers.virtualOffset)
        case .virtualCompare: timers.virtual.compare
        case .virtualCounter: counter &- timers.virtualOffset
        case .physicalControl: timers.physical.controlValue(at: counter)
        case .physicalCompare: timers.physical.compare
        case .physicalCounter: counter
        }
    }

    private mutating func read(_ encoding: SystemRegisterEncoding) throws(OneRegisterError) -> UInt64 {
        switch try row(encoding).meaning {
        case .state(let path, _, _): return system[keyPath: path]
        case .constant(let value): return value
        case .identification(let register): return features.registers[register]
        // As EL1 reads it.
        case .rule(.dczid): return IDRegisters.dczidBlockSize
        case .rule(let rule):
            var value: UInt64 = 0
            _ = readByRule(rule, encoding, into: &value, word: 0)
            return value
        }
    }

    private func row(_ encoding: SystemRegisterEncoding) throws(OneRegisterError) -> SystemRegisterRow {
        guard let row = SystemRegisterTable.row(encoding), row.isOneRegister, row.requirement.isSubset(of: features.set)
        else { throw .unknown }
        return row
    }

    // MARK: Writing

    /// Whether the register can hold `value`. Bits that nothing can change must be as they are.
    private mutating func check(_ id: UInt64, _ value: UInt128, at time: UInt64) throws(OneRegisterError) {
        guard let register = OneRegister(id: id) else { throw .unknown }
        let low = UInt64(truncatingIfNeeded: value)
        if case .v = register { return }
        guard value >> (UInt128(register.byteCount) &* 8) == 0 else { throw .unfit(~0) }
        let changeable: UInt64
        switch register {
        case .pstate:
            try checkPSTATE(low)
            return
        case .spsr(let bank): changeable = bank == .el1 ? 0xFFFF_FFFF : 0
        case .fpsr: changeable = FPSR.writable
        case .fpcr: changeable = FPCR.writable & ~features.absent.fpcr
        case .timer(.virtualControl), .timer(.physicalControl):
            // ISTATUS, which is computed, may come back.
            changeable = 7
        case .timer(.physicalCounter):
            guard timers.hasVMCounterOffset else { throw OneRegisterError(problem: .readOnly) }
            return
        case .system(let encoding): changeable = try changeableBits(encoding)
        case .psciVersion: throw .unknown
        default: return
        }
        let different = low ^ UInt64(truncatingIfNeeded: try read(id, at: time))
        guard different & ~changeable == 0 else {
            throw changeable == 0 ? OneRegisterError(problem: .readOnly) : .unfit(different & ~changeable)
        }
    }

    private func changeableBits(_ encoding: SystemRegisterEncoding) throws(OneRegisterError) -> UInt64 {
        switch try row(encoding).meaning {
        case .state(_, let mask, _): return mask
        case .constant, .identification: return 0
        case .rule(.sctlr): return SCTLR.writable & ~features.absent.sctlr_EL1
        case .rule(.tcr): return TCR.writable & ~features.absent.tcr_EL1
        case .rule(.breakpointValue): return ~0
        case .rule(.breakpointControl): return BreakpointControl.writable
        case .rule(.watchpointValue): return ~3
        case .rule(.watchpointControl): return WatchpointControl.writable
        case .rule(.mdscr): return MDSCR.writable | MDSCR.writableWhileLocked
        // OSLK, which KVM lets be set here, since OSLAR_EL1 cannot be read.
        case .rule(.oslsr): return 1 << 1
        case .rule: return 0
        }
    }

    /// EL0t, EL1t or EL1h of AArch64 and no flag that this PE does not have.
    private func checkPSTATE(_ value: UInt64) throws(OneRegisterError) {
        let flags = (0xF000_0000 | 0x3C0 | SPSR.ss | SPSR.il | SPSR.pan | SPSR.uao) & ~features.absent.spsr_EL1
        switch value & 0x1F {
        case 0b00000, 0b00100, 0b00101:
            guard value & ~(flags | 0x1F) == 0 else { throw .unfit(value & ~(flags | 0x1F)) }
        default: throw .unfit(value & 0x1F)
        }
    }

    /// The value has passed `check`.
    private mutating func write(_ id: UInt64, _ value: UInt128, at time: UInt64) {
        guard let register = OneRegister(id: id) else { return }
        let low = UInt64(truncatingIfNeeded: value)
        let isSP1Selected = pstate.el != 0 && pstate.sp != 0
        switch register {
        case .x(let number): x[number] = low
        case .v(let number):
            v[number &* 2] = low
            v[number &* 2 &+ 1] = UInt64(truncatingIfNeeded: value >> 64)
        case .sp_EL0: if isSP1Selected { system.sp_EL0 = low } else { x[31] = low }
        case .sp_EL1: if isSP1Selected { x[31] = low } else { system.sp_EL1 = low }
        case .pc: pc = low
        case .pstate: setProgramStatus(low)
        case .elr_EL1: system.elr_EL1 = low
        case .spsr(let bank): if bank == .el1 { system.spsr_EL1 = low }
        case .fpsr: fpsr = UInt32(truncatingIfNeeded: low)
        case .fpcr: fpcr = UInt32(truncatingIfNeeded: low)
        case .timer(let timer): write(timer, low, counter: time &- timers.counterOffset)
        case .system(let encoding): write(encoding, low)
        case .psciVersion: break
        }
    }

    private mutating func setProgramStatus(_ value: UInt64) {
        nzcv = UInt32(truncatingIfNeeded: value) & 0xF000_0000
        pstate.daif = UInt32(truncatingIfNeeded: value) & 0x3C0
        pstate.ss = value & SPSR.ss != 0
        pstate.il = value & SPSR.il != 0
        setUAO(value & SPSR.uao != 0)
        setPAN(value & SPSR.pan != 0)
        selectStack(el: UInt8(value >> 2 & 1), sp: UInt8(value & 1))
        debug.lastStep = .none
    }

    private mutating func write(_ timer: OneRegister.Timer, _ value: UInt64, counter: UInt64) {
        switch timer {
        case .virtualControl: timers.virtual.control = value & 3
        case .virtualCompare: timers.virtual.compare = value
        // Both counters are the VM's once it has set their offset; KVM ignores these writes then, too.
        case .virtualCounter: if !timers.hasVMCounterOffset { timers.virtualOffset = counter &- value }
        case .physicalControl: timers.physical.control = value & 3
        case .physicalCompare: timers.physical.compare = value
        case .physicalCounter: break
        }
    }

    private mutating func write(_ encoding: SystemRegisterEncoding, _ value: UInt64) {
        guard let row = SystemRegisterTable.row(encoding) else { return }
        switch row.meaning {
        case .state(let path, let mask, let effect):
            system[keyPath: path] = system[keyPath: path] & ~mask | value & mask
            switch effect {
            case .none: break
            case .translation: translationRegimeChanged()
            case .floatingPointAccess: updateFPAccess()
            case .debug: updateDebug()
            }
        case .constant, .identification: break
        case .rule(.mdscr):
            system.mdscr_EL1 = value
            updateDebug()
        case .rule(.oslsr):
            system.osLock = value & 1 << 1 != 0
            updateDebug()
        case .rule(let rule): _ = writeByRule(rule, encoding, value, word: 0)
        }
    }
}
