import CHost

/// The processors that the calling thread may run on, to be put back after it has been bound to one.
package struct ProcessorSet {
    private var words: InlineArray<16, UInt64> = InlineArray(repeating: 0)
    private let isKnown: Bool

    /// As it is now.
    package init() {
        isKnown = withUnsafeMutableBytes(of: &words) { buffer in
            armada_affinity_get(buffer.baseAddress?.assumingMemoryBound(to: UInt64.self)) == 0
        }
    }

    package mutating func restore() {
        guard isKnown else { return }
        _ = withUnsafeBytes(of: &words) { buffer in
            armada_affinity_set(buffer.baseAddress?.assumingMemoryBound(to: UInt64.self))
        }
    }
}
