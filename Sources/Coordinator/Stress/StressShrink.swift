import Shared

/// Makes a failing stress test smaller while it still breaks a rule: fewer rounds, vCPUs and faults.
struct StressShrink {
    /// Without lock-step a failure may need luck.
    private static let attempts = 3

    private(set) var run: StressRun
    private(set) var result: StressResult
    /// Says what was tried, and whether it still fails.
    var log: (String) -> Void = { _ in }

    /// nil: `run` does not fail.
    init?(_ run: StressRun, log: @escaping (String) -> Void) {
        self.run = run
        self.log = log
        guard let result = Self.failure(of: run) else { return nil }
        self.result = result
    }

    /// Tries until nothing smaller fails.
    mutating func shrink() {
        run.durationLimit = .max
        run.roundLimit = result.lastRound
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in candidates where accept(candidate) {
                isSmaller = true
                break
            }
        }
    }

    private var candidates: [StressRun] {
        var list: [StressRun] = []
        for index in run.faults.indices where run.faults.count > 1 {
            var smaller = run
            smaller.faults.remove(at: index)
            list.append(smaller)
        }
        for count in [run.vcpuCount / 2, run.vcpuCount - 1] where count >= run.scenario.minimumVCPUCount && count > 0 {
            guard count < run.vcpuCount else { continue }
            var smaller = run
            smaller.vcpuCount = count
            list.append(smaller)
        }
        for count in [run.roundLimit / 2, run.roundLimit - 1] where count >= 1 && count < run.roundLimit {
            var smaller = run
            smaller.roundLimit = count
            list.append(smaller)
        }
        return list
    }

    private mutating func accept(_ candidate: StressRun) -> Bool {
        let found = Self.failure(of: candidate)
        let faults = candidate.faults.map(\.text).joined(separator: ", ")
        log(
            "shrink: \(candidate.vcpuCount) vCPUs, \(candidate.roundLimit) rounds"
                + (faults.isEmpty ? "" : ", faults \(faults)") + ": \(found == nil ? "clean" : "still fails")\n")
        guard let found else { return false }
        run = candidate
        // It may have come to light earlier.
        run.roundLimit = min(run.roundLimit, found.lastRound)
        result = found
        return true
    }

    private static func failure(of run: StressRun) -> StressResult? {
        for _ in 0..<(run.isLockstep ? 1 : attempts) {
            let result = run.run()
            if result.verdict == .violated { return result }
            if result.failure != nil { return nil }
        }
        return nil
    }
}
