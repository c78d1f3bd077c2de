import CHost
import Shared
import Testing

@testable import VCPUWorker

// How tests reach memory through the MMU, in the terms of the plain walk that they compare it with.
extension VCPU {
    /// The offset into RAM that an access reaches as a load or store would: through the fast TLB, else `translate`.
    mutating func reach(
        _ va: UInt64, _ kind: MemoryAccess.Kind = .read, unprivileged: Bool = false, byteCount: Int = 8
    ) -> UInt64? {
        let slot = (unprivileged ? mmu.unprivileged : mmu.privileged) + Int(va >> 12 & 255)
        let tag = (va &+ UInt64(byteCount - 1)) & ~0xFFF
        if (kind == .write ? slot.pointee.writeTag : slot.pointee.readTag) == tag {
            return va &+ slot.pointee.addend &- UInt64(UInt(bitPattern: ram))
        }
        let access = MemoryAccess(kind: kind, unprivileged: unprivileged)
        guard let host = translate(va, access, byteCount: byteCount) else { return nil }
        return UInt64(UnsafeRawPointer(ram).distance(to: UnsafeRawPointer(host)))
    }

    /// Whether the fast TLB would take the access.
    func isFast(_ va: UInt64, _ kind: MemoryAccess.Kind = .read, unprivileged: Bool = false) -> Bool {
        let slot = (unprivileged ? mmu.unprivileged : mmu.privileged) + Int(va >> 12 & 255)
        return (kind == .write ? slot.pointee.writeTag : slot.pointee.readTag) == va & ~0xFFF
    }

    var walks: UInt64 { control.counter(.stage1Walks) }

    /// Turns the MMU on with `tables` under both TTBRs.
    mutating func enable(_ tables: Stage1Tables, asid: UInt16 = 1, tcr: UInt64 = 0, sctlr: UInt64 = 0) {
        system.tcr_EL1 = tables.tcr | tcr
        system.mair_EL1 = Stage1Tables.mair
        system.ttbr0_EL1 = tables.root | UInt64(asid) << 48
        system.ttbr1_EL1 = tables.root
        system.sctlr_EL1 = 0x30D0_0980 | 1 | sctlr
        translationRegimeChanged()
        pstate.pan = false
        panChanged()
    }

    mutating func switchASID(_ asid: UInt16, _ tables: Stage1Tables) {
        system.ttbr0_EL1 = tables.root | UInt64(asid) << 48
        translationRegimeChanged()
    }
}

extension MemoryFault {
    var ofWalk: WalkFault {
        WalkFault(status: status, isStage2: isStage2, isStage1Walk: isStage1Walk, ipa: isStage2 ? ipa : 0)
    }
}
