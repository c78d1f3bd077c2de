import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Registers, memory and translations of VMs that are paused, by the command line.
    @Suite struct Registers {
        private func start(_ options: String...) async throws -> GuestRun {
            let run = try GuestRun(["run", "-k", Tree.guest("hang"), "--timeout", "120"] + options)
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            return run
        }

        /// What a command that has to succeed prints.
        @discardableResult
        private func armada(_ words: String..., of run: GuestRun) async throws -> String {
            let (code, command) = try await GuestRun.finish(words + ["--vm", "\(run.pid)"])
            #expect(code == 0, "\(words): \(command.errors)")
            return command.output
        }

        /// The one line in which a command is refused.
        private func refusal(_ words: String..., of run: GuestRun, code expected: Int32 = 1) async throws -> String {
            let (code, command) = try await GuestRun.finish(words + ["--vm", "\(run.pid)"])
            #expect(code == expected && command.output.isEmpty, "\(words): \(command.output)")
            #expect(expected != 1 || command.errors.split(separator: "\n").count == 1, "\(command.errors)")
            return command.errors
        }

        private func pause(_ run: GuestRun) async throws {
            let (code, command) = try await GuestRun.finish(["ctl", "pause", "\(run.pid)"])
            #expect(code == 0, "\(command.errors)")
        }

        /// The value of a line "NAME  0xID  0xVALUE".
        private func value(_ name: String, in table: String) -> String? {
            table.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.map(String.init)
        }

        /// The guest spins at a place that the test overwrites with other instructions, and has registers that the test
        /// has set when it executes them.
        @Test(arguments: ["vhe", "nvhe"]) func theGuestActsOnWhatIsSet(worldSwitch: String) async throws {
            let run = try await start("--world-switch", worldSwitch)
            #expect(try await refusal("ctl", "regs", of: run).contains("vCPU 0 runs: pause it first"))
            try await pause(run)
            let table = try await armada("ctl", "regs", of: run)
            let pc = try #require(value("PC", in: table))
            #expect(pc.hasPrefix("0x000000004") && value("PSTATE", in: table)?.hasSuffix("5") == true, "\(table)")
            #expect(table.contains("\nfault_info: ESR_EL2 0x") && table.hasSuffix("mp_state: RUNNABLE\n"), "\(table)")
            let walk = try await armada("explain", "walk", pc, "--fetch", of: run)
            #expect(walk.contains("\npermitted: offset 0x"), "\(walk)")

            // STR W1, [X0]; B .
            let code = "010000b900000014"
            try await armada("ctl", "write", pc, "--hex", code, of: run)
            #expect(try await armada("ctl", "read", pc, "8", of: run).contains("01 00 00 b9 00 00 00 14"))
            try await armada("ctl", "reg", "x0", "0x9000000", of: run)
            try await armada("ctl", "reg", "0x6030000000100002", "75", of: run)
            #expect(try await armada("ctl", "reg", "X1", of: run) == "0x000000000000004b\n")
            let (resumed, command) = try await GuestRun.finish(["ctl", "resume", "\(run.pid)"])
            #expect(resumed == 0, "\(command.errors)")
            #expect(try await run.waitForOutput("K", seconds: 20), "\(run.output)")
            try await pause(run)
            let after = try await armada("ctl", "reg", "PC", of: run)
            #expect(
                UInt64(after.dropFirst(2).dropLast(), radix: 16) == UInt64(pc.dropFirst(2), radix: 16).map { $0 + 4 })
        }

        @Test func whatCannotBeIsRefused() async throws {
            let run = try await start("-c", "2", "--psci", "0.2")
            try await pause(run)
            let before = try await armada("ctl", "regs", "--all", of: run)
            #expect(try await refusal("ctl", "reg", "PSTATE", "0x10", of: run).contains("AArch64"))
            #expect(try await refusal("ctl", "reg", "MIDR_EL1", "0", of: run).contains("cannot be changed (EINVAL)"))
            #expect(try await refusal("ctl", "reg", "0x6030000000138001", of: run).contains("(ENOENT)"))
            #expect(try await refusal("ctl", "reg", "PSCI_VERSION", "0x10001", of: run).contains("(EBUSY)"))
            #expect(try await refusal("ctl", "reg", "X0", "0x10000000000000000", of: run).contains("X0 cannot hold"))
            #expect(try await refusal("ctl", "regs", "--vcpu", "2", of: run).contains("there is no vCPU 2"))
            #expect(try await refusal("ctl", "write", "0x9000000", "--hex", "00", of: run).contains("no memory slot"))
            #expect(
                try await refusal("ctl", "read", "0x5ffffffe", "4", of: run).contains("no memory slot holds 0x60000000")
            )
            #expect(try await refusal("ctl", "reg", "X31", of: run, code: 64).contains("X31 is no register"))
            #expect(try await refusal("ctl", "write", "0x40000000", "--hex", "0", of: run, code: 64).contains("--hex"))
            #expect(try await refusal("explain", "walk", "x", of: run, code: 64).contains("address"))
            #expect(try await armada("ctl", "reg", "PSCI_VERSION", of: run) == "0x0000000000000002\n")
            func held(_ table: String) -> [Substring] {
                table.split(separator: "\n").filter { !$0.contains("TIMER_C") }
            }
            #expect(held(try await armada("ctl", "regs", "--all", of: run)) == held(before))
            let ids = try await armada("ctl", "regs", "--ids", of: run).split(separator: "\n")
            #expect(ids.count > 180 && ids.first == "0x60200000001000d4")
            // The other vCPU has never run.
            #expect(try await armada("ctl", "regs", "--vcpu", "1", of: run).hasSuffix("mp_state: STOPPED\n"))
        }

        /// A file of more than one chunk comes back as it went in.
        @Test func filesGoThroughMemory() async throws {
            let run = try await start()
            let path =
                FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/armada-\(UUID().uuidString)"
            defer { for name in [path, path + ".back"] { unlink(name) } }
            let bytes = Data((0..<1_300_001).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })
            #expect(FileManager.default.createFile(atPath: path, contents: bytes))
            try await armada("ctl", "write", "0x48000123", "--file", path, of: run)
            try await armada("ctl", "read", "0x48000123", "\(bytes.count)", "--output", path + ".back", of: run)
            #expect(FileManager.default.contents(atPath: path + ".back") == bytes)
        }

        @Test func theVirtualCounterCanBeSet() async throws {
            let run = try await start()
            try await pause(run)
            try await armada("ctl", "reg", "TIMER_CNT", "0x100000000000000", of: run)
            let table = try await armada("ctl", "regs", of: run)
            #expect(value("TIMER_CNT", in: table)?.hasPrefix("0x010000") == true, "\(table)")
            #expect(value("PTIMER_CNT", in: table)?.hasPrefix("0x000000") == true, "\(table)")
        }

        /// A worker that does not answer holds nobody up but who asked, and its death is told.
        @Test func aWorkerThatDiesInBetween() async throws {
            let run = try await start()
            try await pause(run)
            let worker = try #require(run.workers.first)
            kill(worker, SIGSTOP)
            let waiting = try GuestRun(["ctl", "regs", "--vm", "\(run.pid)"])
            let (code, other) = try await GuestRun.finish(["ctl", "vcpus", "\(run.pid)"])
            #expect(code == 0 && waiting.poll() == nil, "\(other.errors)")
            kill(worker, SIGKILL)
            #expect(try await waiting.wait(seconds: 10) == 1)
            #expect(waiting.errors.contains("is gone") || waiting.errors.contains("has ended"), "\(waiting.errors)")
            #expect(try await run.wait(seconds: 10) == 37)
        }
    }
}
