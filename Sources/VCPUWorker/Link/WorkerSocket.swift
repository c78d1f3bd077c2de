import Glibc
import Shared

/// Reaching a coordinator that waits for workers started by hand.
enum WorkerSocket {
    /// sun_path, less the NUL at its end.
    private static let maximumPathByteCount = 107

    /// Connects to the socket at `path`. The descriptor stays open for the life of the process.
    static func connect(to path: String) throws(LinkError) -> CInt {
        let bytes = path.utf8
        guard bytes.count >= 1, bytes.count <= maximumPathByteCount, !bytes.contains(0) else {
            throw .pathLength(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in buffer.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .host(SystemError("create a socket")) }
        for attempt in 1... {
            let result = withUnsafeBytes(of: &address) { buffer in
                Glibc.connect(
                    descriptor, buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
            }
            if result == 0 { break }
            // The path is there a moment before the coordinator listens.
            guard errno == ECONNREFUSED || errno == EINTR, attempt < 10 else {
                throw .host(SystemError("connect to a coordinator at \(path)"))
            }
            usleep(20_000)
        }
        return descriptor
    }
}
