import ArgumentParser
import Glibc

/// The VM that a command is about: its PID, or the path of its control socket; without either, the only one that runs.
struct VMTarget: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The VM: its PID, or the path of its control socket. May be left out if only one runs.", valueName: "vm"))
    var target: String?

    /// Where its control socket is.
    func path() throws -> String {
        if let target {
            guard let pid = pid_t(target) else { return target }
            return ControlDirectory.standard.socketPath(pid: pid)
        }
        let sockets: [(pid: pid_t, path: String)]
        do throws(ControlPathError) {
            sockets = try ControlDirectory.standard.sockets()
        } catch { throw CommandFailure(error.description) }
        guard let first = sockets.first else {
            throw CommandFailure("no VM of this user runs: start one with armada run")
        }
        guard sockets.count == 1 else {
            let list = sockets.map { String($0.pid) }.joined(separator: ", ")
            throw ValidationError("\(sockets.count) VMs run: give the PID of one: \(list)")
        }
        return first.path
    }

    /// Asks it, and waits for the reply that `wanted` takes.
    func ask<Reply>(_ request: ControlRequest, _ wanted: (ControlReply) -> Reply?) throws -> Reply {
        let path = try path()
        do throws(ControlClientError) {
            let client = try ControlClient(path: path)
            guard let reply = wanted(try client.ask(request).reply) else { throw .violation(.missingBody) }
            return reply
        } catch { throw failure(error, path: path) }
    }

    /// What a failure to talk to it is called.
    func failure(_ error: ControlClientError, path: String) -> CommandFailure {
        let name = target.map { pid_t($0) == nil ? $0 : "PID \($0)" } ?? path
        return switch error {
        case .noVM: CommandFailure("\(name): no such VM runs; armada ps lists those that do")
        default: CommandFailure("\(name): \(error)")
        }
    }
}
