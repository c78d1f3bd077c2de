import Glibc

/// The guest's serial line on standard input and output.
///
/// The event loop
/// - calls `start()` once, and `finish()` before the process ends;
/// - watches `inputDescriptor`, if any, for reading and then calls `readInput()`; ask again after each call;
/// - calls `flush()` before it blocks;
/// - watches `blockedOutputDescriptor`, if any, for writing and then calls `flush()`; ask again after each call.
final class TerminalConsole: SerialLine {
    enum End: Equatable {
        /// Ctrl-a x.
        case quit
        /// The terminal has gone.
        case inputClosed
        /// Nobody reads standard output any more.
        case outputClosed
    }

    /// Bytes have come, or a full line has room again: call `PL011.lineChanged()`.
    var onChange: (() -> Void)?
    /// The run must end.
    var onEnd: ((End) -> Void)?

    init(input: CInt = STDIN_FILENO, output: CInt = STDOUT_FILENO) {}

    /// Puts a terminal into raw mode.
    func start() {}
    /// Writes what is left and restores the terminal. May be called twice.
    func finish() {}

    /// nil when input is off.
    var inputDescriptor: CInt? { nil }
    func readInput() {}

    /// Set while output waits for the descriptor.
    var blockedOutputDescriptor: CInt? { nil }
    func flush() {}

    var isFull: Bool { false }
    func put(_ byte: UInt8) {
        var byte = byte
        _ = write(STDOUT_FILENO, &byte, 1)
    }
    func next() -> UInt8? { nil }
}
