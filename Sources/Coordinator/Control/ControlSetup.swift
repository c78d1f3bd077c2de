import Glibc
import Shared

extension VirtualMachine {
    /// The control socket that the configuration asks for. One that nobody has asked for by name may fail: the run goes on,
    /// unless it is to be resumed over it.
    func openControl(_ events: EventSet) throws(VMError) -> ControlServer? {
        do throws(ControlPathError) {
            let path: String
            switch configuration.control {
            case .none: return nil
            case .path(let chosen): path = chosen
            case .automatic:
                let directory = ControlDirectory.standard
                try directory.create()
                path = directory.socketPath(pid: getpid())
            }
            return try ControlServer(path: path, events: events) { [unowned self] in answer($0) }
        } catch {
            guard configuration.control == .automatic, !configuration.startsPaused else { throw .control(error) }
            logger.warning("\(error); the VM runs without one (--control none says so)")
            return nil
        }
    }
}
