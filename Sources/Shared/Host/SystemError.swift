import Glibc

/// A failed call to the host: which one, on what, and errno.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let operation: String
    package let code: CInt

    /// `operation` names the call and its object, for example "open /dev/null".
    package init(_ operation: String, code: CInt = errno) {
        self.operation = operation
        self.code = code
    }

    package var description: String { "\(operation): \(Self.message(of: code))" }

    /// The host's words for an errno.
    package static func message(of code: CInt) -> String { String(cString: strerror(code)) }
}
