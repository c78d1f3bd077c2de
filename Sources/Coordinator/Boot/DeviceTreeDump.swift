import Glibc
import Shared

/// Writes a device tree to a file for people to read, for example with `dtc -I dtb`.
enum DeviceTreeDump {
    static func write(_ tree: [UInt8], to path: String) throws(BootError) {
        let raw = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard raw >= 0 else { throw .unwritable(path: path, code: errno) }
        let descriptor = OwnedDescriptor(raw)
        var done = 0
        while done < tree.count {
            let written = tree.withUnsafeBytes { buffer in
                Glibc.write(descriptor.rawValue, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .unwritable(path: path, code: errno) }
            done += written
        }
    }

    /// The header's `totalsize`.
    static func totalByteCount(_ tree: UnsafeRawPointer) -> Int {
        Int(tree.loadUnaligned(fromByteOffset: 4, as: UInt32.self).bigEndian)
    }
}
