import Foundation
import Testing

extension GuestTests {
    /// `armada run --lockstep`: the seed decides, and the host has no say.
    ///
    /// `ARMADA_LOCKSTEP_RUNS` says how often the same run is repeated, `ARMADA_LOCKSTEP_SEED` which one.
    @Suite struct LockstepRuns {
        private static let environment = ProcessInfo.processInfo.environment
        private static let repetitions = environment["ARMADA_LOCKSTEP_RUNS"].flatMap { Int($0) } ?? 3
        private static let seed = environment["ARMADA_LOCKSTEP_SEED"].flatMap { UInt64($0) } ?? 1

        private let scratch: BadInput.Scratch

        init() throws { scratch = try BadInput.Scratch() }

        /// Runs to power-off and returns the trace hash.
        private func hash(
            _ arguments: [String], seed: UInt64 = seed, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> String {
            try await finish(arguments, seed: seed, sourceLocation: sourceLocation).hash
        }

        private func finish(
            _ arguments: [String], seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> (hash: String, run: GuestRun) {
            let (code, run) = try await GuestRun.finish(
                ["run", "--timeout", "230", "--lockstep", "--seed", "\(seed)"] + arguments,
                sourceLocation: sourceLocation)
            #expect(code == 0, "\(run.errors) \(run.output.suffix(3000))", sourceLocation: sourceLocation)
            let summary = try #require(run.errors.firstMatch(of: #/seed (\d+), trace hash ([0-9a-f]{16}) /#))
            #expect(summary.1 == "\(seed)", sourceLocation: sourceLocation)
            return (String(summary.2), run)
        }

        private static let smp = ["-c", "4", "-m", "512M"]

        /// Wherever the processes run and whatever else is watched.
        @Test func isTheSameEachTime() async throws {
            let (first, run) = try await finish(Self.smp, seed: Self.seed)
            #expect(run.lines("smp:").last == "smp: 4 vCPUs, 80 IPIs, 40 timer interrupts, 0 unexpected")
            #expect(run.errors.contains("the same again: \(Tree.armada) run --timeout 230 --lockstep --seed"))
            for options in [
                ["--pin", "same"], ["--pin", "separate", "--halt-poll-ns", "0"], ["--stats"],
                ["--record", scratch.path + "/record"], ["--trace", scratch.path + "/trace"],
            ] {
                #expect(try await hash(Self.smp + options) == first, "\(options)")
            }
        }

        @Test func isTheSameOnABusyHost() async throws {
            let first = try await hash(Self.smp)
            let busy = try (0..<3).map { _ in
                try GuestRun(["-c", "while :; do :; done"], program: "sh")
            }
            #expect(try await hash(Self.smp) == first)
            withExtendedLifetime(busy) {}
        }

        @Test func isAnotherWithEachSeed() async throws {
            var hashes: Set<String> = []
            for seed in 1...5 as ClosedRange<UInt64> { hashes.insert(try await hash(Self.smp, seed: seed)) }
            #expect(hashes.count == 5)
        }

        /// Both recordings tell the same story frame by frame; only a Hello says which process it is.
        @Test(arguments: ["vhe", "nvhe"]) func recordingsAreTheSame(worldSwitch: String) async throws {
            var stories: [[String]] = []
            for name in ["a", "b"] {
                let file = scratch.path + "/" + name
                _ = try await hash(["-c", "3", "--world-switch", worldSwitch, "--record", file])
                let (code, decoded) = try await GuestRun.finish(["decode", file])
                #expect(code == 0)
                stories.append(
                    decoded.output.split(separator: "\n").map(String.init).filter {
                        !$0.contains(" Hello ") && !$0.contains(file)
                    })
            }
            #expect(stories[0].count > 1000)
            let difference = zip(stories[0], stories[1]).first { $0 != $1 }
            #expect(difference == nil && stories[0].count == stories[1].count, "\(String(describing: difference))")
        }

        /// What a guest prints does not depend on the order in which its vCPUs run; a litmus test says "never" of what the
        /// architecture forbids.
        @Test(arguments: [("gic", 4), ("timers", 1), ("contention", 4), ("selfmodify", 4), ("litmus", 2)])
        func guestsAreRight(name: String, cpus: Int) async throws {
            var arguments = ["-k", Tree.guest(name + ".elf"), "-c", "\(cpus)"]
            // Its usual rounds are a million slices.
            if name == "litmus" { arguments += ["-p", "rounds=1"] }
            let (code, free) = try await GuestRun.finish(["run", "--timeout", "60"] + arguments)
            #expect(code == 0)
            let (_, run) = try await finish(arguments, seed: 2)
            #expect(run.lines("\(name):") == free.lines("\(name):"))
            #expect(run.lines("\(name):").last == "\(name): end")
        }

        @Test func deadlockIsReported() async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("echo.elf"), "-c", "2", "--lockstep", "--timeout", "100"])
            #expect(code == 38)
            #expect(run.errors.contains("deadlock: every vCPU waits"))
            #expect(run.errors.contains("vCPU 0: the vCPU was waiting for an interrupt; its last exit was WFx"))
        }

        @Test func linuxBootsTheSameTwice() async throws {
            let arguments = [
                "-k", Tree.kernel, "-i", Tree.initrd, "-c", "2", "-m", "512M",
                "-p", "console=ttyAMA0 panic=-1 armada.test=init",
            ]
            let (first, run) = try await finish(arguments, seed: 3)
            #expect(run.lines("armada: init").count == 1)
            for trouble in ["Call trace", "BUG:", "rcu: INFO", "Oops", "WARNING:"] {
                #expect(!run.output.contains(trouble), "\(run.output)")
            }
            let (second, again) = try await finish(arguments, seed: 3)
            #expect(second == first)
            #expect(again.output == run.output)
        }

        /// `make lockstep` asks for a thousand.
        @Test func isOneRunHoweverOften() async throws {
            let first = try await hash(Self.smp)
            for number in 1..<max(2, Self.repetitions) {
                try #require(await hash(Self.smp) == first, "run \(number), seed \(Self.seed)")
            }
        }
    }
}
