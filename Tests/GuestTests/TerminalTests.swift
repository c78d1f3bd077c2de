import Foundation
import Testing

extension GuestTests {
    /// `armada run` on a real terminal, driven through tmux.
    @Suite struct Terminal {
        /// A terminal of its own with one program in it.
        final class Tmux {
            private let socket = "armada-test-\(getpid())-\(UUID().uuidString.prefix(8))"

            init(_ command: [String]) async throws {
                // The exit code stays readable after the program's end.
                let line = command.map { "'\($0)'" }.joined(separator: " ") + "; echo \"ended with $?\"; sleep 1000"
                _ = try await tmux(["new-session", "-d", "-x", "120", "-y", "50", line])
            }

            deinit {
                guard let run = try? GuestRun(["-L", socket, "kill-server"], program: "tmux") else { return }
                for _ in 0..<500 where run.poll() == nil { usleep(10_000) }
            }

            private func tmux(_ arguments: [String]) async throws -> String {
                let run = try GuestRun(["-L", socket] + arguments, program: "tmux")
                #expect(try await run.wait(seconds: 10) == 0, "\(run.errors)")
                return run.output
            }

            func type(_ keys: String...) async throws { _ = try await tmux(["send-keys"] + keys) }

            func screen() async throws -> [String] {
                try await tmux(["capture-pane", "-p"]).split(separator: "\n").map(String.init)
            }

            /// Waits until a line of the screen satisfies the condition.
            func waitFor(
                seconds: Double = 120, _ description: String, sourceLocation: SourceLocation = #_sourceLocation,
                _ condition: (String) -> Bool
            ) async throws {
                let deadline = ContinuousClock.now + .seconds(seconds)
                var lines: [String] = []
                while ContinuousClock.now < deadline {
                    lines = try await screen()
                    if lines.contains(where: condition) { return }
                    try await Task.sleep(for: .milliseconds(100))
                }
                Issue.record(
                    "no \(description) on the screen:\n\(lines.joined(separator: "\n"))", sourceLocation: sourceLocation
                )
                throw CancellationError()
            }
        }

        @Test func interactiveShell() async throws {
            let terminal = try await Tmux([
                Tree.armada, "run", "-k", Tree.kernel, "-i", Tree.initrd, "-c", "2", "-m", "512M", "-p",
                "console=ttyAMA0 quiet",
            ])
            try await terminal.waitFor("prompt") { $0.hasPrefix("armada#") }
            try await terminal.type("echo answer $((6 * 7))", "Enter")
            try await terminal.waitFor("answer") { $0 == "answer 42" }
            try await terminal.type("sleep 1000", "Enter")
            try await terminal.waitFor("command") { $0.hasSuffix("sleep 1000") }
            try await Task.sleep(for: .seconds(1))
            try await terminal.type("C-c")
            try await terminal.type("echo status $?", "Enter")
            try await terminal.waitFor("interrupted command") { $0 == "status 130" }
            // Ctrl-a twice is one Ctrl-a for the guest, where it goes to the line's beginning.
            try await terminal.type("lo", "C-a", "C-a", "echo hel", "Enter")
            try await terminal.waitFor("edited line") { $0 == "hello" }
            try await terminal.type("C-a", "h")
            try await terminal.waitFor("help") { $0.contains("Ctrl-a x") }
            try await terminal.type("C-a", "x")
            try await terminal.waitFor(seconds: 10, "end") { $0.hasSuffix("ended with 1") }
        }

        @Test func leavingTheShellPowersOff() async throws {
            let terminal = try await Tmux([
                Tree.armada, "run", "-k", Tree.kernel, "-i", Tree.initrd, "-m", "512M", "-p", "console=ttyAMA0 quiet",
            ])
            try await terminal.waitFor("prompt") { $0.hasPrefix("armada#") }
            try await terminal.type("exit", "Enter")
            try await terminal.waitFor(seconds: 60, "end") { $0.hasSuffix("ended with 0") }
        }

        /// Characters come in by the UART's interrupt, many at a time too.
        @Test func echoByInterrupt() async throws {
            let terminal = try await Tmux([Tree.armada, "run", "-k", Tree.guest("echo"), "--timeout", "60"])
            try await terminal.waitFor("start") { $0 == "echo: ready" }
            let text = String(repeating: "abcdefghij", count: 10)
            try await terminal.type(text, "Enter")
            try await terminal.waitFor("echo") { $0 == text }
            try await terminal.type("C-d")
            try await terminal.waitFor("count") { $0 == "echo: 101 characters" }
            try await terminal.waitFor(seconds: 10, "end") { $0.hasSuffix("ended with 0") }
        }
    }
}
