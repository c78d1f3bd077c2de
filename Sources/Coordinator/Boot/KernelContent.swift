import Glibc

/// A kernel's bytes: the file itself, or what came out of it when it was compressed.
struct KernelContent: ~Copyable {
    /// The first bytes, enough for every header that is looked at.
    let header: LittleEndianBytes
    let byteCount: UInt64
    let path: String
    private let file: BootFile
    private let inflated: InflatedKernel?

    static let headerByteCount = 4096

    /// Opens the kernel; a gzip-ed one, alone or as the payload of an EFI zboot image, is inflated to at most
    /// `ramByteCount` bytes.
    init(path: String, ramByteCount: UInt64) throws(BootError) {
        let file = try BootFile(.kernel, path: path)
        var header = [UInt8](repeating: 0, count: Int(min(file.byteCount, UInt64(Self.headerByteCount))))
        try Self.fill(&header, from: file)
        var inflated: InflatedKernel?
        if let payload = try Self.gzipPayload(LittleEndianBytes(header), fileByteCount: file.byteCount, path: path) {
            let kernel = try InflatedKernel(file: file, payload: payload, limit: ramByteCount)
            header = kernel.prefix(Self.headerByteCount)
            byteCount = UInt64(kernel.byteCount)
            inflated = consume kernel
        } else {
            byteCount = file.byteCount
        }
        self.header = LittleEndianBytes(header)
        self.path = path
        self.inflated = inflated
        self.file = file
    }

    /// Copies `count` bytes at `offset` to `destination`. The caller has checked that they exist.
    func copy(at offset: UInt64, count: UInt64, to destination: UnsafeMutableRawPointer) throws(BootError) {
        guard offset <= byteCount, count <= byteCount - offset else {
            throw .truncated(.kernel, path: path, detail: "it has \(byteCount) bytes and needs \(offset &+ count)")
        }
        if inflated != nil {
            inflated?.copy(at: Int(offset), count: Int(count), to: destination)
        } else {
            try file.read(at: offset, count: Int(count), to: destination)
        }
    }

    private static func fill(_ bytes: inout [UInt8], from file: borrowing BootFile) throws(BootError) {
        let pointer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { pointer.deallocate() }
        guard let base = pointer.baseAddress else { return }
        try file.read(at: 0, count: bytes.count, to: base)
        bytes = Array(pointer)
    }

    /// Where in the file a gzip stream stands, if this is one.
    ///
    /// Source: Linux `drivers/firmware/efi/libstub/zboot-header.S` for the zboot header's fields.
    private static func gzipPayload(
        _ header: LittleEndianBytes, fileByteCount: UInt64, path: String
    ) throws(BootError) -> Range<UInt64>? {
        if header.starts(with: [0x1F, 0x8B]) { return 0..<fileByteCount }
        guard header.starts(with: [0x4D, 0x5A]), header.matches("zimg", at: 4),
            let offset = header.word32(at: 8), let count = header.word32(at: 12)
        else { return nil }
        guard header.matches("gzip", at: 24) else {
            throw .wrongKind(
                path: path, what: "an EFI zboot image with a compression other than gzip",
                advice: "give the Image that it was made from")
        }
        let payload = UInt64(offset)..<UInt64(offset) + UInt64(count)
        guard payload.upperBound <= fileByteCount else {
            throw .truncated(
                .kernel, path: path, detail: "its payload ends at byte \(payload.upperBound) of \(fileByteCount)")
        }
        return payload
    }
}

/// Fields of a file's header. Reading past the end yields nil.
struct LittleEndianBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func byte(at offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }
    func word16(at offset: Int) -> UInt16? { value(at: offset) }
    func word32(at offset: Int) -> UInt32? { value(at: offset) }
    func word64(at offset: Int) -> UInt64? { value(at: offset) }

    func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }

    /// Says whether the ASCII text stands at `offset`.
    func matches(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset >= 0, offset <= bytes.count - length else { return false }
        return (0..<length).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
    }

    private func value<T: FixedWidthInteger>(at offset: Int) -> T? {
        let length = MemoryLayout<T>.size
        guard offset >= 0, offset <= bytes.count - length else { return nil }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
}
