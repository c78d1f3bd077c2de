import Shared

/// The meanings of a heat word beyond a count.
enum Heat {
    /// Jumps to a slot before it is translated.
    static let threshold: Int32 = 60
    /// Not worth trying again.
    static let never: Int32 = Int32.max
    /// Set: the other bits are the offset of a translation.
    static let translated: Int32 = Int32.min
}

/// Translates a trace of ops within one page to host code: from a slot that is often jumped to, through not-taken branches
/// and forward jumps, to the first op that it does not know.
///
/// Generated code never calls anything. An access that misses the fast TLB, an op that is not translated, a jump to
/// elsewhere: all leave with the registers written back, and the interpreter goes on at that very op. So everything that
/// can fault or exit has one implementation, and code can be dropped whenever the interpreter runs.
///
/// The most used guest registers of the trace live in host registers; the others stay in memory. NZCV stays in the host's
/// flags as long as nothing else needs them, and in the context otherwise, with the carry inverted, as a subtraction
/// leaves it.
struct Translator {
    struct Item {
        var op: Op
        var slot: Int
    }

    /// An exit emitted behind the trace.
    struct Exit {
        enum Kind {
            /// The interpreter must execute the op of this slot.
            case interpret(slot: Int)
            /// Goes on at this slot, translated or not.
            case chain(slot: Int)
            /// To another item of the trace, registers kept.
            case inside(item: Int)
            /// To the virtual address at this offset from the page.
            case far(offset: UInt64)
        }
        var fixup: Fixup
        var kind: Kind
        /// Instructions retired since the start of the trace.
        var retired: Int
    }

    static let maximumLength = 128
    /// Host registers that hold guest registers; RAX, RCX and RDX are scratch, R12 the context, R13 the register file, R15 the
    /// fast TLB.
    static let pool: [HostRegister] = [.rbx, .rbp, .rsi, .rdi, .r8, .r9, .r10, .r11, .r14]

    var asm: Assembler
    let ops: UnsafeMutablePointer<Op>
    let leave: Int
    let dispatch: Int
    var items: [Item] = []
    /// Where each guest slot lives.
    var places: [HostOperand]
    var written: [Bool]
    var exits: [Exit] = []
    /// Of each item: the flags that it sets are read, or an exit comes, before they are set again.
    var areFlagsLive: [Bool] = []
    /// Where each item's code begins, and whether another item jumps to it.
    var labels: [Int] = []
    var isLabel: [Bool] = []
    /// The host's flags are NZCV, with the carry inverted.
    var hostFlagsAreGuests = false
    /// Instructions retired before the item that is being translated.
    var retired = 0

    /// Translates from `slot`; returns the offset of the code, or nil if there is nothing to gain.
    static func translate(
        slot: Int, ops: UnsafeMutablePointer<Op>, page: UnsafeMutableRawPointer, features: CPUFeatureSet,
        code: inout NativeCode
    ) -> Int? {
        guard code.isEnabled, let base = code.base else { return nil }
        let start = code.position
        var translator = Translator(
            asm: Assembler(base: base, position: start, limit: NativeCode.byteCount), ops: ops, leave: code.leave,
            dispatch: code.dispatch)
        translator.collect(from: slot, page: page, features)
        guard translator.items.count > 1 else { return nil }
        translator.findLabels()
        translator.findLiveFlags()
        translator.allocateRegisters()
        translator.emit()
        guard !translator.asm.isFull else { return nil }
        code.position = (translator.asm.position + 15) & ~15
        return start
    }

    private init(asm: Assembler, ops: UnsafeMutablePointer<Op>, leave: Int, dispatch: Int) {
        self.asm = asm
        self.ops = ops
        self.leave = leave
        self.dispatch = dispatch
        places = (0..<RegisterSlot.count).map { .memory(base: .r13, displacement: Int32($0 * 8)) }
        written = Array(repeating: false, count: RegisterSlot.count)
    }

    // MARK: The trace

    private mutating func collect(from start: Int, page: UnsafeMutableRawPointer, _ features: CPUFeatureSet) {
        var slot = start
        while slot < CodeCache.opsPerPage, items.count < Self.maximumLength {
            let op = Fusion.single(at: slot, page: page, features)
            guard Self.isTranslatable(op) else { break }
            items.append(Item(op: op, slot: slot))
            switch op.code {
            case .branchNear:
                let target = slot + Self.distance(op)
                // A forward jump is followed; any other ends the trace, and so does the trace's own end.
                guard target > slot, items.count < Self.maximumLength,
                    target < CodeCache.opsPerPage,
                    Self.isTranslatable(Fusion.single(at: target, page: page, features))
                else { return }
                slot = target
            case .branch, .branchLink, .branchLinkNear, .branchRegister, .branchLinkRegister, .branchReturn:
                return
            default:
                slot += 1
            }
        }
        end = slot
    }

    /// The slot where the trace goes on in the interpreter, if its last item does not jump.
    private var end: Int?
    private var indexOfSlot: [Int: Int] = [:]

    static func distance(_ op: Op) -> Int { Int(Int64(bitPattern: op.imm)) / MemoryLayout<Op>.stride }

    private mutating func findLabels() {
        isLabel = Array(repeating: false, count: items.count)
        for (index, item) in items.enumerated() {
            indexOfSlot[item.slot] = index
        }
        for item in items where !isFollowed(item) {
            if let target = Self.target(item), let index = indexOfSlot[target] { isLabel[index] = true }
        }
    }

    /// The place of the trace that executes `slot`.
    func itemIndex(of slot: Int) -> Int? { indexOfSlot[slot] }

    /// An unconditional jump whose target comes next in the trace.
    func isFollowed(_ item: Item) -> Bool {
        guard item.op.code == .branchNear, let index = indexOfSlot[item.slot], index + 1 < items.count else {
            return false
        }
        return items[index + 1].slot == item.slot + Self.distance(item.op)
    }

    private mutating func findLiveFlags() {
        areFlagsLive = Array(repeating: false, count: items.count)
        var live = true
        for index in items.indices.reversed() {
            let effect = Self.flagEffect(items[index].op)
            if effect.writes {
                areFlagsLive[index] = live
                live = effect.reads
            } else if effect.reads || effect.mayLeave {
                live = true
            }
            if effect.writes, effect.mayLeave { live = true }
        }
    }

    private mutating func allocateRegisters() {
        var uses = Array(repeating: 0, count: RegisterSlot.count)
        for item in items {
            let operands = Self.operands(item.op)
            for slot in operands.reads { uses[Int(slot)] += 1 }
            for slot in operands.writes {
                uses[Int(slot)] += 1
                written[Int(slot)] = true
            }
        }
        uses[Int(RegisterSlot.zero)] = 0
        uses[Int(RegisterSlot.sink)] = 0
        let ranked = uses.indices.filter { uses[$0] > 0 }.sorted { uses[$0] > uses[$1] }
        for (slot, register) in zip(ranked, Self.pool) { places[slot] = .register(register) }
    }

    // MARK: Emission

    private mutating func emit() {
        for slot in places.indices {
            if case .register(let register) = places[slot] { asm.move(register, Self.memory(slot)) }
        }
        for index in items.indices {
            retired = index
            labels.append(asm.position)
            // Who jumps here has kept the flags in the context.
            if isLabel[index] { hostFlagsAreGuests = false }
            lower(items[index], live: areFlagsLive[index])
        }
        if let end {
            retired = items.count
            exits.append(Exit(fixup: asm.jump(nil), kind: .interpret(slot: end), retired: retired))
        }
        for exit in exits { emit(exit) }
    }

    static func memory(_ slot: Int) -> HostOperand { .memory(base: .r13, displacement: Int32(slot * 8)) }

    /// Puts every guest register back to where the interpreter looks.
    mutating func writeBack() {
        for slot in places.indices where written[slot] {
            if case .register(let register) = places[slot] { asm.store(Self.memory(slot), register) }
        }
    }

    mutating func addRetired(_ count: Int) {
        guard count != 0 else { return }
        asm.arithmetic(0, NativeCode.field(NativeCode.Offset.retired), immediate: Int32(count), wide: true)
    }

    private mutating func emit(_ exit: Exit) {
        asm.bind(exit.fixup)
        if case .inside = exit.kind {} else { addRetired(exit.retired) }
        switch exit.kind {
        case .inside(let index):
            // What the item itself will have counted by then is taken off.
            addRetired(exit.retired - index)
            // Every loop looks at the doorbell.
            asm.move(.rax, NativeCode.field(NativeCode.Offset.doorbell))
            asm.arithmetic(7, .memory(base: .rax, displacement: 0), immediate: 0, wide: false)
            asm.jump(.equal, to: labels[index])
            addRetired(index)
            writeBack()
            leaveTo(items[index].slot, mayEnter: false)
        case .interpret(let slot):
            writeBack()
            leaveTo(slot, mayEnter: false)
        case .chain(let slot):
            writeBack()
            chain(to: slot)
        case .far(let offset):
            writeBack()
            asm.move(.rax, NativeCode.field(NativeCode.Offset.page))
            addConstant(.rax, offset)
            asm.jump(nil, to: dispatch)
        }
    }

    private mutating func leaveTo(_ slot: Int, mayEnter: Bool) {
        asm.constant(.rax, UInt64(UInt(bitPattern: ops + slot)) | (mayEnter ? 1 : 0))
        asm.jump(nil, to: leave)
    }

    /// Goes on at `slot` of this page: in its translation if there is one by then and nobody rings.
    private mutating func chain(to slot: Int) {
        asm.constant(.rax, UInt64(UInt(bitPattern: CodeCache.heat(ops) + slot)))
        asm.move(.rcx, .memory(base: .rax, displacement: 0), wide: false)
        asm.move(.rdx, NativeCode.field(NativeCode.Offset.doorbell))
        asm.test(.rcx, .rcx, wide: false)
        let cold = asm.jump(.noSign)
        asm.arithmetic(7, .memory(base: .rdx, displacement: 0), immediate: 0, wide: false)
        let rung = asm.jump(.notEqual)
        asm.arithmetic(4, .register(.rcx), immediate: Int32.max, wide: false)
        asm.arithmetic(0, .rcx, NativeCode.field(NativeCode.Offset.codeBase), wide: true)
        asm.jump(.rcx)
        asm.bind(cold)
        leaveTo(slot, mayEnter: true)
        asm.bind(rung)
        leaveTo(slot, mayEnter: false)
    }

    // MARK: Operands

    func place(_ slot: UInt8) -> HostOperand { places[Int(slot)] }

    /// The host register of a guest slot, or `scratch` with its value.
    mutating func value(_ slot: UInt8, _ scratch: HostRegister) -> HostRegister {
        if case .register(let register) = place(slot) { return register }
        asm.move(scratch, place(slot))
        return scratch
    }

    /// The register to compute `slot`'s new value in: its own, unless a source that is still needed lives there.
    func target(_ slot: UInt8, avoiding other: UInt8? = nil, _ scratch: HostRegister = .rax) -> HostRegister {
        if case .register(let register) = place(slot), slot != other { return register }
        return scratch
    }

    /// Makes `register` the new value of `slot`.
    mutating func set(_ slot: UInt8, _ register: HostRegister) {
        guard slot != RegisterSlot.sink else { return }
        asm.store(place(slot), register)
    }

    /// register += value, without touching the flags if it fits.
    mutating func addConstant(_ register: HostRegister, _ value: UInt64) {
        guard value != 0 else { return }
        if let small = Int32(exactly: Int64(bitPattern: value)) {
            asm.lea(register, register, small)
        } else {
            let scratch: HostRegister = register == .rcx ? .rdx : .rcx
            asm.constant(scratch, value)
            asm.lea(register, register, scratch, scale: 0)
        }
    }

    // MARK: Flags

    /// The host's flags were just set as guest flags with inverted carry: keeps them where they outlive this moment.
    mutating func keepFlags(_ live: Bool) {
        hostFlagsAreGuests = true
        guard live else { return }
        asm.byte(0x9F)  // LAHF
        asm.instruction([0x0F, 0x90], wide: false, 0, .register(.rax))  // SETO AL
        asm.instruction(
            [0x89], wide: false, HostRegister.rax.number, NativeCode.field(NativeCode.Offset.flags), prefix: 0x66)
    }

    /// Makes the host's flags the guest's.
    mutating func needFlags() {
        guard !hostFlagsAreGuests else { return }
        asm.move(.rax, NativeCode.field(NativeCode.Offset.flags), wide: false)
        asm.byte(0x04)  // ADD AL, 0x7F: overflows if AL is 1
        asm.byte(0x7F)
        asm.byte(0x9E)  // SAHF
        hostFlagsAreGuests = true
    }

    /// The host condition of an A64 condition given as a mask over NZCV; nil: always.
    static func condition(_ mask: UInt16) -> HostCondition? {
        let table: [HostCondition] = [
            .equal, .notEqual, .aboveOrEqual, .below, .sign, .noSign, .overflow, .noOverflow, .above, .belowOrEqual,
            .greaterOrEqual, .less, .greater, .lessOrEqual,
        ]
        for code in table.indices where conditionMask(UInt32(code)) == mask { return table[code] }
        return nil
    }
}
