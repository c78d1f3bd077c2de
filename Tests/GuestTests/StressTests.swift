import Foundation
import Glibc
import Testing

extension GuestTests {
    /// `armada stress` on the real programs: each scenario keeps clean books, a broken machine does not.
    @Suite struct Stress {
        struct Report: Decodable {
            struct Violation: Decodable {
                let rule: String
                let text: String
            }
            struct Latency: Decodable {
                let count: UInt64
                let min: UInt64
                let p50: UInt64
                let max: UInt64
            }
            struct RawSocket: Decodable {
                let p50_ns: UInt64
                let polls: Bool
            }
            struct Result: Decodable {
                let scenario: String
                let vcpus: Int
                let rounds: UInt64
                let raised: UInt64
                let delivered: UInt64
                let coalesced: UInt64
                let cleared: UInt64
                let latency_ns: Latency?
                let raw_socket: RawSocket?
                let verdict: String
                let violations: [Violation]
                let dump: String?
                let trace_hash: String?
            }
            let clean: Bool
            let results: [Result]
        }

        static let scenarios = [
            "sgi-all", "sgi-ring", "sgi-hotspot", "sgi-flood", "spi-edge", "spi-level", "timers", "priorities", "churn",
            "migration", "one-of-n", "power", "wfi", "eoi-modes", "overflow", "tlbi",
        ]

        private static func stress(_ arguments: [String]) async throws -> (code: Int32?, report: Report, run: GuestRun)
        {
            let (code, run) = try await GuestRun.finish(["stress", "--json"] + arguments)
            let report = try #require(
                try? JSONDecoder().decode(Report.self, from: Data(run.output.utf8)), "\(run.output)\(run.errors)")
            return (code, report, run)
        }

        private static func expectClean(_ arguments: [String]) async throws -> Report {
            let (code, report, run) = try await stress(arguments)
            #expect(code == 0, "\(run.errors)")
            for result in report.results {
                #expect(result.violations.isEmpty, "\(result.violations)\n\(result.dump ?? "")")
                #expect(result.verdict == "clean")
                // Whatever is raised is taken, merged with another, or cleared by the guest.
                #expect(result.raised == result.delivered + result.coalesced + result.cleared, "\(result)")
                #expect(result.delivered > 0)
            }
            #expect(report.clean)
            return report
        }

        /// With as few list registers as there can be: nothing fits.
        @Test(arguments: scenarios, [1, 2, 3, 4])
        func keepsCleanBooks(scenario: String, listRegisters: Int) async throws {
            let report = try await Self.expectClean(
                [scenario, "--cpus", "3", "--rounds", "2", "--list-registers", "\(listRegisters)"])
            let result = try #require(report.results.first)
            #expect(result.scenario == scenario && result.vcpus == 3 && result.rounds == 2)
            // The four levels of `priorities` are not stamped, only what goes on beside them.
            let latency = try #require(result.latency_ns)
            #expect(latency.count > 0 && latency.min <= latency.p50 && latency.p50 <= latency.max)
            let rawSocket = try #require(result.raw_socket)
            #expect(rawSocket.p50_ns > 0)
            #expect(rawSocket.polls == (ProcessInfo.processInfo.activeProcessorCount > 3))
        }

        /// In lock-step the order is another one for each seed, and the same for the same seed.
        @Test(arguments: scenarios)
        func keepsCleanBooksInLockStep(scenario: String) async throws {
            let arguments = [scenario, "--cpus", "2", "--rounds", "1", "--lockstep", "--seed", "11"]
            let first = try await Self.expectClean(arguments)
            let second = try await Self.expectClean(arguments)
            let hash = try #require(first.results.first?.trace_hash)
            #expect(second.results.first?.trace_hash == hash)
            // The host's time would be in it.
            #expect(first.results.first?.raw_socket == nil)
        }

        @Test(arguments: ["sgi-all", "spi-level", "wfi", "eoi-modes", "priorities"])
        func withstandsLegalFaults(scenario: String) async throws {
            _ = try await Self.expectClean(
                [scenario, "--cpus", "2", "--rounds", "1", "--lockstep", "--fault", "legal"])
        }

        /// Each in lock-step, where nobody waits for long and the seed always finds it.
        @Test(arguments: [
            ("lose-sgi", "sgi-all", ["lost"]), ("duplicate", "sgi-all", ["duplicated"]),
            ("duplicate", "spi-edge", ["duplicated"]), ("lose-eoi", "spi-edge", ["active", "lost", "starved"]),
            ("lose-eoi", "spi-level", ["active", "lost", "starved"]),
            ("drop-kick", "wfi", ["starved", "lost", "hang"]),
            ("skip-invalidate", "tlbi", ["stale"]),
        ])
        func catchesABrokenMachine(fault: String, scenario: String, rules: [String]) async throws {
            let (code, report, _) = try await Self.stress(
                [scenario, "--cpus", "2", "--rounds", "20", "--lockstep", "--fault", fault + "=1/8"])
            #expect(code == 2)
            #expect(!report.clean)
            let result = try #require(report.results.first)
            #expect(result.verdict == "violated")
            #expect(result.dump?.contains("vgic_model:\tGICv3") == true)
            let found = Set(result.violations.map(\.rule))
            #expect(!found.isDisjoint(with: rules), "\(result.violations)")
            for violation in result.violations { #expect(!violation.text.isEmpty) }
        }

        @Test func withoutAScenarioEverythingThatFitsIsDone() async throws {
            let report = try await Self.expectClean(["--cpus", "1", "--rounds", "1"])
            let needTwo: Set<String> = ["sgi-ring", "sgi-hotspot", "migration", "one-of-n", "power", "tlbi"]
            #expect(report.results.map(\.scenario) == Self.scenarios.filter { !needTwo.contains($0) })
        }

        @Test func theTableHasARowForEachScenario() async throws {
            let (code, run) = try await GuestRun.finish([
                "stress", "sgi-ring", "timers", "--cpus", "2", "--rounds", "1",
            ])
            #expect(code == 0, "\(run.errors)")
            for scenario in ["sgi-ring", "timers"] {
                let row = try #require(run.lines(scenario).first)
                #expect(row.hasSuffix("clean"))
            }
        }

        @Test(arguments: [
            (["nothing"], "there is no scenario nothing: give any of sgi-all"),
            (["sgi-ring", "--cpus", "1"], "sgi-ring needs 2 vCPUs: give --cpus 2 or more"),
            (["--cpus", "0"], "--cpus 0 is not possible: give 1 to 64"),
            (["--cpus", "65"], "--cpus 65 is not possible: give 1 to 64"),
            (["--list-registers", "0"], "--list-registers 0 is not possible: give 1 to 16"),
            (["--list-registers", "17"], "--list-registers 17 is not possible: give 1 to 16"),
            (["--rounds", "0"], "--rounds 0 is not possible: give 1 or more"),
            (["--duration", "0"], "--duration 0.0 is not possible: give seconds"),
            (["--fault", "gremlin"], "gremlin"),
        ])
        func refusesWhatIsNotPossible(arguments: [String], words: String) async throws {
            let (code, run) = try await GuestRun.finish(["stress"] + arguments, seconds: 40)
            #expect(code == 64)
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.output.isEmpty)
        }

        @Test func controlCKeepsTheFigures() async throws {
            let run = try GuestRun(["stress", "sgi-all", "--cpus", "2", "--duration", "600", "--json"])
            let started = try await eventually(seconds: 60) { run.errors.contains("round") || run.workers.count == 2 }
            try #require(started)
            try await Task.sleep(for: .seconds(1))
            kill(run.pid, SIGINT)
            #expect(try await run.wait(seconds: 60) == 1)
            let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
            #expect(report.results.map(\.verdict) == ["interrupted"])
            #expect(run.errors.contains("interrupted"))
        }
    }
}
