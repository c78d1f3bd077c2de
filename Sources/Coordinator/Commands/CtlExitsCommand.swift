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
        let snapshot = try vm.ask(.statistics(atEnd: false)) { reply -> StatisticsSnapshot? in
            if case .snapshot(let snapshot) = reply { snapshot } else { nil }
        }
        try options.check(vcpuCount: snapshot.vcpus.count)
        try StandardOutput.write(options.report(snapshot))
        return 0
    }
}
