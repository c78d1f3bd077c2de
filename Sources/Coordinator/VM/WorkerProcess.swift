import CHost
import Glibc
import Shared

/// A worker process that the coordinator has started. It dies with the coordinator, and is killed and reaped with this
/// object at the latest.
final class WorkerProcess {
    /// How a process ended.
    enum End: Equatable, CustomStringConvertible {
        case exited(status: CInt)
        case killed(signal: CInt)

        var description: String {
            switch self {
            case .exited(let status): "exited with status \(status)"
            case .killed(let signal): "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
            }
        }
    }

    let pid: pid_t
    /// Becomes readable when the process ends.
    var descriptor: CInt { pidfd.rawValue }
    private let pidfd: OwnedDescriptor
    private var end: End?

    private init(pid: pid_t, pidfd: consuming OwnedDescriptor) {
        self.pid = pid
        self.pidfd = pidfd
    }

    deinit {
        kill()
        waitForEnd()
    }

    /// Starts the worker program at `path` for vCPU `vcpu`, and returns its channel. The worker has not said Hello yet.
    ///
    /// Must be called on the thread that outlives the worker: the host kills it when that thread ends.
    static func start(path: String, vcpu: Int) throws(WorkerError) -> WorkerChannel {
        var ends: (CInt, CInt) = (-1, -1)
        let paired = withUnsafeMutableBytes(of: &ends) { buffer in
            socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0,
                buffer.baseAddress?.assumingMemoryBound(to: CInt.self))
        }
        guard paired == 0 else { throw .host(SystemError("create a socket pair")) }
        let ours = OwnedDescriptor(ends.0)
        let theirs = OwnedDescriptor(ends.1)

        let pid = path.withCString { program in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<CChar>?.self, capacity: 2) { arguments in
                arguments[0] = UnsafeMutablePointer(mutating: program)
                arguments[1] = nil
                return armada_spawn(program, arguments.baseAddress, theirs.rawValue)
            }
        }
        guard pid > 0 else { throw WorkerError(starting: path, code: errno) }
        let pidfd = armada_pidfd(pid)
        guard pidfd >= 0 else {
            let error = SystemError("watch worker process \(pid)")
            _ = Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw .host(error)
        }
        let process = WorkerProcess(pid: pid, pidfd: OwnedDescriptor(pidfd))
        return WorkerChannel(vcpu: vcpu, socket: ours, process: process, pid: pid)
    }

    /// Ends the process; `waitForEnd` reaps it.
    func kill() {
        send(SIGKILL)
    }

    /// Sends a signal, if the process has not been reaped.
    func send(_ signal: CInt) {
        // Not reaped yet: the pid is still this process's.
        if end == nil { _ = Glibc.kill(pid, signal) }
    }

    /// Reaps the process if it has ended.
    @discardableResult
    func checkEnd() -> End? { reap(options: WNOHANG) }

    /// Waits until the process has ended and reaps it; nil if it still runs after `milliseconds` (-1: no limit).
    @discardableResult
    func waitForEnd(milliseconds: CInt = -1) -> End? {
        if milliseconds < 0 { return reap(options: 0) }
        if let end = checkEnd() { return end }
        var request = pollfd(fd: pidfd.rawValue, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, milliseconds)
        return checkEnd()
    }

    private func reap(options: CInt) -> End? {
        if let end { return end }
        var status: CInt = 0
        while true {
            let result = waitpid(pid, &status, options)
            if result == pid { break }
            if result < 0, errno == EINTR { continue }
            // ECHILD: someone else has reaped it. Nothing is known of the status.
            if result < 0 { end = .exited(status: -1) }
            return end
        }
        let signal = status & 0x7F
        end = signal == 0 ? .exited(status: status >> 8 & 0xFF) : .killed(signal: signal)
        return end
    }
}
