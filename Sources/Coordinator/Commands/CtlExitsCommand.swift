import ArgumentParser

/// `armada ctl exits`.
struct CtlExitsCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exits",
        abstract: "Print what the exits have cost since the guest started.",
        discussion: "The table of armada run --stats; armada stat live has that of an interval.")

    @OptionGroup var options: ReportOptions
    @OptionGroup var vm: VMTarget

    func execute() throws -> Int32 {
        let path = try vm.path()
        let snapshot: StatisticsSnapshot
        do throws(ControlClientError) {
            let client = try ControlClient(path: path)
            guard case .snapshot(let reply) = try client.ask(.statistics(atEnd: false)).reply else {
                throw .violation(.missingBody)
            }
            snapshot = reply
        } catch { throw vm.failure(error, path: path) }
        try options.check(vcpuCount: snapshot.vcpus.count)
        try StandardOutput.write(options.report(snapshot))
        return 0
    }
}
