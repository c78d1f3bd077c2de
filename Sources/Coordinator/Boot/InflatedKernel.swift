import CZlib
import Glibc

/// What came out of a gzip stream, in memory of its own that the host backs only as far as it is used.
struct InflatedKernel: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private let reserved: Int
    let byteCount: Int

    /// Inflates the gzip stream in bytes `payload` of `file`. More than `limit` bytes are refused.
    init(file: borrowing BootFile, payload: Range<UInt64>, limit: UInt64) throws(BootError) {
        let reserved = Int(clamping: limit)
        let protection = PROT_READ | PROT_WRITE
        guard let base = mmap(nil, reserved, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            base != MAP_FAILED
        else { throw .unreadable(.kernel, path: file.path, code: errno) }
        do throws(BootError) {
            byteCount = try Self.inflate(file: file, payload: payload, to: base, limit: reserved)
        } catch {
            munmap(base, reserved)
            throw error
        }
        self.base = base
        self.reserved = reserved
    }

    deinit { munmap(base, reserved) }

    func prefix(_ count: Int) -> [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: min(count, byteCount))) }

    func copy(at offset: Int, count: Int, to destination: UnsafeMutableRawPointer) {
        destination.copyMemory(from: base + offset, byteCount: count)
    }

    private static func inflate(
        file: borrowing BootFile, payload: Range<UInt64>, to base: UnsafeMutableRawPointer, limit: Int
    ) throws(BootError) -> Int {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { chunk.deallocate() }
        guard let input = chunk.baseAddress else { return 0 }
        var stream = z_stream()
        // 15 bits of window, plus 16: a gzip header is required.
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .unreadable(.kernel, path: file.path, code: ENOMEM)
        }
        defer { inflateEnd(&stream) }
        var position = payload.lowerBound
        var produced = 0
        while true {
            if stream.avail_in == 0, position < payload.upperBound {
                let count = min(chunk.count, Int(payload.upperBound - position))
                try file.read(at: position, count: count, to: input)
                position += UInt64(count)
                stream.next_in = input.assumingMemoryBound(to: Bytef.self)
                stream.avail_in = uInt(count)
            }
            let room = min(limit - produced, 1 << 30)
            stream.next_out = (base + produced).assumingMemoryBound(to: Bytef.self)
            stream.avail_out = uInt(room)
            let result = CZlib.inflate(&stream, Z_NO_FLUSH)
            produced += room - Int(stream.avail_out)
            switch result {
            case Z_STREAM_END: return produced
            case Z_OK, Z_BUF_ERROR:
                if produced == limit {
                    throw .doesNotFit(
                        .kernel, path: file.path, neededByteCount: UInt64(limit) + 1, ramByteCount: UInt64(limit))
                }
                if stream.avail_in == 0, position == payload.upperBound {
                    throw .truncated(.kernel, path: file.path, detail: "its gzip stream does not end")
                }
                if result == Z_BUF_ERROR, stream.avail_in > 0 {
                    throw .malformed(.kernel, path: file.path, detail: "its gzip stream makes no progress")
                }
            default:
                throw .malformed(
                    .kernel, path: file.path,
                    detail: "its gzip stream is damaged (\(stream.msg.map { String(cString: $0) } ?? "unknown"))")
            }
        }
    }
}
