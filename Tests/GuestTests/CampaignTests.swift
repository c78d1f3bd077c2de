import Foundation
import Glibc
import Testing

extension GuestTests {
    /// `armada stress --seeds` keeps each seed's result, and `--shrink` makes a failure smaller.
    @Suite final class Campaign {
        private let results =
            FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/armada-campaign-" + UUID().uuidString

        deinit { try? FileManager.default.removeItem(atPath: results) }

        private func campaign(_ seeds: String, _ more: [String] = [], scenario: String = "sgi-all") -> [String] {
            ["stress", scenario, "--cpus", "2", "--seeds", seeds, "--results", results]
                + (more.isEmpty ? ["--rounds", "1"] : more)
        }

        private var files: Set<String> {
            Set((try? FileManager.default.contentsOfDirectory(atPath: results)) ?? [])
        }

        @Test func aSeedIsNeverRunTwice() async throws {
            let (code, first) = try await GuestRun.finish(campaign("3..6", ["--rounds", "1", "--jobs", "2"]))
            #expect(code == 0, "\(first.errors)")
            #expect(first.output == "4 of 4 seeds: 4 clean, 0 violated, 0 without a verdict\n")
            #expect(files == ["seed-3.json", "seed-4.json", "seed-5.json", "seed-6.json"])
            let written = try Data(contentsOf: URL(filePath: results + "/seed-3.json"))

            let (again, second) = try await GuestRun.finish(campaign("1..6"))
            #expect(again == 0, "\(second.errors)")
            #expect(
                second.output
                    == "6 of 6 seeds: 6 clean, 0 violated, 0 without a verdict; 4 of them were there already\n")
            #expect(try Data(contentsOf: URL(filePath: results + "/seed-3.json")) == written)
        }

        @Test func whatIsInterruptedGoesOn() async throws {
            let arguments = campaign("1..40", ["--rounds", "1", "--jobs", "2"])
            let run = try GuestRun(arguments)
            try #require(try await eventually(seconds: 60) { self.files.count >= 2 })
            kill(run.pid, SIGINT)
            #expect(try await run.wait(seconds: 60) == 1)
            #expect(run.errors.contains("interrupted: the same command goes on from here"))
            let gone = try await eventually(seconds: 5) { run.processes.isEmpty }
            #expect(gone, "left behind: \(run.processes)")
            let kept = files.count
            try #require(kept < 40)

            let (code, rest) = try await GuestRun.finish(arguments)
            #expect(code == 0, "\(rest.errors)")
            #expect(
                rest.output
                    == "40 of 40 seeds: 40 clean, 0 violated, 0 without a verdict; \(kept) of them were there already\n"
            )
        }

        /// One is half-written, the other of another configuration; both stay as they are, and no job stays behind.
        @Test func whatItDidNotWriteIsNotTrusted() async throws {
            _ = try await GuestRun.finish(campaign("2..2"))
            let path = results + "/seed-2.json"
            let whole = try Data(contentsOf: URL(filePath: path))

            let (code, other) = try await GuestRun.finish(campaign("1..3", ["--rounds", "2", "--jobs", "3"]))
            #expect(code == 1)
            #expect(other.errors.contains("\(path) is not used: it is of another campaign or version; move it away"))
            #expect(try Data(contentsOf: URL(filePath: path)) == whole)

            try whole.dropLast(30).write(to: URL(filePath: path))
            let (cut, half) = try await GuestRun.finish(campaign("1..3"))
            #expect(cut == 1)
            #expect(half.errors.contains("\(path) is not used: it is not whole; move it away"))
            #expect(try Data(contentsOf: URL(filePath: path)) == whole.dropLast(30))
        }

        @Test func aFailingSeedComesWithItsCommand() async throws {
            let (code, run) = try await GuestRun.finish(
                campaign("1..2", ["--rounds", "3", "--lockstep", "--fault", "lose-sgi=1/8"]))
            #expect(code == 2, "\(run.errors)")
            let line = try #require(run.lines("violated: armada ").first)
            let (again, _) = try await GuestRun.finish(
                line.split(separator: " ").dropFirst(2).map(String.init) + ["--json"])
            #expect(again == 2)
        }

        @Test func shrinkFindsTheSmallestThatFails() async throws {
            let (code, run) = try await GuestRun.finish(
                [
                    "stress", "sgi-all", "--shrink", "--cpus", "4", "--rounds", "8", "--lockstep",
                    "--fault", "lose-sgi=1/8", "--fault", "delay",
                ])
            #expect(code == 2, "\(run.errors)")
            #expect(run.errors.contains("still fails"))
            let command = try #require(run.output.split(separator: "\n").first { $0.contains("armada stress sgi-all") })
            #expect(command.contains("--cpus 1 ") && command.contains("--rounds 1 "), "\(command)")
            #expect(command.contains("--fault lose-sgi=1/8") && !command.contains("delay"), "\(command)")
        }

        @Test func whatDoesNotFailIsNotShrunk() async throws {
            let (code, run) = try await GuestRun.finish(
                ["stress", "sgi-all", "--shrink", "--cpus", "2", "--rounds", "1", "--lockstep"])
            #expect(code == 0)
            #expect(run.output == "sgi-all does not fail with --seed 1: nothing to shrink\n")
        }
    }
}
