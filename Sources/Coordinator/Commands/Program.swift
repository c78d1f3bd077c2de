import ArgumentParser
import Glibc
import Logging

/// The process: arguments in, one line for an error, an exit code out.
@main
enum Program {
    static func main() {
        // A worker or a reader of our output that goes away is an errno, not our end.
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let arguments = OptionalValue.rewrite(Array(CommandLine.arguments.dropFirst()))
        let status: Int32
        do {
            var command = try Armada.parseAsRoot(arguments)
            if let command = command as? any ExecutableCommand {
                status = try command.execute()
            } else {
                try command.run()
                status = 0
            }
        } catch {
            status = report(error)
        }
        exit(status)
    }

    /// Prints help and version as they are asked for, and anything else as one line on standard error.
    private static func report(_ error: any Error) -> Int32 {
        let code = Armada.exitCode(for: error)
        if code == .success {
            print(Armada.fullMessage(for: error))
        } else if code == .validationFailure {
            StandardError.report("\(singleLine(Armada.message(for: error))); see armada run --help")
        } else {
            StandardError.report(singleLine(Armada.message(for: error)))
        }
        return code.rawValue
    }

    private static func singleLine(_ text: String) -> String {
        let line = text.split(separator: "\n").joined(separator: " ")
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }
}

/// A command whose exit code says how it went.
protocol ExecutableCommand: ParsableCommand {
    func execute() throws -> Int32
}

/// Where the user reads what is not the guest's output.
enum StandardError {
    /// Writes `armada: error: MESSAGE`.
    static func report(_ message: String) { write("armada: error: \(message)\n") }

    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}

/// Options whose value may be left out, which the argument parser does not know.
enum OptionalValue {
    /// The value of `--sweep` without one.
    static let all = "all"

    /// `--stats` alone becomes `--stats=table`, and `--sweep` before anything but an axis `--sweep=all`.
    static func rewrite(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let options = arguments[..<end].enumerated().map { index, argument in
            switch argument {
            case "--stats": return "--stats=table"
            case "--sweep" where index + 1 == end || !arguments[index + 1].contains("="): return "--sweep=\(all)"
            default: return argument
            }
        }
        return options + arguments[end...]
    }
}
