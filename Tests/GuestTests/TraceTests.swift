import Foundation
import Glibc
import Testing

extension GuestTests {
    /// `--trace`, `--record` and `armada decode` with real workers.
    @Suite struct Traces {
        private let scratch: BadInput.Scratch

        init() throws { scratch = try BadInput.Scratch() }

        private func path(_ name: String) -> String { scratch.path + "/" + name }

        private func read(_ path: String) throws -> [[String: Any]] {
            let data = try Data(contentsOf: URL(filePath: path))
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            return try #require(object["traceEvents"] as? [[String: Any]])
        }

        private func nanoseconds(_ value: Any?) -> Int { Int((((value as? Double) ?? -1) * 1000).rounded()) }

        /// Exits of all vCPUs, from the report of `--stats=json`.
        private func exits(_ run: GuestRun) throws -> Int {
            let line = try #require(run.errors.split(separator: "\n").last { $0.hasPrefix("{") })
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require((object?["counters"] as? [String: Any])?["exits"] as? Int)
        }

        private func isNested(_ events: [[String: Any]], thread: Int) -> Bool {
            let slices = events.filter { $0["ph"] as? String == "X" && $0["tid"] as? Int == thread }
                .map { (nanoseconds($0["ts"]), nanoseconds($0["ts"]) + nanoseconds($0["dur"])) }
                .sorted { ($0.0, -$0.1) < ($1.0, -$1.1) }
            var open: [Int] = []
            for (start, end) in slices {
                while let last = open.last, last <= start { open.removeLast() }
                if let last = open.last, end > last { return false }
                open.append(end)
            }
            return !slices.isEmpty
        }

        @Test func traceOfTheBuiltInGuest() async throws {
            let file = path("trace.json")
            let (code, run) = try await GuestRun.finish(
                ["run", "-c", "4", "--timeout", "120", "--stats=json", "--trace", file])
            #expect(code == 0, "\(run.errors)")
            let events = try read(file)
            for thread in 1...5 { #expect(isNested(events, thread: thread), "track \(thread)") }
            let count = events.count { $0["cat"] as? String == "exit" }
            #expect(try count == exits(run))
            #expect(events.count { $0["name"] as? String == "kvm_exit" } == count)
            #expect(events.count { $0["cat"] as? String == "handle" } == count)

            func ids(_ phase: String) -> [Int] {
                events.filter { $0["ph"] as? String == phase }.compactMap { $0["id"] as? Int }.sorted()
            }
            #expect(!ids("s").isEmpty)
            #expect(ids("s") == ids("f"))
            #expect(Set(ids("s")).count == ids("s").count)
            for end in events where ["s", "f"].contains(end["ph"] as? String ?? "") {
                let time = nanoseconds(end["ts"])
                let isInGuest = events.contains {
                    $0["name"] as? String == "guest" && $0["tid"] as? Int == end["tid"] as? Int
                        && nanoseconds($0["ts"]) < time && time <= nanoseconds($0["ts"]) + nanoseconds($0["dur"])
                }
                #expect(isInGuest, "\(end)")
            }
            let names = events.filter { $0["name"] as? String == "thread_name" }
                .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
            #expect(names.count == 5 && names[0] == "coordinator")
            #expect(names[4].hasPrefix("vCPU 3, worker "))
        }

        @Test func recordingOfTheBuiltInGuest() async throws {
            let file = path("run.rec")
            let (code, run) = try await GuestRun.finish(
                ["run", "-c", "4", "--timeout", "120", "--stats=json", "--record", file])
            #expect(code == 0, "\(run.errors)")
            let (decoded, lines) = try await GuestRun.finish(["decode", "--json", file])
            #expect(decoded == 0, "\(lines.errors)")
            var kinds: [String: Int] = [:]
            for line in lines.output.split(separator: "\n").dropFirst() {
                let frame = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                kinds["\(frame["frame"] ?? "error")", default: 0] += 1
                if frame["frame"] as? String == "Exit", frame["ESR_EL2"] as? String == "0x5a000000" {
                    #expect(frame["disassembly"] as? String == "hvc #0x0")
                }
            }
            #expect(try kinds["Exit"] == exits(run))
            #expect(kinds["Hello"] == 4 && kinds["Welcome"] == 4 && kinds["Stop"] == 4)
            #expect(kinds["error"] == nil)
            let (_, first) = try await GuestRun.finish(["decode", "--vcpu", "2", file])
            #expect(
                first.output.split(separator: "\n").dropFirst().allSatisfy {
                    $0.contains(" vCPU 2 ") || $0.hasPrefix("  ")
                })
        }

        @Test func readerThatGoesAway() async throws {
            let file = path("run.rec")
            _ = try await GuestRun.finish(["run", "-c", "4", "--timeout", "120", "--record", file])
            let (code, run) = try await GuestRun.finish(
                ["-c", "'\(Tree.armada)' decode '\(file)' | head -n 1; exit ${PIPESTATUS[0]}"], program: "bash")
            #expect(code == 0)
            #expect(run.errors == "")
            #expect(run.output.hasPrefix("recording"))
        }

        // MARK: Ends

        @Test(arguments: [SIGINT, SIGTERM]) func interrupted(signal: CInt) async throws {
            let file = path("trace.json")
            let run = try GuestRun(["run", "-k", Tree.guest("hang.elf"), "-c", "2", "--trace", file])
            let running = try await eventually(seconds: 60) { (try? read(file).count) ?? 0 > 3 }
            #expect(running)
            kill(run.pid, signal)
            #expect(try await run.wait(seconds: 60) == 1)
            let events = try read(file)
            #expect(isNested(events, thread: 2))
        }

        @Test func watchdog() async throws {
            let file = path("trace.json")
            let (code, _) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("hang.elf"), "--timeout", "1", "--trace", file])
            #expect(code == 36)
            #expect(try isNested(read(file), thread: 2))
        }

        @Test func lostWorker() async throws {
            let file = path("trace.json")
            let run = try GuestRun(["run", "-k", Tree.guest("hang.elf"), "-c", "2", "--trace", file])
            _ = try await eventually(seconds: 60) { (try? read(file).count) ?? 0 > 3 }
            kill(try #require(run.workers.first), SIGKILL)
            #expect(try await run.wait(seconds: 60) == 37)
            #expect(try isNested(read(file), thread: 2))
        }

        // MARK: Files

        @Test(arguments: ["--trace", "--record"]) func cannotBeOpened(option: String) async throws {
            let (code, run) = try await GuestRun.finish(["run", option, "/no/such/directory/file"])
            #expect(code == 1)
            #expect(run.errors.hasPrefix("armada: error: write the "))
            #expect(run.errors.hasSuffix("/no/such/directory/file: No such file or directory\n"))
        }

        @Test(arguments: ["--trace", "--record"]) func fullDevice(option: String) async throws {
            let (code, run) = try await GuestRun.finish(["run", "-c", "2", "--timeout", "120", option, "/dev/full"])
            #expect(code == 1)
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            #expect(run.errors.contains("No space left on device"))
            #expect(run.lines("smp:").last?.hasSuffix("0 unexpected") == true)
        }

        /// The guest runs on, and what fits stays: whole events, and a recording up to where it ends.
        @Test func limitedFile() async throws {
            for (option, name) in [("--trace", "trace.json"), ("--record", "run.rec")] {
                let file = path(name)
                // In blocks of 1024 bytes. The limit is on the guest's memory, too, which is a file.
                let run = "run -k '\(Tree.guest("hypercall.elf"))' -m 10M --timeout 200 \(option) '\(file)'"
                let (code, guest) = try await GuestRun.finish(
                    ["-c", "ulimit -f 10240; exec '\(Tree.armada)' \(run)"], program: "bash")
                #expect(code == 1)
                #expect(guest.errors.split(separator: "\n").count == 1, "\(guest.errors)")
                #expect(guest.errors.contains("File too large"), "\(guest.errors)")
                #expect(guest.output.contains("hypercall: 65536 calls"))
            }
            #expect(try read(path("trace.json")).count > 1000)
            let (code, decoded) = try await GuestRun.finish(["decode", path("run.rec")])
            #expect(code == 1)
            #expect(decoded.errors.contains("truncated: it ends at offset 10485760"), "\(decoded.errors)")
            #expect(decoded.output.contains("Exit sequence=1 "))
        }

        @Test func noRecording() async throws {
            let file = try scratch.file("other", Array("not a recording, but long enough to be one: …………………………".utf8))
            let (code, run) = try await GuestRun.finish(["decode", file])
            #expect(code == 1)
            #expect(run.errors.hasPrefix("armada: error: \(file): no recording at offset 0"))
        }

        @Test func usage() async throws {
            let (code, run) = try await GuestRun.finish(["decode", "--vcpu", "512", "x"])
            #expect(code == 64)
            #expect(run.errors.hasSuffix("see armada decode --help\n"))
        }
    }
}
