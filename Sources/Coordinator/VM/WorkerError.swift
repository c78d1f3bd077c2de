import Glibc
import Shared

/// Why there are no workers to run the guest. The description is one line for the user: what is wrong and what to do.
enum WorkerError: Error, CustomStringConvertible {
    case missing(path: String)
    case notExecutable(path: String, code: CInt)
    /// The worker speaks another version of the protocol.
    case wrongVersion(path: String, UInt32)
    /// The worker ended, or closed its end, before it said Hello.
    case endedEarly(vcpu: Int, path: String, how: String)
    /// The worker said nothing in time.
    case silent(vcpu: Int, path: String, seconds: Int)
    case violation(vcpu: Int, WireError)
    case socketPath(path: String, why: String)
    case host(SystemError)
    /// The wait was ended from outside.
    case interrupted

    init(starting path: String, code: CInt) {
        switch code {
        case ENOENT, ENOTDIR: self = .missing(path: path)
        case EACCES, ENOEXEC, EPERM, EISDIR, ELIBBAD, ETXTBSY: self = .notExecutable(path: path, code: code)
        default: self = .host(SystemError("start worker \(path)", code: code))
        }
    }

    var description: String {
        switch self {
        case .missing(let path):
            "there is no worker program at \(path): build armada-vcpu, or name it with --worker PATH"
        case .notExecutable(let path, let code):
            "the worker program \(path) cannot be executed (\(SystemError.message(of: code))): "
                + "name armada-vcpu with --worker PATH"
        case .wrongVersion(let path, let version):
            "the worker program \(path) speaks protocol version \(version), this program version "
                + "\(WireProtocol.version): install armada and armada-vcpu of the same release"
        case .endedEarly(let vcpu, let path, let how):
            "the worker of vCPU \(vcpu) \(how) before it said Hello: check that \(path) is an armada-vcpu"
        case .silent(let vcpu, let path, let seconds):
            "the worker of vCPU \(vcpu) said nothing for \(seconds) seconds: check that \(path) is an armada-vcpu"
        case .violation(let vcpu, let error): "the worker of vCPU \(vcpu) broke the protocol: \(error)"
        case .socketPath(let path, let why): "cannot wait for workers at \(path): \(why)"
        case .host(let error): "\(error)"
        case .interrupted: "interrupted while waiting for workers"
        }
    }
}
