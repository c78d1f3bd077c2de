import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Processes that are killed.
    @Suite struct Loss {
        /// A run of four vCPUs of which the first spins or sleeps.
        private func start(cmdline: String) async throws -> GuestRun {
            let run = try GuestRun(
                ["run", "-k", Tree.guest("hang"), "-c", "4", "-p", cmdline, "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: "))
            #expect(run.workers.count == 4)
            return run
        }

        @Test(arguments: ["", "wfi"], [0, 1, 3])
        func killedWorkerEndsTheRun(cmdline: String, vcpu: Int) async throws {
            // The least of a few: on a busy host the test itself may be late.
            var shortest = Duration.seconds(1000)
            for _ in 0..<5 where shortest > .milliseconds(50) {
                let run = try await start(cmdline: cmdline)
                let workers = run.workers
                try #require(workers.count == 4)
                let began = ContinuousClock.now
                kill(workers[vcpu], SIGKILL)
                #expect(try await run.wait(seconds: 10) == 37)
                shortest = min(shortest, ContinuousClock.now - began)
                #expect(run.errors.hasPrefix("armada: error: "))
                #expect(run.errors.contains("vCPU \(vcpu)"), "\(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
                #expect(try await eventually(seconds: 1) { run.processes.isEmpty })
            }
            #expect(shortest <= .milliseconds(50))
        }

        /// The report says what the worker did last.
        @Test func reportNamesTheLastExit() async throws {
            let run = try await start(cmdline: "wfi")
            kill(try #require(run.workers.first), SIGKILL)
            #expect(try await run.wait(seconds: 10) == 37)
            #expect(run.errors.contains("WFx"), "\(run.errors)")
        }

        @Test(arguments: ["", "wfi"])
        func noWorkerSurvivesTheCoordinator(cmdline: String) async throws {
            let run = try await start(cmdline: cmdline)
            kill(run.pid, SIGKILL)
            #expect(try await run.wait(seconds: 10) == 128 + SIGKILL)
            #expect(try await eventually(seconds: 2) { run.processes.isEmpty }, "\(run.processes)")
        }

        @Test(arguments: [SIGINT, SIGTERM])
        func signalEndsTheRun(signal: CInt) async throws {
            let run = try await start(cmdline: "")
            kill(run.pid, signal)
            #expect(try await run.wait(seconds: 10) == 1)
            #expect(try await eventually(seconds: 2) { run.processes.isEmpty }, "\(run.processes)")
        }
    }
}
