import Shared

// What the translations of a whole memory slot undergo at once. As in KVM: write protection of the pages that a dirty log has
// handed out, ageing (`kvm_age_gfn`), eager splitting, and merging, which KVM for arm64 leaves to the next fault.

extension Stage2 {
    /// How many leaves were looked at, and how many of them were changed.
    struct Visit: Equatable, Sendable {
        var leaves = 0
        var changed = 0
    }

    /// Takes the write permission away from the range, blocks that reach beyond it included. Returns the ticket of the
    /// invalidation; nil: nothing was writable.
    @discardableResult
    func writeProtect(_ range: Range<UInt64>) -> UInt64? {
        var changed: Range<UInt64>?
        forEachLeaf(in: range) { leaf in
            guard leaf.descriptor & Stage2Descriptor.write != 0 else { return }
            memory.store(leaf.entry, leaf.descriptor & ~Stage2Descriptor.write)
            changed = (changed?.lowerBound ?? leaf.ipa)..<leaf.ipa &+ leaf.byteCount
        }
        return changed.map { broadcast.invalidate($0) }
    }

    /// Takes the write permission away from those pages of `pages`, the first of which is at `start`, that are mapped as pages.
    /// Returns the ticket of the invalidation; nil: there was nothing to change.
    func writeProtect(_ pages: DirtyPages, from start: IPA) -> UInt64? {
        let last = Stage2Geometry.lastLevel
        let pageByteCount = geometry.pageByteCount
        let span = geometry.blockByteCount(level: last - 1)
        // A look for the table serves all pages in it.
        var spanStart: UInt64?
        var table: UInt64?
        var changed: Range<UInt64>?
        for (index, word) in pages.words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                let page = UInt64(truncatingIfNeeded: index &* 64 &+ rest.trailingZeroBitCount)
                rest &= rest &- 1
                let ipa = IPA(start.rawValue &+ page &* pageByteCount)
                if spanStart != ipa.rawValue & ~(span &- 1) {
                    spanStart = ipa.rawValue & ~(span &- 1)
                    table = pageTable(of: ipa)
                }
                guard let table else { continue }
                let entry = table &+ geometry.index(ipa, level: last) &* 8
                let descriptor = memory.load(entry)
                guard descriptor & Stage2Descriptor.write != 0 else { continue }
                memory.store(entry, descriptor & ~Stage2Descriptor.write)
                changed = (changed?.lowerBound ?? ipa.rawValue)..<ipa.rawValue &+ pageByteCount
            }
        }
        return changed.map { broadcast.invalidate($0) }
    }

    /// Clears the access flag of every leaf of the range that has it, so that its next use faults; these are the changed ones.
    func age(_ range: Range<UInt64>) -> (visit: Visit, ticket: UInt64?) {
        var visit = Visit()
        var changed: Range<UInt64>?
        forEachLeaf(in: range) { leaf in
            visit.leaves += 1
            guard leaf.descriptor & Stage2Descriptor.accessFlag != 0 else { return }
            memory.store(leaf.entry, leaf.descriptor & ~Stage2Descriptor.accessFlag)
            visit.changed += 1
            changed = (changed?.lowerBound ?? leaf.ipa)..<leaf.ipa &+ leaf.byteCount
        }
        return (visit, changed.map { broadcast.invalidate($0) })
    }

    /// Replaces every block of the range by pages. nil: the tables are full; what is split by then stays so.
    mutating func split(_ range: Range<UInt64>) -> Visit? {
        var visit = Visit()
        var blocks: [Stage2Leaf] = []
        forEachLeaf(in: range) { leaf in
            visit.leaves += 1
            if leaf.level < Stage2Geometry.lastLevel { blocks.append(leaf) }
        }
        while let block = blocks.popLast() {
            guard splitBlock(IPA(block.ipa)) else { return nil }
            visit.changed += 1
            guard block.level + 1 < Stage2Geometry.lastLevel else { continue }
            forEachLeaf(in: block.ipa..<block.ipa &+ block.byteCount) { blocks.append($0) }
        }
        return visit
    }

    /// Replaces the table below the entry of `level` for `ipa`, if it points to one, by a block. False: it does not, or the
    /// tables are full.
    mutating func merge(_ ipa: IPA, to output: HostOffset, level: Int, _ permissions: Stage2Permissions) -> Bool {
        guard walk(ipa).level > level else { return false }
        return map(ipa, to: output, level: level, permissions) == .mapped
    }
}
