import Shared

// Watchpoints. A page with watched bytes has no entry in the fast TLB for the kinds of access that are watched, so
// every such access comes through `translate`, which asks here.
extension VCPU {
    /// The bytes of a cache line, which DC IVAC accesses as a whole.
    private static let cacheLineByteCount = 64

    /// The bytes that watchpoint `n` watches: an aligned block of 2^MASK bytes, or the first run of BAS. Nil for what
    /// is reserved, which acts as disabled.
    ///
    /// Source: Arm ARM "AArch64.WatchpointByteMatch".
    private mutating func watchedBytes(_ n: Int) -> (first: UInt64, count: UInt64)? {
        let control = WatchpointControl(rawValue: system.dbgwcr_EL1[n])
        let value = mmu.regime.stage1.untagged(system.dbgwvr_EL1[n])
        switch control.mask {
        case 0:
            // An address that is a multiple of 4 only has but four bytes to select.
            let select = value & 4 != 0 ? control.byteSelect & 0xF : control.byteSelect
            guard select != 0 else { return nil }
            let start = select.trailingZeroBitCount
            return (value &+ UInt64(start), UInt64((~(select >> UInt8(start))).trailingZeroBitCount))
        case 1, 2: return nil
        default:
            let count: UInt64 = 1 << UInt64(control.mask)
            return (value & ~(count - 1), count)
        }
    }

    /// The first of `byteCount` bytes from `va` that watchpoint `n` watches, counted from `va`.
    private mutating func firstWatched(_ n: Int, _ va: UInt64, _ byteCount: UInt64) -> UInt64? {
        guard let (first, count) = watchedBytes(n) else { return nil }
        if va &- first < count { return 0 }
        let distance = first &- va
        return distance < byteCount ? distance : nil
    }

    private func watchpoints(isUnprivileged: Bool) -> UInt8 {
        isUnprivileged ? debug.watchpointsUnprivileged : debug.watchpointsPrivileged
    }

    /// What accesses to the page of `va` may hit a watchpoint, so that the fast TLB must not know it.
    mutating func watchedRights(_ va: UInt64, isUnprivileged: Bool) -> AccessRights {
        let page = mmu.regime.stage1.untagged(va) & ~0xFFF
        var candidates = watchpoints(isUnprivileged: isUnprivileged)
        var accesses: UInt8 = 0
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            guard firstWatched(n, page, 0x1000) != nil else { continue }
            accesses |= WatchpointControl(rawValue: system.dbgwcr_EL1[n]).accesses
        }
        // LSC has loads and stores in the order of the rights.
        return AccessRights(rawValue: isUnprivileged ? accesses << 3 : accesses)
    }

    /// Whether an access that translates hits a watchpoint; the exception is in `mmu.fault` then.
    ///
    /// Source: Arm ARM "AArch64.WatchpointMatch"; "Determining the memory location that caused a Watchpoint exception".
    mutating func hitsWatchpoint(_ va: UInt64, _ access: MemoryAccess, byteCount: Int) -> Bool {
        let isWrite = access.kind == .write
        // Of cache maintenance only DC IVAC counts, as a store; it is the one that needs to write.
        if access.isCacheMaintenance, !isWrite { return false }
        var candidates = watchpoints(isUnprivileged: access.unprivileged)
        guard candidates != 0, generatesDebugExceptions else { return false }
        let start = access.isCacheMaintenance ? va & ~UInt64(Self.cacheLineByteCount - 1) : va
        let count = access.isCacheMaintenance ? Self.cacheLineByteCount : byteCount
        while candidates != 0 {
            let n = candidates.trailingZeroBitCount
            candidates &= candidates &- 1
            let control = WatchpointControl(rawValue: system.dbgwcr_EL1[n])
            guard control.accesses & (isWrite ? 2 : 1) != 0,
                let distance = firstWatched(n, mmu.regime.stage1.untagged(start), UInt64(truncatingIfNeeded: count)),
                !control.isLinked || isLinkedContext(control.conditions.linkedBreakpoint)
            else { continue }
            mmu.fault = MemoryFault(
                status: .debug, address: start &+ distance, isWrite: isWrite,
                isCacheMaintenance: access.isCacheMaintenance)
            return true
        }
        return false
    }
}
