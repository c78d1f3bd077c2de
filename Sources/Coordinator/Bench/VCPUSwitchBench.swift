import CHost
import Glibc
import Shared

/// `vcpu_switch`: two virtual machines that take turns on one processor. The other one is a second `armada`, which runs the
/// same guest with the hidden command `bench switch-peer`, and has its end of the line as standard input.
enum VCPUSwitchBench {
    static let command = "switch-peer"
    /// How many more turns the other machine is ready to take, so that it does not end first.
    private static let surplus = 1 << 10

    /// Both machines, coordinators and workers: one processor.
    static func configuration(kernel: String, haltPoll: HaltPoll, workerPath: String?) -> VMConfiguration {
        var configuration = VMConfiguration(kernelPath: kernel)
        configuration.memoryByteCount = ExitBench.memoryByteCount
        configuration.pin = .same
        configuration.haltPoll = haltPoll
        configuration.workerPath = workerPath
        return configuration
    }

    /// Measures in this process. Returns the operation, as far as it could be measured, and what went wrong.
    static func measure(
        _ configuration: VMConfiguration, sampleCount: Int, limitNanoseconds: UInt64
    ) -> (BenchReport.Operation?, failure: String?) {
        do {
            let other = try start(configuration, sampleCount: sampleCount)
            defer { other.process.end() }
            let session = try BenchSession(
                [.vcpuSwitch], sampleCount: sampleCount, limitNanoseconds: limitNanoseconds,
                configuration: configuration, peer: other.peer)
            let outcome = try ExitBench.run(configuration, session)
            return (session.results.first, outcome.benchFailure)
        } catch {
            return (nil, "\(error)")
        }
    }

    /// The life of the other machine's process.
    static func serve(_ configuration: VMConfiguration, sampleCount: Int) -> String? {
        do {
            let session = try BenchSession(
                [.vcpuSwitch], sampleCount: sampleCount + surplus, limitNanoseconds: .max, configuration: configuration,
                peer: BenchPeer(socket: OwnedDescriptor(STDIN_FILENO), waitsFirst: true))
            return try ExitBench.run(configuration, session).benchFailure
        } catch {
            return "\(error)"
        }
    }

    /// A child, ended and reaped by whoever holds it.
    private struct Process {
        let pid: pid_t

        /// It ends by itself once the line is closed; a machine that is stuck is ended all the same.
        func end() {
            let deadline = armada_monotonic() &+ 1_000_000_000
            while waitpid(pid, nil, WNOHANG) == 0 {
                if armada_monotonic() > deadline { kill(pid, SIGKILL) }
                usleep(1000)
            }
        }
    }

    private static func start(
        _ configuration: VMConfiguration, sampleCount: Int
    ) throws(SystemError) -> (peer: BenchPeer, process: Process) {
        var ends: (CInt, CInt) = (-1, -1)
        let paired = withUnsafeMutableBytes(of: &ends) { buffer in
            socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0,
                buffer.baseAddress?.assumingMemoryBound(to: CInt.self))
        }
        guard paired == 0 else { throw SystemError("create a socket pair") }
        let ours = OwnedDescriptor(ends.0)
        let theirs = OwnedDescriptor(ends.1)
        var words = [
            "armada", "bench", command, "--samples", "\(sampleCount)", "--halt-poll-ns", "\(configuration.haltPoll)",
        ]
        if let worker = configuration.workerPath { words += ["--worker", worker] }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let pid = armada_spawn("/proc/self/exe", &arguments, theirs.rawValue)
        guard pid > 0 else { throw SystemError("start the other virtual machine") }
        return (BenchPeer(socket: ours, waitsFirst: false), Process(pid: pid))
    }
}
