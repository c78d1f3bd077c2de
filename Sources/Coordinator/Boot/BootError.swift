/// Why a guest could not be loaded. The description is the line that the user reads.
enum BootError: Error, Equatable, CustomStringConvertible {
    /// ROLE PATH: REASON
    case missing(role: String, path: String, reason: String)

    var description: String {
        switch self {
        case .missing(let role, let path, let reason): "\(role) \(path): \(reason)"
        }
    }
}
