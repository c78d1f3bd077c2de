import Glibc

/// A file descriptor with one owner, closed when the owner goes.
package struct OwnedDescriptor: ~Copyable {
    package let rawValue: CInt

    /// Takes over `rawValue`, which must be open and owned by no one else.
    package init(_ rawValue: CInt) { self.rawValue = rawValue }

    deinit { _ = close(rawValue) }

    /// Gives up ownership without closing.
    package consuming func release() -> CInt {
        let value = rawValue
        discard self
        return value
    }
}
