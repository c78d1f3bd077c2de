import Foundation
import Testing

extension GuestTests {
    /// `--world-switch nvhe`: other frames, the same guest.
    @Suite struct WorldSwitch {
        /// Runs the guest in both modes, and expects the same lines and a good end.
        private func compare(_ arguments: [String], prefix: String) async throws -> [String] {
            let (code, vhe) = try await GuestRun.finish(["run"] + arguments)
            #expect(code == 0)
            let (otherCode, nvhe) = try await GuestRun.finish(["run", "--world-switch", "nvhe"] + arguments)
            #expect(otherCode == 0, "\(nvhe.errors) \(nvhe.output.suffix(3000))")
            #expect(nvhe.lines(prefix) == vhe.lines(prefix))
            return nvhe.lines(prefix)
        }

        @Test(arguments: [1, 2, 4]) func builtInGuest(cpus: Int) async throws {
            let lines = try await compare(["-c", "\(cpus)", "-m", "512M", "--timeout", "120"], prefix: "smp:")
            #expect(lines.last?.hasSuffix("\(10 * cpus) timer interrupts, 0 unexpected") == true)
        }

        @Test(arguments: [("timers", 1), ("gic", 4), ("sysregs", 1)])
        func transcript(guest: String, cpus: Int) async throws {
            let lines = try await compare(
                ["-k", Tree.guest(guest + ".elf"), "-c", "\(cpus)", "-m", "512M", "--timeout", "60"],
                prefix: "\(guest): ")
            #expect(lines.last == "\(guest): end")
        }

        @Test(arguments: [1, 4]) func linux(cpus: Int) async throws {
            let arguments = Array(Linux.arguments(cpus: cpus, test: "all").dropFirst())
            let lines = try await compare(arguments, prefix: "armada:")
            #expect(lines.last == "armada: done")
        }

        /// What one run of the hypercall guest has carried.
        private func figures(_ mode: String) async throws -> (exits: Int, registers: Int, received: Int, sent: Int) {
            let (code, run) = try await GuestRun.finish([
                "run", "-k", Tree.guest("hypercall.elf"), "--timeout", "120", "--stats=json", "--world-switch", mode,
            ])
            #expect(code == 0)
            let line = try #require(run.errors.split(separator: "\n").last { $0.hasPrefix("{") })
            let report = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect((report?["world_switch"] as? [String: Any])?["mode"] as? String == mode)
            let counters = try #require(report?["counters"] as? [String: Any])
            func counter(_ name: String) throws -> Int { try #require(counters[name] as? Int) }
            return (
                try counter("exits"), try counter("registers_moved"), try counter("bytes_received"),
                try counter("bytes_sent")
            )
        }

        /// The guest takes no interrupts, so that no list register is used.
        @Test func registersAreMovedAsTheTableSays() async throws {
            let vhe = try await figures("vhe")
            let nvhe = try await figures("nvhe")
            #expect(vhe.exits > 65_536 && nvhe.exits > 65_536)
            // As many Entries as Exits: the first one answers none, and the last Exit has none.
            #expect(nvhe.registers == 60 * nvhe.exits)
            // PC and PSTATE; the CPU interface and the timers at most now and then.
            #expect(vhe.registers >= 2 * vhe.exits && vhe.registers < 2 * vhe.exits + 1000)
            #expect(nvhe.received > vhe.received + 150 * vhe.exits)
            #expect(nvhe.sent > vhe.sent + 150 * vhe.exits)
        }
    }
}
