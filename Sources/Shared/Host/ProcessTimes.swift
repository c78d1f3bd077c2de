import CHost
import Glibc

/// How long another process has run, and how long it wanted to.
package struct ProcessTimes: ~Copyable {
    /// Nanoseconds since the process began.
    package struct Reading: Equatable, Sendable {
        /// On a processor.
        package var processor: UInt64
        /// Ready to run, and waiting for a processor; of its first thread.
        package var runDelay: UInt64

        package init(processor: UInt64, runDelay: UInt64) {
            self.processor = processor
            self.runDelay = runDelay
        }
    }

    private let clock: clockid_t
    /// /proc/PID/schedstat, of Linux "Scheduler Statistics".
    private let file: OwnedDescriptor

    /// nil: there is no such process, or the host does not tell of it.
    package init?(of pid: pid_t) {
        var clock = clockid_t()
        guard clock_getcpuclockid(pid, &clock) == 0 else { return nil }
        let file = open("/proc/\(pid)/schedstat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        self.clock = clock
        self.file = OwnedDescriptor(file)
    }

    /// nil when the process is gone. Costs two calls to the host.
    package func read() -> Reading? {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        let runDelay = withUnsafeTemporaryAllocation(byteCount: 96, alignment: 1) { buffer -> UInt64? in
            let count = pread(file.rawValue, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return nil }
            return Self.runDelay(in: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        guard let runDelay else { return nil }
        return Reading(
            processor: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec), runDelay: runDelay)
    }

    /// The second number of a line: "1044332 28117 12".
    package static func runDelay(in line: UnsafeRawBufferPointer) -> UInt64? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2 else { return nil }
        return UInt64(String(decoding: words[1], as: UTF8.self))
    }
}
