import Testing

extension GuestTests {
    /// `armada stress` notices each illegal fault, and no legal one.
    @Suite struct FaultStress {
        /// Which scenario catches what, and the rules of which one at least is broken.
        struct Catch: CustomTestStringConvertible {
            let fault: String
            let scenario: String
            let rules: [String]
            var testDescription: String { "\(fault) by \(scenario)" }
        }

        // swift-format-ignore
        static let catches = [
            // A sleeper whose wake-up was dropped is woken by its rescuing timer, unless that is dropped for all of them, too.
            Catch(fault: "drop-kick=1/16", scenario: "wfi", rules: ["starved", "hang"]),
            Catch(fault: "lose-sgi", scenario: "wfi", rules: ["lost"]),
            Catch(fault: "duplicate", scenario: "sgi-all", rules: ["duplicated"]),
            Catch(fault: "lose-eoi", scenario: "spi-edge", rules: ["active", "starved"]),
            // Only a vCPU that spins stays in the guest with what it missed.
            Catch(fault: "skip-second-check=1/256", scenario: "sgi-ring", rules: ["starved"]),
            Catch(fault: "drop-dvm-ack", scenario: "tlbi", rules: ["hang"]),
            Catch(fault: "skip-invalidate=1/1", scenario: "tlbi", rules: ["stale"]),
        ]

        /// It works for 10 s at most, or until the round is over that is under way then.
        @Test(arguments: catches)
        func anIllegalFaultIsCaught(_ row: Catch) async throws {
            let (code, run) = try await GuestRun.finish(
                ["stress", row.scenario, "--duration", "10", "--fault", row.fault], seconds: 120)
            #expect(code == 2, "\(run.errors)")
            let isCaught = row.rules.contains { !run.lines("  \($0): ").isEmpty }
            #expect(isCaught, "\(run.output.prefix(3000))")
        }

        @Test func thereIsARowForEachIllegalFault() async throws {
            let caught = Set(Self.catches.map { String($0.fault.prefix { $0 != "=" }) })
            // The command line itself says which there are.
            let (_, run) = try await GuestRun.finish(["run", "--fault", "?"])
            let list = try #require(run.errors.split(separator: "illegal are ").last?.split(separator: ", and").first)
            #expect(caught == Set(list.split(separator: ", ").map(String.init)))
        }

        @Test func allLegalFaultsTogetherLeaveEveryLedgerClean() async throws {
            let (code, run) = try await GuestRun.finish(["stress", "all", "--duration", "1", "--fault", "legal"])
            #expect(code == 0, "\(run.output.prefix(5000))")
            #expect(run.errors.contains("faults injected with --seed 1: delay "))
        }
    }
}
