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
            // The same memory with more permissions: no break is needed. Nor is an invalidation: who still holds the narrower
            // translation walks before it reports a permission fault.
            let union = Stage2Permissions(old).union(permissions)
            memory.store(entry, output.rawValue & mask | Self.leafBits(level: target) | union.descriptorBits)
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

    /// Takes away every translation of the range; blocks that reach beyond it are split. Returns the ticket of the
    /// invalidation; nil: the tables are full, and something of the range is still mapped.
    mutating func unmap(_ ipa: IPA, byteCount: UInt64) -> UInt64? {
        let start = ipa.rawValue & ~geometry.pageMask
        let (sum, overflows) = ipa.rawValue.addingReportingOverflow(byteCount)
        let last = overflows ? geometry.ipaLimit : min(sum, geometry.ipaLimit)
        let end = max(start, (last + geometry.pageMask) & ~geometry.pageMask)
        var emptied: [(table: UInt64, level: Int)] = []
        var isDone = true
        var address = start
        while address < end {
            var table: UInt64 = 0
            var level = geometry.startLevel
            while true {
                let entry = table + geometry.index(IPA(address), level: level) * 8
                var descriptor = memory.load(entry)
                let size = geometry.blockByteCount(level: level)
                let isWhole = address & (size - 1) == 0 && end - address >= size
                if descriptor & Stage2Descriptor.valid == 0 {
                    address = (address | (size - 1)) + 1
                    break
                }
                let isLeaf = Self.isLeaf(descriptor, level: level)
                if isWhole {
                    memory.store(entry, 0)
                    if !isLeaf { emptied.append((descriptor & Stage2Descriptor.addressMask, level + 1)) }
                    address += size
                    break
                }
                if isLeaf {
                    guard let split = split(entry, descriptor, level: level, IPA(address)) else {
                        isDone = false
                        address = (address | (size - 1)) + 1
                        break
                    }
                    descriptor = split
                }
                table = descriptor & Stage2Descriptor.addressMask
                level += 1
            }
        }
        let ticket = broadcast.invalidate(start..<end)
        for entry in emptied { retire(entry.table, level: entry.level, ticket) }
        return isDone ? ticket : nil
    }

    /// Replaces the block that maps `ipa` by a table of the next level. True if there is no block, or no longer.
    mutating func splitBlock(_ ipa: IPA) -> Bool {
        guard let found = findLeaf(ipa), found.level < Stage2Geometry.lastLevel else { return true }
        return split(found.entry, memory.load(found.entry), level: found.level, ipa) != nil
    }

    /// Visits every leaf that maps a part of `range`, in the order of their IPAs; without a range, every leaf.
    func forEachLeaf(in range: Range<UInt64>? = nil, _ visit: (Stage2Leaf) -> Void) {
        let all = 0..<geometry.ipaLimit
        visitLeaves(of: 0, level: geometry.startLevel, from: 0, in: range?.clamped(to: all) ?? all, visit)
    }

    // MARK: Inner parts

    /// `base` is the IPA of the first descriptor of `table`.
    private func visitLeaves(
        of table: UInt64, level: Int, from base: UInt64, in range: Range<UInt64>, _ visit: (Stage2Leaf) -> Void
    ) {
        let size = geometry.blockByteCount(level: level)
        var ipa = max(range.lowerBound, base) & ~(size - 1)
        let end = min(range.upperBound, base + size * geometry.entryCount(level: level))
        while ipa < end {
            let entry = table + geometry.index(IPA(ipa), level: level) * 8
            let descriptor = memory.load(entry)
            if Self.isLeaf(descriptor, level: level) {
                visit(Stage2Leaf(entry: entry, ipa: ipa, descriptor: descriptor, level: level, byteCount: size))
            } else if descriptor & Stage2Descriptor.valid != 0 {
                visitLeaves(
                    of: descriptor & Stage2Descriptor.addressMask, level: level + 1, from: ipa, in: range, visit)
            }
            ipa += size
        }
    }

    private static func isLeaf(_ descriptor: UInt64, level: Int) -> Bool {
        descriptor & Stage2Descriptor.valid != 0
            && (level == Stage2Geometry.lastLevel || descriptor & Stage2Descriptor.tableOrPage == 0)
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

    /// Where the walk for `ipa` ends: with a leaf, or with a descriptor that is not valid.
    func walk(_ ipa: IPA) -> (entry: UInt64, level: Int) {
        var table: UInt64 = 0
        var level = geometry.startLevel
        while true {
            let entry = table + geometry.index(ipa, level: level) * 8
            let descriptor = memory.load(entry)
            guard descriptor & Stage2Descriptor.valid != 0, !Self.isLeaf(descriptor, level: level) else {
                return (entry, level)
            }
            table = descriptor & Stage2Descriptor.addressMask
            level += 1
        }
    }

    func findLeaf(_ ipa: IPA) -> (entry: UInt64, level: Int)? {
        let end = walk(ipa)
        return memory.load(end.entry) & Stage2Descriptor.valid != 0 ? end : nil
    }

    /// The table of the last level through which the walk for `ipa` goes; nil: it ends before.
    func pageTable(of ipa: IPA) -> UInt64? {
        let end = walk(ipa)
        guard end.level == Stage2Geometry.lastLevel else { return nil }
        return end.entry - geometry.index(ipa, level: end.level) * 8
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
