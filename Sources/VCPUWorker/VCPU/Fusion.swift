import CHost
import Shared

/// Decoding in place: lowers the instruction of a slot, resolves what depends on its place in the page, and fuses it with
/// the next ones where compilers write them next to each other.
enum Fusion {
    /// The op of slot `slot` of the page whose bytes are at `page`, on a PE that has `features`.
    static func op(at slot: Int, page: UnsafeMutableRawPointer, _ features: CPUFeatureSet) -> Op {
        var op = single(at: slot, page: page, features)
        guard slot + 1 < CodeCache.opsPerPage else { return op }
        switch op.code {
        case .subsImmediate64, .subsImmediate32, .subsRegister64, .subsRegister32, .andsImmediate64, .andsImmediate32:
            fuseBranch(&op, single(at: slot + 1, page: page, features))
        case .pcRelative:
            fusePCRelative(&op, single(at: slot + 1, page: page, features))
        case .moveImmediate:
            fuseMoves(&op, slot, page, features)
        default:
            break
        }
        return op
    }

    static func single(at slot: Int, page: UnsafeMutableRawPointer, _ features: CPUFeatureSet) -> Op {
        let word = armada_load_relaxed32(page + slot * 4)
        return placed(Decoder.shared.decode(word, features), slot)
    }

    /// The op of slot `slot` to be executed by itself: no branch of it stays in the page, where one to itself would be executed
    /// again.
    static func alone(at slot: Int, page: UnsafeMutableRawPointer, _ features: CPUFeatureSet) -> Op {
        placed(Decoder.shared.decode(armada_load_relaxed32(page + slot * 4), features), slot, mayStay: false)
    }

    /// Resolves a PC-relative op that stands in `slot`: to a distance in the page, or an offset from the page's start.
    static func placed(_ op: Op, _ slot: Int, mayStay: Bool = true) -> Op {
        let near: OpCode
        switch op.code {
        case .branch: near = .branchNear
        case .branchLink: near = .branchLinkNear
        case .branchConditional: near = .branchConditionalNear
        case .compareBranchZero64: near = .compareBranchZero64Near
        case .compareBranchZero32: near = .compareBranchZero32Near
        case .compareBranchNonzero64: near = .compareBranchNonzero64Near
        case .compareBranchNonzero32: near = .compareBranchNonzero32Near
        case .testBranchZero: near = .testBranchZeroNear
        case .testBranchNonzero: near = .testBranchNonzeroNear
        case .pcRelative:
            // ADRP (aux = 1) counts from the page, ADR from the instruction.
            var op = op
            if op.aux == 0 { op.imm = op.imm &+ UInt64(slot * 4) }
            return op
        case .loadLiteral, .loadVectorLiteral:
            var op = op
            op.imm = op.imm &+ UInt64(slot * 4)
            return op
        default:
            return op
        }
        var op = op
        let distance = Int64(bitPattern: op.imm) >> 2
        let target = Int64(slot) + distance
        if mayStay, target >= 0, target < Int64(CodeCache.opsPerPage) {
            op.code = near
            op.imm = UInt64(bitPattern: distance * Int64(MemoryLayout<Op>.stride))
        } else {
            op.imm = op.imm &+ UInt64(slot * 4)
        }
        return op
    }

    /// SUBS or ANDS and a near B.cond.
    private static func fuseBranch(_ op: inout Op, _ next: Op) {
        guard next.code == .branchConditionalNear else { return }
        let hasDestination = op.d != RegisterSlot.sink
        let isRegister = op.code == .subsRegister64 || op.code == .subsRegister32
        let code: OpCode
        switch op.code {
        case .subsImmediate64: code = hasDestination ? .subsImmediateBranch64 : .compareImmediateBranch64
        case .subsImmediate32: code = hasDestination ? .subsImmediateBranch32 : .compareImmediateBranch32
        case .subsRegister64 where !hasDestination: code = .compareRegisterBranch64
        case .subsRegister32 where !hasDestination: code = .compareRegisterBranch32
        case .andsImmediate64 where !hasDestination && op.imm >> 32 == 0:
            code = .testImmediateBranch
            op.a = 0
        case .andsImmediate32 where !hasDestination:
            code = .testImmediateBranch
            op.a = 1
        default: return
        }
        op.code = code
        op.aux = next.aux
        op.imm = (isRegister ? 0 : op.imm & 0xFFFF_FFFF) | next.imm << 32
    }

    /// ADRP and an ADD or LDR of the same register.
    private static func fusePCRelative(_ op: inout Op, _ next: Op) {
        guard op.aux == 1, op.d != RegisterSlot.sink, next.d == op.d, next.n == op.d else { return }
        if next.code == .addImmediate64 {
            op.code = .pcRelativePair
            op.imm = op.imm &+ next.imm
        } else if next.code == .load64, next.imm < 0x1000 {
            op.code = .pcRelativeLoad64
            op.imm = op.imm | next.imm
        }
    }

    /// MOVZ or MOVN and up to three MOVK of the same register.
    private static func fuseMoves(
        _ op: inout Op, _ slot: Int, _ page: UnsafeMutableRawPointer, _ features: CPUFeatureSet
    ) {
        guard op.d < RegisterSlot.sp else { return }
        var value = op.imm
        var count = 1
        while count < 4, slot + count < CodeCache.opsPerPage {
            let next = single(at: slot + count, page: page, features)
            guard next.code == .moveKeep64, next.d == op.d else { break }
            value = value & ~(0xFFFF << UInt64(next.a)) | next.imm
            count += 1
        }
        guard count > 1 else { return }
        op.code = .moveImmediatePair
        op.imm = value
        op.a = UInt8(count)
    }
}
