import ArgumentParser

/// `armada bench`.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what exits cost.",
        subcommands: [BenchExitsCommand.self, SwitchPeerCommand.self])
}

/// A debug build measures the compiler's laziness.
enum DebugBuild {
    static var refusal: String? {
        #if DEBUG
            "this is a debug build, whose times mean nothing: build it with make build"
        #else
            nil
        #endif
    }
}

/// The other virtual machine of `vcpu_switch`: started by `armada bench exits` only.
struct SwitchPeerCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(commandName: VCPUSwitchBench.command, shouldDisplay: false)

    @Option var samples: Int
    @Option(name: .customLong("halt-poll-ns")) var haltPoll: HaltPoll
    @Option var worker: String?

    func execute() throws -> Int32 {
        guard let kernel = BuiltInGuest.path("exits"), (1...BenchExitsCommand.maximumSampleCount).contains(samples)
        else {
            return 1
        }
        let configuration = VCPUSwitchBench.configuration(kernel: kernel, haltPoll: haltPoll, workerPath: worker)
        guard let failure = VCPUSwitchBench.serve(configuration, sampleCount: samples) else { return 0 }
        StandardError.report("the other virtual machine: \(failure)")
        return 1
    }
}
