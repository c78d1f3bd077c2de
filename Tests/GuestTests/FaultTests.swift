import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Guests on machines with faults: legal ones change nothing, illegal ones show.
    @Suite struct Faults {
        /// What a guest says that is the same each time, and how it ends.
        private func run(_ guest: String, _ faults: [String], timeout: Int) async throws -> (
            code: Int32?, lines: [String]
        ) {
            let arguments =
                ["run", "-k", Tree.guest(guest), "-c", "4", "-m", "256M", "--timeout", "\(timeout)"]
                + faults.flatMap { ["--fault", $0] }
            let (code, run) = try await GuestRun.finish(arguments)
            let lines = run.lines(guest).filter { !$0.contains("observed:") }
            // Every run with faults says what it injected, unless it is the watchdog that ends it.
            if !faults.isEmpty { #expect(run.errors.contains("faults injected with --seed 1: "), "\(run.errors)") }
            return (code, lines)
        }

        private static let legal = ["legal"]
        /// `gic` looks at what it has just sent, which may still be on its way.
        private static let legalWithoutDelays = ["spurious", "stop", "starve", "reduce"]

        @Test(arguments: [
            ("smp", legal), ("timers", legal), ("contention", legal), ("tlbi", legal), ("gic", legalWithoutDelays),
        ])
        func legalFaultsChangeNothing(guest: String, faults: [String]) async throws {
            let sound = try await run(guest, [], timeout: 120)
            let faulty = try await run(guest, faults, timeout: 120)
            #expect(sound.code == 0)
            #expect(faulty.code == 0)
            #expect(!sound.lines.isEmpty)
            #expect(faulty.lines == sound.lines)
        }

        @Test(arguments: ["delay", "reorder", "spurious", "coalesce", "window", "stop", "starve", "reduce"])
        func oftenButLegalChangesNothing(fault: String) async throws {
            let sound = try await run("smp", [], timeout: 120)
            let faulty = try await run("smp", [fault + "=1/2"], timeout: 120)
            #expect(faulty.code == 0)
            #expect(faulty.lines == sound.lines)
        }

        @Test func linuxDoesNotMindLegalFaults() async throws {
            let arguments = Linux.arguments(cpus: 4, test: "all")
            let (soundCode, sound) = try await GuestRun.finish(arguments)
            let (code, faulty) = try await GuestRun.finish(arguments + ["--fault", "legal"])
            #expect(soundCode == 0)
            #expect(code == 0)
            #expect(faulty.lines("armada:") == sound.lines("armada:"))
            for trouble in ["Call trace", "BUG:", "rcu: INFO", "Oops", "WARNING:"] {
                #expect(!faulty.output.contains(trouble), "\(faulty.output)")
            }
        }

        /// It hangs, or says something else.
        @Test(arguments: [
            ("drop-kick", "smp"), ("lose-sgi", "smp"), ("duplicate", "smp"), ("lose-eoi", "smp"),
            ("skip-second-check", "gic"), ("drop-dvm-ack", "tlbi"), ("skip-invalidate", "tlbi"),
        ])
        func anIllegalFaultShows(fault: String, guest: String) async throws {
            let start = ContinuousClock.now
            let sound = try await run(guest, [], timeout: 120)
            // Ten times as long is a hang, but not less than a machine may be away.
            let seconds = max(2, min(10, Int(10 * (start.duration(to: .now) / .seconds(1)))))
            let faulty = try await run(guest, [fault + "=1/4"], timeout: seconds)
            #expect(sound.code == 0)
            #expect(faulty.code == 36 || faulty.lines != sound.lines)
        }

        /// In lock-step the same seed strikes at the same instructions.
        @Test(arguments: ["legal", "duplicate=1/4", "skip-second-check=1/4"])
        func inLockStepFaultsRepeat(fault: String) async throws {
            func run(seed: Int) async throws -> (code: Int32?, report: [Substring]) {
                let (code, run) = try await GuestRun.finish([
                    "run", "-k", Tree.guest("smp"), "-c", "4", "--timeout", "60", "--lockstep", "--seed", "\(seed)",
                    "--fault", fault,
                ])
                let report = run.errors.split(separator: "\n").filter {
                    $0.contains("faults injected") || $0.contains("trace hash")
                }
                return (code, report)
            }
            let first = try await run(seed: 5)
            let second = try await run(seed: 5)
            #expect(first.report.count == 2, "\(first.report)")
            #expect(first.code == second.code)
            #expect(first.report == second.report)
            #expect(try await run(seed: 6).report != first.report)
        }

        /// Nothing can happen any more, which in lock-step is seen at once.
        @Test(arguments: ["drop-kick", "lose-sgi", "lose-eoi"])
        func inLockStepALossIsADeadlock(fault: String) async throws {
            let (code, _) = try await GuestRun.finish([
                "run", "-k", Tree.guest("smp"), "-c", "4", "--timeout", "60", "--lockstep", "--fault", fault + "=1/4",
            ])
            #expect(code == 38)
        }

        /// A stopped worker takes no part in the end of the run.
        @Test(arguments: [SIGKILL, SIGINT])
        func noStoppedWorkerStays(signal: CInt) async throws {
            let run = try GuestRun(
                ["run", "-k", Tree.guest("tlbi"), "-c", "4", "--timeout", "60", "--fault", "stop=1/1"])
            let isStopped = { run.workers.contains { Self.state($0) == "T" } }
            #expect(try await eventually(seconds: 20, isStopped))
            kill(run.pid, signal)
            _ = try await run.wait(seconds: 10)
            #expect(try await eventually(seconds: 2) { run.processes.isEmpty }, "\(run.processes)")
        }

        private static func state(_ process: pid_t) -> Substring? {
            let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            guard let stat, let close = stat.lastIndex(of: ")") else { return nil }
            return stat[close...].split(separator: " ").dropFirst().first
        }

        @Test func anUnknownFaultIsRefused() async throws {
            let (code, run) = try await GuestRun.finish(["run", "--fault", "drop-kicks"])
            #expect(code == 64)
            #expect(run.errors.contains("no fault \"drop-kicks\""), "\(run.errors)")
            #expect(run.errors.contains("drop-kick, lose-sgi"), "\(run.errors)")
        }
    }
}
