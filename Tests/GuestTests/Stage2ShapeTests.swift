import Testing

extension GuestTests {
    /// Guests on stage-2 tables of other granules and IPA sizes than usual.
    @Suite struct Stage2Shapes {
        private static let shapes = [
            ("4K", 32), ("4K", 36), ("4K", 44), ("4K", 48), ("16K", 32), ("16K", 40), ("16K", 42), ("64K", 32),
            ("64K", 42),
            ("64K", 48),
        ]

        @Test(arguments: shapes)
        func runs(granule: String, ipaBits: Int) async throws {
            let (code, run) = try await GuestRun.finish([
                "run", "-c", "2", "-m", "512M", "--timeout", "120", "--stage2-granule", granule, "--ipa-size",
                "\(ipaBits)",
            ])
            #expect(code == 0, "\(run.errors)")
            #expect(run.lines("smp: touched").count == 2)
            #expect(run.lines("smp: 2 vCPUs, ").last?.hasSuffix("0 unexpected") == true, "\(run.output)")
            #expect(run.errors == "")
        }

        /// What is kept of translations, and what TLBI takes away, with the largest pages.
        @Test func maintenanceIsTheSameOnLargePages() async throws {
            let arguments = ["run", "-k", Tree.guest("tlbi"), "-m", "512M", "--timeout", "120"]
            let (usualCode, usual) = try await GuestRun.finish(arguments)
            let (code, run) = try await GuestRun.finish(arguments + ["--stage2-granule", "64K"])
            #expect(usualCode == 0)
            #expect(code == 0, "\(run.errors)")
            #expect(run.output == usual.output)
        }
    }
}
