import CHost
import Glibc
import Shared

/// The socket at which workers that were started by hand (`armada-vcpu --connect PATH`) arrive. Only this user may
/// connect; the path is removed when the listener goes.
struct WorkerListener: ~Copyable {
    private let socket: OwnedDescriptor
    private let path: String
    private let identity: (device: dev_t, inode: ino_t)

    /// For polling: readable when `accept` has something.
    var descriptor: CInt { socket.rawValue }

    /// Listens at `path`, which must not exist, or be a socket at which nobody listens any more.
    init(path: String) throws(WorkerError) {
        guard var address = Self.address(of: path) else {
            throw .socketPath(path: path, why: "the path must have 1 to \(Self.maximumPathByteCount) bytes")
        }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .host(SystemError("create a socket")) }
        let socket = OwnedDescriptor(descriptor)

        // The mode is right from the first moment: no window in which another user could connect.
        let mask = umask(0o177)
        var result = Self.bind(descriptor, &address)
        if result != 0, errno == EADDRINUSE {
            do throws(WorkerError) {
                try Self.removeStale(path, &address)
                result = Self.bind(descriptor, &address)
            } catch {
                umask(mask)
                throw error
            }
        }
        let code = errno
        umask(mask)
        guard result == 0 else { throw .socketPath(path: path, why: SystemError.message(of: code)) }

        var status = stat()
        guard lstat(path, &status) == 0, listen(descriptor, 128) == 0 else {
            let code = errno
            unlink(path)
            throw .socketPath(path: path, why: SystemError.message(of: code))
        }
        self.socket = socket
        self.path = path
        identity = (status.st_dev, status.st_ino)
    }

    deinit {
        // Only what this listener made: another coordinator may have put its own there since.
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == identity.device, status.st_ino == identity.inode {
            unlink(path)
        }
    }

    /// Takes one worker that has connected; nil if there is none, or if it is another user's, which `report` tells.
    func accept(report: (String) -> Void) throws(WorkerError) -> WorkerChannel? {
        var request = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return nil }
        var pid: pid_t = 0
        var user: uid_t = 0
        let descriptor = armada_accept(socket.rawValue, &pid, &user)
        guard descriptor >= 0 else {
            switch errno {
            case EAGAIN, EINTR, ECONNABORTED: return nil
            default: throw .host(SystemError("accept a worker"))
            }
        }
        let connection = OwnedDescriptor(descriptor)
        guard user == geteuid() else {
            report("worker \(pid) is turned away: it belongs to user \(user), not \(geteuid())")
            return nil
        }
        return WorkerChannel(vcpu: -1, socket: connection, process: nil, pid: pid)
    }

    // MARK: Addresses

    /// sun_path, less the NUL at its end.
    private static let maximumPathByteCount = 107

    private static func address(of path: String) -> sockaddr_un? {
        let bytes = path.utf8
        guard bytes.count >= 1, bytes.count <= maximumPathByteCount, !bytes.contains(0) else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in buffer.copyBytes(from: bytes) }
        return address
    }

    private static func bind(_ descriptor: CInt, _ address: inout sockaddr_un) -> CInt {
        withUnsafeBytes(of: &address) { buffer in
            Glibc.bind(
                descriptor, buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
    }

    /// Removes a socket that a coordinator left behind when it was killed.
    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(WorkerError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw .socketPath(path: path, why: "a file of that name exists, and is no socket")
        }
        let probe = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw .host(SystemError("create a socket")) }
        defer { close(probe) }
        let connected = withUnsafeBytes(of: &address) { buffer in
            connect(probe, buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
        guard connected != 0, errno == ECONNREFUSED else {
            throw .socketPath(path: path, why: "another coordinator listens there")
        }
        unlink(path)
    }
}
