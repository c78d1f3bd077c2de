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

    package var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
