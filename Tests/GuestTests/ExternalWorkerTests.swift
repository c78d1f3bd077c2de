import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Workers that are started by hand.
    @Suite struct ExternalWorkers {
        private let socket =
            FileManager.default.temporaryDirectory.path(percentEncoded: false)
            + "/armada-\(getpid())-\(UUID().uuidString.prefix(8)).sock"

        private func listen(cpus: Int, guest: String = "smp.elf", cmdline: String = "") async throws -> GuestRun {
            let run = try GuestRun([
                "run", "-c", "\(cpus)", "-m", "512M", "-k", Tree.guest(guest), "-p", cmdline, "--timeout", "60",
                "--workers", "external", "--socket", socket,
            ])
            #expect(try await eventually(seconds: 10) { access(socket, F_OK) == 0 || run.poll() != nil })
            return run
        }

        @Test func runTheGuest() async throws {
            let run = try await listen(cpus: 2)
            #expect(run.workers.isEmpty)
            let workers = try (0..<2).map { _ in try GuestRun(["--connect", socket], program: Tree.worker) }
            #expect(try await run.wait(seconds: 60) == 0, "\(run.errors)")
            #expect(run.lines("smp:").last == "smp: 2 vCPUs, 40 IPIs, 20 timer interrupts, 0 unexpected")
            for worker in workers { #expect(try await worker.wait(seconds: 5) == 0, "\(worker.errors)") }
            #expect(access(socket, F_OK) != 0)
        }

        @Test func chooseTheirVCPU() async throws {
            let run = try await listen(cpus: 2)
            let second = try GuestRun(["--connect", socket, "--vcpu", "1"], program: Tree.worker)
            let first = try GuestRun(["--connect", socket, "--vcpu", "0"], program: Tree.worker)
            #expect(try await run.wait(seconds: 60) == 0, "\(run.errors)")
            #expect(try await first.wait(seconds: 5) == 0, "\(first.errors)")
            #expect(try await second.wait(seconds: 5) == 0, "\(second.errors)")
        }

        @Test func killedOneEndsTheRun() async throws {
            let run = try await listen(cpus: 2, guest: "hang")
            let first = try GuestRun(["--connect", socket, "--vcpu", "0"], program: Tree.worker)
            let second = try GuestRun(["--connect", socket, "--vcpu", "1"], program: Tree.worker)
            #expect(try await run.waitForOutput("hang: "))
            kill(second.pid, SIGKILL)
            #expect(try await run.wait(seconds: 10) == 37)
            #expect(run.errors.contains("vCPU 1"), "\(run.errors)")
            #expect(try await first.wait(seconds: 5) != nil)
            #expect(access(socket, F_OK) != 0)
        }

        @Test(arguments: ["", "wfi"])
        func noneSurvivesTheCoordinator(cmdline: String) async throws {
            let run = try await listen(cpus: 1, guest: "hang", cmdline: cmdline)
            let worker = try GuestRun(["--connect", socket], program: Tree.worker)
            #expect(try await run.waitForOutput("hang: "))
            kill(run.pid, SIGKILL)
            #expect(try await worker.wait(seconds: 5) != nil, "the worker survived")
            unlink(socket)
        }

        @Test func nobodyListens() async throws {
            let (code, worker) = try await GuestRun.finish(["--connect", socket], program: Tree.worker, seconds: 10)
            #expect(code == 1)
            #expect(worker.errors.split(separator: "\n").count == 1)
            #expect(worker.errors.contains(socket))
        }
    }
}
