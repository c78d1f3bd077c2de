import CUnicorn

@testable import VCPUWorker

/// An Arm core with all extensions, emulated by Unicorn, that executes one instruction at a time.
final class UnicornMachine {
    struct Failure: Error {
        let call: String
        let code: UInt32
    }

    private let engine: OpaquePointer
    /// Where the next word goes: an address is never used twice before the region wraps, so that no translation is stale.
    private var address = UnicornMachine.base
    private static let base: UInt64 = 0x10_0000
    private static let byteCount: UInt64 = 0x100_0000

    private static let xRegisters: [Int32] = (0..<31).map {
        // X29 and X30 stand apart from the others.
        switch $0 {
        case 29: Int32(UC_ARM64_REG_X29.rawValue)
        case 30: Int32(UC_ARM64_REG_X30.rawValue)
        default: Int32(UC_ARM64_REG_X0.rawValue) + Int32($0)
        }
    }
    private static let vRegisters: [Int32] = (0..<32).map { Int32(UC_ARM64_REG_Q0.rawValue) + Int32($0) }

    init() throws(Failure) {
        engine = try Self.open()
        let status = uc_mem_map(engine, Self.base, Int(Self.byteCount), UC_PROT_ALL.rawValue)
        guard status == UC_ERR_OK else { throw Failure(call: "uc_mem_map", code: status.rawValue) }
    }

    /// A machine that has `memory` and nothing else.
    init(memory: [Memory]) throws(Failure) {
        engine = try Self.open()
        for part in memory {
            let status = uc_mem_map_ptr(engine, part.address, part.byteCount, UC_PROT_ALL.rawValue, part.host)
            guard status == UC_ERR_OK else { throw Failure(call: "uc_mem_map_ptr", code: status.rawValue) }
        }
    }

    /// Host memory that the machine sees at an address.
    struct Memory {
        let address: UInt64
        let host: UnsafeMutableRawPointer
        let byteCount: Int
    }

    private static func open() throws(Failure) -> OpaquePointer {
        var opened: OpaquePointer?
        var status = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &opened)
        guard let opened, status == UC_ERR_OK else { throw Failure(call: "uc_open", code: status.rawValue) }
        status = armada_unicorn_set_cpu_model(opened, Int32(UC_CPU_ARM64_MAX.rawValue))
        guard status == UC_ERR_OK else { throw Failure(call: "uc_ctl", code: status.rawValue) }
        return opened
    }

    deinit { uc_close(engine) }

    /// Executes `word` on `state`; false if it is undefined, and `state` is then unchanged.
    func execute(_ word: UInt32, on state: inout MachineState) -> Bool {
        if address + 8 > Self.base + Self.byteCount { address = Self.base }
        var code = word.littleEndian
        uc_mem_write(engine, address, &code, 4)
        load(state)
        let status = uc_emu_start(engine, address, address + 4, 0, 1)
        address += 4
        guard status == UC_ERR_OK else { return false }
        store(&state)
        return true
    }

    /// Whether `word` is an instruction, whatever comes of its execution.
    func isDefined(_ word: UInt32) -> Bool {
        if address + 8 > Self.base + Self.byteCount { address = Self.base }
        var code = word.littleEndian
        uc_mem_write(engine, address, &code, 4)
        armada_unicorn_remove_cache(engine, address, address + 4)
        // Aligned addresses: a misaligned one raises an exception too.
        load(MachineState())
        let status = uc_emu_start(engine, address, address + 4, 0, 1)
        address += 4
        return status != UC_ERR_EXCEPTION && status != UC_ERR_INSN_INVALID
    }

    /// How an execution of words in memory ended.
    enum End {
        case done
        /// A data access to what is not mapped.
        case fault
        /// An exception other than that: the instruction is undefined.
        case exception
    }

    /// Executes the instructions of `range` from its start until its end is reached, or as many as it has.
    func run(_ range: Range<UInt64>, on state: inout MachineState) -> End {
        // Another program's branch may have led here.
        armada_unicorn_remove_cache(engine, range.lowerBound, range.upperBound)
        load(state)
        let status = uc_emu_start(engine, range.lowerBound, range.upperBound, 0, range.count / 4)
        switch status {
        case UC_ERR_OK, UC_ERR_FETCH_UNMAPPED:
            store(&state)
            state.pc = read(Int32(UC_ARM64_REG_PC.rawValue))
            return .done
        case UC_ERR_READ_UNMAPPED, UC_ERR_WRITE_UNMAPPED: return .fault
        default: return .exception
        }
    }

    private func load(_ state: MachineState) {
        for index in 0..<31 { write(Self.xRegisters[index], state.x[index]) }
        write(Int32(UC_ARM64_REG_SP.rawValue), state.sp)
        for index in 0..<32 {
            var value = (state.v[2 * index], state.v[2 * index + 1])
            uc_reg_write(engine, Self.vRegisters[index], &value)
        }
        write(Int32(UC_ARM64_REG_NZCV.rawValue), UInt64(state.nzcv))
        write(Int32(UC_ARM64_REG_FPCR.rawValue), UInt64(state.fpcr))
        write(Int32(UC_ARM64_REG_FPSR.rawValue), UInt64(state.fpsr))
    }

    private func store(_ state: inout MachineState) {
        for index in 0..<31 { state.x[index] = read(Self.xRegisters[index]) }
        state.sp = read(Int32(UC_ARM64_REG_SP.rawValue))
        for index in 0..<32 {
            var value: (UInt64, UInt64) = (0, 0)
            uc_reg_read(engine, Self.vRegisters[index], &value)
            state.v[2 * index] = value.0
            state.v[2 * index + 1] = value.1
        }
        state.nzcv = UInt32(truncatingIfNeeded: read(Int32(UC_ARM64_REG_NZCV.rawValue))) & 0xF000_0000
        state.fpsr = UInt32(truncatingIfNeeded: read(Int32(UC_ARM64_REG_FPSR.rawValue)))
    }

    private func write(_ register: Int32, _ value: UInt64) {
        var value = value
        uc_reg_write(engine, register, &value)
    }

    private func read(_ register: Int32) -> UInt64 {
        var value: UInt64 = 0
        uc_reg_read(engine, register, &value)
        return value
    }
}
