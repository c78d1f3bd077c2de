/// The worker's command line. Parsed by hand: a worker starts in a few milliseconds.
struct WorkerArguments: Equatable {
    enum Action: Equatable {
        /// The coordinator's socket is standard input.
        case serveStandardInput
        /// Connect to a coordinator that listens at `path`.
        case connect(path: String, vcpu: Int?)
        case printVersion
        case printHelp
        /// With a sentence that says what is wrong.
        case usageError(String)
    }

    /// Parses the arguments after the program's name.
    static func parse(_ arguments: [String]) -> Action {
        var path: String?
        var vcpu: Int?
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            switch argument {
            case "--help", "-h": return .printHelp
            case "--version": return .printVersion
            case "--connect":
                guard index < arguments.count else { return .usageError("--connect needs a path") }
                path = arguments[index]
                index += 1
            case "--vcpu":
                guard index < arguments.count, let number = Int(arguments[index]), (0..<512).contains(number) else {
                    return .usageError("--vcpu needs a number from 0 to 511")
                }
                vcpu = number
                index += 1
            default: return .usageError("unknown argument \(argument)")
            }
        }
        if let path { return .connect(path: path, vcpu: vcpu) }
        return vcpu == nil ? .serveStandardInput : .usageError("--vcpu goes with --connect PATH")
    }

    static let help = """
        armada-vcpu: one virtual processor of an Armada virtual machine.

        Usage: armada-vcpu --connect PATH [--vcpu N]
               armada-vcpu --help | --version

        The coordinator, armada, starts its workers itself, without arguments and with its socket as their standard
        input. To run a worker under a debugger, a profiler, taskset or a service manager, start the coordinator with
        --workers external --socket PATH, and each worker by hand:

          --connect PATH   the socket at which the coordinator listens
          --vcpu N         be vCPU N, counted from 0 (default: the first that is free)
          --version        print the release and the protocol version
          --help           print this

        A worker ends when its virtual machine does.
        Exit status: 0 the virtual machine ended, 1 an error (one line on standard error), 64 wrong usage.

        """
}
