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
            if let command = command as? any ExecutableCommand {
                status = try command.execute()
            } else {
                try command.run()
                status = 0
            }
        } catch let failure as CommandFailure {
            StandardError.report(failure.message)
            status = 1
        } catch {
            status = report(error, arguments)
        }
        exit(status)
    }

    /// Prints help and version as they are asked for, and anything else as one line on standard error.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        let code = Armada.exitCode(for: error)
        if code == .success {
            print(Armada.fullMessage(for: error))
        } else if code == .validationFailure {
            StandardError.report("\(singleLine(Armada.message(for: error))); see \(commandName(arguments)) --help")
        } else {
            StandardError.report(singleLine(Armada.message(for: error)))
        }
        return code.rawValue
    }

    /// The command that `arguments` begin with: "armada stat live".
    private static func commandName(_ arguments: [String]) -> String {
        var name = "armada"
        var command: any ParsableCommand.Type = Armada.self
        for argument in arguments {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else {
                break
            }
            name += " " + argument
            command = next
        }
        return name
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

    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

/// False, with errno, if not everything could be written.
func writeAll(_ text: String, to descriptor: CInt) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR || errno == EAGAIN { continue }
        guard written > 0 else { return false }
        bytes = bytes.dropFirst(written)
    }
    return true
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
