import Testing

extension GuestTests {
    /// Each exit code of `armada run`.
    @Suite struct ExitCodes {
        @Test func powerOffIs0() async throws {
            let (code, run) = try await GuestRun.finish(["run", "-k", Tree.guest("firstinsn"), "--timeout", "60"])
            #expect(code == 0)
            #expect(run.output == "1")
            #expect(run.errors == "")
        }

        @Test func resetIs32() async throws {
            let (code, run) = try await GuestRun.finish(["run", "-k", Tree.guest("reset"), "--timeout", "60"])
            #expect(code == 32)
            #expect(run.output == "reset: asking for it\r\n")
            #expect(run.errors == "")
        }

        @Test(arguments: [("", "spinning"), ("wfi", "sleeping")])
        func watchdogIs36(cmdline: String, sign: String) async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("hang"), "-p", cmdline, "--timeout", "1.5"])
            #expect(code == 36)
            #expect(run.lines("hang:") == ["hang: \(sign)"])
            // Where each vCPU was, and then the one line that says what is wrong.
            let lines = run.errors.split(separator: "\n")
            #expect(lines.dropLast().allSatisfy { $0.hasPrefix("armada: notice: vCPU ") }, "\(run.errors)")
            #expect(lines.last?.hasPrefix("armada: error: ") == true, "\(run.errors)")
        }

        @Test func usageIs64() async throws {
            let (code, run) = try await GuestRun.finish(["run", "--no-such-option"])
            #expect(code == 64)
            #expect(run.errors.split(separator: "\n").count == 1)
        }

        /// A device access without a syndrome ends the run, with a line that names the PC and the instruction.
        @Test func undecodedAccessIs1() async throws {
            let (code, run) = try await GuestRun.finish(["run", "-k", Tree.guest("nisv"), "--timeout", "60"])
            #expect(code == 1)
            #expect(run.lines("nisv:") == ["nisv: reading two registers at once"])
            #expect(run.errors.contains("load/store instruction decoding not implemented"))
            #expect(run.errors.split(separator: "\n").count == 1)
        }

        @Test func helpAndVersionAre0() async throws {
            let (code, run) = try await GuestRun.finish(["run", "--help"])
            #expect(code == 0)
            #expect(run.output.contains("--kernel"))
            let (versionCode, version) = try await GuestRun.finish(["--version"])
            #expect(versionCode == 0)
            #expect(version.output.split(separator: ".").count == 3)
        }
    }
}
