import Shared

@testable import Coordinator

/// The IPAs that a run of the model is about: pages on both sides of every kind of edge, and the blocks around them.
///
/// Operations begin and end at the edges of these intervals, so that all pages of an interval fare alike, and its first and
/// last page can speak for it.
struct Stage2Universe {
    struct Interval {
        var start: UInt64
        var end: UInt64
    }

    /// Runs of intervals without a gap; every block that can be mapped lies in one run.
    private(set) var clusters: [[Interval]] = []

    init(_ geometry: Stage2Geometry) {
        let page = geometry.pageByteCount
        let top = geometry.ipaLimit
        let blocks = (geometry.largestBlockLevel...2).map { geometry.blockByteCount(level: $0) }
        // The edges of blocks, of what one descriptor of the start level maps, of concatenated tables.
        var anchors: [UInt64] = [0, top] + blocks
        for level in geometry.startLevel...2 { anchors.append(geometry.blockByteCount(level: level)) }
        anchors.append(geometry.blockByteCount(level: geometry.startLevel) * geometry.tableEntryCount)
        var edges: Set<UInt64> = []
        var covered: [Interval] = []
        for anchor in anchors where anchor <= top {
            for first in [anchor &- 2 * page, anchor &- page, anchor, anchor + page] where first < top {
                edges.formUnion([first, first + page])
                for size in blocks {
                    let start = first & ~(size - 1)
                    edges.formUnion([start, start + size])
                    covered.append(Interval(start: start, end: start + size))
                }
            }
        }
        let sorted = edges.sorted()
        for (start, end) in zip(sorted, sorted.dropFirst())
        where covered.contains(where: { $0.start <= start && end <= $0.end }) {
            if clusters.last?.last?.end == start {
                clusters[clusters.count - 1].append(Interval(start: start, end: end))
            } else {
                clusters.append([Interval(start: start, end: end)])
            }
        }
    }
}
