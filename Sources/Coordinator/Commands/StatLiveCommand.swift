import ArgumentParser
import CHost
import Shared

/// `armada stat live`.
struct StatLiveCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live",
        abstract: "Show what the exits of each interval cost.",
        discussion: """
            On a terminal the table stays in its place until Ctrl-C; otherwise one follows the other. Times are of the \
            exits that ended in the interval. If the VM ends, its last table is shown and the exit code is 1.
            """)

    @OptionGroup var vm: VMTarget
    @OptionGroup var interval: IntervalOption
    @OptionGroup var options: ReportOptions

    @Flag(help: "Print the table of one interval and end.")
    var once = false

    func execute() throws -> Int32 {
        let path = try vm.path()
        do {
            let events = try EventSet()
            let watch = try StatisticsWatch(path: path, events: events)
            try options.check(vcpuCount: watch.description.vcpus.count)
            return try follow(watch)
        } catch let error as ControlClientError {
            if error == .interrupted { return 0 }
            throw vm.failure(error, path: path)
        } catch let error as SystemError {
            throw CommandFailure(error.description)
        }
    }

    private func follow(_ watch: StatisticsWatch) throws -> Int32 {
        let screen = LiveScreen(inPlace: !once && !options.json)
        var last: StatisticsSnapshot?
        var next = armada_monotonic()
        while true {
            switch try watch.next(at: next) {
            case .snapshot(let snapshot, _):
                if let last {
                    try screen.show(text(snapshot.subtracting(last), of: watch))
                    if once { return 0 }
                }
                last = snapshot
            case .ended(let end):
                if let end, let last { try screen.show(text(end.0.subtracting(last), of: watch)) }
                try screen.leave(keeping: true)
                StandardError.report("the VM (PID \(watch.description.pid)) has ended")
                return 1
            case .interrupted: return 0
            }
            next = max(next &+ interval.nanoseconds, armada_monotonic())
        }
    }

    private func text(_ difference: StatisticsSnapshot, of watch: StatisticsWatch) -> String {
        let report = options.report(difference)
        guard !options.json else { return report }
        let vm = watch.description
        return "PID \(vm.pid), \(vm.vcpus.count) vCPUs, \(printable(vm.kernel)): the last "
            + decimal(Double(difference.elapsedNanoseconds) / 1e9) + " s\n" + report
    }
}
