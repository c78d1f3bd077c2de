import Foundation
import Glibc
import Testing

extension GuestTests {
    /// `armada bench exits` on the real programs. What a time is, is nobody's business here; that it is one, and that its
    /// parts are parts of it, is.
    @Suite struct Bench {
        private struct Report: Decodable {
            struct Distribution: Decodable {
                let count: Int
                let min_ns: UInt64
                let mean_ns: Double
                let max_ns: UInt64
            }
            struct Stage: Decodable {
                let name: String
                let time: Distribution?
            }
            struct Operation: Decodable {
                let name: String
                let note: String?
                let guest: Distribution?
                let guest_observed: Distribution?
                let stages: [Stage]
                let floor: Distribution?
                let registers_moved: Int
                let exit_bytes: Int
                let entry_bytes: Int
            }
            struct Configuration: Decodable {
                let vcpus: Int
                let pin: String
                let world_switch: String
            }
            struct Run: Decodable {
                let configuration: Configuration
                let operations: [Operation]
            }
            let complete: Bool
            let runs: [Run]
        }

        private static let oneExit = [
            "hyp_call", "mmio_read_user", "mmio_write_user", "mmio_read_vgic", "sysreg_trap", "stage2_fault_4k",
            "stage2_fault_2m",
        ]

        private static func report(_ run: GuestRun) throws -> Report {
            try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        }

        private static func bench(_ arguments: String...) async throws -> (code: Int32?, run: GuestRun) {
            try await bench(arguments)
        }

        private static func bench(_ arguments: [String]) async throws -> (code: Int32?, run: GuestRun) {
            try await GuestRun.finish(["bench", "exits"] + arguments, seconds: 120)
        }

        @Test func everyOperationIsMeasured() async throws {
            let (code, run) = try await Self.bench("--samples", "40", "--seconds", "2", "--json")
            #expect(code == 0, "\(run.errors)")
            let report = try Self.report(run)
            #expect(report.complete)
            let operations = try #require(report.runs.first?.operations)
            #expect(operations.count == 17)
            for operation in operations {
                let guest = try #require(operation.guest, "\(operation.name): \(operation.note ?? "no samples")")
                #expect(operation.note == nil)
                #expect(guest.count > 0 && guest.min_ns <= guest.max_ns, "\(operation.name)")
                let hasFloor = Self.oneExit.contains(operation.name)
                #expect((operation.floor != nil) == hasFloor, "\(operation.name)")
                if hasFloor { #expect(operation.exit_bytes > 40 && operation.entry_bytes > 10, "\(operation.name)") }
            }
        }

        /// An exit lies within its sample, and each sample has one exit: the stages sum to no more than the guest saw.
        @Test func stagesSumToTheWhole() async throws {
            let (code, run) = try await Self.bench(["--samples", "2000", "--json"] + Self.oneExit)
            #expect(code == 0, "\(run.errors)")
            let operations = try #require(try Self.report(run).runs.first?.operations)
            #expect(operations.map(\.name) == Self.oneExit)
            for operation in operations {
                #expect(
                    operation.stages.map(\.name)
                        == ["trap", "exit wire", "dispatch", "handle", "entry", "entry wire", "resume"])
                let times = operation.stages.compactMap(\.time)
                try #require(times.count == 7)
                let observed = try #require(operation.guest_observed)
                for time in times { #expect(time.count == observed.count, "\(operation.name)") }
                let sum = times.reduce(0) { $0 + $1.mean_ns }
                #expect(sum <= observed.mean_ns * 1.001, "\(operation.name)")
                // And not much less: the rest is the guest's own, two looks at the counter and a walk.
                #expect(sum > observed.mean_ns / 4, "\(operation.name)")
            }
        }

        @Test func sweepsOverAGrid() async throws {
            let (code, run) = try await Self.bench(
                "hyp_call", "ipi", "--samples", "200", "--json", "--sweep", "pin=none,same", "--sweep", "cpus=1",
                "--sweep", "halt-poll-ns=0,fixed:50000", "--sweep", "world-switch=vhe,nvhe")
            #expect(code == 0, "\(run.errors)")
            let report = try Self.report(run)
            #expect(report.runs.count == 8)
            #expect(Set(report.runs.map(\.configuration.pin)) == ["none", "same"])
            #expect(Set(report.runs.map(\.configuration.world_switch)) == ["vhe", "nvhe"])
            for run in report.runs {
                #expect(run.operations.first?.guest?.count == 200)
                #expect(run.operations.last?.note == "needs 2 vCPUs")
                // The whole context both ways, or PC and PSTATE.
                #expect(
                    run.operations.first?.registers_moved == (run.configuration.world_switch == "nvhe" ? 60 : 2))
            }
            #expect(run.errors.contains("bench: 8 of 8, "))
        }

        @Test func whatWasMeasuredIsKept() async throws {
            let run = try GuestRun([
                "bench", "exits", "hyp_call", "timer_10ms", "--samples", "60000", "--seconds", "60", "--json",
            ])
            // The hypercalls may take half a minute on a busy machine; the timer takes a minute at any rate.
            try await Task.sleep(for: .seconds(3))
            kill(run.pid, SIGINT)
            #expect(try await eventually(seconds: 30) { run.poll() != nil })
            #expect(run.poll() == 1)
            #expect(run.errors.contains("armada: error: interrupted"))
            let report = try Self.report(run)
            #expect(!report.complete)
            #expect(try await eventually(seconds: 5) { run.processes.isEmpty })
        }

        @Test(arguments: [
            (["nonsense"], "there is no operation nonsense: give any of hyp_call"),
            (
                ["--sweep", "pin=everywhere"],
                "--sweep pin=everywhere is not possible: give axes and values of pin=none"
            ),
            (["--sweep", "colour=red"], "--sweep colour=red is not possible"),
            (["--sweep", "cpus="], "--sweep cpus= is not possible"),
            (["--samples", "0"], "--samples 0 is not possible: give 1 to 65536"),
            (["--seconds", "0"], "--seconds 0.0 is not possible"),
            (["--halt-poll-ns", "fixed:2000000000"], "is more than a second"),
        ])
        func refusesWhatItCannotDo(arguments: [String], words: String) async throws {
            let (code, run) = try await GuestRun.finish(["bench", "exits"] + arguments, seconds: 20)
            #expect(code == 64)
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
        }

        @Test func anUnwritableFileCostsNoFigures() async throws {
            let (code, run) = try await Self.bench(
                "hyp_call", "--samples", "20", "--html", "/nonexistent/page.html", "--hgrm", "/proc/nowhere")
            #expect(code == 1)
            #expect(run.output.contains("hyp_call"))
            #expect(run.errors.contains("armada: error: cannot write /nonexistent/page.html: "))
            #expect(run.errors.contains("armada: error: cannot write /proc/nowhere: "))
        }

        @Test func aFullFileCostsNoFigures() async throws {
            let (code, run) = try await Self.bench("hyp_call", "--samples", "20", "--html", "/dev/full")
            #expect(code == 1)
            #expect(run.output.contains("hyp_call"))
            #expect(run.errors.contains("armada: error: cannot write /dev/full: No space left on device"))
        }

        @Test func pagesAndHistogramsAreWritten() async throws {
            let folder =
                FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/bench-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let (code, run) = try await Self.bench(
                "hyp_call", "eoi", "--samples", "50", "--html", folder + "/p.html", "--hgrm", folder + "/h")
            #expect(code == 0, "\(run.errors)")
            let page = try String(contentsOfFile: folder + "/p.html", encoding: .utf8)
            #expect(page.contains("hyp_call") && page.hasSuffix("</html>\n"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/h").sorted()
                    == ["eoi.hgrm", "hyp_call.hgrm"])
        }

        /// The debug build lies in the tests' own folder.
        @Test func aDebugBuildRefuses() async throws {
            let program = Tree.root + ".build/debug/armada"
            try #require(access(program, X_OK) == 0, "swift test has built no debug armada")
            let (code, run) = try await GuestRun.finish(["bench", "exits"], program: program, seconds: 20)
            #expect(code == 1)
            #expect(
                run.errors
                    == "armada: error: this is a debug build, whose times mean nothing: build it with make build\n")
        }
    }
}
