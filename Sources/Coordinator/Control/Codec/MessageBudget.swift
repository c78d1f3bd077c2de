import CWire
import Glibc

/// The memory that protobuf-c may use to unpack one message: few bytes can ask for much, one empty submessage after another.
struct MessageBudget: ~Copyable {
    private struct State {
        var left: Int
        var isExhausted = false
    }

    private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    let allocator = UnsafeMutablePointer<ProtobufCAllocator>.allocate(capacity: 1)

    init(byteCount: Int) {
        state.initialize(to: State(left: byteCount))
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { data, byteCount in MessageBudget.allocate(data, byteCount) },
                free: { _, block in free(block) },
                allocator_data: state))
    }

    deinit {
        allocator.deallocate()
        state.deallocate()
    }

    /// What to say when unpacking has failed.
    var error: ControlError { state.pointee.isExhausted ? .exceedsBudget : .malformed }

    private static func allocate(_ data: UnsafeMutableRawPointer?, _ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard let data else { return nil }
        // SAFETY: `data` is the state of a living budget: protobuf-c calls this only while it unpacks.
        let state = data.assumingMemoryBound(to: State.self)
        guard byteCount >= 0, byteCount <= state.pointee.left else {
            state.pointee.isExhausted = true
            return nil
        }
        // An allocation costs more than its bytes.
        state.pointee.left = max(0, state.pointee.left - byteCount - 16)
        return malloc(max(1, byteCount))
    }
}
