import Shared

@testable import Coordinator

/// What a run does to the tables. Ranges are intervals of the cluster.
enum Stage2Operation {
    /// A block to its IPAs exclusive-or `key`.
    case map(UInt64, level: Int, key: UInt64, Stage2Permissions)
    case unmap(Range<Int>)
    case writeProtect(Range<Int>)
    case splitBlock(UInt64)
    case makeYoung(UInt64)
    /// Takes the access flags away.
    case age(Range<Int>)
    case merge(UInt64, level: Int, key: UInt64, Stage2Permissions)
}
