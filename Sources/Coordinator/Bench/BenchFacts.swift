import CHost
import Glibc
import Shared

/// What somebody who reads a report has to know of the host and of this program.
enum BenchFacts {
    static var all: [BenchReport.Fact] {
        [
            BenchReport.Fact(name: "armada", value: "\(Release.version), protocol version \(WireProtocol.version)"),
            BenchReport.Fact(name: "processor", value: processor),
            BenchReport.Fact(name: "processors", value: "\(armada_processor_count())"),
            BenchReport.Fact(name: "kernel", value: firstLine("/proc/sys/kernel/osrelease")),
            BenchReport.Fact(
                name: "clock", value: firstLine("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
            BenchReport.Fact(name: "load", value: firstLine("/proc/loadavg")),
        ]
    }

    private static var processor: String {
        let line = text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        guard let value = line?.split(separator: ":").dropFirst().first else { return "unknown" }
        return String(value.drop { $0 == " " })
    }

    private static func firstLine(_ path: String) -> String {
        text(path).split(separator: "\n").first.map(String.init) ?? "unknown"
    }

    /// The beginning of a file of the host's; empty if it cannot be read.
    private static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
