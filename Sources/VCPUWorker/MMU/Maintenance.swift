import CHost
import Shared

/// The system instructions of the SYS space (op0 = 1) that maintain caches and TLBs or translate addresses.
///
/// Source: Arm ARM "System instructions", "A64 instructions for TLB maintenance".
private enum MaintenanceInstruction {
    // swift-format-ignore
    static let
        icIALLUIS = SystemRegisterEncoding(1, 0, 7, 1, 0),
        icIALLU   = SystemRegisterEncoding(1, 0, 7, 5, 0),
        dcIVAC    = SystemRegisterEncoding(1, 0, 7, 6, 1),
        dcISW     = SystemRegisterEncoding(1, 0, 7, 6, 2),
        atS1E1R   = SystemRegisterEncoding(1, 0, 7, 8, 0),
        atS1E1W   = SystemRegisterEncoding(1, 0, 7, 8, 1),
        atS1E0R   = SystemRegisterEncoding(1, 0, 7, 8, 2),
        atS1E0W   = SystemRegisterEncoding(1, 0, 7, 8, 3),
        atS1E1RP  = SystemRegisterEncoding(1, 0, 7, 9, 0),
        atS1E1WP  = SystemRegisterEncoding(1, 0, 7, 9, 1),
        dcCSW     = SystemRegisterEncoding(1, 0, 7, 10, 2),
        dcCISW    = SystemRegisterEncoding(1, 0, 7, 14, 2),
        dcZVA     = SystemRegisterEncoding(1, 3, 7, 4, 1),
        icIVAU    = SystemRegisterEncoding(1, 3, 7, 5, 1),
        dcCVAC    = SystemRegisterEncoding(1, 3, 7, 10, 1),
        dcCVAU    = SystemRegisterEncoding(1, 3, 7, 11, 1),
        dcCVAP    = SystemRegisterEncoding(1, 3, 7, 12, 1),
        dcCIVAC   = SystemRegisterEncoding(1, 3, 7, 14, 1)

    // swift-format-ignore
    static let
        tlbiVMALLE1IS = SystemRegisterEncoding(1, 0, 8, 3, 0),
        tlbiVAE1IS    = SystemRegisterEncoding(1, 0, 8, 3, 1),
        tlbiASIDE1IS  = SystemRegisterEncoding(1, 0, 8, 3, 2),
        tlbiVAAE1IS   = SystemRegisterEncoding(1, 0, 8, 3, 3),
        tlbiVALE1IS   = SystemRegisterEncoding(1, 0, 8, 3, 5),
        tlbiVAALE1IS  = SystemRegisterEncoding(1, 0, 8, 3, 7),
        tlbiVMALLE1   = SystemRegisterEncoding(1, 0, 8, 7, 0),
        tlbiVAE1      = SystemRegisterEncoding(1, 0, 8, 7, 1),
        tlbiASIDE1    = SystemRegisterEncoding(1, 0, 8, 7, 2),
        tlbiVAAE1     = SystemRegisterEncoding(1, 0, 8, 7, 3),
        tlbiVALE1     = SystemRegisterEncoding(1, 0, 8, 7, 5),
        tlbiVAALE1    = SystemRegisterEncoding(1, 0, 8, 7, 7)
}

extension VCPU {
    /// Bytes that DC ZVA clears: DCZID_EL0.BS = 4.
    private static let zeroBlockByteCount = 64

    /// Executes a SYS instruction of CRn 7 or 8 with `xt` from register `rt`. Nil: the instruction is UNDEFINED here.
    mutating func executeMaintenance(_ encoding: SystemRegisterEncoding, _ xt: UInt64, rt: Int = 31) -> Outcome? {
        typealias I = MaintenanceInstruction
        // A walk's tables cannot be told from its leaf in a TLB of combined entries: the last-level forms do the same.
        switch encoding {
        case I.icIVAU, I.dcCVAC, I.dcCVAU, I.dcCVAP, I.dcCIVAC, I.dcZVA:
            return maintainByAddress(encoding, xt, rt)
        default: break
        }
        guard pstate.el != 0 else { return nil }
        switch encoding {
        case I.tlbiVMALLE1IS: broadcastDVM(DVMOperation(.allE1))
        case I.tlbiVAE1IS, I.tlbiVALE1IS: broadcastDVM(DVMOperation(.va, operand: xt))
        case I.tlbiASIDE1IS: broadcastDVM(DVMOperation(.asid, operand: xt >> 48))
        case I.tlbiVAAE1IS, I.tlbiVAALE1IS: broadcastDVM(DVMOperation(.vaAllASIDs, operand: xt))
        case I.tlbiVMALLE1: applyDVM(DVMOperation(.allE1))
        case I.tlbiVAE1, I.tlbiVALE1: applyDVM(DVMOperation(.va, operand: xt))
        case I.tlbiASIDE1: applyDVM(DVMOperation(.asid, operand: xt >> 48))
        case I.tlbiVAAE1, I.tlbiVAALE1: applyDVM(DVMOperation(.vaAllASIDs, operand: xt))
        case I.icIALLUIS: broadcastDVM(DVMOperation(.instructionCacheAll))
        case I.icIALLU: applyDVM(DVMOperation(.instructionCacheAll))
        // The data caches are the host's, and coherent.
        case I.dcISW, I.dcCSW, I.dcCISW: break
        case I.dcIVAC: return maintainByAddress(encoding, xt, rt)
        case I.atS1E1R: return translateAddress(xt, MemoryAccess(kind: .read, unprivileged: false), encoding, rt)
        case I.atS1E1W: return translateAddress(xt, MemoryAccess(kind: .write, unprivileged: false), encoding, rt)
        case I.atS1E0R: return translateAddress(xt, MemoryAccess(kind: .read, unprivileged: true), encoding, rt)
        case I.atS1E0W: return translateAddress(xt, MemoryAccess(kind: .write, unprivileged: true), encoding, rt)
        // FEAT_PAN2
        case I.atS1E1RP:
            return translateAddress(
                xt, MemoryAccess(kind: .read, unprivileged: false), isPAN: pstate.pan, encoding, rt)
        case I.atS1E1WP:
            return translateAddress(
                xt, MemoryAccess(kind: .write, unprivileged: false), isPAN: pstate.pan, encoding, rt)
        default: return nil
        }
        return .next
    }

    /// DC and IC by virtual address, at EL0 as far as SCTLR_EL1 lets it.
    private mutating func maintainByAddress(_ encoding: SystemRegisterEncoding, _ va: UInt64, _ rt: Int) -> Outcome {
        typealias I = MaintenanceInstruction
        let isUnprivileged = pstate.el == 0
        // UCI for cache maintenance, DZE for DC ZVA.
        let permission: UInt64 = encoding == I.dcZVA ? 1 << 14 : 1 << 26
        if isUnprivileged, system.sctlr_EL1 & permission == 0 {
            let syndrome = ExceptionSyndrome(.sys64, iss: encoding.iss(rt: rt, isRead: false))
            return takeSynchronous(syndrome, far: nil, returnAddress: pc)
        }
        if encoding == I.dcZVA { return zeroBlock(va, encoding, rt) }

        // Cleaning needs to read, invalidating needs to write: nobody's data may be lost that he cannot write himself.
        let access = MemoryAccess(
            kind: encoding == I.dcIVAC ? .write : .read, unprivileged: isUnprivileged, isCacheMaintenance: true)
        guard let host = translate(va, access, byteCount: 1) else {
            return raise(mmu.fault, instruction: Self.word(encoding, rt))
        }
        if encoding == I.icIVAU {
            let offset = UInt64(UInt(bitPattern: host) &- UInt(bitPattern: ram)) & ~63
            broadcastDVM(DVMOperation(.instructionCacheLine, operand: offset))
        }
        return .next
    }

    private mutating func zeroBlock(_ va: UInt64, _ encoding: SystemRegisterEncoding, _ rt: Int) -> Outcome {
        let block = va & ~UInt64(Self.zeroBlockByteCount - 1)
        let access = MemoryAccess(kind: .write, unprivileged: pstate.el == 0)
        // Device memory takes no DC ZVA, whatever stage 2 says. Any other fault of stage 1 is found again below.
        let first = try? mmu.regime.stage1.walk(
            block, unprivileged: access.unprivileged, stage2: mmu.regime.stage2, in: physicalMemory)
        if first?.isDevice ?? false {
            _ = fail(va, access, WalkFault(status: .alignment))
            return raise(mmu.fault, instruction: Self.word(encoding, rt))
        }
        guard let host = translate(block, access, byteCount: Self.zeroBlockByteCount) else {
            // FAR holds the address as the register had it.
            if mmu.fault.status != .debug { mmu.fault.address = va }
            return raise(mmu.fault, instruction: Self.word(encoding, rt))
        }
        host.initializeMemory(as: UInt8.self, repeating: 0, count: Self.zeroBlockByteCount)
        return .next
    }

    /// AT S1E…: stage 1 alone, its result or fault into PAR_EL1. A stage-2 fault of the walk is the hypervisor's.
    /// `isPAN`: PSTATE.PAN is set and counts, which it does for S1E1RP and S1E1WP alone.
    private mutating func translateAddress(
        _ va: UInt64, _ access: MemoryAccess, isPAN: Bool = false, _ encoding: SystemRegisterEncoding, _ rt: Int
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
                return raise(mmu.fault, instruction: Self.word(encoding, rt))
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
    private static func word(_ encoding: SystemRegisterEncoding, _ rt: Int) -> UInt32 {
        0xD500_0000 | UInt32(encoding.rawValue) << 5 | UInt32(truncatingIfNeeded: rt & 31)
    }
}
