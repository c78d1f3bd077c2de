import CHost
import Glibc

/// A mapping of a memory file, unmapped when the owner goes.
package struct MappedMemory: ~Copyable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// Maps the first `byteCount` bytes of `descriptor`, shared. Pages are backed by the host when first touched.
    package init(descriptor: CInt, byteCount: Int, writable: Bool, name: String) throws(SystemError) {
        let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
        guard let base = mmap(nil, byteCount, protection, MAP_SHARED | MAP_NORESERVE, descriptor, 0), base != MAP_FAILED
        else { throw SystemError("map \(byteCount) bytes of \(name)") }
        self.base = base
        self.byteCount = byteCount
    }

    deinit { munmap(base, byteCount) }
}

/// An anonymous memory file that can be passed to another process.
package enum MemoryFile {
    /// Creates a memory file of `byteCount` bytes of zeros, lazily backed.
    package static func create(name: String, byteCount: UInt64) throws(SystemError) -> OwnedDescriptor {
        let descriptor = armada_memfd(name, byteCount)
        guard descriptor >= 0 else { throw SystemError("create the \(name) memory file of \(byteCount) bytes") }
        return OwnedDescriptor(descriptor)
    }

    /// The size of the largest file that this process may have: RLIMIT_FSIZE, which is for memory files, too.
    package static var largestByteCount: UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : .max
    }
}
