import Glibc

/// Whether more processes of the host want to run than it has processors: then whoever polls takes a processor from someone.
///
/// The host's count of runnable threads, from `/proc/loadavg` (proc_pid_loadavg(5)), read again after `intervalNanoseconds`
/// at the earliest. A host that doesn't tell is taken for idle.
package struct HostLoad: ~Copyable {
    /// One reading costs a few microseconds.
    private static let intervalNanoseconds: UInt64 = 5_000_000

    private let file: OwnedDescriptor
    private let processorCount: Int
    private var sampled: UInt64 = 0
    private var wasCrowded = false

    package init() {
        file = OwnedDescriptor(open("/proc/loadavg", O_RDONLY | O_CLOEXEC))
        processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// `now` is CLOCK_MONOTONIC in nanoseconds.
    package mutating func isCrowded(at now: UInt64) -> Bool {
        if now &- sampled >= Self.intervalNanoseconds {
            sampled = now
            wasCrowded = read()
        }
        return wasCrowded
    }

    private func read() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            let count = pread(file.rawValue, buffer.baseAddress, buffer.count, 0)
            guard count > 0, let runnable = Self.runnable(in: UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
                return false
            }
            return runnable > processorCount
        }
    }

    /// The number before the slash: "0.20 0.18 0.12 1/80 11206".
    package static func runnable(in line: UnsafeRawBufferPointer) -> Int? {
        guard let slash = line.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let digits = line[..<slash].reversed().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.reversed()
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
