import Glibc
import Testing

extension GuestTests {
    /// What the host takes from a vCPU is in the guest's `steal`.
    @Suite struct StolenTime {
        @Test func stoppedWorkerIsStolenTime() async throws {
            let run = try GuestRun(Linux.arguments(cpus: 2, test: "steal"))
            #expect(try await run.waitForOutput("steal: begins"), "\(run.errors) \(run.output.suffix(2000))")
            #expect(run.output.contains("using stolen time PV"))
            let worker = try #require(run.workers.last)
            let began = ContinuousClock.now
            kill(worker, SIGSTOP)
            try await Task.sleep(for: .seconds(1))
            kill(worker, SIGCONT)
            #expect(try await run.wait(seconds: 60) == 0, "\(run.errors) \(run.output.suffix(2000))")
            let elapsed = ContinuousClock.now - began
            let stolen = try #require(run.lines("steal: ").last.flatMap { Int($0.dropFirst("steal: ".count)) })
            // Hundredths of a second; on a busy host, some before this one.
            #expect(stolen >= 90)
            #expect(stolen <= Int((elapsed + .seconds(1)) / .milliseconds(10)), "\(stolen) in \(elapsed)")
        }

        @Test func eachVCPUHasARecord() async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("pvtime"), "-c", "3", "--timeout", "60"])
            #expect(code == 0, "\(run.errors)")
            let features = [
                "pvtime: ARCH_FEATURES of HV_PV_TIME_FEATURES 0", "pvtime: HV_PV_TIME_FEATURES of HV_PV_TIME_ST 0",
            ]
            let records = ["90a0000", "90a0040", "90a0080"].enumerated().map { cpu, record in
                "pvtime: CPU \(cpu): HV_PV_TIME_ST \(record), revision 0, attributes 0, aligned 1"
            }
            #expect(run.lines("pvtime:") == features + records)
        }

        /// The host's doings have no place there.
        @Test func lockstepHasNone() async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("pvtime"), "--lockstep", "--timeout", "60"])
            #expect(code == 0, "\(run.errors)")
            let lines = run.lines("pvtime:")
            #expect(lines.count == 3 && lines.allSatisfy { $0.hasSuffix(" ffffffffffffffff") }, "\(run.output)")
        }
    }
}
