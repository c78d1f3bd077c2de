import Foundation
import Glibc
import Shared
import Testing

@testable import Coordinator

/// `armada run` on a terminal: raw while the guest runs, and as it was after every way out.
@Suite(.serialized) struct CommandsTerminalTests {
    private let scratch: ScratchDirectory
    private let terminal: PseudoTerminal

    init() throws {
        scratch = try ScratchDirectory()
        terminal = try PseudoTerminal()
    }

    /// A guest that spins: B to itself.
    private func start() throws -> Process {
        let process = Process()
        process.executableURL = ArmadaProgram.url
        process.arguments = [
            "run", "-m", "64M", "--timeout", "60", "-k", try scratch.file("spin", [0x00, 0x00, 0x00, 0x14]),
        ]
        // A report of a crash takes seconds.
        process.environment = ["SWIFT_BACKTRACE": "enable=no"]
        process.standardInput = FileHandle(fileDescriptor: terminal.slave)
        process.standardOutput = FileHandle(fileDescriptor: terminal.slave)
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private var isRaw: Bool { terminal.modes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0 }

    private func waitForRawMode() {
        for _ in 0..<1000 where !isRaw { usleep(10_000) }
        #expect(isRaw)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGILL, SIGSEGV]) func signalled(signal: CInt) throws {
        let before = terminal.modes.c_lflag
        let process = try start()
        waitForRawMode()
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(terminal.modes.c_lflag == before)
        if signal == SIGILL || signal == SIGSEGV {
            #expect(process.terminationReason == .uncaughtSignal)
            #expect(process.terminationStatus == signal)
        } else {
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 1)
        }
    }

    @Test func quitByKey() throws {
        let before = terminal.modes.c_lflag
        let process = try start()
        waitForRawMode()
        terminal.type("\u{1}h")
        #expect(terminal.output(milliseconds: 1000).contains("quit Armada"))
        terminal.type("\u{1}x")
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(terminal.modes.c_lflag == before)
    }
}

/// Both ends of a pseudo-terminal.
final class PseudoTerminal {
    let master: CInt
    let slave: CInt

    init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: CInt = 0
        var number: CInt = 0
        // TIOCSPTLCK and TIOCGPTN: what unlockpt(3) and ptsname(3) call.
        guard master >= 0, ioctl(master, 0x4004_5431, &unlocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw SystemError("open a pseudo-terminal")
        }
        slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    }

    deinit {
        close(master)
        close(slave)
    }

    var modes: termios {
        var modes = termios()
        tcgetattr(slave, &modes)
        return modes
    }

    func type(_ text: String) { _ = write(master, text, text.utf8.count) }

    /// What has come out until there was silence for `milliseconds`.
    func output(milliseconds: CInt = 100) -> String { readAll(master, milliseconds: milliseconds) }
}

/// What can be read from the descriptor until there was silence for `milliseconds`.
func readAll(_ descriptor: CInt, milliseconds: CInt) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&request, 1, milliseconds) > 0 {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
}

enum ArmadaProgram {
    /// The release build if `ARMADA_BIN_DIR` names it, else the debug build that the tests belong to.
    static var url: URL {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let directory = ProcessInfo.processInfo.environment["ARMADA_BIN_DIR"] ?? root.path + "/.build/debug"
        return URL(fileURLWithPath: directory + "/armada")
    }
}
