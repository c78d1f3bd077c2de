import CHost
import Shared

/// Where code at a VA page is.
struct FetchTranslation {
    /// Host address of the 4 KiB page.
    var hostPage: UnsafeMutableRawPointer
    /// Its offset into guest RAM, a multiple of 4 KiB.
    var offset: UInt64
}

extension VCPU {
    /// Guest RAM and stage-2 tables for the walker.
    var physicalMemory: PhysicalMemory {
        PhysicalMemory(
            ram: ram, ramByteCount: ramByteCount, stage2Tables: stage2Tables, stage2ByteCount: stage2ByteCount)
    }

    /// Translates for one access of `byteCount` bytes at `va`, and fills the fast TLB where that is allowed.
    ///
    /// An access that crosses a page is translated in two: the first part with the byte count of the whole, so that its
    /// alignment is seen, the second with 1. Returns the host address, or nil with the fault in `mmu.fault`.
    mutating func translate(_ va: UInt64, _ access: MemoryAccess, byteCount: Int) -> UnsafeMutableRawPointer? {
        let isUnaligned = va & UInt64(truncatingIfNeeded: byteCount &- 1) != 0
        let isAlignmentChecked = system.sctlr_EL1 & 1 << 1 != 0
        if isUnaligned, isAlignmentChecked {
            return fail(va, access, WalkFault(status: .alignment))
        }
        let isPAN = pstate.pan && !access.isCacheMaintenance
        let request = WalkRequest(
            access: access, isPrivilegedAccessNever: isPAN && !access.unprivileged, isUnaligned: isUnaligned)
        guard var entry = lookUp(va, request) else { return nil }
        if debug.isDataWatched {
            if hitsWatchpoint(va, access, byteCount: byteCount) { return nil }
            entry.rights.subtract(watchedRights(va, isUnprivileged: access.unprivileged))
        }
        if !entry.isDevice, !isAlignmentChecked, !access.isCacheMaintenance {
            mmu.fast.fill(
                va: va, unprivileged: access.unprivileged, isPAN: isPAN, entry: entry,
                ram: UInt64(UInt(bitPattern: ram)))
        }
        return ram + Int(truncatingIfNeeded: entry.offset | (va & 0xFFF))
    }

    /// The page from which the current EL executes at `va`, or nil with the fault in `mmu.fault`. It stays good until
    /// `flushFetchTranslations()` or a change of EL.
    mutating func translateFetch(_ va: UInt64) -> FetchTranslation? {
        let request = WalkRequest(access: MemoryAccess(kind: .fetch, unprivileged: pstate.el == 0))
        guard let entry = lookUp(va, request, marking: TLB.Entry.fetched) else { return nil }
        mmu.isFetchSideFilled = true
        return FetchTranslation(hostPage: ram + Int(truncatingIfNeeded: entry.offset), offset: entry.offset)
    }

    /// The TLB entry that permits `request`, from the TLB or from a walk; nil with the fault in `mmu.fault`.
    @inline(__always)
    private mutating func lookUp(_ va: UInt64, _ request: WalkRequest, marking flags: UInt8 = 0) -> TLB.Entry? {
        let page = mmu.regime.stage1.untagged(va) & ~0xFFF
        let asid = mmu.regime.stage1.asid
        if let fault = mmu.refused.fault(of: va, page: page, request) {
            _ = fail(va, request.access, fault)
            return nil
        }
        if let found = mmu.tlb.find(page, asid: asid) {
            let isPermitted =
                found.pointee.rights.contains(.needed(by: request.access))
                && !(request.isPrivilegedAccessNever && found.pointee.isUserAccessible)
                && !(request.isUnaligned && found.pointee.isDevice)
            if isPermitted {
                found.pointee.flags |= flags
                return found.pointee
            }
        }
        do throws(WalkFault) {
            let translation = try walk(va, page, request)
            var entryFlags = flags
            if translation.isGlobal { entryFlags |= TLB.Entry.global }
            if translation.isDevice { entryFlags |= TLB.Entry.device }
            if translation.isUserAccessible { entryFlags |= TLB.Entry.userAccessible }
            let entry = TLB.Entry(
                page: page, offset: translation.offset & ~0xFFF, asid: asid, rights: translation.rights,
                blockBits: translation.blockBits, flags: entryFlags)
            insert(entry)
            return entry
        } catch {
            _ = fail(va, request.access, error)
            return nil
        }
    }

    private mutating func walk(_ va: UInt64, _ page: UInt64, _ request: WalkRequest) throws(WalkFault) -> Translation {
        let memory = physicalMemory
        let unprivileged = request.access.unprivileged
        control.increment(.stage1Walks)
        let first = try mmu.regime.stage1.walk(va, unprivileged: unprivileged, stage2: mmu.regime.stage2, in: memory)
        do throws(WalkFault) {
            return try mmu.regime.complete(first, request, in: memory)
        } catch {
            if error.isStage2 {
                mmu.refused.remember(first, page: page, unprivileged: unprivileged, in: memory, mmu.regime.stage2)
            }
            throw error
        }
    }

    private mutating func insert(_ entry: TLB.Entry) {
        let fast = mmu.fast
        var wasFetched = false
        mmu.tlb.insert(entry) { removed in
            fast.forget(page: removed.page)
            if removed.isFetched { wasFetched = true }
        }
        if wasFetched { forgetFetchSide() }
    }

    /// Leaves `fault` in `mmu.fault`.
    @inline(__always)
    mutating func fail(_ va: UInt64, _ access: MemoryAccess, _ fault: WalkFault) -> UnsafeMutableRawPointer? {
        mmu.fault = MemoryFault(
            isStage2: fault.isStage2, isStage1Walk: fault.isStage1Walk, status: fault.status, address: va,
            ipa: fault.ipa,
            // Cache maintenance and AT report as writes.
            isWrite: access.kind == .write || access.isCacheMaintenance, isFetch: access.kind == .fetch,
            isCacheMaintenance: access.isCacheMaintenance)
        return nil
    }
}
