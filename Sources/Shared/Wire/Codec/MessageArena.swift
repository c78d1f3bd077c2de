import CWire
import Glibc

/// The memory into which protobuf-c unpacks one frame: a bump allocator over a fixed buffer. Nothing is freed; the next
/// frame starts from the beginning. A frame that needs more than the buffer fails to unpack.
struct MessageArena: ~Copyable {
    /// A valid frame needs less than 2 KiB.
    static let byteCount = 16 << 10

    private struct State {
        var next: Int
        var exhausted: Bool
    }

    private static let alignment = 16
    /// State first, then the buffer.
    private let base: UnsafeMutableRawPointer
    private let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    init() {
        base = .allocate(byteCount: Self.alignment + Self.byteCount, alignment: Self.alignment)
        base.bindMemory(to: State.self, capacity: 1).initialize(to: State(next: 0, exhausted: false))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { data, byteCount in MessageArena.allocate(data, byteCount) }, free: { _, _ in },
                allocator_data: base))
    }

    deinit {
        allocator.deallocate()
        base.deallocate()
    }

    private static func allocate(_ data: UnsafeMutableRawPointer?, _ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard let data else { return nil }
        // SAFETY: `data` is the `base` of a living arena: protobuf-c calls this only within `unpack`.
        let state = data.assumingMemoryBound(to: State.self)
        let start = state.pointee.next
        guard byteCount >= 0, byteCount <= Self.byteCount &- start else {
            state.pointee.exhausted = true
            return nil
        }
        state.pointee.next = min((start &+ byteCount &+ alignment &- 1) & ~(alignment &- 1), Self.byteCount)
        return data + alignment + start
    }

    /// Unpacks one frame. The result lives until the next call.
    mutating func unpack(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> UnsafeMutablePointer<Armada__Wire__Frame>
    {
        let state = base.assumingMemoryBound(to: State.self)
        state.pointee = State(next: 0, exhausted: false)
        let frame = armada__wire__frame__unpack(
            allocator, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        guard let frame else { throw state.pointee.exhausted ? .exceedsArena : .malformed }
        return frame
    }
}
