import Glibc
import Shared

/// A regular file that is part of the guest, open for reading.
struct BootFile: ~Copyable {
    enum Role: Equatable, CustomStringConvertible, Sendable {
        case kernel
        case initrd
        case dtb

        var description: String {
            switch self {
            case .kernel: "kernel"
            case .initrd: "initrd"
            case .dtb: "device tree"
            }
        }
        var option: String {
            switch self {
            case .kernel: "--kernel"
            case .initrd: "--initrd"
            case .dtb: "--dtb"
            }
        }
        var expected: String {
            switch self {
            case .kernel: "an arm64 Image, an ELF file or a raw binary"
            case .initrd: "an initial RAM disk"
            case .dtb: "a flattened device tree"
            }
        }
    }

    let role: Role
    let path: String
    let byteCount: UInt64
    private let descriptor: OwnedDescriptor

    /// Opens `path`. Fails unless it is a regular file that is not empty.
    init(_ role: Role, path: String) throws(BootError) {
        // Without O_NONBLOCK, opening a FIFO waits for a writer.
        let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw .unreadable(role, path: path, code: errno) }
        let descriptor = OwnedDescriptor(raw)
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw .unreadable(role, path: path, code: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .notRegular(role, path: path, kind: "directory")
        case S_IFIFO: throw .notRegular(role, path: path, kind: "FIFO")
        case S_IFSOCK: throw .notRegular(role, path: path, kind: "socket")
        default: throw .notRegular(role, path: path, kind: "device")
        }
        guard status.st_size > 0 else { throw .empty(role, path: path) }
        self.role = role
        self.path = path
        self.byteCount = UInt64(status.st_size)
        self.descriptor = descriptor
    }

    /// Reads exactly `count` bytes at `offset` of the file to `destination`.
    func read(at offset: UInt64, count: Int, to destination: UnsafeMutableRawPointer) throws(BootError) {
        var done = 0
        while done < count {
            let got = pread(
                descriptor.rawValue, destination + done, count - done, off_t(truncatingIfNeeded: offset) + off_t(done))
            if got < 0 {
                if errno == EINTR { continue }
                throw .unreadable(role, path: path, code: errno)
            }
            guard got > 0 else {
                throw .truncated(role, path: path, detail: "it ends \(count - done) bytes early")
            }
            done += got
        }
    }
}
