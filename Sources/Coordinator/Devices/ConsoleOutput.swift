import CHost
import Glibc

/// Bytes on their way to standard output: gathered, bounded, and never waited for except at the end.
///
/// They are written at a newline, at half the bound, and when the event loop is about to block.
struct ConsoleOutput: ~Copyable {
    /// Beyond this many waiting bytes the line is full.
    static let bound = 64 << 10

    private let descriptor: CInt
    private let kind: Kind
    /// Room for a guest that looks at the full flag only after some more bytes.
    private var waiting = ByteQueue(capacity: bound + 4096)
    private var blocked = false
    /// Nobody can read what is written: EPIPE, or a terminal that has gone.
    private(set) var isClosed = false

    private enum Kind {
        /// A file of ours with O_NONBLOCK: a terminal or a pipe, opened a second time so that the flag is not shared.
        case own
        case socket
        /// Whatever cannot be opened again: write little, and only after poll(2) has allowed it.
        case polled
        case regular
    }

    init(descriptor: CInt) {
        var status = stat()
        fstat(descriptor, &status)
        let type = status.st_mode & S_IFMT
        if type == S_IFREG {
            (self.descriptor, kind) = (descriptor, .regular)
        } else if type == S_IFSOCK {
            (self.descriptor, kind) = (descriptor, .socket)
        } else {
            let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            (self.descriptor, kind) = own >= 0 ? (own, .own) : (descriptor, .polled)
        }
    }

    deinit {
        if kind == .own { close(descriptor) }
    }

    var isFull: Bool { waiting.count >= Self.bound && !isClosed }

    /// The descriptor to watch for writing while bytes wait for it.
    var blockedDescriptor: CInt? { blocked && !waiting.isEmpty ? descriptor : nil }

    /// Takes one byte. Past the bound and its margin bytes are lost, as a UART loses what is written to a full FIFO.
    mutating func append(_ byte: UInt8) {
        guard !isClosed else { return }
        waiting.append(byte)
        if !blocked, byte == UInt8(ascii: "\n") || waiting.count >= Self.bound / 2 { flush() }
    }

    /// Writes what the descriptor takes without waiting.
    mutating func flush() {
        blocked = false
        while !waiting.isEmpty, !isClosed {
            let written = writeOnce()
            if written > 0 {
                waiting.removeFirst(written)
            } else if written < 0, errno == EAGAIN || errno == EWOULDBLOCK {
                blocked = true
                return
            } else if written < 0, errno == EINTR {
                continue
            } else {
                isClosed = true
                waiting.removeAll()
            }
        }
    }

    /// Writes everything, waiting for a slow reader. A terminal that takes nothing for 10 seconds is given up.
    mutating func drain() {
        flush()
        let limit: CInt = isatty(descriptor) == 1 ? 10_000 : -1
        while blocked, !waiting.isEmpty, !isClosed {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&request, 1, limit)
            if ready == 0 {
                waiting.removeAll()
            } else if ready > 0 || errno != EINTR {
                flush()
            }
        }
    }

    private func writeOnce() -> Int {
        waiting.withFirstRun { run in
            switch kind {
            case .own, .regular: return write(descriptor, run.baseAddress, run.count)
            case .socket:
                return send(descriptor, run.baseAddress, run.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
            case .polled:
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&request, 1, 0) > 0 else {
                    errno = EAGAIN
                    return -1
                }
                return write(descriptor, run.baseAddress, min(run.count, 256))
            }
        }
    }
}
