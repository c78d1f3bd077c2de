import Shared

@testable import Coordinator
@testable import struct VCPUWorker.PhysicalMemory
@testable import struct VCPUWorker.Stage2Regime
@testable import struct VCPUWorker.WalkFault

/// Stage 2 beside a flat list of what every interval is mapped to. The worker's own walker says what the tables mean.
final class Stage2Model {
    /// How the pages of an interval are mapped.
    private struct Mapping: Equatable {
        /// A page's output is its IPA exclusive-or this.
        var key: UInt64
        var permissions: Stage2Permissions
        var isYoung = true
    }

    let geometry: Stage2Geometry
    let universe: Stage2Universe
    let checker: Stage2Checker
    private let base: UnsafeMutableRawPointer
    private let byteCount: UInt64
    private let tableLimit: Int
    private var stage2: Stage2
    private var mappings: [[Mapping?]]
    private var random: SplitMix64
    /// The first thing that is wrong.
    private(set) var problem: String?

    init(_ geometry: Stage2Geometry, seed: UInt64) {
        self.geometry = geometry
        random = SplitMix64(seed: seed)
        universe = Stage2Universe(geometry)
        tableLimit = 8 + random.below(12)
        byteCount = geometry.rootByteCount + UInt64(tableLimit) * geometry.pageByteCount
        base = .allocate(byteCount: Int(byteCount), alignment: Int(geometry.rootByteCount))
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(byteCount))
        checker = Stage2Checker(geometry, universe, base: base)
        stage2 = Stage2(
            memory: Stage2TableMemory(geometry, base: base, byteCount: byteCount), broadcast: checker)
        mappings = universe.clusters.map { Array(repeating: nil, count: $0.count) }
    }

    deinit { base.deallocate() }

    // MARK: A run

    func run(steps: Int) {
        for step in 1...steps {
            let cluster = random.below(universe.clusters.count)
            let operation = choose(in: cluster)
            checker.begin(cluster: cluster)
            apply(operation, cluster)
            checker.end()
            if let violation = checker.violation { fail(violation) }
            if step % 64 == 0 { universe.clusters.indices.forEach(compare) } else { compare(cluster) }
            if step % 64 == 0, checker.tablesInUse.count != stage2.tableCount {
                fail("\(checker.tablesInUse.count) tables are in use, \(stage2.tableCount) are counted")
            }
            if let problem {
                self.problem = "step \(step), \(operation): \(problem)"
                return
            }
            if random.below(4) == 0 { checker.complete() }
        }
        finish()
    }

    /// Takes everything away, and expects every table back.
    private func finish() {
        if stage2.unmap(IPA(0), byteCount: .max) == nil { fail("unmapping everything needs a table") }
        if stage2.tableCount != 0 { fail("\(stage2.tableCount) tables stay for nothing") }
        for index in mappings.indices { mappings[index] = mappings[index].map { _ in nil } }
        universe.clusters.indices.forEach(compare)
        checker.complete()
        var count = 0
        while stage2.memory.allocate(checker) != nil { count += 1 }
        if count != tableLimit { fail("\(count) of \(tableLimit) tables can be had at the end") }
    }

    private func fail(_ text: String) { problem = problem ?? text }

    private func choose(in cluster: Int) -> Stage2Operation {
        let intervals = universe.clusters[cluster]
        let first = random.below(intervals.count)
        let range = first..<min(first + 1 + random.below(4), intervals.count)
        let ipa = intervals[first].start
        switch random.below(16) {
        case 0..<8: return chooseMap(ipa, in: intervals)
        case 8..<11: return .unmap(range)
        case 11: return .writeProtect(range)
        case 12: return .age(range)
        case 13:
            if case .map(let ipa, let level, let key, let permissions) = chooseMap(ipa, in: intervals),
                level < Stage2Geometry.lastLevel
            {
                return .merge(ipa, level: level, key: key, permissions)
            }
            return .splitBlock(ipa)
        default:
            // One leaf of many in an interval would part its pages.
            if let leaf = leaf(at: ipa), leaf.upperBound < intervals[first].end { return .splitBlock(ipa) }
            return .makeYoung(ipa)
        }
    }

    /// A block or page around `ipa` that consists of whole intervals.
    private func chooseMap(_ ipa: UInt64, in intervals: [Stage2Universe.Interval]) -> Stage2Operation {
        var level = geometry.largestBlockLevel + random.below(4 - geometry.largestBlockLevel)
        while true {
            let size = geometry.blockByteCount(level: level)
            let start = ipa & ~(size - 1)
            if intervals.contains(where: { $0.start == start }), intervals.contains(where: { $0.end == start + size }) {
                break
            }
            level = level == Stage2Geometry.lastLevel ? geometry.largestBlockLevel : level + 1
        }
        // Mostly where it was or would be; sometimes elsewhere.
        var key: UInt64 = 0
        if random.below(4) == 0 {
            let size = geometry.blockByteCount(level: level)
            key = random.below(2) == 0 ? size : geometry.blockByteCount(level: geometry.largestBlockLevel)
            if ipa ^ key >= geometry.ipaLimit { key = 0 }
        }
        let permissions = Stage2Permissions(rawValue: UInt8(random.below(8)))
        return .map(ipa, level: level, key: key, permissions)
    }

    // MARK: Operations, on the tables and on the list

    private func apply(_ operation: Stage2Operation, _ cluster: Int) {
        switch operation {
        case .map(let ipa, let level, let key, let permissions): map(ipa, level, key, permissions, cluster)
        case .unmap(let range):
            let (ipa, byteCount) = bytes(of: range, cluster)
            if stage2.unmap(ipa, byteCount: byteCount) != nil {
                for index in range { mappings[cluster][index] = nil }
            } else {
                // Without tables some blocks stay as they were.
                for index in range where !path(universe.clusters[cluster][index].start).isValid {
                    mappings[cluster][index] = nil
                }
            }
        case .writeProtect(let range):
            let (asked, leaves) = leaves(of: range, cluster)
            stage2.writeProtect(asked)
            edit(leaves, cluster) { $0.permissions.remove(.write) }
        case .age(let range):
            let (asked, leaves) = leaves(of: range, cluster)
            _ = stage2.age(asked)
            edit(leaves, cluster) { $0.isYoung = false }
        case .merge(let ipa, let level, let key, let permissions):
            let start = ipa & ~(geometry.blockByteCount(level: level) - 1)
            let isTable = path(start).level > level
            if stage2.merge(IPA(ipa), to: HostOffset(ipa ^ key), level: level, permissions) != isTable {
                fail("a wrong answer")
            }
            if isTable {
                edit(start..<start + geometry.blockByteCount(level: level), cluster, all: true) {
                    $0 = Mapping(key: key, permissions: permissions)
                }
            }
        case .splitBlock(let ipa):
            let old = path(ipa)
            let done = stage2.splitBlock(IPA(ipa))
            let level = old.isValid && done ? min(old.level + 1, Stage2Geometry.lastLevel) : old.level
            if path(ipa).level != level { fail("the leaf is at level \(path(ipa).level) and not \(level)") }
        case .makeYoung(let ipa):
            let leaf = leaf(at: ipa)
            if stage2.makeYoung(IPA(ipa)) != (leaf != nil) { fail("a wrong answer") }
            if let leaf { edit(leaf, cluster) { $0.isYoung = true } }
        }
    }

    private func map(
        _ ipa: UInt64, _ level: Int, _ key: UInt64, _ permissions: Stage2Permissions, _ cluster: Int
    ) {
        let size = geometry.blockByteCount(level: level)
        let start = ipa & ~(size - 1)
        let old = path(start)
        let intervals = universe.clusters[cluster]
        var expected = Mapping(key: key, permissions: permissions)
        var isUnchanged = false
        // A leaf of this size or a larger one; not a table that the block replaces.
        if old.isValid, old.level <= level, let index = intervals.firstIndex(where: { $0.start == start }),
            let found = mappings[cluster][index], found.key == key
        {
            expected.permissions.formUnion(found.permissions)
            isUnchanged = found == expected
        }
        switch stage2.map(IPA(ipa), to: HostOffset(ipa ^ key), level: level, permissions) {
        case .outOfTables:
            if isUnchanged { fail("no table is needed for what is there") }
        case .unchanged:
            if !isUnchanged { fail("nothing was done") }
        case .mapped:
            if isUnchanged { fail("there was nothing to do") }
            for index in intervals.indices where intervals[index].start >= start && intervals[index].end <= start + size
            {
                mappings[cluster][index] = expected
            }
        }
    }

    /// Edits the mapped intervals in `range`; with `all`, those that are not mapped, too.
    private func edit(
        _ range: Range<UInt64>, _ cluster: Int, all: Bool = false, _ change: (inout Mapping) -> Void
    ) {
        for (index, interval) in universe.clusters[cluster].enumerated()
        where interval.start >= range.lowerBound && interval.end <= range.upperBound {
            guard var mapping = mappings[cluster][index] ?? (all ? Mapping(key: 0, permissions: []) : nil) else {
                continue
            }
            change(&mapping)
            mappings[cluster][index] = mapping
        }
    }

    /// The IPAs of these intervals, and with the leaves that reach beyond them.
    private func leaves(of range: Range<Int>, _ cluster: Int) -> (asked: Range<UInt64>, leaves: Range<UInt64>) {
        let (ipa, byteCount) = bytes(of: range, cluster)
        let end = ipa.rawValue + byteCount
        let start = leaf(at: ipa.rawValue)?.lowerBound ?? ipa.rawValue
        return (ipa.rawValue..<end, start..<(leaf(at: end - geometry.pageByteCount)?.upperBound ?? end))
    }

    private func bytes(of range: Range<Int>, _ cluster: Int) -> (IPA, UInt64) {
        let intervals = universe.clusters[cluster]
        let start = intervals[range.lowerBound].start
        return (IPA(start), intervals[range.upperBound - 1].end - start)
    }

    private func path(_ ipa: UInt64) -> Stage2Path { Stage2Path(ipa, geometry, base) }

    /// What the leaf at `ipa` maps.
    private func leaf(at ipa: UInt64) -> Range<UInt64>? {
        let path = path(ipa)
        guard path.isValid else { return nil }
        let size = geometry.blockByteCount(level: path.level)
        let start = ipa & ~(size - 1)
        return start..<start + size
    }

    // MARK: The comparison

    /// Asks the worker's walker for the first and the last page of each interval.
    private func compare(_ cluster: Int) {
        let memory = PhysicalMemory(ram: base, ramByteCount: 1 << 48, stage2Tables: base, stage2ByteCount: byteCount)
        let regime = Stage2Regime(vtcr: geometry.vtcr, vttbr: 0)
        for (index, interval) in universe.clusters[cluster].enumerated() {
            for page in [interval.start, interval.end - geometry.pageByteCount] {
                let ipa = page | 0xABC
                let mapping = mappings[cluster][index]
                do throws(WalkFault) {
                    let found = try regime.walk(ipa, in: memory)
                    var permissions: Stage2Permissions = found.isReadable ? .read : []
                    if found.isWritable { permissions.insert(.write) }
                    if found.isExecutable { permissions.insert(.execute) }
                    guard let mapping, mapping.isYoung, mapping.permissions == permissions,
                        found.offset == ipa ^ mapping.key,
                        !found.isDevice
                    else { return fail("a walk of \(IPA(ipa)) finds \(found), and not \(String(describing: mapping))") }
                } catch {
                    let isRight = mapping == nil ? error.status.isTranslation : error.status.isAccessFlag
                    guard isRight, mapping?.isYoung != true else {
                        return fail("a walk of \(IPA(ipa)) ends with \(error), not with \(String(describing: mapping))")
                    }
                }
            }
        }
    }
}
