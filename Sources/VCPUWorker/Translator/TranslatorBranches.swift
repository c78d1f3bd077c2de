// The translation of branches.

extension Translator {
    /// Emits a branch; false if `item` is none.
    mutating func lowerBranch(_ item: Item) -> Bool {
        let op = item.op
        switch op.code {
        case .branchNear:
            // A followed jump costs nothing; any other ends the trace.
            if !isFollowed(item) { jump(nil, item) }
        case .branch:
            exits.append(Exit(fixup: asm.jump(nil), kind: .far(offset: op.imm), retired: retired + 1))
        case .branchConditionalNear, .branchConditional:
            needFlags()
            jump(Self.condition(op.aux), item)
        case .branchLinkNear, .branchLink:
            link(item.slot)
            jump(nil, item)
        case .compareBranchZero64, .compareBranchZero64Near: compareAndJump(item, .equal, wide: true)
        case .compareBranchZero32, .compareBranchZero32Near: compareAndJump(item, .equal, wide: false)
        case .compareBranchNonzero64, .compareBranchNonzero64Near: compareAndJump(item, .notEqual, wide: true)
        case .compareBranchNonzero32, .compareBranchNonzero32Near: compareAndJump(item, .notEqual, wide: false)
        case .testBranchZero, .testBranchZeroNear: testAndJump(item, .aboveOrEqual)
        case .testBranchNonzero, .testBranchNonzeroNear: testAndJump(item, .below)
        case .branchRegister, .branchReturn, .branchLinkRegister:
            asm.move(.rdx, place(op.n))
            if op.code == .branchLinkRegister { link(item.slot) }
            asm.move(.rax, .register(.rdx))
            addRetired(retired + 1)
            writeBack()
            asm.jump(nil, to: dispatch)
        default: return false
        }
        return true
    }

    /// X30 = the address behind `slot`.
    private mutating func link(_ slot: Int) {
        asm.move(.rax, NativeCode.field(NativeCode.Offset.page))
        addConstant(.rax, UInt64(slot * 4 + 4))
        set(30, .rax)
    }

    private mutating func compareAndJump(_ item: Item, _ condition: HostCondition, wide: Bool) {
        hostFlagsAreGuests = false
        if case .register(let register) = place(item.op.n) {
            asm.test(register, register, wide: wide)
        } else {
            asm.arithmetic(7, place(item.op.n), immediate: 0, wide: wide)
        }
        jump(condition, item)
    }

    private mutating func testAndJump(_ item: Item, _ condition: HostCondition) {
        hostFlagsAreGuests = false
        asm.instruction([0x0F, 0xBA], wide: true, 4, place(item.op.n))  // BT
        asm.byte(item.op.a)
        jump(condition, item)
    }

    private static func isNear(_ code: OpCode) -> Bool {
        switch code {
        case .branchNear, .branchLinkNear, .branchConditionalNear, .compareBranchZero64Near, .compareBranchZero32Near,
            .compareBranchNonzero64Near, .compareBranchNonzero32Near, .testBranchZeroNear, .testBranchNonzeroNear:
            true
        default: false
        }
    }

    /// The slot that a near branch leads to.
    static func target(_ item: Item) -> Int? {
        isNear(item.op.code) ? item.slot + distance(item.op) : nil
    }

    /// Goes to where the branch leads if the host's `condition` holds.
    private mutating func jump(_ condition: HostCondition?, _ item: Item) {
        let fixup = asm.jump(condition)
        let kind: Exit.Kind
        if let slot = Self.target(item) {
            if let index = itemIndex(of: slot) {
                kind = .inside(item: index)
            } else {
                kind = .chain(slot: slot)
            }
        } else {
            kind = .far(offset: item.op.imm)
        }
        exits.append(Exit(fixup: fixup, kind: kind, retired: retired + 1))
    }
}
