/// A first-in, first-out queue of bytes with a bound, which never allocates after it is made.
struct ByteQueue {
    private var bytes: [UInt8]
    private var head = 0
    private(set) var count = 0

    init(capacity: Int) { bytes = Array(repeating: 0, count: capacity) }

    var capacity: Int { bytes.count }
    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count == capacity }

    /// Appends a byte; says whether there was room.
    @discardableResult
    mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        bytes[(head &+ count) % capacity] = byte
        count &+= 1
        return true
    }

    mutating func popFirst() -> UInt8? {
        guard count > 0 else { return nil }
        let byte = bytes[head]
        removeFirst(1)
        return byte
    }

    /// Calls `body` with the longest run of bytes at the front that lies together in memory.
    func withFirstRun<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        let end = min(head &+ count, capacity)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head..<end])) }
    }

    mutating func removeFirst(_ removed: Int) {
        let removed = min(max(removed, 0), count)
        head = (head &+ removed) % capacity
        count &-= removed
    }

    mutating func removeAll() { removeFirst(count) }
}
