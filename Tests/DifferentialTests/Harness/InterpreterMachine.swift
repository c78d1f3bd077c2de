import CHost
import Glibc
import Shared

@testable import VCPUWorker

/// A vCPU with code and data mapped at their own addresses, next to Unicorn machines that share the code and have a copy of
/// the data.
///
/// The code is full of HVC instructions, where a program's branches end; an exception to EL1 ends in another HVC.
final class InterpreterMachine {
    static let ramIPA: UInt64 = 0x4000_0000
    static let ramByteCount = 16 << 20
    /// Two MiB, read-only.
    static let code: UInt64 = 0x4040_0000
    static let blockByteCount = 2 << 20
    /// A few pages, each in a place of its own in RAM; what lies around them is not mapped. All of it is compared.
    static let data: UInt64 = 0x4080_0000
    static let dataByteCount = 16 << 10
    static let dataMiddle = data + UInt64(dataByteCount / 2)
    static let dataEnd = data + UInt64(dataByteCount)
    private static let pageByteCount = 4096
    /// The beginning of RAM, with the tables and the vectors, where no random address leads.
    private static let systemBase: UInt64 = 0x60_8000_0000
    private static let vectors = systemBase + 0x4000
    private static let hvc: UInt32 = 0xD400_0002

    private let ram: UnsafeMutableRawPointer
    private let stage2: UnsafeMutableRawPointer
    private let controlPage: UnsafeMutableRawPointer
    private let unicornData: UnsafeMutableRawPointer
    private var vcpu: VCPU
    /// Executes programs that run to their end.
    private var unicorn: UnicornMachine
    /// Counts instructions, which is slow: for branches that lead elsewhere.
    private var countingUnicorn: UnicornMachine
    private let referenceMemory: [UnicornMachine.Memory]
    /// A CLREX, and where programs go: away from the ends so that literals and most branches stay inside.
    private static let clrex = code + UInt64(blockByteCount) / 4
    private static let firstProgram = clrex + 16
    private static let lastProgram = code + UInt64(blockByteCount) / 4 * 3
    private var next = InterpreterMachine.firstProgram

    init() throws {
        func map(_ byteCount: Int) -> UnsafeMutableRawPointer {
            mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        }
        ram = map(Self.ramByteCount)
        stage2 = map(1 << 20)
        controlPage = map(ControlPage.byteCount(vcpuCount: 1))
        unicornData = map(Self.dataByteCount)
        let ram = ram
        func fill(_ address: UInt64, _ byteCount: Int) {
            for offset in stride(from: 0, to: byteCount, by: 4) {
                ram.storeBytes(of: Self.hvc, toByteOffset: Int(address - Self.ramIPA) + offset, as: UInt32.self)
            }
        }
        fill(Self.code, Self.blockByteCount)
        fill(Self.vectors - Self.systemBase + Self.ramIPA, 0x800)
        // Stage 2: two concatenated tables at level 1, RAM in blocks at level 2.
        let leaf =
            Stage2Descriptor.memAttrNormalWriteBack | Stage2Descriptor.read | Stage2Descriptor.write
            | Stage2Descriptor.innerShareable | Stage2Descriptor.accessFlag | 1
        stage2.storeBytes(of: 0x1_0000 | 3, toByteOffset: 8, as: UInt64.self)
        for index in 0..<Self.ramByteCount >> 21 {
            stage2.storeBytes(
                of: UInt64(index) << 21 | leaf, toByteOffset: 0x1_0000 + index * 8, as: UInt64.self)
        }
        // Stage 1: a table at level 1, one at level 2, one at level 3 for the data. All of it may be accessed from EL0,
        // since the references have no permissions that would stop LDTR: the data, so that it is never code, and the code
        // for reading.
        ram.storeBytes(of: (Self.ramIPA + 0x2000) | 3, toByteOffset: 0x1000 + 8, as: UInt64.self)
        ram.storeBytes(
            of: Self.ramIPA | 1 << 10 | 3 << 8 | 1, toByteOffset: 0x1000 + Int(Self.systemBase >> 30) * 8,
            as: UInt64.self)
        ram.storeBytes(
            of: Self.code | 1 << 10 | 3 << 8 | 3 << 6 | 1, toByteOffset: 0x2000 + Int(Self.code >> 21 & 511) * 8,
            as: UInt64.self)
        ram.storeBytes(
            of: (Self.ramIPA + 0x3000) | 3, toByteOffset: 0x2000 + Int(Self.data >> 21 & 511) * 8, as: UInt64.self)
        for page in 0..<Self.dataByteCount / Self.pageByteCount {
            ram.storeBytes(
                of: (Self.ramIPA + UInt64(Self.ramOffset(ofPage: page))) | 1 << 10 | 3 << 8 | 1 << 6 | 3,
                toByteOffset: 0x3000 + page * 8, as: UInt64.self)
        }
        ram.storeBytes(of: 0xD503_3F5F, toByteOffset: Int(Self.clrex - Self.ramIPA), as: UInt32.self)
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
        referenceMemory = [
            .init(
                address: Self.code, host: ram + Int(Self.code - Self.ramIPA), byteCount: Self.blockByteCount,
                isWritable: false),
            .init(address: Self.data, host: unicornData, byteCount: Self.dataByteCount, isWritable: true),
        ]
        unicorn = try UnicornMachine(memory: referenceMemory)
        countingUnicorn = try UnicornMachine(memory: referenceMemory)
    }

    deinit {
        munmap(ram, Self.ramByteCount)
        munmap(stage2, 1 << 20)
        munmap(controlPage, ControlPage.byteCount(vcpuCount: 1))
        munmap(unicornData, Self.dataByteCount)
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
        if next >= Self.lastProgram {
            next = Self.firstProgram
            renewReference()
        }
        for (index, word) in words.enumerated() { store(word, at: program.start + UInt64(index) * 4) }
        let distance = UInt32(bitPattern: -Int32(words.count + 1)) & 0x3FF_FFFF
        store(0x1400_0000 | distance, at: program.backwardBranch)
        vcpu.invalidateCode(offset: program.start - Self.ramIPA, byteCount: UInt64(program.byteCount))
        return program
    }

    /// Replaces the Unicorn machines: what they have translated is never quite forgotten otherwise.
    func renewReference() {
        if let fresh = try? UnicornMachine(memory: referenceMemory) { unicorn = fresh }
        if let fresh = try? UnicornMachine(memory: referenceMemory) { countingUnicorn = fresh }
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
        /// An exception to EL1 of this class, with this ISS.
        case exception(UInt64, UInt64)
    }

    /// Executes a program, or its first words only, by Unicorn.
    func runReference(_ program: Program, words: Int? = nil, on state: inout MachineState, isCounted: Bool = false)
        -> UnicornMachine.End
    {
        let engine = isCounted ? countingUnicorn : unicorn
        guard let words, words < program.words.count else {
            return engine.run(program.start..<program.end, on: &state, isCounted: isCounted)
        }
        let end = program.start + UInt64(words) * 4
        engine.forget(program.start..<program.end)
        let result = engine.run(program.start..<end, on: &state, isCounted: isCounted)
        engine.forget(program.start..<program.end)
        return result
    }

    /// Leaves the exclusive monitors of both sides open.
    func clearExclusiveMonitors() {
        vcpu.clearExclusiveMonitor()
        var state = MachineState()
        _ = unicorn.run(Self.clrex..<Self.clrex + 4, on: &state)
        _ = countingUnicorn.run(Self.clrex..<Self.clrex + 4, on: &state, isCounted: true)
    }

    /// Executes a program interpreted or, as far as the translator knows its instructions, translated.
    func run(_ program: Program, on state: inout MachineState, isTranslated: Bool) -> End {
        let entry = isTranslated ? program.backwardBranch : program.start
        if isTranslated {
            let offset = program.start - Self.ramIPA
            let ops = vcpu.code.ops(offset: offset & ~0xFFF, hostPage: ram + Int(offset & ~0xFFF))
            let heat = CodeCache.heat(ops) + Int(offset & 0xFFF) / 4
            if heat.pointee >= 0, heat.pointee != Heat.never { heat.pointee = Heat.threshold }
        }
        for index in 0..<31 { vcpu.x[index] = state.x[index] }
        vcpu.x[Int(RegisterSlot.sp)] = state.sp
        for index in 0..<64 { vcpu.v[index] = state.v[index] }
        vcpu.nzcv = state.nzcv
        vcpu.fpcr = state.fpcr
        vcpu.fpsr = state.fpsr
        vcpu.pc = entry
        vcpu.pstate = ProcessState()
        vcpu.run(from: armada_monotonic())
        for index in 0..<31 { state.x[index] = vcpu.x[index] }
        state.sp = vcpu.x[Int(RegisterSlot.sp)]
        for index in 0..<64 { state.v[index] = vcpu.v[index] }
        state.nzcv = vcpu.nzcv
        state.fpcr = vcpu.fpcr
        state.fpsr = vcpu.fpsr
        state.pc = vcpu.pc &- 4
        guard state.pc & ~0x7FF == Self.vectors else { return .done }
        let exceptionClass = vcpu.system.esr_EL1 >> 26 & 63
        state.pc = vcpu.system.elr_EL1
        // A branch to where nothing can be executed has been executed.
        let isInside = state.pc >= program.start && state.pc < program.backwardBranch
        return isInside ? .exception(exceptionClass, vcpu.system.esr_EL1 & 0x1FF_FFFF) : .done
    }

    /// Bytes of generated code so far.
    var nativePosition: Int { vcpu.native.position }

    // MARK: Data

    /// Pages lie in RAM in the opposite order, so that an access to two of them cannot pass for one.
    private static func ramOffset(ofPage page: Int) -> Int {
        Int(data - ramIPA) + (dataByteCount / pageByteCount - 1 - page) * pageByteCount
    }

    /// What the data is before a program runs.
    struct Data {
        fileprivate var bytes: [UInt8]

        /// Zero for seed 0, otherwise random, with much that arithmetic finds interesting.
        init(seed: UInt64) {
            var generator = SplitMix64(seed: seed)
            bytes = []
            bytes.reserveCapacity(InterpreterMachine.dataByteCount)
            while bytes.count < InterpreterMachine.dataByteCount {
                let word = seed == 0 ? 0 : InterestingWord.vector(generator.next() & 7, using: &generator)
                for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
        }
    }

    func fillOurs(with data: Data) {
        data.bytes.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            for page in 0..<Self.dataByteCount / Self.pageByteCount {
                memcpy(ram + Self.ramOffset(ofPage: page), source + page * Self.pageByteCount, Self.pageByteCount)
            }
        }
    }

    func fillTheirs(with data: Data) {
        data.bytes.withUnsafeBytes { source in
            if let source = source.baseAddress { memcpy(unicornData, source, Self.dataByteCount) }
        }
    }

    func flipFirstByteOfOurs() {
        let place = ram + Self.ramOffset(ofPage: 0)
        place.storeBytes(of: ~place.load(as: UInt8.self), as: UInt8.self)
    }

    /// The address of the first byte of the data that differs.
    func firstDataDifference() -> UInt64? {
        for page in 0..<Self.dataByteCount / Self.pageByteCount {
            let ours = ram + Self.ramOffset(ofPage: page)
            let theirs = unicornData + page * Self.pageByteCount
            if memcmp(ours, theirs, Self.pageByteCount) == 0 { continue }
            for offset in 0..<Self.pageByteCount
            where ours.load(fromByteOffset: offset, as: UInt8.self)
                != theirs.load(fromByteOffset: offset, as: UInt8.self)
            {
                return Self.data + UInt64(page * Self.pageByteCount + offset)
            }
        }
        return nil
    }
}
