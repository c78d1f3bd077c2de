import Glibc

/// What generated code works on, at fixed offsets from its context register.
struct NativeContext {
    /// The general registers: `RegisterSlot`.
    var x: UInt64 = 0
    /// The fast TLB of the current EL.
    var tlb: UInt64 = 0
    /// The doorbell word.
    var doorbell: UInt64 = 0
    /// The virtual address of the current page, and its first op.
    var page: UInt64 = 0
    var retired: UInt64 = 0
    /// The flags as LAHF and SETO leave them, carry inverted: SF, ZF and CF in bits 15, 14 and 8, OF in bit 0.
    var flags: UInt64 = 0
    var base: UInt64 = 0
    /// The fetch TLB of the current EL.
    var fetch: UInt64 = 0
    /// Where a jump leads that generated code could not follow.
    var target: UInt64 = 0
    var codeBase: UInt64 = 0
    /// Addresses of TPIDR_EL0; of TPIDR_EL1 (0 at EL0); of SP_EL0 (0 where SP_EL0 cannot be accessed).
    var tpidr_EL0: UInt64 = 0
    var tpidr_EL1: UInt64 = 0
    var sp_EL0: UInt64 = 0
}

/// The buffer of generated code: two shared routines at its start, then translations until it is full, when all go.
struct NativeCode: ~Copyable {
    static let byteCount = 6 << 20
    /// Room for the longest translation.
    static let reserve = 64 << 10
    /// nil where the host forbids memory that is writable and executable: then everything is interpreted.
    let base: UnsafeMutablePointer<UInt8>?
    /// Off, everything is interpreted.
    var isEnabled = true
    /// Offset of the next translation.
    var position = 0
    private(set) var firstPosition = 0
    /// Offsets of the shared routines: leave with the op in RAX; jump to the virtual address in RAX.
    private(set) var leave = 0
    private(set) var dispatch = 0
    /// For what the context was filled in last: see `VCPU.prepareNative`.
    var preparedFor: UInt = 0
    /// At a fixed address: generated code and its caller share it.
    let context: UnsafeMutablePointer<NativeContext>

    init() {
        context = .allocate(capacity: 1)
        context.initialize(to: NativeContext())
        #if arch(x86_64)
            let mapped = mmap(
                nil, Self.byteCount, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0)
            if let mapped, mapped != MAP_FAILED {
                base = mapped.assumingMemoryBound(to: UInt8.self)
                emitSharedRoutines()
            } else {
                base = nil
            }
        #else
            base = nil
        #endif
    }

    deinit {
        if let base { munmap(base, Self.byteCount) }
        context.deallocate()
    }

    /// Throws all translations away.
    mutating func removeAll() { position = firstPosition }

    /// Offsets into the context.
    enum Offset {
        static let x = Int32(0)
        static let tlb = Int32(8)
        static let doorbell = Int32(16)
        static let page = Int32(24)
        static let retired = Int32(32)
        static let flags = Int32(40)
        static let base = Int32(48)
        static let fetch = Int32(56)
        static let target = Int32(64)
        static let codeBase = Int32(72)
        static let tpidr_EL0 = Int32(80)
        static let tpidr_EL1 = Int32(88)
        static let sp_EL0 = Int32(96)
    }

    static func field(_ offset: Int32) -> HostOperand { .memory(base: .r12, displacement: offset) }

    /// Enters at offset 0 as a C function of (context, code) that returns the op to go on with: bit 0 set if it may be
    /// the start of another translation; 0 if the target of a jump is in the context.
    private mutating func emitSharedRoutines() {
        guard let base else { return }
        var asm = Assembler(base: base, position: 0, limit: Self.byteCount)
        let saved: [HostRegister] = [.rbp, .rbx, .r12, .r13, .r14, .r15]
        for register in saved { asm.push(register) }
        asm.arithmetic(5, .register(.rsp), immediate: 8, wide: true)
        asm.move(.r12, .register(.rdi))
        asm.move(.r13, Self.field(Offset.x))
        asm.move(.r15, Self.field(Offset.tlb))
        asm.jump(.rsi)

        leave = asm.position
        asm.arithmetic(0, .register(.rsp), immediate: 8, wide: true)
        for register in saved.reversed() { asm.pop(register) }
        asm.byte(0xC3)

        dispatch = asm.position
        asm.move(.rcx, .register(.rax))
        asm.shift(5, .rcx, 12, wide: true)
        asm.arithmetic(4, .register(.rcx), immediate: Int32(CodeCache.fetchEntryCount - 1), wide: false)
        asm.shift(4, .rcx, 4, wide: true)
        asm.arithmetic(0, .rcx, Self.field(Offset.fetch), wide: true)
        asm.move(.rdx, .register(.rax))
        // The low two bits stay in the comparison, so that a misaligned target misses.
        asm.arithmetic(4, .register(.rdx), immediate: ~0xFFC, wide: true)
        asm.arithmetic(7, .rdx, .memory(base: .rcx, displacement: 0), wide: true)
        let unknown = asm.jump(.notEqual)
        asm.move(.rdx, Self.field(Offset.doorbell))
        asm.arithmetic(7, .memory(base: .rdx, displacement: 0), immediate: 0, wide: false)
        let rung = asm.jump(.notEqual)
        asm.move(.rdx, .memory(base: .rcx, displacement: 8))
        asm.store(Self.field(Offset.base), .rdx)
        asm.move(.rcx, .register(.rax))
        asm.arithmetic(4, .register(.rcx), immediate: ~0xFFF, wide: true)
        asm.store(Self.field(Offset.page), .rcx)
        asm.arithmetic(4, .register(.rax), immediate: 0xFFC, wide: false)
        // An op is four times as long as an instruction, a word of the heat table as long.
        asm.lea(.rcx, .rdx, .rax, scale: 0)
        asm.move(.rcx, .memory(base: .rcx, displacement: Int32(CodeCache.heatOffset)), wide: false)
        asm.test(.rcx, .rcx, wide: false)
        let cold = asm.jump(.noSign)
        asm.arithmetic(4, .register(.rcx), immediate: Int32.max, wide: false)
        asm.arithmetic(0, .rcx, Self.field(Offset.codeBase), wide: true)
        asm.jump(.rcx)
        asm.bind(cold)
        asm.lea(.rax, .rdx, .rax, scale: 2)
        asm.arithmetic(1, .register(.rax), immediate: 1, wide: true)
        asm.jump(nil, to: leave)
        asm.bind(unknown)
        asm.bind(rung)
        asm.store(Self.field(Offset.target), .rax)
        asm.constant(.rax, 0)
        asm.jump(nil, to: leave)
        firstPosition = asm.position
        position = firstPosition
        context.pointee.codeBase = UInt64(UInt(bitPattern: base))
    }
}
