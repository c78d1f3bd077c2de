/// FNV-1a of what went over the wires and to the console, each with its virtual time.
final class TraceHash {
    private var hash = FNV1a()
    private(set) var frameCount: UInt64 = 0

    var value: UInt64 { hash.value }
    var description: String { hash.description }

    /// Takes a frame, its length word left out.
    func add(_ payload: UnsafeRawBufferPointer, vcpu: Int, _ direction: RecordedDirection, at time: UInt64) {
        frameCount &+= 1
        add(time, byteCount: 8)
        add(UInt64(vcpu), byteCount: 2)
        add(UInt64(direction.rawValue), byteCount: 1)
        add(UInt64(payload.count), byteCount: 4)
        for byte in payload { add(byte) }
    }

    /// Takes a byte that the guest has sent to its console.
    func add(console byte: UInt8, at time: UInt64) {
        add(time, byteCount: 8)
        add(byte)
    }

    /// The low bytes of a number, little-endian.
    private func add(_ number: UInt64, byteCount: Int) {
        for index in 0..<byteCount { add(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
    }

    private func add(_ byte: UInt8) { hash.add(byte) }
}
