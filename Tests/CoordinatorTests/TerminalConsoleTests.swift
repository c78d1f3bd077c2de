import Glibc
import Shared
import Testing

@testable import Coordinator

/// Raw mode is kept once for a process, so these take turns.
@Suite(.serialized) struct TerminalConsoleTests {
    private func received(_ console: TerminalConsole) -> String {
        var bytes: [UInt8] = []
        while let byte = console.next() { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func rawModeComesAndGoes() throws {
        let terminal = try PseudoTerminal()
        let console = TerminalConsole(input: terminal.slave, output: terminal.slave)
        let before = terminal.modes.c_lflag
        #expect(before & tcflag_t(ICANON | ECHO | ISIG) == tcflag_t(ICANON | ECHO | ISIG))
        console.start()
        #expect(terminal.modes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0)
        #expect(terminal.modes.c_iflag & tcflag_t(ICRNL | IXON) == 0)
        console.finish()
        #expect(terminal.modes.c_lflag == before)
        console.finish()
    }

    @Test func keysReachTheGuest() throws {
        let terminal = try PseudoTerminal()
        let console = TerminalConsole(input: terminal.slave, output: terminal.slave)
        var changes = 0
        var ends: [TerminalConsole.End] = []
        console.onChange = { changes += 1 }
        console.onEnd = { ends.append($0) }
        console.start()
        defer { console.finish() }
        terminal.type("ls\r\u{3}")
        #expect(console.inputDescriptor == terminal.slave)
        console.readInput()
        #expect(received(console) == "ls\r\u{3}")
        #expect(changes == 1)
        terminal.type("a\u{1}\u{1}b\u{1}h")
        console.readInput()
        #expect(received(console) == "a\u{1}b")
        console.flush()
        #expect(terminal.output().contains("Ctrl-a x       quit"))
        #expect(ends.isEmpty)
        // A command may come in two pieces.
        terminal.type("\u{1}")
        console.readInput()
        terminal.type("x")
        console.readInput()
        #expect(ends == [.quit])
        #expect(received(console) == "")
    }

    @Test func inputIsOffWithoutTerminal() {
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        defer { ends.forEach { close($0) } }
        let console = TerminalConsole(input: ends[0], output: ends[1])
        console.start()
        #expect(console.inputDescriptor == nil)
        console.finish()
    }

    /// Characters are gathered: nothing comes out before the newline or the loop's turn.
    @Test func outputIsGathered() {
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        defer { ends.forEach { close($0) } }
        let console = TerminalConsole(input: ends[0], output: ends[1])
        for byte in "login:".utf8 { console.put(byte) }
        #expect(readAll(ends[0], milliseconds: 0) == "")
        console.flush()
        #expect(readAll(ends[0], milliseconds: 0) == "login:")
        for byte in "line\nrest".utf8 { console.put(byte) }
        #expect(readAll(ends[0], milliseconds: 0) == "line\n")
        console.finish()
        #expect(readAll(ends[0], milliseconds: 0) == "rest")
    }

    /// A reader that stops makes the line full instead of blocking, and loses nothing.
    @Test func stuckReader() {
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        defer { ends.forEach { close($0) } }
        let console = TerminalConsole(input: ends[0], output: ends[1])
        var changes = 0
        console.onChange = { changes += 1 }
        var sent = 0
        while !console.isFull, sent < 1 << 20 {
            console.put(sent % 64 == 63 ? 0x0A : 0x41)
            sent += 1
        }
        #expect(console.isFull)
        #expect(sent >= ConsoleOutput.bound)
        #expect(console.blockedOutputDescriptor != nil)
        #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0, "the caller's descriptor stays as it was")
        var got = 0
        while got < sent {
            let text = readAll(ends[0], milliseconds: 0)
            console.flush()
            if text.isEmpty { break }
            got += text.utf8.count
        }
        #expect(got == sent)
        #expect(changes == 1)
        #expect(!console.isFull)
        #expect(console.blockedOutputDescriptor == nil)
    }

    @Test func closedReader() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        let console = TerminalConsole(input: STDERR_FILENO, output: ends[1])
        var reasons: [TerminalConsole.End] = []
        console.onEnd = { reasons.append($0) }
        close(ends[0])
        for byte in "one\ntwo\n".utf8 { console.put(byte) }
        #expect(reasons == [.outputClosed])
        #expect(!console.isFull)
        console.finish()
        close(ends[1])
    }

    @Test func byteQueueWrapsRound() {
        var queue = ByteQueue(capacity: 4)
        func take() -> UInt8? { queue.popFirst() }
        for round in UInt8(0)..<10 {
            for byte in UInt8(0)..<3 { queue.append(round * 3 + byte) }
            for byte in UInt8(0)..<3 { #expect(take() == round * 3 + byte) }
        }
        for byte in UInt8(0)..<4 { queue.append(byte) }
        let appended = queue.append(9)
        #expect(!appended)
        #expect(queue.isFull)
        for expected in [0, 1, 2, 3, nil] as [UInt8?] { #expect(take() == expected) }
    }
}
