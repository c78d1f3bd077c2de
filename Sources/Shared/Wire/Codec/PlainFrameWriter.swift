/// Writes an Exit or an Entry that has no message within it, which nearly all have not: byte for byte what protobuf-c packs,
/// in a tenth of the instructions. Packing and unpacking by descriptors is otherwise the largest part of an exit's work.
///
/// Source: Protocol Buffers "Encoding"; the field numbers are those of `vcpu.proto`.
struct PlainFrameWriter {
    /// Where the fields begin, so that the frame's head fits before them: the length word, the body's tag, and its length
    /// in one byte or two.
    private static let headByteCount = WireProtocol.lengthByteCount + 3

    private let start: UnsafeMutableRawPointer
    private var next: UnsafeMutableRawPointer

    /// `buffer` has room for the frame: 200 bytes.
    @inline(__always)
    init(buffer: UnsafeMutableRawPointer) {
        start = buffer + Self.headByteCount
        next = start
    }

    // Zeros are not written, as in proto3.

    @inline(__always)
    mutating func fixed64(_ field: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        next.storeBytes(of: field << 3 | 1, as: UInt8.self)
        (next + 1).storeBytes(of: value.littleEndian, as: UInt64.self)
        next += 9
    }

    @inline(__always)
    mutating func fixed32(_ field: UInt8, _ value: UInt32) {
        guard value != 0 else { return }
        next.storeBytes(of: field << 3 | 5, as: UInt8.self)
        (next + 1).storeBytes(of: value.littleEndian, as: UInt32.self)
        next += 5
    }

    @inline(__always)
    mutating func flag(_ field: UInt8, _ value: Bool) {
        guard value else { return }
        next.storeBytes(of: field << 3, as: UInt8.self)
        (next + 1).storeBytes(of: 1, as: UInt8.self)
        next += 2
    }

    /// The first `count` of `values` as a packed list of `fixed64`.
    @inline(__always)
    mutating func packed(_ field: UInt8, _ values: inout InlineArray<8, UInt64>, count: Int) {
        guard count > 0 else { return }
        next.storeBytes(of: field << 3 | 2, as: UInt8.self)
        (next + 1).storeBytes(of: UInt8(truncatingIfNeeded: count &* 8), as: UInt8.self)
        next += 2
        for index in 0..<count {
            next.storeBytes(of: values[index].littleEndian, as: UInt64.self)
            next += 8
        }
    }

    /// The first `count` of `values`, each less than 128, as a packed list of `uint32`.
    @inline(__always)
    mutating func packed(_ field: UInt8, _ values: inout InlineArray<8, UInt8>, count: Int) {
        guard count > 0 else { return }
        next.storeBytes(of: field << 3 | 2, as: UInt8.self)
        (next + 1).storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
        next += 2
        for index in 0..<count {
            next.storeBytes(of: values[index], as: UInt8.self)
            next += 1
        }
    }

    /// The whole frame, its length word included, as the body `field` of `Frame`.
    @inline(__always)
    func finish(_ field: UInt8) -> UnsafeRawBufferPointer {
        let byteCount = next - start
        var head = start
        if byteCount < 0x80 {
            head -= 1
            head.storeBytes(of: UInt8(truncatingIfNeeded: byteCount), as: UInt8.self)
        } else {
            head -= 2
            head.storeBytes(of: UInt8(truncatingIfNeeded: byteCount | 0x80), as: UInt8.self)
            (head + 1).storeBytes(of: UInt8(truncatingIfNeeded: byteCount &>> 7), as: UInt8.self)
        }
        head -= 1
        head.storeBytes(of: field << 3 | 2, as: UInt8.self)
        let length = UInt32(truncatingIfNeeded: next - head)
        head -= WireProtocol.lengthByteCount
        head.storeBytes(of: length.littleEndian, as: UInt32.self)
        return UnsafeRawBufferPointer(start: head, count: next - head)
    }
}
