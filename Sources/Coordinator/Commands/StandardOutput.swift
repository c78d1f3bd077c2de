import Glibc

/// Standard output for long texts: gathered, and given up quietly when its reader goes away.
struct StandardOutput: ~Copyable {
    private static let bound = 64 << 10
    private var waiting: [UInt8] = []
    /// Nobody reads it any more, or it cannot be written.
    private(set) var isClosed = false
    /// Why it cannot be written; 0 if its reader went away.
    private(set) var errorCode: CInt = 0

    mutating func write(_ line: String) {
        guard !isClosed else { return }
        waiting.append(contentsOf: line.utf8)
        waiting.append(UInt8(ascii: "\n"))
        if waiting.count >= Self.bound { flush() }
    }

    mutating func flush() {
        var done = 0
        while done < waiting.count, !isClosed {
            let count = waiting.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                isClosed = true
                errorCode = errno == EPIPE ? 0 : errno
            }
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

extension StandardOutput {
    /// Writes what a command has found, at once.
    static func write(_ text: String) throws {
        guard writeAll(text, to: STDOUT_FILENO) else {
            throw CommandFailure("write standard output: \(String(cString: strerror(errno)))")
        }
    }
}
