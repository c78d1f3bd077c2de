import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Workers that are killed at random moments of a busy guest. `ARMADA_LOSS_MOMENTS` says how many; `make loss` asks for a
    /// thousand.
    @Suite struct LossMoments {
        private static let moments =
            ProcessInfo.processInfo.environment["ARMADA_LOSS_MOMENTS"].flatMap { Int($0) } ?? 12

        /// The VMs that take turns.
        private static let options: [[String]] = [
            [], ["--world-switch", "nvhe"], ["--halt-poll-ns", "0"], ["--fault", "stop=1/8"],
            ["--list-registers", "1"], ["--pin", "same"],
        ]

        /// A run of `survive` that has begun, with its control socket and its output files in a folder of its own.
        private final class Victim {
            let run: GuestRun
            let folder: String
            let workers: [pid_t]

            init(cpus: Int, losses: Int, policy: String, number: Int) async throws {
                folder = NSTemporaryDirectory() + "/armada-loss-\(getpid())-\(UUID().uuidString.prefix(8))"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                let options = LossMoments.options[number % LossMoments.options.count]
                run = try GuestRun(
                    [
                        "run", "-k", Tree.guest("survive"), "-c", "\(cpus)", "-m", "64M", "-p", "lost=\(losses)",
                        "--on-vcpu-loss", policy, "--control", folder + "/control", "--timeout", "100",
                    ] + options)
                #expect(try await run.waitForOutput("vCPUs are up", seconds: 30), "\(run.errors)")
                workers = run.workers
                try #require(workers.count == cpus)
            }

            deinit { try? FileManager.default.removeItem(atPath: folder) }

            /// Nothing is left of a run that has ended.
            func expectNothing() async throws {
                #expect(try await eventually(seconds: 2) { run.processes.isEmpty }, "\(run.processes)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
        }

        /// The half of the vCPUs is killed, one after another; each of the others does more rounds after the last loss, and one
        /// of them powers off.
        @Test func theOthersGoOn() async throws {
            var remaining = Self.moments
            var number = 0
            while remaining > 0 {
                let cpus = [4, 8, 16, 32][number % 4]
                let losses = min(remaining, cpus / 2)
                let victim = try await Victim(cpus: cpus, losses: losses, policy: "offline", number: number)
                let killed = victim.workers.shuffled().prefix(losses)
                for worker in killed {
                    try await Task.sleep(for: .microseconds(.random(in: 0...20_000)))
                    kill(worker, SIGKILL)
                }
                let code = try await victim.run.wait(seconds: 90)
                let report = "run \(number): \(victim.run.errors) \(victim.run.output)"
                try #require(code == 0, "\(report)")
                let last = "survive: \(losses) are lost, \(cpus - losses) went on"
                #expect(victim.run.output.contains(last), "\(report)")
                for worker in killed {
                    #expect(report.contains("stays off: worker \(worker) killed by signal 9 (Killed)"), "\(report)")
                }
                #expect(victim.run.errors.split(separator: "\n").filter { $0.contains(" is lost ") }.count == losses)
                try await victim.expectNothing()
                remaining -= losses
                number += 1
            }
        }

        @Test func orTheRunEnds() async throws {
            for number in 0..<max(1, Self.moments / 10) {
                let victim = try await Victim(cpus: 4, losses: 0, policy: "stop", number: number)
                try await Task.sleep(for: .microseconds(.random(in: 0...20_000)))
                let vcpu = Int.random(in: 0..<4)
                kill(victim.workers[vcpu], SIGKILL)
                let code = try await victim.run.wait(seconds: 20)
                try #require(code == 37, "run \(number): \(victim.run.errors)")
                #expect(victim.run.errors.contains("the worker of vCPU \(vcpu) was lost"), "\(victim.run.errors)")
                try await victim.expectNothing()
            }
        }

        @Test func theLastOneEndsTheRun() async throws {
            let victim = try await Victim(cpus: 3, losses: 0, policy: "offline", number: 0)
            for worker in victim.workers.shuffled() { kill(worker, SIGKILL) }
            #expect(try await victim.run.wait(seconds: 20) == 37)
            #expect(victim.run.errors.contains("no other vCPU is on"), "\(victim.run.errors)")
            try await victim.expectNothing()
        }

        /// `armada ctl` and a pause of all, of a VM with a vCPU that is lost.
        @Test func itIsLostForThoseWhoLook() async throws {
            let victim = try await Victim(cpus: 2, losses: 0, policy: "offline", number: 0)
            kill(victim.workers[1], SIGKILL)
            #expect(try await eventually(seconds: 10) { victim.run.errors.contains("vCPU 1 is lost") })
            for words in [["ctl", "pause"], ["ctl", "vcpus"], ["ctl", "resume"]] {
                let (code, ctl) = try await GuestRun.finish(words + [victim.folder + "/control"], seconds: 10)
                #expect(code == 0, "\(ctl.errors)")
                guard words[1] == "vcpus" else { continue }
                #expect(ctl.output.contains("vCPU 0: paused"), "\(ctl.output)")
                #expect(ctl.output.contains("vCPU 1: lost"), "\(ctl.output)")
            }
            for words in [["inject", "serror", "--vcpu", "1"], ["regs", "--vcpu", "1", "--vm"]] {
                let (code, ctl) = try await GuestRun.finish(["ctl"] + words + [victim.folder + "/control"], seconds: 10)
                #expect(code == 1)
                #expect(ctl.errors.contains("is lost") || ctl.errors.contains("is gone"), "\(ctl.errors)")
            }
            kill(victim.run.pid, SIGTERM)
            #expect(try await victim.run.wait(seconds: 20) == 1)
            try await victim.expectNothing()
        }
    }
}
