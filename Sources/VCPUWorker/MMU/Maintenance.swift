import CHost
import Shared

extension VCPU {
    /// Bytes that DC ZVA clears: DCZID_EL0.BS = 4.
    private static let zeroBlockByteCount = 64

    /// Executes a SYS instruction of CRn 7 or 8 with `xt` from register `rt`. Nil: the instruction is UNDEFINED here.
    mutating func executeMaintenance(_ encoding: SystemRegisterEncoding, _ xt: UInt64, rt: Int = 31) -> Outcome? {
        guard let instruction = SystemInstruction(encoding) else { return nil }
        guard features.set.isSuperset(of: instruction.requirement) else { return takeUndefined() }
        // A walk's tables cannot be told from its leaf in a TLB of combined entries: the last-level forms do the same.
        switch instruction {
        case .IC_IVAU, .DC_CVAC, .DC_CVAU, .DC_CVAP, .DC_CIVAC, .DC_ZVA:
            return maintainByAddress(instruction, xt, rt)
        default: break
        }
        guard pstate.el != 0 else { return nil }
        switch instruction {
        case .TLBI_VMALLE1IS: broadcastDVM(DVMOperation(.allE1))
        case .TLBI_VAE1IS, .TLBI_VALE1IS: broadcastDVM(DVMOperation(.va, operand: xt))
        case .TLBI_ASIDE1IS: broadcastDVM(DVMOperation(.asid, operand: xt >> 48))
        case .TLBI_VAAE1IS, .TLBI_VAALE1IS: broadcastDVM(DVMOperation(.vaAllASIDs, operand: xt))
        case .TLBI_VMALLE1: applyDVM(DVMOperation(.allE1))
        case .TLBI_VAE1, .TLBI_VALE1: applyDVM(DVMOperation(.va, operand: xt))
        case .TLBI_ASIDE1: applyDVM(DVMOperation(.asid, operand: xt >> 48))
        case .TLBI_VAAE1, .TLBI_VAALE1: applyDVM(DVMOperation(.vaAllASIDs, operand: xt))
        case .IC_IALLUIS: broadcastDVM(DVMOperation(.instructionCacheAll))
        case .IC_IALLU: applyDVM(DVMOperation(.instructionCacheAll))
        // The data caches are the host's, and coherent.
        case .DC_ISW, .DC_CSW, .DC_CISW: break
        case .DC_IVAC: return maintainByAddress(instruction, xt, rt)
        case .AT_S1E1R: return translateAddress(xt, MemoryAccess(kind: .read, unprivileged: false), instruction, rt)
        case .AT_S1E1W: return translateAddress(xt, MemoryAccess(kind: .write, unprivileged: false), instruction, rt)
        case .AT_S1E0R: return translateAddress(xt, MemoryAccess(kind: .read, unprivileged: true), instruction, rt)
        case .AT_S1E0W: return translateAddress(xt, MemoryAccess(kind: .write, unprivileged: true), instruction, rt)
        // FEAT_PAN2
        case .AT_S1E1RP:
            return translateAddress(
                xt, MemoryAccess(kind: .read, unprivileged: false), isPAN: pstate.pan, instruction, rt)
        case .AT_S1E1WP:
            return translateAddress(
                xt, MemoryAccess(kind: .write, unprivileged: false), isPAN: pstate.pan, instruction, rt)
        default: return nil
        }
        return .next
    }

    /// DC and IC by virtual address, at EL0 as far as SCTLR_EL1 lets it.
    private mutating func maintainByAddress(_ instruction: SystemInstruction, _ va: UInt64, _ rt: Int) -> Outcome {
        let isUnprivileged = pstate.el == 0
        // UCI for cache maintenance, DZE for DC ZVA.
        let permission: UInt64 = instruction == .DC_ZVA ? 1 << 14 : 1 << 26
        if isUnprivileged, system.sctlr_EL1 & permission == 0 {
            let syndrome = ExceptionSyndrome(.sys64, iss: instruction.encoding.iss(rt: rt, isRead: false))
            return takeSynchronous(syndrome, far: nil, returnAddress: pc)
        }
        if instruction == .DC_ZVA { return zeroBlock(va, instruction, rt) }

        // Cleaning needs to read, invalidating needs to write: nobody's data may be lost that he cannot write himself.
        let access = MemoryAccess(
            kind: instruction == .DC_IVAC ? .write : .read, unprivileged: isUnprivileged, isCacheMaintenance: true)
        guard let host = translate(va, access, byteCount: 1) else {
            return raise(mmu.fault, instruction: Self.word(instruction, rt))
        }
        if instruction == .IC_IVAU {
            let offset = UInt64(UInt(bitPattern: host) &- UInt(bitPattern: ram)) & ~63
            broadcastDVM(DVMOperation(.instructionCacheLine, operand: offset))
        }
        return .next
    }

    private mutating func zeroBlock(_ va: UInt64, _ instruction: SystemInstruction, _ rt: Int) -> Outcome {
        let block = va & ~UInt64(Self.zeroBlockByteCount - 1)
        let access = MemoryAccess(kind: .write, unprivileged: pstate.el == 0)
        // Device memory takes no DC ZVA, whatever stage 2 says. Any other fault of stage 1 is found again below.
        let first = try? mmu.regime.stage1.walk(
            block, unprivileged: access.unprivileged, stage2: mmu.regime.stage2, in: physicalMemory)
        if first?.isDevice ?? false {
            _ = fail(va, access, WalkFault(status: .alignment))
            return raise(mmu.fault, instruction: Self.word(instruction, rt))
        }
        guard let host = translate(block, access, byteCount: Self.zeroBlockByteCount) else {
            // FAR holds the address as the register had it.
            if mmu.fault.status != .debug { mmu.fault.address = va }
            return raise(mmu.fault, instruction: Self.word(instruction, rt))
        }
        host.initializeMemory(as: UInt8.self, repeating: 0, count: Self.zeroBlockByteCount)
        return .next
    }

    /// AT S1E…: stage 1 alone, its result or fault into PAR_EL1. A stage-2 fault of the walk is the hypervisor's.
    /// `isPAN`: PSTATE.PAN is set and counts, which it does for S1E1RP and S1E1WP alone.
    private mutating func translateAddress(
        _ va: UInt64, _ access: MemoryAccess, isPAN: Bool = false, _ instruction: SystemInstruction, _ rt: Int
    ) -> Outcome {
        do throws(WalkFault) {
            let translation = try mmu.regime.stage1.walk(
                va, unprivileged: access.unprivileged, stage2: mmu.regime.stage2, in: physicalMemory)
            let request = WalkRequest(access: access, isPrivilegedAccessNever: isPAN)
            if let fault = translation.permissionFault(request) { throw fault }
            system.par_EL1 = Self.par(translation)
        } catch {
            if error.isStage2 {
                var access = access
                access.isCacheMaintenance = true
                _ = fail(va, access, error)
                return raise(mmu.fault, instruction: Self.word(instruction, rt))
            }
            // F, FST, and bit 11 RES1.
            system.par_EL1 = 1 | UInt64(error.status.rawValue) << 1 | 1 << 11
        }
        return .next
    }

    /// PAR_EL1 of a success: ATTR, PA, bit 11 RES1, SH, NS, F = 0. Device and Normal memory that is Non-cacheable inside and
    /// out read as outer shareable.
    private static func par(_ translation: Stage1Translation) -> UInt64 {
        let isUncached = translation.isDevice || translation.attributes == 0x44
        let shareability: UInt64 = isUncached ? 2 : UInt64(translation.shareability)
        return UInt64(translation.attributes) << 56 | (translation.ipa & 0x0000_FFFF_FFFF_F000) | 1 << 11
            | 1 << 9 | shareability << 7
    }

    /// The instruction word of a SYS.
    private static func word(_ instruction: SystemInstruction, _ rt: Int) -> UInt32 {
        0xD500_0000 | UInt32(instruction.rawValue) << 5 | UInt32(truncatingIfNeeded: rt & 31)
    }
}
