import Shared

/// Why a worker cannot serve its coordinator.
enum LinkError: Error, CustomStringConvertible {
    case wire(WireError)
    case host(SystemError)
    /// The coordinator closed the connection before it said Welcome.
    case notWelcome
    case smallFile(StaticString, byteCount: Int64, needed: UInt64)
    case controlPage
    case pathLength(String)

    var description: String {
        switch self {
        case .wire(let error): "the coordinator broke the protocol: \(error)"
        case .host(let error): "\(error)"
        case .notWelcome: "the coordinator closed the connection: it needs no more workers, or not this one"
        case .smallFile(let name, let byteCount, let needed):
            "the coordinator sent a memory file of \(byteCount) bytes for \(name), which needs \(needed)"
        case .controlPage:
            "the coordinator's control page has another layout: use armada and armada-vcpu of one release"
        case .pathLength(let path): "\(path) is no path of a socket: it must have 1 to 107 bytes"
        }
    }
}
