import Glibc
import Shared

/// Why a VM has no control socket, or none can be found. The description is one line for the user.
enum ControlPathError: Error, Equatable, CustomStringConvertible {
    case directory(path: String, why: String)
    case socket(SocketPathError)
    case host(SystemError)

    var description: String {
        switch self {
        case .directory(let path, let why): "the directory \(path) of the control sockets cannot be used: \(why)"
        case .socket(let error): "cannot listen for control at \(error.path): \(error.why)"
        case .host(let error): "no control socket: \(error)"
        }
    }
}

/// The directory in which each VM of this user has its control socket, `PID.sock`.
///
/// It belongs to this user and nobody else can enter it, so that what is in it is this user's, too.
struct ControlDirectory {
    let path: String

    /// `$XDG_RUNTIME_DIR/armada`, or `/tmp/armada-UID` where there is no such variable.
    static var standard: ControlDirectory {
        if let value = getenv("XDG_RUNTIME_DIR"), value.pointee == UInt8(ascii: "/") {
            return ControlDirectory(path: String(cString: value) + "/armada")
        }
        return ControlDirectory(path: "/tmp/armada-\(geteuid())")
    }

    func socketPath(pid: pid_t) -> String { "\(path)/\(pid).sock" }

    /// Makes the directory unless it is there.
    func create() throws(ControlPathError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .directory(path: path, why: SystemError.message(of: errno))
        }
        guard try exists() else { throw .directory(path: path, why: SystemError.message(of: ENOENT)) }
    }

    /// False if there is no such directory; an error if there is one that others may have a hand in.
    func exists() throws(ControlPathError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return false }
            throw .directory(path: path, why: SystemError.message(of: errno))
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: break
        case S_IFLNK: throw .directory(path: path, why: "it is a symbolic link")
        default: throw .directory(path: path, why: "it is no directory")
        }
        guard status.st_uid == geteuid() else {
            throw .directory(path: path, why: "it belongs to user \(status.st_uid), not \(geteuid())")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw .directory(path: path, why: "others may enter it (mode \(mode)): chmod 700 it, or remove it")
        }
        return true
    }

    /// The sockets of VMs that run, by rising pid. What killed VMs left behind is removed.
    func sockets() throws(ControlPathError) -> [(pid: pid_t, path: String)] {
        guard try exists() else { return [] }
        guard let directory = opendir(path) else {
            throw .directory(path: path, why: SystemError.message(of: errno))
        }
        defer { closedir(directory) }
        var pids: [pid_t] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".sock"), let pid = pid_t(name.dropLast(5)), pid > 0 else { continue }
            pids.append(pid)
        }
        var found: [(pid: pid_t, path: String)] = []
        for pid in pids.sorted() {
            let socket = socketPath(pid: pid)
            guard let address = try? UnixAddress(path: socket) else { continue }
            // A socket refuses also between bind and listen, but then its process lives.
            if kill(pid, 0) != 0, errno == ESRCH, address.isAbandoned {
                unlink(socket)
            } else {
                found.append((pid, socket))
            }
        }
        return found
    }
}
