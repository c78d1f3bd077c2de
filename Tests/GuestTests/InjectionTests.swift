import Glibc
import Testing

extension GuestTests {
    /// Exceptions and interrupts from outside: what KVM's own test of external aborts looks at, and the wires. The guest
    /// `injection` says when, and what came.
    @Suite struct Injection {
        private func start(_ what: String, _ options: String...) throws -> GuestRun {
            try GuestRun(["run", "-k", Tree.guest("injection"), "-p", what, "--timeout", "60"] + options)
        }

        /// Waits for the guest's question, and answers it with an `armada ctl` command.
        private func ctl(_ run: GuestRun, _ question: String, _ words: String...) async throws {
            #expect(try await run.waitForOutput("injection: \(question)?", seconds: 30), "\(run.output) \(run.errors)")
            let (code, ctl) = try await GuestRun.finish(["ctl"] + words + ["\(run.pid)"])
            #expect(code == 0, "\(ctl.errors)")
        }

        private func expect(
            _ run: GuestRun, code: Int32 = 0, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let status = try await run.wait(seconds: 60)
            #expect(status == code, "\(run.errors)", sourceLocation: sourceLocation)
            #expect(
                run.lines("injection: ") == lines.map { "injection: \($0)" }, "\(run.errors)",
                sourceLocation: sourceLocation)
        }

        // MARK: The six cases

        /// EC 25, FSC 0x10, WnR, FAR the address, ELR the access, and nothing was written to a register.
        @Test func mmioAbort() async throws {
            let run = try start("mmio")
            try await expect(
                run,
                [
                    "read: vector 200 ESR 96000010 ELR +0 SPSR 000003c5 FAR b000000", "x0 5a x1 b000000",
                    "write: vector 200 ESR 96000050 ELR +0 SPSR 000003c5 FAR b000004", "x0 5a x1 b000004", "end",
                ])
            #expect(run.errors.contains("no device at IPA 0xb000000: external abort for the read"), "\(run.errors)")
        }

        @Test func nisvRefused() async throws {
            let run = try start("nisv")
            try await expect(run, code: 1, [])
            #expect(run.errors.contains("load/store instruction decoding not implemented"), "\(run.errors)")
            #expect(run.errors.contains("(ldr x0, [x1], #8)"), "\(run.errors)")
        }

        /// The base is not written back either.
        @Test func nisvAbort() async throws {
            let run = try start("nisv", "--nisv", "inject")
            try await expect(
                run,
                [
                    "post-index: vector 200 ESR 96000010 ELR +0 SPSR 000003c5 FAR 9000000", "x0 5a x1 9000000", "end",
                ])
        }

        /// KVM's syndrome if none is given: IDS.
        @Test func serror() async throws {
            let run = try start("serror")
            try await ctl(run, "unmasked", "inject", "serror")
            try await expect(run, ["unmasked?", "vector 380 ESR bf000000 FAR 0", "end"])
        }

        /// Through exits and WFI; ISR_EL1.A shows it until it is taken.
        @Test(arguments: ["vhe", "nvhe"]) func serrorMasked(worldSwitch: String) async throws {
            let run = try start("masked", "--world-switch", worldSwitch)
            try await ctl(run, "masked", "inject", "serror", "--vcpu", "0")
            try await expect(
                run,
                [
                    "masked?", "ISR 100 taken 0", "ISR 0 taken 1", "vector 380 ESR bf000000 FAR 0", "end",
                ])
        }

        /// EC 2F and the ISS that was asked for, all 25 bits of it.
        @Test func serrorEmulated() async throws {
            let run = try start("serror")
            try await ctl(run, "unmasked", "inject", "serror", "--esr", "0x1abcdef")
            try await expect(run, ["unmasked?", "vector 380 ESR bfabcdef FAR 0", "end"])
        }

        // MARK: More of the same

        @Test func serrorWakesASleeperThatMasksIt() async throws {
            let run = try start("asleep")
            #expect(try await run.waitForOutput("injection: asleep?", seconds: 30))
            var isBlocked = false
            for _ in 0..<100 where !isBlocked {
                let (_, vcpus) = try await GuestRun.finish(["ctl", "vcpus", "\(run.pid)"])
                isBlocked = vcpus.output.contains("vCPU 0: blocked")
            }
            #expect(isBlocked)
            // A kick alone wakes nobody.
            try await ctl(run, "asleep", "kick")
            try await ctl(run, "asleep", "inject", "serror", "--esr", "0")
            try await expect(run, ["asleep?", "ISR 100 taken 0", "vector 380 ESR be000000 FAR 0", "end"])
        }

        @Test func synchronousExceptions() async throws {
            let run = try start("sync")
            try await ctl(run, "data abort", "inject", "data-abort", "0xfff0000012345678")
            // Of a paused vCPU it waits for the resume.
            try await ctl(run, "instruction abort", "pause")
            try await ctl(run, "instruction abort", "inject", "instruction-abort", "4096")
            let (code, second) = try await GuestRun.finish(["ctl", "inject", "undefined", "\(run.pid)"])
            #expect(code == 1)
            #expect(second.errors.contains("vCPU 0 has not taken the exception before yet"), "\(second.errors)")
            try await ctl(run, "instruction abort", "resume")
            try await ctl(run, "undefined", "inject", "undefined")
            try await expect(
                run,
                [
                    "data abort?", "vector 200 ESR 96000010 FAR fff0000012345678",
                    "instruction abort?", "vector 200 ESR 86000010 FAR 1000",
                    "undefined?", "vector 200 ESR 02000000 FAR 1000", "end",
                ])
        }

        @Test func wires() async throws {
            let run = try start("irq")
            try await ctl(run, "SPI up", "irq", "40", "--level", "1")
            try await ctl(run, "SPI down", "irq", "40", "--level", "0")
            try await ctl(run, "PPI up", "irq", "20", "--vcpu", "0", "--level", "1")
            try await ctl(run, "PPI down", "irq", "20", "--vcpu", "0", "--level", "0")
            try await ctl(run, "edge", "irq", "40")
            try await expect(
                run,
                [
                    "SPI up?", "ISR 80", "SPI down?", "ISR 0", "PPI up?", "ISR 80", "PPI down?", "ISR 0", "edge?",
                    "ISR 80", "INTID 40", "ISR 0", "end",
                ])
        }

        @Test func kickExitsAndShutdown() async throws {
            let run = try GuestRun(["run", "-c", "2", "-k", Tree.guest("hang"), "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            func ctl(_ words: String...) async throws -> GuestRun {
                let (code, ctl) = try await GuestRun.finish(["ctl"] + words + ["\(run.pid)"])
                #expect(code == 0, "\(ctl.errors)")
                return ctl
            }
            for _ in 0..<3 { _ = try await ctl("kick", "--vcpu", "0") }
            let row = try await ctl("exits", "--vcpu", "0").output.split(separator: "\n").map {
                $0.split(separator: " ")
            }.first { $0.first == "IRQ" }
            #expect(try (Int(#require(row)[1]) ?? 0) >= 3, "\(row ?? [])")
            _ = try await ctl("shutdown")
            #expect(try await run.wait(seconds: 10) == 39)
            #expect(run.errors.contains("shut down over its control socket"), "\(run.errors)")
            #expect(run.processes.isEmpty)
        }

        // MARK: Refusals

        /// Each is one line that says why, and nothing changes.
        @Test func refusals() async throws {
            let run = try GuestRun(["run", "-c", "2", "-k", Tree.guest("hang"), "-p", "wfi", "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: sleeping"), "\(run.errors)")
            // swift-format-ignore
            let rows: [(words: [String], code: Int32, text: String)] = [
                (["inject", "serror", "--vcpu", "2"], 1, "there is no vCPU 2: the VM has 2"),
                (["inject", "serror", "--vcpu", "1"], 1, "vCPU 1 is off"),
                (["inject", "serror", "--esr", "5"], 1, "needs FEAT_RAS"),
                (["inject", "serror", "--esr", "0x2000000"], 64, "an ISS has 25 bits"),
                (["inject", "serror", "--esr", "1e9"], 64, "--esr"),
                (["inject", "data-abort", "12x"], 64, "address"),
                (["kick", "--vcpu", "2"], 1, "there is no vCPU 2"),
                (["irq", "3"], 1, "INTID 3 is an SGI"),
                (["irq", "20", "--level", "1"], 1, "say of which vCPU"),
                (["irq", "20", "--vcpu", "0"], 1, "level-sensitive"),
                (["irq", "27", "--vcpu", "0", "--level", "1"], 1, "the virtual timer"),
                (["irq", "30", "--vcpu", "0", "--level", "1"], 1, "the physical timer"),
                (["irq", "33", "--level", "1"], 1, "the PL011"),
                (["irq", "40", "--vcpu", "0"], 1, "leave --vcpu out"),
                (["irq", "256", "--level", "1"], 1, "SPIs 32 to 255"),
                (["irq", "40", "--level", "2"], 64, "give 0 or 1"),
                (["exits", "--vcpu", "2"], 64, "there is no vCPU 2"),
            ]
            for row in rows {
                let (code, ctl) = try await GuestRun.finish(["ctl"] + row.words + ["\(run.pid)"])
                #expect(code == row.code && ctl.errors.contains(row.text), "\(row.words): \(code ?? -1) \(ctl.errors)")
                #expect(ctl.errors.split(separator: "\n").count == 1, "\(ctl.errors)")
            }
            let (_, vcpus) = try await GuestRun.finish(["ctl", "vcpus", "\(run.pid)"])
            #expect(vcpus.output.contains("vCPU 0: blocked"), "\(vcpus.output)")
            #expect(run.poll() == nil)
        }

        @Test func lockstepRefuses() async throws {
            let run = try GuestRun(["run", "-k", Tree.guest("hang"), "--lockstep", "--timeout", "60"])
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            for words in [["kick"], ["inject", "undefined"], ["irq", "40"]] {
                let (code, ctl) = try await GuestRun.finish(["ctl"] + words + ["\(run.pid)"])
                #expect(code == 1 && ctl.errors.contains("in lock-step the seed alone"), "\(words): \(ctl.errors)")
            }
            let (code, _) = try await GuestRun.finish(["ctl", "shutdown", "\(run.pid)"])
            #expect(code == 0)
            #expect(try await run.wait(seconds: 10) == 39)
        }
    }
}
