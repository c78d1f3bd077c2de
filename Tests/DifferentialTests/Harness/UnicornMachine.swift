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
    /// Everything that a state holds, in the order of `transfer`; PC, which is only read, last.
    private static let registers: [Int32] =
        xRegisters + [Int32(UC_ARM64_REG_SP.rawValue)] + vRegisters
        + [UC_ARM64_REG_NZCV, UC_ARM64_REG_FPCR, UC_ARM64_REG_FPSR, UC_ARM64_REG_PC].map { Int32($0.rawValue) }

    /// Where registers stand on their way: one word each, two for a vector.
    private let transfer = UnsafeMutablePointer<UInt64>.allocate(capacity: 100)
    private let identifiers = UnsafeMutablePointer<Int32>.allocate(capacity: UnicornMachine.registers.count)
    private let places = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(
        capacity: UnicornMachine.registers.count)

    init() throws(Failure) {
        engine = try Self.open()
        prepareTransfer()
        let status = uc_mem_map(engine, Self.base, Int(Self.byteCount), UC_PROT_ALL.rawValue)
        guard status == UC_ERR_OK else { throw Failure(call: "uc_mem_map", code: status.rawValue) }
    }

    /// A machine that has `memory` and nothing else.
    init(memory: [Memory]) throws(Failure) {
        engine = try Self.open()
        prepareTransfer()
        for part in memory {
            let protection = part.isWritable ? UC_PROT_ALL.rawValue : UC_PROT_READ.rawValue | UC_PROT_EXEC.rawValue
            let status = uc_mem_map_ptr(engine, part.address, part.byteCount, protection, part.host)
            guard status == UC_ERR_OK else { throw Failure(call: "uc_mem_map_ptr", code: status.rawValue) }
        }
    }

    /// Host memory that the machine sees at an address.
    struct Memory {
        let address: UInt64
        let host: UnsafeMutableRawPointer
        let byteCount: Int
        let isWritable: Bool
    }

    private static func open() throws(Failure) -> OpaquePointer {
        var opened: OpaquePointer?
        var status = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &opened)
        guard let opened, status == UC_ERR_OK else { throw Failure(call: "uc_open", code: status.rawValue) }
        status = armada_unicorn_set_cpu_model(opened, Int32(UC_CPU_ARM64_MAX.rawValue))
        guard status == UC_ERR_OK else { throw Failure(call: "uc_ctl", code: status.rawValue) }
        return opened
    }

    deinit {
        uc_close(engine)
        transfer.deallocate()
        identifiers.deallocate()
        places.deallocate()
    }

    private func prepareTransfer() {
        transfer.initialize(repeating: 0, count: 100)
        for (index, register) in Self.registers.enumerated() {
            identifiers[index] = register
            // Vectors take two words each.
            let word = index < 32 ? index : index < 64 ? 32 + 2 * (index - 32) : 96 + index - 64
            places[index] = UnsafeMutableRawPointer(transfer + word)
        }
    }

    /// Executes `word` on `state`; false if it is undefined, and `state` is then unchanged.
    func execute(_ word: UInt32, on state: inout MachineState) -> Bool {
        if address + 8 > Self.base + Self.byteCount { address = Self.base }
        var code = word.littleEndian
        uc_mem_write(engine, address, &code, 4)
        load(state)
        let status = uc_emu_start(engine, address, address + 4, 0, 1)
        address += 4
        guard status == UC_ERR_OK else { return false }
        let pc = state.pc
        store(&state)
        state.pc = pc
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

    /// Forgets what was translated of `range`: its bytes, or where a run there ends, have changed.
    func forget(_ range: Range<UInt64>) {
        armada_unicorn_remove_cache(engine, range.lowerBound, range.upperBound)
    }

    /// Executes the instructions of `range` from its start until its end is reached. With `isCounted` no more than it has:
    /// for branches that lead elsewhere.
    func run(_ range: Range<UInt64>, on state: inout MachineState, isCounted: Bool = false) -> End {
        load(state)
        let status = uc_emu_start(engine, range.lowerBound, range.upperBound, 0, isCounted ? range.count / 4 : 0)
        switch status {
        case UC_ERR_OK, UC_ERR_FETCH_UNMAPPED:
            store(&state)
            return .done
        case UC_ERR_READ_UNMAPPED, UC_ERR_WRITE_UNMAPPED, UC_ERR_WRITE_PROT: return .fault
        default: return .exception
        }
    }

    private func load(_ state: MachineState) {
        state.x.withUnsafeBufferPointer { if let x = $0.baseAddress { transfer.update(from: x, count: 31) } }
        transfer[31] = state.sp
        state.v.withUnsafeBufferPointer { if let v = $0.baseAddress { (transfer + 32).update(from: v, count: 64) } }
        transfer[96] = UInt64(state.nzcv)
        transfer[97] = UInt64(state.fpcr)
        transfer[98] = UInt64(state.fpsr)
        uc_reg_write_batch(engine, identifiers, places, Int32(Self.registers.count - 1))
    }

    private func store(_ state: inout MachineState) {
        uc_reg_read_batch(engine, identifiers, places, Int32(Self.registers.count))
        state.x.withUnsafeMutableBufferPointer { $0.baseAddress?.update(from: transfer, count: 31) }
        state.sp = transfer[31]
        state.v.withUnsafeMutableBufferPointer { $0.baseAddress?.update(from: transfer + 32, count: 64) }
        state.nzcv = UInt32(truncatingIfNeeded: transfer[96]) & 0xF000_0000
        state.fpcr = UInt32(truncatingIfNeeded: transfer[97])
        state.fpsr = UInt32(truncatingIfNeeded: transfer[98])
        state.pc = transfer[99]
    }
}
