import Testing

extension GuestTests {
    /// KVM_EXIT_ARM_NISV: the guest reads a device with LDP.
    @Suite struct NISV {
        private static let aborted = [
            "nisv: reading two registers at once", "nisv: abort, ESR 96000010 FAR 9000000", "nisv: survived",
        ]

        private func run(_ policy: String) async throws -> (code: Int32?, run: GuestRun) {
            try await GuestRun.finish(
                ["run", "-k", Tree.guest("nisv"), "--timeout", "60", "--nisv", policy, "--stats"])
        }

        /// EC 25, IL, FSC 0x10, no syndrome; FAR_EL1 is the address.
        @Test func injectGivesTheGuestAnExternalAbort() async throws {
            let (code, run) = try await run("inject")
            #expect(code == 0, "\(run.errors)")
            #expect(run.lines("nisv:") == Self.aborted)
            #expect(!run.errors.contains("ARM_NISV"))
            #expect(run.errors.contains("DABT_LOW arm_nisv          1"), "\(run.errors)")
        }

        @Test func reportSaysWhichInstruction() async throws {
            let (code, run) = try await run("report")
            #expect(code == 0, "\(run.errors)")
            #expect(run.lines("nisv:") == Self.aborted)
            let lines = run.errors.split(separator: "\n").filter { $0.contains("ARM_NISV") }
            #expect(lines.count == 1)
            #expect(
                lines.first?.contains("vCPU 0: ARM_NISV: esr_iss 0x5, fault_ipa 0x9000000, instruction 0x") == true,
                "\(lines)")
            #expect(lines.first?.contains("(ldp x") == true, "\(lines)")
        }

        @Test func stopEndsTheRun() async throws {
            let (code, run) = try await run("stop")
            #expect(code == 1)
            #expect(run.lines("nisv:") == ["nisv: reading two registers at once"])
            #expect(
                run.errors.contains("armada: error: vCPU 0: ARM_NISV: esr_iss 0x5, fault_ipa 0x9000000, instruction"))
        }

        @Test func thereIsNoFourthPolicy() async throws {
            let (code, run) = try await run("ignore")
            #expect(code == 64)
            #expect(run.errors.contains("inject") && run.errors.contains("report"))
        }
    }
}
