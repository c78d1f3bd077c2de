import Shared

@testable import Coordinator

/// The vCPUs' side of stage 2: it looks at the tables at every invalidation, and finds what an unlucky walker could trip over.
///
/// - Break before make: a valid leaf gets another size or output only after it was invalid, and after an invalidation that
///   covers it.
/// - Whatever takes a translation, a permission or the access flag away is covered by an invalidation before the operation ends.
/// - A table that was given up is not in use again before the invalidation that came after is complete.
final class Stage2Checker: Stage2Broadcast {
    struct Sample {
        let ipa: UInt64
        var path: Stage2Path
        /// A TLB may hold what the tables no longer say.
        var isStale = false
    }

    private let geometry: Stage2Geometry
    private let base: UnsafeRawPointer
    /// For each interval of each cluster its first page and its last.
    private(set) var samples: [Sample] = []
    /// The samples of each cluster.
    private(set) var ranges: [Range<Int>] = []
    private var cluster = 0

    private(set) var ticket: UInt64 = 0
    private(set) var completed: UInt64 = 0
    /// Tables that were given up, and the last ticket then.
    private var quarantine: [UInt64: UInt64] = [:]
    private(set) var violation: String?

    init(_ geometry: Stage2Geometry, _ universe: Stage2Universe, base: UnsafeRawPointer) {
        self.geometry = geometry
        self.base = base
        for cluster in universe.clusters {
            let first = samples.count
            for interval in cluster {
                for ipa in [interval.start, interval.end - geometry.pageByteCount] {
                    samples.append(Sample(ipa: ipa, path: Stage2Path(ipa, geometry, base)))
                }
            }
            ranges.append(first..<samples.count)
        }
    }

    // MARK: An operation on a cluster

    func begin(cluster: Int) { self.cluster = cluster }

    func invalidate(_ ipa: IPA, byteCount: UInt64) -> UInt64 {
        ticket += 1
        look()
        for index in ranges[cluster] where samples[index].ipa &- ipa.rawValue < byteCount {
            samples[index].isStale = false
        }
        return ticket
    }

    func end() {
        look()
        for index in ranges[cluster] where samples[index].isStale {
            report("\(IPA(samples[index].ipa)): its old translation was not invalidated")
        }
    }

    /// Every vCPU has answered everything so far.
    func complete() { completed = ticket }

    func isComplete(_ ticket: UInt64) -> Bool { ticket <= completed }

    /// The tables that the samples need.
    var tablesInUse: Set<UInt64> {
        var tables: Set<UInt64> = []
        for sample in samples { Stage2Path(sample.ipa, geometry, base).forEachTable { tables.insert($0) } }
        return tables
    }

    // MARK: Inner parts

    private func look() {
        let old = samples[ranges[cluster]]
        for index in ranges[cluster] { renew(&samples[index]) }
        for index in ranges[cluster] {
            let path = samples[index].path
            old[index].path.forEachTable { if !path.holds($0) { quarantine[$0] = ticket } }
        }
        guard !quarantine.isEmpty else { return }
        for index in ranges[cluster] {
            samples[index].path.forEachTable { table in
                guard let ticket = quarantine.removeValue(forKey: table) else { return }
                if ticket > completed { report("the table at \(hexadecimal(table)) is used again before its time") }
            }
        }
    }

    private func renew(_ sample: inout Sample) {
        let old = sample.path
        let new = Stage2Path(sample.ipa, geometry, base)
        sample.path = new
        guard old.isValid else {
            if new.isValid, sample.isStale { report("\(IPA(sample.ipa)) is made before its invalidation") }
            return
        }
        guard new.isValid else {
            sample.isStale = true
            return
        }
        let addressMask = Stage2Descriptor.addressMask & ~(geometry.blockByteCount(level: old.level) - 1)
        if old.level != new.level || (old.descriptor ^ new.descriptor) & addressMask != 0 {
            report("\(IPA(sample.ipa)) changes without a break")
        }
        // A TLB may go on with what it once read.
        let isAged = old.descriptor & ~new.descriptor & Stage2Descriptor.accessFlag != 0
        if isAged || !new.permissions.isSuperset(of: old.permissions) { sample.isStale = true }
    }

    private func report(_ text: String) { violation = violation ?? text }
}
