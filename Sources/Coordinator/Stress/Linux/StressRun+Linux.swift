import Glibc
import Shared

// A scenario whose guest is Linux.
extension StressRun {
    var linuxLimits: LinuxStressLimits { isLockstep ? .lockstep : .free }

    /// Runs it to its end; a failure is part of the result.
    func runLinux(_ images: LinuxImages) -> StressResult {
        var result = StressResult(scenario: scenario, vcpuCount: vcpuCount, seed: seed)
        var configuration = configuration(kernel: images.kernel)
        configuration.initrdPath = images.initrd
        configuration.memoryByteCount = LinuxImages.memoryByteCount
        configuration.commandLine = LinuxImages.commandLine(
            seed: seed, roundLimit: roundLimit, durationLimit: durationLimit, limits: linuxLimits)
        let session = LinuxStressSession(
            roundLimit: roundLimit, durationLimit: durationLimit, limits: linuxLimits)
        session.onRound = onRound
        do throws(VMError) {
            // The session reads what the guest prints; the end of it is shown with a violation.
            let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
            defer { if nowhere >= 0 { close(nowhere) } }
            let machine = try VirtualMachine(
                configuration: configuration, console: TerminalConsole(input: -1, output: nowhere),
                linuxStress: session)
            result.take(machine, session) { failure($0, session) }
        } catch { result.failure = error.description }
        result.take(session)
        result.dump = session.dump.map { $0 + "\nThe end of the console:\n" + session.consoleText }
        return result
    }

    private func failure(_ outcome: VMOutcome, _ session: LinuxStressSession) -> String? {
        if outcome == .poweredOff {
            if session.hasEnded { return session.rounds > 0 ? nil : "no round of Linux could be judged" }
            return "Linux powered off before its program's end: give --initrd what deploy/make-initramfs.sh makes"
        }
        return Self.failure(outcome)
    }
}
