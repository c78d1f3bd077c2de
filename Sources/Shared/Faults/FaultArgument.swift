/// What `--fault NAME[=1/N]` says. NAME is a fault's, or `legal` for every legal one.
package struct FaultArgument: Hashable, Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case name(String)
        case interval(name: String, String)

        package var description: String {
            switch self {
            case .name(let name):
                "there is no fault \(name.debugDescription): legal are \(Fault.legal.names), illegal are "
                    + "\(Fault.illegal.names), and legal stands for all that are"
            case .interval(let name, let text):
                "how often \(name) strikes cannot be \(text.debugDescription): give 1/N, with N from 1 to \(UInt32.max)"
            }
        }

    }

    private static let allLegal = "legal"

    /// As it was given.
    package let text: String
    package let faults: [Fault]
    /// nil: as often as is usual for each.
    package let interval: UInt32?

    package init(_ text: String) throws(Failure) {
        self.text = text
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if name == Self.allLegal {
            faults = Fault.legal
        } else if let fault = Fault(rawValue: name) {
            faults = [fault]
        } else {
            throw .name(name)
        }
        guard parts.count > 1 else {
            interval = nil
            return
        }
        guard parts[1].hasPrefix("1/"), let value = UInt32(parts[1].dropFirst(2)), value > 0 else {
            throw .interval(name: name, String(parts[1]))
        }
        interval = value
    }
}

extension [Fault] {
    /// For a sentence: "delay, reorder".
    package var names: String { map(\.rawValue).joined(separator: ", ") }
}
