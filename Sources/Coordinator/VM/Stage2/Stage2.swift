import Shared

/// The VM's stage-2 translation: from intermediate physical addresses to offsets into the RAM file.
///
/// A change of a valid descriptor goes break-before-make: invalid, invalidate, new. The invalidation is not waited for, since
/// the coordinator never waits for a worker: the output address of a page never changes while it is mapped, so that a vCPU
/// which still holds the old translation reaches the same memory, with the permissions that it had a moment ago. What must not
/// be reused too early, the tables, is kept until every vCPU has answered.
///
/// Source: Arm ARM "VMSAv8-64 translation table format descriptors", "Using break-before-make when updating translation
/// table entries"; KVM's `kvm_pgtable_stage2_map` and its relatives.
struct Stage2: ~Copyable {
    enum MapResult: Equatable {
        case mapped
        /// Another vCPU's fault has been there first: everything asked for was allowed already.
        case unchanged
        case outOfTables
    }

    let geometry: Stage2Geometry
    var memory: Stage2TableMemory
    let broadcast: any Stage2Broadcast

    init(memory: consuming Stage2TableMemory, broadcast: any Stage2Broadcast) {
        geometry = memory.geometry
        self.memory = memory
        self.broadcast = broadcast
    }

    var tableCount: Int { memory.tableCount }

    /// Maps the block of `level` that holds `ipa` to `output` (both are cut down to the block's alignment).
    mutating func map(_ ipa: IPA, to output: HostOffset, level target: Int, _ permissions: Stage2Permissions)
        -> MapResult
    {
        var table: UInt64 = 0
        var level = geometry.startLevel
        while level < target {
            let entry = table + geometry.index(ipa, level: level) * 8
            var descriptor = memory.load(entry)
            if descriptor & Stage2Descriptor.valid == 0 {
                guard let next = memory.allocate(broadcast) else { return .outOfTables }
                descriptor = next | Stage2Descriptor.valid | Stage2Descriptor.tableOrPage
                memory.store(entry, descriptor)
            } else if descriptor & Stage2Descriptor.tableOrPage == 0 {
                if Self.allows(descriptor, permissions), leads(descriptor, level: level, from: ipa, to: output) {
                    return .unchanged
                }
                guard let split = split(entry, descriptor, level: level, ipa) else { return .outOfTables }
                descriptor = split
            }
            table = descriptor & Stage2Descriptor.addressMask
            level += 1
        }
        let entry = table + geometry.index(ipa, level: target) * 8
        let old = memory.load(entry)
        let mask = ~(geometry.blockByteCount(level: target) - 1)
        let new = output.rawValue & mask | Self.leafBits(level: target) | permissions.descriptorBits
        if old & Stage2Descriptor.valid == 0 {
            memory.store(entry, new)
            return .mapped
        }
        let wasTable = target < Stage2Geometry.lastLevel && old & Stage2Descriptor.tableOrPage != 0
        if !wasTable, (old ^ new) & Stage2Descriptor.addressMask & mask == 0 {
            if Self.allows(old, permissions) { return .unchanged }
            // The same memory with more permissions: no break is needed.
            let union = Stage2Permissions(old).union(permissions)
            memory.store(entry, output.rawValue & mask | Self.leafBits(level: target) | union.descriptorBits)
            _ = broadcast.invalidate(IPA(ipa.rawValue & mask), byteCount: ~mask + 1)
            return .mapped
        }
        memory.store(entry, 0)
        let ticket = broadcast.invalidate(IPA(ipa.rawValue & mask), byteCount: ~mask + 1)
        if wasTable { retire(old & Stage2Descriptor.addressMask, level: target + 1, ticket) }
        memory.store(entry, new)
        return .mapped
    }

    /// The leaf descriptor that maps `ipa` and its level.
    func lookUp(_ ipa: IPA) -> (descriptor: UInt64, level: Int)? {
        guard let found = findLeaf(ipa) else { return nil }
        return (memory.load(found.entry), found.level)
    }

    /// Sets the access flag of the leaf that maps `ipa`. False if there is none.
    mutating func makeYoung(_ ipa: IPA) -> Bool {
        guard let found = findLeaf(ipa) else { return false }
        memory.store(found.entry, memory.load(found.entry) | Stage2Descriptor.accessFlag)
        return true
    }

    /// Takes away every translation of the range; blocks that reach beyond it are split. False when the tables are full.
    mutating func unmap(_ ipa: IPA, byteCount: UInt64) -> Bool {
        change(ipa, byteCount: byteCount) { _ in 0 }
    }

    /// Takes away the write permission of the range, blocks that reach beyond it included.
    mutating func writeProtect(_ ipa: IPA, byteCount: UInt64) {
        _ = change(ipa, byteCount: byteCount, splits: false) { $0 & ~Stage2Descriptor.write }
    }

    /// Replaces the block that maps `ipa` by a table of the next level. True if there is no block, or no longer.
    mutating func splitBlock(_ ipa: IPA) -> Bool {
        guard let found = findLeaf(ipa), found.level < Stage2Geometry.lastLevel else { return true }
        return split(found.entry, memory.load(found.entry), level: found.level, ipa) != nil
    }

    /// Visits every leaf, in the order of their IPAs.
    func forEachLeaf(_ visit: (Stage2Leaf) -> Void) {
        visitLeaves(table: 0, level: geometry.startLevel, ipa: 0, visit)
    }

    // MARK: Inner parts

    private func visitLeaves(table: UInt64, level: Int, ipa: UInt64, _ visit: (Stage2Leaf) -> Void) {
        for index in 0..<geometry.entryCount(level: level) {
            let descriptor = memory.load(table + index * 8)
            guard descriptor & Stage2Descriptor.valid != 0 else { continue }
            let start = ipa + index * geometry.blockByteCount(level: level)
            if level == Stage2Geometry.lastLevel || descriptor & Stage2Descriptor.tableOrPage == 0 {
                visit(
                    Stage2Leaf(
                        ipa: start, descriptor: descriptor, level: level,
                        byteCount: geometry.blockByteCount(level: level)))
            } else {
                visitLeaves(
                    table: descriptor & Stage2Descriptor.addressMask, level: level + 1, ipa: start, visit)
            }
        }
    }

    private static func leafBits(level: Int) -> UInt64 {
        Stage2Descriptor.valid | (level == Stage2Geometry.lastLevel ? Stage2Descriptor.tableOrPage : 0)
            | Stage2Descriptor.memAttrNormalWriteBack | Stage2Descriptor.innerShareable | Stage2Descriptor.accessFlag
    }

    /// Whether the block `leaf` maps the page of `ipa` to that of `output`.
    private func leads(_ leaf: UInt64, level: Int, from ipa: IPA, to output: HostOffset) -> Bool {
        let offsetMask = geometry.blockByteCount(level: level) - 1
        let found = leaf & Stage2Descriptor.addressMask & ~offsetMask | ipa.rawValue & offsetMask
        return (found ^ output.rawValue) & ~geometry.pageMask == 0
    }

    private static func allows(_ descriptor: UInt64, _ permissions: Stage2Permissions) -> Bool {
        Stage2Permissions(descriptor).isSuperset(of: permissions) && descriptor & Stage2Descriptor.accessFlag != 0
    }

    func findLeaf(_ ipa: IPA) -> (entry: UInt64, level: Int)? {
        var table: UInt64 = 0
        var level = geometry.startLevel
        while true {
            let entry = table + geometry.index(ipa, level: level) * 8
            let descriptor = memory.load(entry)
            if descriptor & Stage2Descriptor.valid == 0 { return nil }
            if level == Stage2Geometry.lastLevel || descriptor & Stage2Descriptor.tableOrPage == 0 {
                return (entry, level)
            }
            table = descriptor & Stage2Descriptor.addressMask
            level += 1
        }
    }

    /// Replaces a block by a table that maps the same. Returns the table's descriptor, or nil when the file is full.
    mutating func split(_ entry: UInt64, _ block: UInt64, level: Int, _ ipa: IPA) -> UInt64? {
        guard let table = memory.allocate(broadcast) else { return nil }
        let step = geometry.blockByteCount(level: level + 1)
        let kind = level + 1 == Stage2Geometry.lastLevel ? Stage2Descriptor.tableOrPage : 0
        for index in 0..<geometry.tableEntryCount { memory.store(table + index * 8, (block | kind) + index * step) }
        memory.store(entry, 0)
        let mask = ~(geometry.blockByteCount(level: level) - 1)
        _ = broadcast.invalidate(IPA(ipa.rawValue & mask), byteCount: ~mask + 1)
        let descriptor = table | Stage2Descriptor.valid | Stage2Descriptor.tableOrPage
        memory.store(entry, descriptor)
        return descriptor
    }

    /// Applies `edit` to every leaf of the range, then invalidates once what was edited.
    mutating func change(
        _ ipa: IPA, byteCount: UInt64, splits: Bool = true, _ edit: (UInt64) -> UInt64
    ) -> Bool {
        let start = ipa.rawValue & ~geometry.pageMask
        let (sum, overflows) = ipa.rawValue.addingReportingOverflow(byteCount)
        let last = overflows ? geometry.ipaLimit : min(sum, geometry.ipaLimit)
        let end = (last + geometry.pageMask) & ~geometry.pageMask
        guard start < end else { return true }
        // With the blocks that reach beyond the range and are not split.
        var edited = start..<end
        var emptied: [UInt64] = []
        var done = true
        var address = start
        while address < end {
            var table: UInt64 = 0
            var level = geometry.startLevel
            while true {
                let entry = table + geometry.index(IPA(address), level: level) * 8
                var descriptor = memory.load(entry)
                let size = geometry.blockByteCount(level: level)
                let isLeaf = level == Stage2Geometry.lastLevel || descriptor & Stage2Descriptor.tableOrPage == 0
                let isWhole = address & (size - 1) == 0 && end - address >= size
                if descriptor & Stage2Descriptor.valid == 0 {
                    address = (address | (size - 1)) + 1
                    break
                }
                if !isLeaf, isWhole, edit(descriptor) == 0 {
                    memory.store(entry, 0)
                    emptied.append(descriptor & Stage2Descriptor.addressMask | UInt64(level))
                    address += size
                    break
                }
                if isLeaf, isWhole || !splits {
                    memory.store(entry, edit(descriptor))
                    let block = address & ~(size - 1)
                    address = block + size
                    edited = min(edited.lowerBound, block)..<max(edited.upperBound, address)
                    break
                }
                if isLeaf {
                    guard let split = split(entry, descriptor, level: level, IPA(address)) else {
                        done = false
                        address = (address | (size - 1)) + 1
                        break
                    }
                    descriptor = split
                }
                table = descriptor & Stage2Descriptor.addressMask
                level += 1
            }
        }
        let ticket = broadcast.invalidate(
            IPA(edited.lowerBound), byteCount: edited.upperBound - edited.lowerBound)
        for entry in emptied { retire(entry & Stage2Descriptor.addressMask, level: Int(entry & 3) + 1, ticket) }
        return done
    }

    /// Gives up a table of `level` and all below it.
    mutating func retire(_ table: UInt64, level: Int, _ ticket: UInt64) {
        if level < Stage2Geometry.lastLevel {
            for index in 0..<geometry.tableEntryCount {
                let descriptor = memory.load(table + index * 8)
                if descriptor & 3 == 3 { retire(descriptor & Stage2Descriptor.addressMask, level: level + 1, ticket) }
            }
        }
        memory.retire(table, after: ticket)
    }
}
