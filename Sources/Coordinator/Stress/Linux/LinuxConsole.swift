/// The console of a Linux guest as lines, of which the last ones are kept.
struct LinuxConsole {
    /// A guest may print as much as it likes.
    private static let maximumLineByteCount = 4096
    private static let maximumLineCount = 80

    private var bytes: [UInt8] = []
    /// The last lines, the oldest first.
    private(set) var lines: [String] = []

    /// Takes one byte; the line, if it ends one that is not empty.
    mutating func take(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "\n"): return endLine()
        // Nothing that a terminal would obey.
        case 0..<32, 127: return nil
        default:
            bytes.append(byte)
            return bytes.count < Self.maximumLineByteCount ? nil : endLine()
        }
    }

    private mutating func endLine() -> String? {
        guard !bytes.isEmpty else { return nil }
        let line = String(decoding: bytes, as: UTF8.self)
        bytes.removeAll(keepingCapacity: true)
        if lines.count == Self.maximumLineCount { lines.removeFirst() }
        lines.append(line)
        return line
    }
}
