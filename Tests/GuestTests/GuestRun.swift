import Foundation
import Glibc
import Testing

/// What the tests need from the tree: built programs, guests, the Linux that `deploy/fetch-linux.sh` fetched.
enum Tree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false)
    /// The release binaries: ARMADA_BIN_DIR, or where SwiftPM puts them.
    static let binaries = ProcessInfo.processInfo.environment["ARMADA_BIN_DIR"] ?? root + ".build/release"
    static let armada = binaries + "/armada"
    static let worker = binaries + "/armada-vcpu"
    static let kernel = root + ".cache/linux/vmlinuz"
    static let initrd = root + ".cache/linux/initrd.gz"

    static func guest(_ name: String) -> String { root + "Guests/build/" + name }

    /// The arguments that make QEMU the same machine.
    static func qemu(kernel: String, cpus: Int, model: String = "cortex-a57", arguments: [String] = []) -> [String] {
        [
            "-M", "virt,gic-version=3", "-cpu", model, "-m", "512", "-smp", "\(cpus)", "-nic", "none",
            "-nographic", "-no-reboot", "-kernel", kernel,
        ] + arguments
    }
}

/// One run of a program in a process group of its own, so that what it leaves behind can be found and ended.
final class GuestRun {
    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private var status: CInt?

    /// Starts `armada` with these arguments, or another program. Standard input is empty, or a terminal.
    init(_ arguments: [String], program: String = Tree.armada, input: String = "/dev/null") throws {
        let directory = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        let name = directory + "/armada-guest-test-\(getpid())-" + UUID().uuidString
        outputPath = name + ".out"
        errorPath = name + ".err"

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY | O_NOCTTY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, writing, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, writing, 0o600)
        // Other suites' descriptors are none of the program's business; what a spawn hands on, it duplicates.
        for descriptor in 3..<CInt(getdtablesize()) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawnattr_setpgroup(&attributes, 0)
        // The threads that run tests block most signals; a shell starts programs with none blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)

        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, &attributes, words, environ)
        try #require(code == 0, "\(program): \(String(cString: strerror(code))); run make build")
        pid = child
    }

    deinit {
        end()
        unlink(outputPath)
        unlink(errorPath)
    }

    var output: String { Self.text(at: outputPath) }
    var errors: String { Self.text(at: errorPath) }
    /// The lines of the output, without their ends, that begin with a prefix.
    func lines(_ prefix: String) -> [String] {
        output.split(whereSeparator: \.isNewline).map(String.init).filter { $0.hasPrefix(prefix) }
    }

    private static func text(at path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The exit code, or 128 + the signal; nil while it runs.
    func poll() -> Int32? {
        if let status { return status }
        var raw: CInt = 0
        guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
        status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : 128 + raw & 0x7F
        return status
    }

    /// Waits for the end; nil, and everything is killed, if it does not come in time.
    func wait(seconds: Double = 240) async throws -> Int32? {
        if try await eventually(seconds: seconds, { self.poll() != nil }) { return status }
        end()
        return nil
    }

    func waitForOutput(_ text: String, seconds: Double = 120) async throws -> Bool {
        try await eventually(seconds: seconds) { self.output.contains(text) || self.poll() != nil }
            && output.contains(text)
    }

    /// The processes of this run's group that live, in the order in which they were started.
    var processes: [pid_t] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        // Those with a lower number than the first were started after the numbers had come to their end.
        let pids = entries.compactMap { pid_t($0) }.sorted { ($0 < pid ? 1 : 0, $0) < ($1 < pid ? 1 : 0, $1) }
        return pids.filter { candidate in
            // pid (name) state ppid pgrp …; a name may hold blanks and parentheses.
            let stat = Self.text(at: "/proc/\(candidate)/stat")
            guard let close = stat.lastIndex(of: ")") else { return false }
            let fields = stat[close...].split(separator: " ")
            return fields.count > 3 && fields[1] != "Z" && fields[3] == "\(pid)"
        }
    }
    var workers: [pid_t] { processes.filter { $0 != pid } }

    private func end() {
        kill(-pid, SIGKILL)
        if status == nil { waitpid(pid, nil, 0) }
        status = status ?? 128 + SIGKILL
    }

    /// Runs to the end, and expects that nothing stays.
    static func finish(
        _ arguments: [String], program: String = Tree.armada, seconds: Double = 240,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> (code: Int32?, run: GuestRun) {
        let run = try GuestRun(arguments, program: program)
        let code = try await run.wait(seconds: seconds)
        #expect(code != nil, "it hangs; output so far: \(run.output.suffix(2000))", sourceLocation: sourceLocation)
        let gone = try await eventually(seconds: 2) { run.processes.isEmpty }
        #expect(gone, "left behind: \(run.processes)", sourceLocation: sourceLocation)
        return (code, run)
    }
}

/// Looks every few milliseconds until the condition holds; false if it never does in time.
func eventually(seconds: Double, _ condition: () -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        try await Task.sleep(for: .milliseconds(2))
    }
    return true
}

/// All tests with real processes, one after another: they need the processors.
@Suite(.serialized)
enum GuestTests {}
