import CHost
import Glibc
import Shared

@testable import VCPUWorker

/// A vCPU with code and data mapped at their own addresses, next to a Unicorn machine that shares the code and has a copy of
/// the data.
///
/// The code is full of HVC instructions, where a program's branches end; an exception to EL1 ends in another HVC.
final class InterpreterMachine {
    static let ramIPA: UInt64 = 0x4000_0000
    static let ramByteCount = 16 << 20
    /// Two MiB each; what lies between them is not mapped.
    static let code: UInt64 = 0x4040_0000
    static let data: UInt64 = 0x4080_0000
    static let blockByteCount = 2 << 20
    /// The end of the data, which is compared: accesses are aimed at it, some beyond the end.
    static let windowByteCount = 256 << 10
    static let windowMiddle = data + UInt64(blockByteCount - windowByteCount / 2)
    static let dataEnd = data + UInt64(blockByteCount)
    private static let vectors: UInt64 = 0x4000_4000
    private static let hvc: UInt32 = 0xD400_0002

    private let ram: UnsafeMutableRawPointer
    private let stage2: UnsafeMutableRawPointer
    private let controlPage: UnsafeMutableRawPointer
    private let unicornData: UnsafeMutableRawPointer
    private var vcpu: VCPU
    let unicorn: UnicornMachine
    /// Where programs go, away from the ends so that literals and most branches stay inside, and where the next one goes.
    private static let firstProgram = code + UInt64(blockByteCount) / 4
    private static let lastProgram = code + UInt64(blockByteCount) / 4 * 3
    private var next = InterpreterMachine.firstProgram

    init() throws {
        func map(_ byteCount: Int) -> UnsafeMutableRawPointer {
            mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        }
        ram = map(Self.ramByteCount)
        stage2 = map(1 << 20)
        controlPage = map(ControlPage.byteCount(vcpuCount: 1))
        unicornData = map(Self.blockByteCount)
        let ram = ram
        func fill(_ address: UInt64, _ byteCount: Int) {
            for offset in stride(from: 0, to: byteCount, by: 4) {
                ram.storeBytes(of: Self.hvc, toByteOffset: Int(address - Self.ramIPA) + offset, as: UInt32.self)
            }
        }
        fill(Self.code, Self.blockByteCount)
        // The vectors, and what far branches reach behind them.
        fill(Self.vectors, Int(Self.ramIPA) + Self.blockByteCount - Int(Self.vectors))
        // Stage 2: two concatenated tables at level 1, RAM in blocks at level 2.
        let leaf =
            Stage2Descriptor.memAttrNormalWriteBack | Stage2Descriptor.read | Stage2Descriptor.write
            | Stage2Descriptor.innerShareable | Stage2Descriptor.accessFlag | 1
        stage2.storeBytes(of: 0x1_0000 | 3, toByteOffset: 8, as: UInt64.self)
        for index in 0..<Self.ramByteCount >> 21 {
            stage2.storeBytes(
                of: UInt64(index) << 21 | leaf, toByteOffset: 0x1_0000 + index * 8, as: UInt64.self)
        }
        // Stage 1: a table at level 1, one at level 2. Data may be accessed from EL0, so it is never code.
        ram.storeBytes(of: (Self.ramIPA + 0x2000) | 3, toByteOffset: 0x1000 + 8, as: UInt64.self)
        for (address, attributes) in [(Self.ramIPA, 0), (Self.code, 0), (Self.data, 1 << 6)] as [(UInt64, UInt64)] {
            let slot = Int(address >> 21 & 511)
            ram.storeBytes(
                of: address | 1 << 10 | 3 << 8 | attributes | 1, toByteOffset: 0x2000 + slot * 8, as: UInt64.self)
        }
        var welcome = WelcomeFrame()
        welcome.vcpuCount = 1
        welcome.ramByteCount = UInt64(Self.ramByteCount)
        welcome.stage2ByteCount = 1 << 20
        welcome.vtcr = 24 | 1 << 6 | 2 << 16
        vcpu = VCPU(welcome: welcome, ram: ram, stage2Tables: stage2, controlPage: controlPage)
        vcpu.reset(ResetState(pc: Self.code, x0: 0))
        vcpu.system.mair_EL1 = 0xFF
        vcpu.system.tcr_EL1 = 25 | 3 << 12 | 1 << 8 | 1 << 10 | 1 << 23 | 2 << 32
        vcpu.system.ttbr0_EL1 = Self.ramIPA + 0x1000
        vcpu.system.vbar_EL1 = Self.vectors
        vcpu.system.cpacr_EL1 = 3 << 20
        vcpu.system.sctlr_EL1 |= 1
        vcpu.updateFPAccess()
        vcpu.translationRegimeChanged()
        unicorn = try UnicornMachine(memory: [
            .init(address: Self.code, host: ram + Int(Self.code - Self.ramIPA), byteCount: Self.blockByteCount),
            .init(address: Self.data, host: unicornData, byteCount: Self.blockByteCount),
        ])
    }

    deinit {
        munmap(ram, Self.ramByteCount)
        munmap(stage2, 1 << 20)
        munmap(controlPage, ControlPage.byteCount(vcpuCount: 1))
    }

    // MARK: Programs

    /// The words of a test, an HVC behind them, and a branch back to them: only those lead to translated code.
    struct Program {
        let words: [UInt32]
        /// Where the words begin.
        let start: UInt64
        var end: UInt64 { start + UInt64(words.count) * 4 }
        var backwardBranch: UInt64 { end + 4 }
        var byteCount: Int { (words.count + 2) * 4 }
    }

    func place(_ words: [UInt32]) -> Program {
        let program = Program(words: words, start: next)
        next += UInt64(program.byteCount)
        // Not across a page.
        if next & 0xFFF > 0xF80 { next = (next | 0xFFF) + 1 }
        if next >= Self.lastProgram { next = Self.firstProgram }
        for (index, word) in words.enumerated() { store(word, at: program.start + UInt64(index) * 4) }
        let distance = UInt32(bitPattern: -Int32(words.count + 1)) & 0x3FF_FFFF
        store(0x1400_0000 | distance, at: program.backwardBranch)
        vcpu.invalidateCode(offset: program.start - Self.ramIPA, byteCount: UInt64(program.byteCount))
        return program
    }

    /// Makes HVCs of the words again, for branches that lead there.
    func remove(_ program: Program) {
        for offset in stride(from: 0, to: program.byteCount, by: 4) {
            store(Self.hvc, at: program.start + UInt64(offset))
        }
        vcpu.invalidateCode(offset: program.start - Self.ramIPA, byteCount: UInt64(program.byteCount))
    }

    private func store(_ word: UInt32, at address: UInt64) {
        ram.storeBytes(of: word, toByteOffset: Int(address - Self.ramIPA), as: UInt32.self)
    }

    enum End: Equatable {
        case done
        /// An exception to EL1 of this class.
        case exception(UInt64)
    }

    /// Executes a program interpreted or, as far as the translator knows its instructions, translated.
    func run(_ program: Program, on state: inout MachineState, isTranslated: Bool) -> End {
        let entry = isTranslated ? program.backwardBranch : program.start
        if isTranslated {
            let offset = program.start - Self.ramIPA
            let ops = vcpu.code.ops(offset: offset & ~0xFFF, hostPage: ram + Int(offset & ~0xFFF))
            CodeCache.heat(ops)[Int(offset & 0xFFF) / 4] = Heat.threshold
        }
        for index in 0..<31 { vcpu.x[index] = state.x[index] }
        vcpu.x[Int(RegisterSlot.sp)] = state.sp
        for index in 0..<64 { vcpu.v[index] = state.v[index] }
        vcpu.nzcv = state.nzcv
        vcpu.fpcr = state.fpcr
        vcpu.fpsr = state.fpsr
        vcpu.pc = entry
        vcpu.pstate = ProcessState()
        vcpu.run()
        for index in 0..<31 { state.x[index] = vcpu.x[index] }
        state.sp = vcpu.x[Int(RegisterSlot.sp)]
        for index in 0..<64 { state.v[index] = vcpu.v[index] }
        state.nzcv = vcpu.nzcv
        state.fpsr = vcpu.fpsr
        state.pc = vcpu.pc &- 4
        guard state.pc & ~0x7FF == Self.vectors else { return .done }
        let exceptionClass = vcpu.system.esr_EL1 >> 26 & 63
        state.pc = vcpu.system.elr_EL1
        // A branch to where nothing can be executed has been executed.
        let isInside = state.pc >= program.start && state.pc < program.backwardBranch
        return isInside ? .exception(exceptionClass) : .done
    }

    /// Bytes of generated code so far.
    var nativePosition: Int { vcpu.native.position }

    // MARK: Data

    private var ourWindow: UnsafeMutableRawPointer { ram + Int(Self.dataEnd - Self.ramIPA) - Self.windowByteCount }
    private var theirWindow: UnsafeMutableRawPointer { unicornData + Self.blockByteCount - Self.windowByteCount }

    /// The bytes of the window as the program found them.
    func saveData(to saved: UnsafeMutableRawPointer) { memcpy(saved, theirWindow, Self.windowByteCount) }

    /// Puts `saved` back for another run on our side.
    func restoreOurData(from saved: UnsafeMutableRawPointer) { memcpy(ourWindow, saved, Self.windowByteCount) }

    func fillData(using generator: inout SeededGenerator) {
        for offset in stride(from: 0, to: Self.windowByteCount, by: 8) {
            theirWindow.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
        }
        memcpy(ourWindow, theirWindow, Self.windowByteCount)
    }

    /// The address of the first byte that differs; both are equal afterwards.
    func firstDataDifference() -> UInt64? {
        if memcmp(ourWindow, theirWindow, Self.windowByteCount) == 0 { return nil }
        var offset = 0
        while ourWindow.load(fromByteOffset: offset, as: UInt8.self)
            == theirWindow.load(fromByteOffset: offset, as: UInt8.self)
        {
            offset += 1
        }
        memcpy(ourWindow, theirWindow, Self.windowByteCount)
        return Self.dataEnd - UInt64(Self.windowByteCount) + UInt64(offset)
    }
}
