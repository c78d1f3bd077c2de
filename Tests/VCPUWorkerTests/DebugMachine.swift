import CHost
import Shared

@testable import VCPUWorker

/// A vCPU with code and data for EL0 and EL1, whose exceptions come out as exits: each vector is an HVC, and ERET behind it.
///
/// Stage 1 maps it one to one: code of EL1 and the vectors, code of EL0, and data for both, each a block of 2 MiB.
final class DebugMachine {
    static let kernelCode: UInt64 = 0x4010_0000
    static let vectors: UInt64 = 0x4018_0000
    static let userCode: UInt64 = 0x4020_0000
    static let data: UInt64 = 0x4040_0000
    /// Not mapped.
    static let nowhere: UInt64 = 0x4100_0000
    /// What ends a program of EL0: SVC #7.
    static let end: UInt32 = 0xD400_00E1

    let memory = MMUFixture()
    let vcpu: UnsafeMutablePointer<VCPU>

    /// In state EL0t, or EL1h with PSTATE.D clear.
    init(el: UInt8 = 0) {
        let tables = Stage1Tables(memory)
        tables.map(0x4000_0000, to: 0x4000_0000, level: 2)
        tables.map(0x4020_0000, to: 0x4020_0000, level: 2, Stage1Tables.user)
        tables.map(0x4040_0000, to: 0x4040_0000, level: 2, Stage1Tables.user | Stage1Tables.pxn | Stage1Tables.uxn)
        vcpu = .allocate(capacity: 1)
        vcpu.initialize(to: memory.makeVCPU())
        for offset in stride(from: UInt64(0), to: 0x800, by: 0x80) {
            store([0xD400_0002 | UInt32(offset) << 5, 0xD69F_03E0], at: Self.vectors + offset)
        }
        vcpu.pointee.reset(ResetState(pc: 0, x0: 0))
        vcpu.pointee.system.mair_EL1 = Stage1Tables.mair
        vcpu.pointee.system.tcr_EL1 = tables.tcr
        vcpu.pointee.system.ttbr0_EL1 = tables.root
        vcpu.pointee.system.sctlr_EL1 |= 1 | SCTLR.dze | SCTLR.uci
        vcpu.pointee.system.vbar_EL1 = Self.vectors
        vcpu.pointee.system.cpacr_EL1 = 3 << 20
        vcpu.pointee.translationRegimeChanged()
        vcpu.pointee.pstate.daif = 0
        vcpu.pointee.selectStack(el: el, sp: el)
        vcpu.pointee.updateFPAccess()
        vcpu.pointee.x[31] = Self.data + 0x10_0000
        set(.oslar_EL1, 0)
    }

    deinit {
        vcpu.deinitialize(count: 1)
        vcpu.deallocate()
        memory.unmap()
    }

    var codeStart: UInt64 { vcpu.pointee.pstate.el == 0 ? Self.userCode : Self.kernelCode }

    func store(_ words: [UInt32], at address: UInt64) {
        for (index, word) in words.enumerated() {
            memory.pointer(address + UInt64(index) * 4).storeBytes(of: word, as: UInt32.self)
        }
        vcpu.pointee.invalidateAllCode()
    }

    func set(_ register: SystemRegisterEncoding, _ value: UInt64) {
        let vcpu = vcpu
        let (el, pc) = (vcpu.pointee.pstate.el, vcpu.pointee.pc)
        vcpu.pointee.pstate.el = 1
        _ = vcpu.pointee.writeSystemRegister(register, value, word: 0)
        vcpu.pointee.pstate.el = el
        vcpu.pointee.pc = pc
    }

    /// MDSCR_EL1 with MDE and these bits.
    func enable(_ bits: UInt64 = 0) { set(.mdscr_EL1, MDSCR.mde | bits) }

    func setBreakpoint(_ n: UInt16 = 0, _ address: UInt64, control: UInt64 = DebugMachine.breakpointAnywhere) {
        set(SystemRegisterEncoding(2, 0, 0, n, 4), address)
        set(SystemRegisterEncoding(2, 0, 0, n, 5), control)
    }

    func setWatchpoint(_ n: UInt16 = 0, _ address: UInt64, control: UInt64) {
        set(SystemRegisterEncoding(2, 0, 0, n, 6), address)
        set(SystemRegisterEncoding(2, 0, 0, n, 7), control)
    }

    /// DBGBCR: E, PMC = EL0 and EL1, BAS = all.
    static let breakpointAnywhere: UInt64 = 0xF << 5 | 3 << 1 | 1
    /// DBGWCR: E, PAC = EL0 and EL1, loads and stores, these bytes.
    static func watch(bytes: UInt64, accesses: UInt64 = 3, privileges: UInt64 = 3) -> UInt64 {
        bytes << 5 | accesses << 3 | privileges << 1 | 1
    }

    /// What ended a run.
    struct Event: Equatable, CustomStringConvertible {
        /// The vector's offset; nil if the guest was left otherwise.
        var vector: UInt64?
        var exceptionClass: UInt8
        var iss: UInt32
        var elr: UInt64
        var far: UInt64
        var spsr: UInt64

        var isStep: Bool { exceptionClass == 0x32 || exceptionClass == 0x33 }
        var description: String {
            "vector \(vector ?? 0) EC \(exceptionClass) ISS \(String(iss, radix: 16)) ELR \(String(elr, radix: 16)) "
                + "FAR \(String(far, radix: 16)) SPSR \(String(spsr, radix: 16))"
        }
    }

    /// Runs `words` from where code of the current EL stands.
    func run(_ words: [UInt32], at offset: UInt64 = 0) -> Event {
        let address = codeStart + offset
        store(words, at: address)
        vcpu.pointee.pc = address
        return resume()
    }

    /// Goes on: behind the HVC of a vector, that is the ERET.
    @discardableResult
    func resume() -> Event {
        vcpu.pointee.run(from: armada_monotonic())
        let system = vcpu.pointee.system
        let esr = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: system.esr_EL1))
        let exit = vcpu.pointee.exit
        let isVector = exit.code == .trap && exit.esr.exceptionClass == .hvc64
        return Event(
            vector: isVector ? UInt64(exit.esr.immediate) : nil, exceptionClass: esr.exceptionClass.rawValue,
            iss: esr.iss, elr: system.elr_EL1, far: system.far_EL1, spsr: system.spsr_EL1)
    }

    /// Starts `words` at EL0 through an exception return with SPSR_EL1.SS set, and runs until the next exception.
    func step(_ words: [UInt32], el: UInt64 = 0) -> Event {
        let address = el == 0 ? Self.userCode : Self.kernelCode
        store(words, at: address)
        set(.mdscr_EL1, MDSCR.ss | MDSCR.mde | (el == 0 ? 0 : MDSCR.kde))
        returnTo(address, spsr: SPSR.ss | el << 2 | el)
        return resume()
    }

    /// Puts the PE before an ERET at EL1h, everything masked.
    func returnTo(_ address: UInt64, spsr: UInt64) {
        vcpu.pointee.selectStack(el: 1, sp: 1)
        vcpu.pointee.pstate.daif = 0x3C0
        vcpu.pointee.system.elr_EL1 = address
        vcpu.pointee.system.spsr_EL1 = spsr
        vcpu.pointee.pc = Self.vectors + 4
    }

    subscript(x number: Int) -> UInt64 {
        get { vcpu.pointee.x[number] }
        set { vcpu.pointee.x[number] = newValue }
    }
}

/// Words that the debug tests execute.
enum A64 {
    static let nop: UInt32 = 0xD503_201F
    static let isb: UInt32 = 0xD503_3FDF
    /// ADD X0, X0, #1
    static let increment: UInt32 = 0x9100_0400
    static let branchToItself: UInt32 = 0x1400_0000
}
