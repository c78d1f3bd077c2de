import Glibc
import Testing

/// The guest `peek` in a VM, with a terminal on which it is told what to do.
final class PeekGuest {
    let run: GuestRun
    private let terminal: CInt

    init(_ arguments: [String] = []) async throws {
        terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: CInt = 0
        var number: CUnsignedInt = 0
        // TIOCSPTLCK and TIOCGPTN: the C library's functions for these are hidden from Swift.
        try #require(
            ioctl(terminal, 0x4004_5431, &isLocked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0,
            "no pseudo-terminal")
        let guest = ["run", "-k", Tree.guest("peek"), "-m", "64M", "--timeout", "120"]
        run = try GuestRun(guest + arguments, input: "/dev/pts/\(number)")
        #expect(try await eventually(seconds: 60) { !said.isEmpty }, "\(run.errors)")
    }

    deinit { close(terminal) }

    /// What the guest has said in whole lines.
    private var said: [Substring] {
        let output = run.output
        return output.prefix(upTo: output.lastIndex(where: \.isNewline) ?? output.startIndex)
            .split(whereSeparator: \.isNewline).filter { $0.hasPrefix("peek: ") }
    }

    /// Sends a line, and returns what the guest says to it.
    func tell(_ line: String) async throws -> String {
        let count = said.count
        send(line)
        guard try await eventually(seconds: 60, { self.said.count > count }) else { return "nothing" }
        return String(said[count].dropFirst("peek: ".count))
    }

    func send(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(terminal, bytes, bytes.count)
    }

    /// `armada ctl` with these words: what it printed, or its exit code and what it complained of.
    func ctl(_ words: String) async throws -> String {
        let (code, ctl) = try await GuestRun.finish(
            ["ctl"] + words.split(separator: " ").map(String.init) + ["\(run.pid)"])
        return code == 0 ? ctl.output : "\(code ?? -1): \(ctl.errors)"
    }
}
