import Glibc

/// Where a table that changes is shown: on a terminal always in the same place, on the alternate screen; otherwise one
/// table after another.
final class LiveScreen {
    private let isTerminal: Bool
    private var isEntered = false
    private var shown = ""

    init(inPlace: Bool) { isTerminal = inPlace && isatty(STDOUT_FILENO) == 1 }

    deinit { try? leave(keeping: false) }

    func show(_ text: String) throws {
        shown = text
        guard isTerminal else { return try StandardOutput.write(text) }
        var out = ""
        if !isEntered {
            isEntered = true
            // xterm's alternate screen, without the cursor.
            out += "\u{1B}[?1049h\u{1B}[?25l"
        }
        out += "\u{1B}[H"
        let size = Self.size
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(size.rows)
        out += lines.map { $0.prefix(size.columns) + "\u{1B}[K" }.joined(separator: "\r\n")
        try StandardOutput.write(out + "\u{1B}[J")
    }

    /// Puts the terminal back and, with `keeping`, leaves the last table on it.
    func leave(keeping: Bool) throws {
        guard isEntered else { return }
        isEntered = false
        try StandardOutput.write("\u{1B}[?25h\u{1B}[?1049l" + (keeping ? shown : ""))
    }

    private static var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
