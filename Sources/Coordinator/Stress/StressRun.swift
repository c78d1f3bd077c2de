import Glibc
import Shared

/// One scenario from one seed.
struct StressRun {
    static let memoryByteCount: UInt64 = 64 << 20

    var scenario: StressScenario
    /// Of the scenario `linux`.
    var images: LinuxImages?
    var vcpuCount: Int
    var seed: UInt64
    var roundLimit = UInt64.max
    var durationLimit = UInt64.max
    var listRegisterCount = VMConfiguration.usualListRegisterCount
    var pin = PinPolicy.none
    var isLockstep = false
    var faults: [FaultArgument] = []
    var workerPath: String?
    /// As with `armada run`.
    var recordPath: String?
    var tracePath: String?
    var onRound: ((any StressRounds) -> Void)?

    /// What repeats it.
    var command: String {
        var words = ["armada", "stress", scenario.rawValue, "--cpus", "\(vcpuCount)", "--seed", "\(seed)"]
        if let images { words += ["--kernel", shellQuoted(images.kernel), "--initrd", shellQuoted(images.initrd)] }
        if roundLimit != .max {
            words += ["--rounds", "\(roundLimit)"]
        } else {
            words += ["--duration", decimal(Double(durationLimit) / 1e9)]
        }
        if listRegisterCount != VMConfiguration.usualListRegisterCount {
            words += ["--list-registers", "\(listRegisterCount)"]
        }
        if pin != .none { words += ["--pin", pin.rawValue] }
        if isLockstep { words.append("--lockstep") }
        for fault in faults { words += ["--fault", fault.text] }
        return words.joined(separator: " ")
    }

    /// Runs it to its end; a failure is part of the result.
    func run() -> StressResult {
        if let images { return runLinux(images) }
        guard !isLockstep else { return runBuiltIn() }
        var rawSocket = RawSocketBeside(pin: pin, vcpuCount: vcpuCount)
        rawSocket.measure()
        var result = runBuiltIn()
        rawSocket.measure()
        result.rawSocket = rawSocket.figure
        return result
    }

    private func runBuiltIn() -> StressResult {
        var result = StressResult(scenario: scenario, vcpuCount: vcpuCount, seed: seed)
        guard let kernel = BuiltInGuest.path("stress") else {
            result.failure = "the guest of the stress test is not there: run make build"
            return result
        }
        let session = StressSession(
            scenario: scenario, seed: seed, roundLimit: roundLimit, durationLimit: durationLimit, isVirtual: isLockstep)
        session.onRound = onRound
        do throws(VMError) {
            // What the guest prints, if anything, is a complaint.
            let machine = try VirtualMachine(
                configuration: configuration(kernel: kernel),
                console: TerminalConsole(input: -1, output: STDERR_FILENO),
                stress: session)
            result.take(machine, session, failure: Self.failure)
        } catch { result.failure = error.description }
        result.take(session)
        return result
    }

    /// The machine of a run.
    func configuration(kernel: String) -> VMConfiguration {
        var configuration = VMConfiguration(kernelPath: kernel)
        configuration.vcpuCount = vcpuCount
        configuration.memoryByteCount = Self.memoryByteCount
        configuration.listRegisterCount = listRegisterCount
        configuration.pin = pin
        configuration.workerPath = workerPath
        configuration.recordPath = recordPath
        configuration.tracePath = tracePath
        configuration.lockstep = isLockstep ? Lockstep(seed: seed) : nil
        configuration.faults = FaultPlan(seed: seed)
        for fault in faults { configuration.faults.add(fault) }
        return configuration
    }

    static func failure(_ outcome: VMOutcome) -> String? {
        switch outcome {
        case .poweredOff: nil
        case .interrupted: "interrupted: the figures are those of the rounds until then"
        case .reset: "the guest of the stress test asked for a reset"
        default: outcome.message
        }
    }
}
