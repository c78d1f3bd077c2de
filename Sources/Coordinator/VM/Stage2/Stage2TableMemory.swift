import CHost
import Shared

/// Who tells the workers that a translation is gone: TLBI IPAS2E1IS and what must follow it.
protocol Stage2Broadcast: AnyObject {
    /// Forget all translations of `byteCount` bytes from `ipa`. Returns a ticket.
    func invalidate(_ ipa: IPA, byteCount: UInt64) -> UInt64
    /// True once every vCPU has forgotten what `ticket` named.
    func isComplete(_ ticket: UInt64) -> Bool
}

extension Stage2Broadcast {
    func invalidate(_ range: Range<UInt64>) -> UInt64 {
        invalidate(IPA(range.lowerBound), byteCount: range.upperBound &- range.lowerBound)
    }
}

/// The pages of the stage-2 memory file. Workers map it read-only; the file is sealed, so that this mapping is its only writer.
struct Stage2TableMemory: ~Copyable {
    let geometry: Stage2Geometry
    let base: UnsafeMutableRawPointer
    let byteCount: UInt64
    /// First byte never handed out.
    private var next: UInt64
    private var free: [UInt64] = []
    /// Tables that a walker may still be reading, and the tickets after which it no longer can.
    private var retired: [(table: UInt64, ticket: UInt64)] = []

    /// `base` must be `byteCount` bytes of zeros.
    init(_ geometry: Stage2Geometry, base: UnsafeMutableRawPointer, byteCount: UInt64) {
        self.geometry = geometry
        self.base = base
        self.byteCount = byteCount
        next = geometry.rootByteCount
    }

    /// Tables in use, the root not counted.
    var tableCount: Int { Int((next - geometry.rootByteCount) / geometry.pageByteCount) - free.count - retired.count }

    /// The offset of a table of zeros, or nil when the file is full.
    mutating func allocate(_ broadcast: any Stage2Broadcast) -> UInt64? {
        if free.isEmpty, !retired.isEmpty {
            retired.removeAll { entry in
                guard broadcast.isComplete(entry.ticket) else { return false }
                free.append(entry.table)
                return true
            }
        }
        if let table = free.popLast() {
            (base + Int(table)).initializeMemory(as: UInt64.self, repeating: 0, count: Int(geometry.tableEntryCount))
            return table
        }
        guard next + geometry.pageByteCount <= byteCount else { return nil }
        defer { next += geometry.pageByteCount }
        return next
    }

    mutating func retire(_ table: UInt64, after ticket: UInt64) { retired.append((table, ticket)) }

    @inline(__always) func load(_ offset: UInt64) -> UInt64 {
        armada_load_relaxed64(base + Int(truncatingIfNeeded: offset))
    }

    /// A walker that sees the descriptor also sees the table it points to.
    @inline(__always) func store(_ offset: UInt64, _ descriptor: UInt64) {
        armada_store_release64(base + Int(truncatingIfNeeded: offset), descriptor)
    }
}
