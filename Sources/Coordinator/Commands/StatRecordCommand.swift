import ArgumentParser
import CHost
import Shared

/// `armada stat record`.
struct StatRecordCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write snapshots of a VM's statistics to a file.",
        discussion: """
            One at the start, one each interval, and one at the end: after --seconds, at Ctrl-C, or when the VM ends, which \
            is exit code 1. Whatever ends the recording, the file has what was measured up to there.
            """)

    @OptionGroup var vm: VMTarget
    @OptionGroup var interval: IntervalOption

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file, which is replaced.", valueName: "file"), completion: .file())
    var output = "armada-stat.data"

    @Option(help: ArgumentHelp("End after this time; without it, at Ctrl-C.", valueName: "seconds"))
    var seconds: Double?

    func validate() throws {
        if let seconds, !(seconds > 0 && seconds <= 1e9) {
            throw ValidationError("--seconds \(seconds) is not possible: give seconds above 0")
        }
    }

    func execute() throws -> Int32 {
        let path = try vm.path()
        do {
            let events = try EventSet()
            let watch = try StatisticsWatch(path: path, events: events)
            let file = try StatisticsFileWriter(path: output)
            try file.append(watch.descriptionPayload)
            return try record(watch, to: file)
        } catch let error as ControlClientError {
            if error == .interrupted { return 0 }
            throw vm.failure(error, path: path)
        } catch let error as SystemError {
            throw CommandFailure(error.description)
        }
    }

    private func record(_ watch: StatisticsWatch, to file: StatisticsFileWriter) throws -> Int32 {
        let start = armada_monotonic()
        let limit = seconds.map { start &+ UInt64(min($0, 1e9) * 1e9) } ?? .max
        var next = start
        var count = 0
        while true {
            switch try watch.next(at: min(next, limit)) {
            case .snapshot(_, let payload):
                try file.append(payload)
                count += 1
                let now = armada_monotonic()
                if now >= limit { return finish(count, start) }
                next = max(next &+ interval.nanoseconds, now)
            case .interrupted:
                // The last one, unless the VM does not answer.
                if case .snapshot(_, let payload)? = try? watch.take() {
                    try file.append(payload)
                    count += 1
                }
                return finish(count, start)
            case .ended(let end):
                if let end {
                    try file.append(end.payload)
                    count += 1
                }
                _ = finish(count, start)
                let how = end == nil ? "without a last snapshot" : "and its last snapshot is there"
                StandardError.report("the VM (PID \(watch.description.pid)) has ended, \(how)")
                return 1
            }
        }
    }

    private func finish(_ count: Int, _ start: UInt64) -> Int32 {
        StandardError.write("armada: \(output): \(count) snapshots over \(duration(armada_monotonic() &- start))\n")
        return 0
    }
}
