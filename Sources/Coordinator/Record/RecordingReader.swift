import Glibc
import Shared

/// Reads a recording from its beginning, record by record, with a bounded buffer. It believes nothing that the file says.
struct RecordingReader: ~Copyable {
    let header: RecordingHeader

    private let descriptor: OwnedDescriptor
    /// Room for the largest record.
    private static let capacity = 256 << 10
    private let buffer: UnsafeMutableRawPointer
    /// Read and not yet handed out: `start..<end`.
    private var start = 0
    private var end = 0
    /// Of `start` in the file.
    private var offset: UInt64 = 0

    init(path: String) throws(RecordingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw .host(SystemError("read \(path)")) }
        try self.init(OwnedDescriptor(descriptor), name: path)
    }

    private init(_ descriptor: consuming OwnedDescriptor, name: String) throws(RecordingError) {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: Self.capacity, alignment: 16)
        var end = 0
        do throws(RecordingError) {
            while end < RecordingHeader.byteCount {
                let count = try Self.read(descriptor.rawValue, buffer + end, Self.capacity &- end)
                if count == 0 { break }
                end &+= count
            }
            let begun = UnsafeRawBufferPointer(start: buffer, count: end)
            guard end >= RecordingHeader.byteCount else {
                // Too short to be one, or one that was cut off early?
                let length = min(end, RecordingHeader.magic.count)
                guard end > 0, begun.prefix(length).elementsEqual(RecordingHeader.magic.prefix(length)) else {
                    throw .foreign
                }
                throw .truncated(offset: UInt64(end), start: 0)
            }
            header = try RecordingHeader(begun)
        } catch {
            buffer.deallocate()
            throw error
        }
        self.descriptor = descriptor
        self.buffer = buffer
        self.end = end
        start = RecordingHeader.byteCount
        offset = UInt64(RecordingHeader.byteCount)
    }

    deinit { buffer.deallocate() }

    /// The next record and its frame, the length word left out; nil at the end of the file. The bytes are valid until the
    /// next call.
    mutating func next() throws(RecordingError) -> (RecordedFrame, UnsafeRawBufferPointer)? {
        let fixed = RecordedFrame.prefixByteCount + WireProtocol.lengthByteCount
        guard try fill(fixed) else { return nil }
        let record = buffer + start
        let vcpu = Int(UInt16(littleEndian: record.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
        guard vcpu < Int(header.vcpuCount) else {
            throw .damaged("vCPU \(vcpu) of \(header.vcpuCount)", offset: offset &+ 8)
        }
        let kind = record.load(fromByteOffset: 10, as: UInt8.self)
        guard let direction = RecordedDirection(rawValue: kind) else {
            throw .damaged("direction \(kind)", offset: offset &+ 10)
        }
        let zero = record.load(fromByteOffset: 11, as: UInt8.self)
        guard zero == 0 else { throw .damaged("\(zero) in a byte that is 0", offset: offset &+ 11) }
        let length = UInt32(
            littleEndian: record.loadUnaligned(fromByteOffset: RecordedFrame.prefixByteCount, as: UInt32.self))
        guard length <= UInt32(WireProtocol.maximumFrameByteCount) else {
            throw .damaged("a frame of \(length) bytes", offset: offset &+ UInt64(RecordedFrame.prefixByteCount))
        }
        let timestamp = UInt64(littleEndian: record.loadUnaligned(as: UInt64.self))
        let byteCount = fixed &+ Int(length)
        guard try fill(byteCount) else { return nil }
        let frame = RecordedFrame(timestamp: timestamp, vcpu: vcpu, direction: direction, offset: offset)
        // `fill` may have moved it.
        let payload = UnsafeRawBufferPointer(start: buffer + start + fixed, count: Int(length))
        start &+= byteCount
        offset &+= UInt64(byteCount)
        return (frame, payload)
    }

    /// Makes sure that `byteCount` bytes stand at `start`. False: the file ended before the first of them.
    private mutating func fill(_ byteCount: Int) throws(RecordingError) -> Bool {
        while end &- start < byteCount {
            if Self.capacity &- start < byteCount {
                memmove(buffer, buffer + start, end &- start)
                end &-= start
                start = 0
            }
            let count = try Self.read(descriptor.rawValue, buffer + end, Self.capacity &- end)
            if count == 0 {
                if end == start { return false }
                throw .truncated(offset: offset &+ UInt64(end &- start), start: offset)
            }
            end &+= count
        }
        return true
    }

    private static func read(
        _ descriptor: CInt, _ bytes: UnsafeMutableRawPointer, _ byteCount: Int
    ) throws(RecordingError) -> Int {
        while true {
            let count = Glibc.read(descriptor, bytes, byteCount)
            if count >= 0 { return count }
            if errno != EINTR { throw .host(SystemError("read the recording")) }
        }
    }
}
