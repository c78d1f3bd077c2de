import Shared

// The translation of loads and stores: the fast TLB in line; a miss leaves the access to the interpreter.

extension Translator {
    /// Emits a load or store.
    mutating func lowerMemory(_ item: Item) {
        let op = item.op
        hostFlagsAreGuests = false
        switch Self.form(op) {
        case .load, .store: single(item)
        case .loadIndexed, .storeIndexed: indexed(item)
        case .loadPair, .storePair: pair(item)
        case .literal:
            guard let operation = MemoryOperation(rawValue: op.a) else { return }
            asm.move(.rax, NativeCode.field(NativeCode.Offset.page))
            addConstant(.rax, op.imm)
            access(operation, op.d, item.slot)
        default: break
        }
    }

    private static func operation(_ op: Op) -> MemoryOperation {
        switch op.code {
        case .load8, .load8Register, .load8Indexed: .load8
        case .load16, .load16Register: .load16
        case .load32, .load32Register, .load32Indexed: .load32
        case .load64, .load64Register, .load64Indexed: .load64
        case .loadSigned8To32, .loadSigned8To32Register: .loadSigned8To32
        case .loadSigned8To64, .loadSigned8To64Register: .loadSigned8To64
        case .loadSigned16To32, .loadSigned16To32Register: .loadSigned16To32
        case .loadSigned16To64, .loadSigned16To64Register: .loadSigned16To64
        case .loadSigned32To64, .loadSigned32To64Register: .loadSigned32To64
        case .store8, .store8Register, .store8Indexed: .store8
        case .store16, .store16Register: .store16
        case .store32, .store32Register, .store32Indexed: .store32
        case .store64, .store64Register, .store64Indexed: .store64
        default: MemoryOperation(rawValue: op.a) ?? .prefetch
        }
    }

    private static func byteCount(_ operation: MemoryOperation) -> Int32 {
        switch operation {
        case .load8, .loadSigned8To32, .loadSigned8To64, .store8: 1
        case .load16, .loadSigned16To32, .loadSigned16To64, .store16: 2
        case .load32, .loadSigned32To64, .store32: 4
        case .load64, .store64, .prefetch: 8
        }
    }

    /// RAX = n + imm.
    private mutating func address(_ n: UInt8, _ imm: UInt64) {
        if case .register(let base) = place(n), let small = Int32(exactly: Int64(bitPattern: imm)) {
            asm.lea(.rax, base, small)
        } else {
            asm.move(.rax, place(n))
            addConstant(.rax, imm)
        }
    }

    private mutating func single(_ item: Item) {
        let op = item.op
        switch op.code {
        case .loadStoreWriteback, .load64PostIndex, .store64PreIndex:
            let isPre = op.code == .store64PreIndex || op.code == .loadStoreWriteback && op.m != 0
            address(op.n, isPre ? op.imm : 0)
            access(Self.operation(op), op.d, item.slot)
            let base = target(op.n)
            asm.move(base, place(op.n))
            addConstant(base, op.imm)
            set(op.n, base)
        default:
            address(op.n, op.imm)
            access(Self.operation(op), op.d, item.slot)
        }
    }

    private mutating func indexed(_ item: Item) {
        let op = item.op
        extend(.rax, op.m, option: op.aux == 0 ? 3 : op.aux, shift: op.a)
        asm.arithmetic(0, .rax, place(op.n), wide: true)
        access(Self.operation(op), op.d, item.slot)
    }

    /// Turns the virtual address in RAX into a host address, or leaves to the interpreter.
    private mutating func translateAddress(byteCount: Int32, isStore: Bool, _ slot: Int) {
        asm.move(.rcx, .register(.rax), wide: false)
        asm.shift(5, .rcx, 7, wide: false)
        asm.arithmetic(4, .register(.rcx), immediate: 0x1FE0, wide: false)
        asm.lea(.rdx, .rax, byteCount - 1)
        asm.arithmetic(4, .register(.rdx), immediate: ~0xFFF, wide: true)
        // CMP RDX, [R15 + RCX + tag]
        asm.indexed(
            [0x3B], wide: true, HostRegister.rdx.number, .r15, .rcx, scale: 0, displacement: isStore ? 8 : 0)
        exits.append(Exit(fixup: asm.jump(.notEqual), kind: .interpret(slot: slot), retired: retired))
        // ADD RAX, [R15 + RCX + addend]
        asm.indexed([0x03], wide: true, HostRegister.rax.number, .r15, .rcx, scale: 0, displacement: 16)
    }

    /// Loads into a guest slot or stores from it, at the virtual address in RAX.
    private mutating func access(_ operation: MemoryOperation, _ register: UInt8, _ slot: Int) {
        let isStore = Self.isStore(operation)
        translateAddress(byteCount: Self.byteCount(operation), isStore: isStore, slot)
        let host = HostOperand.memory(base: .rax, displacement: 0)
        if isStore {
            let from = value(register, .rcx)
            switch operation {
            case .store8: asm.instruction([0x88], wide: false, from.number, host, byteRegister: true)
            case .store16: asm.instruction([0x89], wide: false, from.number, host, prefix: 0x66)
            case .store32: asm.store(host, from, wide: false)
            default: asm.store(host, from)
            }
            return
        }
        let to = register == RegisterSlot.sink ? .rax : target(register)
        switch operation {
        case .load8: asm.instruction([0x0F, 0xB6], wide: false, to.number, host)
        case .load16: asm.instruction([0x0F, 0xB7], wide: false, to.number, host)
        case .load32: asm.move(to, host, wide: false)
        case .loadSigned8To32: asm.instruction([0x0F, 0xBE], wide: false, to.number, host)
        case .loadSigned8To64: asm.instruction([0x0F, 0xBE], wide: true, to.number, host)
        case .loadSigned16To32: asm.instruction([0x0F, 0xBF], wide: false, to.number, host)
        case .loadSigned16To64: asm.instruction([0x0F, 0xBF], wide: true, to.number, host)
        case .loadSigned32To64: asm.instruction([0x63], wide: true, to.number, host)
        default: asm.move(to, host)
        }
        set(register, to)
    }

    private mutating func pair(_ item: Item) {
        let op = item.op
        let isStore = Self.form(op) == .storePair
        let isPost: Bool
        let isWriteback: Bool
        switch op.code {
        case .loadPair64PostIndex: (isPost, isWriteback) = (true, true)
        case .storePair64PreIndex: (isPost, isWriteback) = (false, true)
        default: (isPost, isWriteback) = (op.aux == PairMode.postIndex, op.aux != PairMode.offset)
        }
        let wide: Bool
        switch op.code {
        case .loadPair32, .loadPairSigned32, .storePair32: wide = false
        default: wide = true
        }
        let size: Int32 = wide ? 8 : 4
        address(op.n, isPost ? 0 : op.imm)
        translateAddress(byteCount: size * 2, isStore: isStore, item.slot)
        for (register, displacement) in [(op.d, Int32(0)), (op.a, size)] {
            let host = HostOperand.memory(base: .rax, displacement: displacement)
            if isStore {
                asm.store(host, value(register, .rcx), wide: wide)
            } else {
                let to = register == RegisterSlot.sink ? .rcx : target(register, .rcx)
                if op.code == .loadPairSigned32 {
                    asm.instruction([0x63], wide: true, to.number, host)
                } else {
                    asm.move(to, host, wide: wide)
                }
                set(register, to)
            }
        }
        if isWriteback {
            let base = target(op.n)
            asm.move(base, place(op.n))
            addConstant(base, op.imm)
            set(op.n, base)
        }
    }
}
