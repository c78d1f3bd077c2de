import ArgumentParser
import Glibc
import Logging

/// The process: arguments in, one line for an error, an exit code out.
@main
enum Program {
    static func main() {
        // A worker or a reader of our output that goes away is an errno, not our end.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that may not grow.
        signal(SIGXFSZ, SIG_IGN)
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let arguments = OptionalValue.rewrite(Array(CommandLine.arguments.dropFirst()))
        let status: Int32
        do {
            var command = try Armada.parseAsRoot(arguments)
            if let run = command as? RunCommand {
                status = try run.execute()
            } else if let decode = command as? DecodeCommand {
                status = decode.execute()
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
            let command = CommandLine.arguments.dropFirst().first == "decode" ? "decode" : "run"
            StandardError.report("\(singleLine(Armada.message(for: error))); see armada \(command) --help")
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
    /// `--stats` alone becomes `--stats=table`.
    static func rewrite(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].map { $0 == "--stats" ? "--stats=table" : $0 } + arguments[end...]
    }
}
