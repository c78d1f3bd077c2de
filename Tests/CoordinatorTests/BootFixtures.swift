import CZlib
import Glibc
import Shared
import Testing

@testable import Coordinator

/// A directory that goes when its owner goes.
final class ScratchDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/armada-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("mkdtemp") }
        path = String(cString: made)
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    private var names: [String] = []

    /// The path of an entry that is removed with the directory.
    func entry(_ name: String) -> String {
        names.append(name)
        return path + "/" + name
    }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = entry(name)
        let descriptor = OwnedDescriptor(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
        guard write(descriptor.rawValue, bytes, bytes.count) == bytes.count else { throw SystemError("write \(path)") }
        return path
    }
}

/// Zeroed guest RAM, and the loader run on it.
final class ScratchRAM {
    let base: UnsafeMutableRawPointer
    let byteCount: UInt64

    init(mebibytes: UInt64) {
        byteCount = mebibytes << 20
        base = mmap(nil, Int(byteCount), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    }

    deinit { munmap(base, Int(byteCount)) }

    func load(_ configuration: VMConfiguration) throws(BootError) -> BootImage {
        try BootLoader.load(configuration: configuration, ram: base, ramByteCount: byteCount)
    }

    /// The error of loading; fails the test if there is none.
    func failure(_ configuration: VMConfiguration) -> String {
        do throws(BootError) {
            let image = try load(configuration)
            Issue.record("loaded \(image)")
            return ""
        } catch {
            return error.description
        }
    }

    func failure(kernel: String) -> String { failure(VMConfiguration(kernelPath: kernel)) }

    func bytes(at address: IPA, count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: base + Int(address.rawValue - PhysicalMap.ram.rawValue), count: count))
    }
}

/// Kernel files, made by hand.
enum KernelFixture {
    /// NOPs.
    static func code(byteCount: Int) -> [UInt8] { (0..<byteCount).map { [0x1F, 0x20, 0x03, 0xD5][$0 & 3] } }

    static func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    static func image(byteCount: Int = 4096, textOffset: UInt64 = 0, imageSize: UInt64, flags: UInt64 = 0xA) -> [UInt8]
    {
        var bytes = code(byteCount: byteCount)
        bytes.replaceSubrange(8..<16, with: littleEndian(textOffset))
        bytes.replaceSubrange(16..<24, with: littleEndian(imageSize))
        bytes.replaceSubrange(24..<32, with: littleEndian(flags))
        bytes.replaceSubrange(56..<60, with: Array("ARM\u{64}".utf8))
        return bytes
    }

    /// Gives the file a PE header for `machine` with one section that ends at byte `end`.
    static func addPE(_ bytes: inout [UInt8], machine: UInt16, end: UInt32) {
        bytes.replaceSubrange(0..<2, with: [0x4D, 0x5A])
        bytes.replaceSubrange(0x3C..<0x40, with: littleEndian(UInt32(0x40)))
        bytes.replaceSubrange(0x40..<0x44, with: Array("PE\0\0".utf8))
        bytes.replaceSubrange(0x44..<0x46, with: littleEndian(machine))
        bytes.replaceSubrange(0x46..<0x48, with: littleEndian(UInt16(1)))
        bytes.replaceSubrange(0x54..<0x56, with: littleEndian(UInt16(0)))
        bytes.replaceSubrange(0x58 + 16..<0x58 + 20, with: littleEndian(end - 512))
        bytes.replaceSubrange(0x58 + 20..<0x58 + 24, with: littleEndian(UInt32(512)))
    }

    struct Segment {
        var virtual: UInt64
        var physical: UInt64
        var bytes: [UInt8]
        var memoryByteCount: UInt64
    }

    static func elf(entry: UInt64, machine: UInt16 = 183, segments: [Segment]) -> [UInt8] {
        var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + Array(repeating: 0, count: 8)
        header += littleEndian(UInt16(2)) + littleEndian(machine) + littleEndian(UInt32(1))
        header += littleEndian(entry) + littleEndian(UInt64(64)) + littleEndian(UInt64(0)) + littleEndian(UInt32(0))
        header += littleEndian(UInt16(64)) + littleEndian(UInt16(56)) + littleEndian(UInt16(segments.count))
        header += Array(repeating: 0, count: 6)
        var table: [UInt8] = []
        var contents: [UInt8] = []
        for segment in segments {
            let offset = UInt64(64 + 56 * segments.count + contents.count)
            table += littleEndian(UInt32(1)) + littleEndian(UInt32(5))
            for field in [
                offset, segment.virtual, segment.physical, UInt64(segment.bytes.count), segment.memoryByteCount, 4096,
            ] {
                table += littleEndian(field)
            }
            contents += segment.bytes
        }
        return header + table + contents
    }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1024)
        let produced = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(output.count)
                deflate(&stream, Z_FINISH)
                return output.count - Int(stream.avail_out)
            }
        }
        return Array(output.prefix(produced))
    }
}
