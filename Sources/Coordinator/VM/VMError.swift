import Shared

/// Why a VM could not be built or had to end. The description is the line that the user reads.
enum VMError: Error, CustomStringConvertible {
    case host(SystemError)
    case boot(BootError)
    case worker(WorkerError)
    case configuration(String)
    case control(ControlPathError)

    var description: String {
        switch self {
        case .host(let error): error.description
        case .boot(let error): error.description
        case .worker(let error): error.description
        case .configuration(let text): text
        case .control(let error): error.description
        }
    }
}
