import Foundation
import Testing

extension GuestTests {
    /// `armada stress linux`: Debian's kernel with its CPUs going off and on, and what it says of its interrupts.
    @Suite struct LinuxStress {
        private static let images = ["--kernel", Tree.kernel, "--initrd", Tree.initrd]

        private static func stress(
            _ arguments: [String]
        ) async throws -> (code: Int32?, report: Stress.Report, result: Stress.Report.Result, run: GuestRun) {
            let (code, run) = try await GuestRun.finish(
                ["stress", "linux", "--json"] + images + arguments, seconds: 110)
            let report = try #require(
                try? JSONDecoder().decode(Stress.Report.self, from: Data(run.output.utf8)),
                "\(run.output)\(run.errors)")
            return (code, report, try #require(report.results.first), run)
        }

        private static func expectClean(_ arguments: [String]) async throws -> Stress.Report.Result {
            let (code, report, result, run) = try await stress(arguments)
            #expect(code == 0, "\(run.errors)")
            #expect(report.clean && result.verdict == "clean")
            #expect(result.violations.isEmpty, "\(result.violations)\n\(result.dump ?? "")")
            // Each CPU but one takes them in every round, many times.
            #expect(result.delivered > 10 * result.rounds, "\(result)")
            // What is pending at the end is one of an SGI and vCPU at most.
            let taken = result.delivered + result.coalesced + result.cleared
            #expect(result.raised >= taken, "\(result)")
            #expect(result.raised - taken <= UInt64(16 * result.vcpus), "\(result)")
            let latency = try #require(result.latency_ns)
            #expect(latency.count > 0 && latency.min <= latency.p50 && latency.p50 <= latency.max)
            return result
        }

        @Test(arguments: [2, 4])
        func keepsCleanBooks(cpus: Int) async throws {
            let result = try await Self.expectClean(["--cpus", "\(cpus)", "--duration", "3"])
            #expect(result.scenario == "linux" && result.vcpus == cpus)
            #expect(result.rounds >= 1)
        }

        @Test func oneListRegisterIsEnough() async throws {
            let result = try await Self.expectClean(["--cpus", "3", "--rounds", "2", "--list-registers", "1"])
            #expect(result.rounds == 2)
        }

        @Test func legalFaultsChangeNothing() async throws {
            _ = try await Self.expectClean(["--cpus", "3", "--rounds", "2", "--fault", "legal"])
        }

        @Test func aSeedIsOneRunInLockStep() async throws {
            let arguments = ["--cpus", "2", "--rounds", "1", "--lockstep", "--pin", "same", "--seed", "5"]
            let first = try await Self.expectClean(arguments)
            let second = try await Self.expectClean(arguments)
            let hash = try #require(first.trace_hash)
            #expect(second.trace_hash == hash)
            #expect(first.raised == second.raised && first.latency_ns?.p50 == second.latency_ns?.p50)
        }

        @Test(arguments: [
            ("lose-sgi", ["lost", "hang", "starved"]), ("duplicate", ["duplicated"]),
            ("drop-kick", ["starved", "hang"]),
        ])
        func aBrokenMachineIsFound(fault: String, rules: [String]) async throws {
            let (code, report, result, run) = try await Self.stress([
                "--cpus", "2", "--rounds", "20", "--fault", fault,
            ])
            #expect(code == 2, "\(run.errors)")
            #expect(!report.clean && result.verdict == "violated")
            let found = Set(result.violations.map(\.rule))
            #expect(!found.isDisjoint(with: rules), "\(result.violations)")
            let dump = try #require(result.dump)
            #expect(dump.contains("vgic_model:\tGICv3") && dump.contains("vCPU 1: "))
            #expect(dump.contains("The end of the console:"))
        }

        /// So many are lost that Linux itself cannot go on.
        @Test func lostInterruptsStopLinux() async throws {
            let (code, _, result, _) = try await Self.stress([
                "--cpus", "2", "--rounds", "1", "--fault", "lose-sgi=1/1",
            ])
            #expect(code == 2)
            #expect(result.rounds == 0)
            let rules = result.violations.map(\.rule)
            #expect(rules.first == "hang" || rules.first == "starved", "\(result.violations)")
            // The books say what it was that hangs.
            #expect(rules.contains("lost"), "\(result.violations)")
        }

        @Test func aGuestWithoutTheLoadIsAFailure() async throws {
            let (code, run) = try await GuestRun.finish(
                ["stress", "linux", "--kernel", Tree.guest("smp.elf"), "--initrd", Tree.initrd, "--cpus", "2"],
                seconds: 60)
            #expect(code == 1)
            #expect(run.errors.contains("Linux powered off before its program's end: give --initrd what"))
        }

        @Test(arguments: [
            (["linux"], "linux needs --kernel and --initrd: make linux, or"),
            (["linux", "--kernel", "k"], "--kernel and --initrd belong together"),
            (["--initrd", "i"], "--kernel and --initrd belong together"),
            (["sgi-all", "-k", "k", "-i", "i"], "--kernel and --initrd are for linux: name it too"),
            (["linux", "-k", "k", "-i", "i", "--cpus", "1"], "linux needs 2 vCPUs"),
            (["all", "-k", "k", "-i", "i", "--cpus", "1"], "linux needs 2 vCPUs"),
        ])
        func refusesWhatIsNotPossible(arguments: [String], words: String) async throws {
            let (code, run) = try await GuestRun.finish(["stress"] + arguments, seconds: 40)
            #expect(code == 64)
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.output.isEmpty)
        }

        @Test func aKernelThatIsNotThereIsNamed() async throws {
            let (code, run) = try await GuestRun.finish(
                ["stress", "linux", "-k", "/no/kernel", "-i", "/no/initrd", "--cpus", "2"], seconds: 40)
            #expect(code == 1)
            #expect(run.errors.contains("/no/kernel"), "\(run.errors)")
        }
    }
}
