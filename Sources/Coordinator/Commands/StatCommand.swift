import ArgumentParser

/// `armada stat`.
struct StatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Measure what the exits of a running VM cost, as perf kvm stat does.",
        subcommands: [StatLiveCommand.self, StatRecordCommand.self, StatReportCommand.self])
}

/// What a table shows, for `live` and `report`.
struct ReportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This vCPU only.", valueName: "number"))
    var vcpu: Int?

    @Option(
        help: ArgumentHelp(
            "The exits to list: vmexit is all of them, mmio the accesses to devices, wfx WFI and WFE.",
            valueName: "vmexit|mmio|wfx"))
    var event = ReportSelection.Event.vmexit

    @Option(
        help: ArgumentHelp(
            "The column by which the rows fall; time is the whole time of a row.",
            valueName: "samples|time|min|avg|p50|p99|max"))
    var key = ReportSelection.Key.time

    @Flag(help: "Print one JSON object a line instead of tables, times in nanoseconds.")
    var json = false

    func report(_ snapshot: StatisticsSnapshot) -> String {
        let report = StatisticsReport(snapshot, ReportSelection(vcpu: vcpu, event: event, key: key))
        return json ? report.json : report.text
    }

    /// Refuses a vCPU that a VM with `vcpuCount` of them does not have.
    func check(vcpuCount: Int) throws {
        guard let vcpu, !(0..<vcpuCount ~= vcpu) else { return }
        throw ValidationError("there is no vCPU \(vcpu): the VM has \(vcpuCount), from 0 on")
    }
}

/// How often.
struct IntervalOption: ParsableArguments {
    @Option(help: ArgumentHelp("The time from one snapshot to the next, 0.01 to 86400.", valueName: "seconds"))
    var interval = 1.0

    var nanoseconds: UInt64 { UInt64(max(0, min(interval, 86400)) * 1e9) }

    func validate() throws {
        guard interval >= 0.01, interval <= 86400 else {
            throw ValidationError("--interval \(interval) is not possible: give 0.01 to 86400 seconds")
        }
    }
}

extension ReportSelection.Event: ExpressibleByArgument {}
extension ReportSelection.Key: ExpressibleByArgument {}
