import CHost
import Glibc
import Shared

/// The socket at which workers that were started by hand (`armada-vcpu --connect PATH`) arrive. Only this user may
/// connect; the path is removed when the listener goes.
struct WorkerListener: ~Copyable {
    private let socket: ListeningSocket

    /// For polling: readable when `accept` has something.
    var descriptor: CInt { socket.descriptor }

    /// Listens at `path`, which must not exist, or be a socket at which nobody listens any more.
    init(path: String) throws(WorkerError) {
        do throws(SocketPathError) {
            socket = try ListeningSocket(path: path, backlog: 128)
        } catch { throw .socketPath(path: error.path, why: error.why) }
    }

    /// Takes one worker that has connected; nil if there is none, or if it is another user's, which `report` tells.
    func accept(report: (String) -> Void) throws(WorkerError) -> WorkerChannel? {
        var pid: pid_t = 0
        var user: uid_t = 0
        let descriptor = armada_accept(socket.descriptor, &pid, &user)
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
}
