import CHost
import Glibc
import Shared

/// Why nothing can listen at, or connect to, a path. The reason is a clause for the user.
struct SocketPathError: Error, Equatable {
    var path: String
    var why: String
}

/// A Unix stream socket of mode 0600 that listens at a path and removes it when it goes.
struct ListeningSocket: ~Copyable {
    private let socket: OwnedDescriptor
    let path: String
    private let identity: (device: dev_t, inode: ino_t)

    /// For polling: readable when `accept` has something. Non-blocking.
    var descriptor: CInt { socket.rawValue }

    /// Listens at `path`, which must not exist, or be a socket at which nobody listens any more.
    init(path: String, backlog: CInt) throws(SocketPathError) {
        let address = try UnixAddress(path: path)
        let descriptor = UnixAddress.makeSocket(nonblocking: true)
        guard descriptor >= 0 else { throw SocketPathError(path: path, why: SystemError.message(of: errno)) }
        let socket = OwnedDescriptor(descriptor)

        // The mode is right from the first moment, so there is no window in which another user could connect: bind
        // gives the file the mode that the socket has. (The umask would be the whole process's, and two threads that
        // set and restore it may leave it changed for good.)
        guard fchmod(descriptor, 0o600) == 0 else {
            throw SocketPathError(path: path, why: SystemError.message(of: errno))
        }
        var result = address.bind(descriptor)
        if result != 0, errno == EADDRINUSE {
            try Self.removeStale(path, address)
            result = address.bind(descriptor)
        }
        let code = errno
        guard result == 0 else { throw SocketPathError(path: path, why: SystemError.message(of: code)) }

        var status = stat()
        guard lstat(path, &status) == 0, listen(descriptor, backlog) == 0 else {
            let code = errno
            unlink(path)
            throw SocketPathError(path: path, why: SystemError.message(of: code))
        }
        self.socket = socket
        self.path = path
        identity = (status.st_dev, status.st_ino)
    }

    deinit {
        // Only what this socket made: another process may have put its own there since.
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == identity.device, status.st_ino == identity.inode {
            unlink(path)
        }
    }

    /// Removes a socket that a process left behind when it was killed.
    private static func removeStale(_ path: String, _ address: UnixAddress) throws(SocketPathError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketPathError(path: path, why: "a file of that name exists, and is no socket")
        }
        guard address.isAbandoned else { throw SocketPathError(path: path, why: "another coordinator listens there") }
        unlink(path)
    }
}

/// The address of a Unix socket.
struct UnixAddress {
    /// sun_path, less the NUL at its end.
    static let maximumPathByteCount = 107

    private let value: sockaddr_un

    init(path: String) throws(SocketPathError) {
        let bytes = path.utf8
        guard bytes.count >= 1, bytes.count <= Self.maximumPathByteCount, !bytes.contains(0) else {
            throw SocketPathError(path: path, why: "the path must have 1 to \(Self.maximumPathByteCount) bytes")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in buffer.copyBytes(from: bytes) }
        value = address
    }

    /// A Unix stream socket, closed on exec; -1 with errno.
    static func makeSocket(nonblocking: Bool = false) -> CInt {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return Glibc.socket(AF_UNIX, nonblocking ? type | Int32(SOCK_NONBLOCK.rawValue) : type, 0)
    }

    func bind(_ descriptor: CInt) -> CInt { call { Glibc.bind(descriptor, $0, $1) } }

    func connect(_ descriptor: CInt) -> CInt { call { Glibc.connect(descriptor, $0, $1) } }

    /// Nobody listens there any more.
    var isAbandoned: Bool {
        let probe = OwnedDescriptor(Self.makeSocket(nonblocking: true))
        return probe.rawValue >= 0 && connect(probe.rawValue) != 0 && errno == ECONNREFUSED
    }

    private func call(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> CInt) -> CInt {
        withUnsafeBytes(of: value) { buffer in
            body(buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
    }
}
