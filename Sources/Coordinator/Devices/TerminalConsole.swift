import Glibc

/// The guest's serial line on standard input and output.
///
/// The event loop
/// - calls `start()` once, and `finish()` before the process ends;
/// - watches `inputDescriptor`, if any, for reading and then calls `readInput()`; ask again after each call;
/// - calls `flush()` before it blocks;
/// - watches `blockedOutputDescriptor`, if any, for writing and then calls `flush()`; ask again after each call.
///
/// Input is taken from a terminal only. It waits for the guest up to `inputCapacity` bytes, and then the terminal's
/// bell rings for what is dropped: reading goes on, so that Ctrl-a x works whatever the guest does. Output is gathered
/// into lines, and a terminal that is stopped makes the UART's transmit FIFO full.
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
    /// Gets each byte that the guest sends.
    var onOutput: ((UInt8) -> Void)?
    /// The run must end.
    var onEnd: ((End) -> Void)?

    /// nil when input is off.
    private(set) var inputDescriptor: CInt?
    private var received = ByteQueue(capacity: inputCapacity)
    private var escaped = false
    private var output: ConsoleOutput

    static let inputCapacity = 64 << 10

    init(input: CInt = STDIN_FILENO, output: CInt = STDOUT_FILENO) {
        inputDescriptor = RawTerminal.isUsable(input) ? input : nil
        self.output = ConsoleOutput(descriptor: output)
    }

    /// Puts a terminal into raw mode.
    func start() {
        if let inputDescriptor { RawTerminal.enter(inputDescriptor) }
    }

    /// Writes what is left and restores the terminal. May be called twice.
    func finish() {
        output.drain()
        RawTerminal.leave()
    }

    // MARK: - The UART's side

    var isFull: Bool { output.isFull }

    func put(_ byte: UInt8) {
        onOutput?(byte)
        output.append(byte)
        if output.isClosed { reportOutputClosed() }
    }

    func next() -> UInt8? { received.popFirst() }

    // MARK: - The event loop's side

    /// Set while output waits for the descriptor.
    var blockedOutputDescriptor: CInt? { output.blockedDescriptor }

    func flush() {
        let wasFull = output.isFull
        output.flush()
        if output.isClosed { reportOutputClosed() }
        if wasFull, !output.isFull { onChange?() }
    }

    func readInput() {
        guard let descriptor = inputDescriptor else { return }
        let bytes = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer -> [UInt8]? in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { return [] }
            return count > 0 ? Array(buffer.prefix(count)) : nil
        }
        guard let bytes else {
            inputDescriptor = nil
            onEnd?(.inputClosed)
            return
        }
        for byte in bytes { take(byte) }
        if !received.isEmpty { onChange?() }
    }

    /// One byte from the terminal: a key for the guest, or part of a Ctrl-a command for us.
    private func take(_ byte: UInt8) {
        let controlA: UInt8 = 1
        guard escaped else {
            if byte == controlA { escaped = true } else { deliver(byte) }
            return
        }
        escaped = false
        switch byte {
        case UInt8(ascii: "x"): onEnd?(.quit)
        case UInt8(ascii: "h"), UInt8(ascii: "?"):
            for byte in Self.help.utf8 { output.append(byte) }
        default: deliver(byte)
        }
    }

    private func deliver(_ byte: UInt8) {
        if !received.append(byte) { output.append(7) }
    }

    private func reportOutputClosed() {
        guard !outputReported else { return }
        outputReported = true
        onEnd?(.outputClosed)
    }
    private var outputReported = false

    private static let help = """

        Ctrl-a x       quit Armada
        Ctrl-a h       this help
        Ctrl-a Ctrl-a  send Ctrl-a to the guest

        """
}
