/// Reads what `PlainFrameWriter` writes, and any other frame of such fields in rising order, each at most once. Everything
/// else, what is malformed included, it does not understand: that is for protobuf-c to judge.
struct PlainFrameReader {
    private var next: UnsafeRawPointer
    private let end: UnsafeRawPointer

    /// nil: the payload of a frame does not consist of the body `field` alone.
    @inline(__always)
    init?(_ payload: UnsafeRawBufferPointer, body field: UInt8) {
        guard payload.count >= 2, let base = payload.baseAddress, payload[0] == field << 3 | 2 else { return nil }
        var length = Int(payload[1])
        next = base + 2
        if length >= 0x80 {
            guard payload.count >= 3, payload[2] < 0x80 else { return nil }
            length = length & 0x7F | Int(payload[2]) &<< 7
            next += 1
        }
        end = base + payload.count
        guard end - next == length else { return nil }
    }

    @inline(__always)
    private func isAt(_ tag: UInt8, byteCount: Int) -> Bool {
        end - next >= byteCount && next.loadUnaligned(as: UInt8.self) == tag
    }

    // A field that is not there is zero.

    @inline(__always)
    mutating func fixed64(_ field: UInt8) -> UInt64 {
        guard isAt(field << 3 | 1, byteCount: 9) else { return 0 }
        let value = UInt64(littleEndian: (next + 1).loadUnaligned(as: UInt64.self))
        next += 9
        return value
    }

    @inline(__always)
    mutating func fixed32(_ field: UInt8) -> UInt32 {
        guard isAt(field << 3 | 5, byteCount: 5) else { return 0 }
        let value = UInt32(littleEndian: (next + 1).loadUnaligned(as: UInt32.self))
        next += 5
        return value
    }

    @inline(__always)
    mutating func flag(_ field: UInt8) -> Bool {
        guard isAt(field << 3, byteCount: 2), (next + 1).loadUnaligned(as: UInt8.self) <= 1 else { return false }
        let value = (next + 1).loadUnaligned(as: UInt8.self) == 1
        next += 2
        return value
    }

    /// The bytes of a packed list of up to 8 elements of `elementByteCount` bytes; empty if there is none, or a longer one.
    @inline(__always)
    mutating func packed(_ field: UInt8, elementByteCount: Int) -> UnsafeRawBufferPointer {
        let none = UnsafeRawBufferPointer(start: next, count: 0)
        guard isAt(field << 3 | 2, byteCount: 2) else { return none }
        let byteCount = Int((next + 1).loadUnaligned(as: UInt8.self))
        guard byteCount <= 8 &* elementByteCount, byteCount % elementByteCount == 0, end - next >= 2 &+ byteCount else {
            return none
        }
        next += 2 &+ byteCount
        return UnsafeRawBufferPointer(start: next - byteCount, count: byteCount)
    }

    /// Whether everything has been understood.
    var isAtEnd: Bool { next == end }
}
