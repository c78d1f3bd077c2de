import Shared

// The stage-2 tables for people.

extension Stage2 {
    /// One line for each run of leaves of one level with the same attributes that map one piece of the RAM file, in the order
    /// of their IPAs, and the number of tables.
    func dump() -> String {
        var out = "IPA".left(27) + "size".right(8) + "  " + "leaves".left(14) + "offset".left(14) + "attributes\n"
        var run: LeafRun?
        forEachLeaf { leaf in
            if run?.extend(by: leaf) == true { return }
            if let run { out += run.text }
            run = LeafRun(leaf)
        }
        if let run { out += run.text }
        return out + "\(tableCount) tables beside the root's \(geometry.rootTableCount)\n"
    }
}

/// A block or page of stage 2.
struct Stage2Leaf {
    /// Where its descriptor stands in the tables' file.
    var entry: UInt64
    var ipa: UInt64
    var descriptor: UInt64
    var level: Int
    var byteCount: UInt64

    var output: UInt64 { descriptor & Stage2Descriptor.addressMask & ~(byteCount - 1) }
    /// All but the address.
    var attributes: UInt64 { descriptor & ~Stage2Descriptor.addressMask }
}

private struct LeafRun {
    private let first: Stage2Leaf
    private var count: UInt64 = 1

    init(_ leaf: Stage2Leaf) { first = leaf }

    /// False: `leaf` is not the next one of the same kind.
    mutating func extend(by leaf: Stage2Leaf) -> Bool {
        let offset = count * first.byteCount
        guard leaf.level == first.level, leaf.attributes == first.attributes, leaf.ipa == first.ipa + offset,
            leaf.output == first.output + offset
        else { return false }
        count += 1
        return true
    }

    var text: String {
        let byteCount = count * first.byteCount
        let unit = MemorySize(byteCount: first.byteCount)
        return "\(IPA(first.ipa))-\(IPA(first.ipa + byteCount - 1))".left(27)
            + MemorySize(byteCount: byteCount).description.right(8) + "  " + "\(count) x \(unit)".left(14)
            + hexadecimal(first.output).left(14) + Stage2Attributes(first.descriptor).text + "\n"
    }
}
