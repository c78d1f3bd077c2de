import ArgumentParser
import Shared

/// `armada stat report`.
struct StatReportCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show what happened between the first and the last snapshot of a recording.",
        discussion: """
            Of a file that is damaged or cut off, what is whole before the damage is shown, with the damage's place on \
            standard error and exit code 1.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The file.", valueName: "file"), completion: .file())
    var input = "armada-stat.data"

    @OptionGroup var options: ReportOptions

    func execute() throws -> Int32 {
        let recording: StatisticsRecording
        do throws(SystemError) {
            recording = try StatisticsRecording(path: input)
        } catch { throw CommandFailure("\(error); armada stat record writes such a file") }
        if let first = recording.first, let last = recording.last {
            try options.check(vcpuCount: last.vcpus.count)
            let report = options.report(last.subtracting(first))
            try StandardOutput.write(options.json ? report : heading(recording, first, last) + report)
        }
        if let problem = recording.problem { throw CommandFailure("\(input): \(problem)") }
        guard recording.snapshotCount > 0 else { throw CommandFailure("\(input): it has no snapshot") }
        return 0
    }

    private func heading(
        _ recording: StatisticsRecording, _ first: StatisticsSnapshot, _ last: StatisticsSnapshot
    ) -> String {
        let seconds = decimal(Double(last.nanoseconds &- first.nanoseconds) / 1e9)
        let vm = recording.description.map { "PID \($0.pid), \($0.vcpus.count) vCPUs, \(printable($0.kernel)): " } ?? ""
        return "\(vm)\(recording.snapshotCount) snapshots over \(seconds) s\n"
    }
}
