import Testing

extension GuestTests {
    /// The built-in guest, `Guests/programs/smp.c`.
    @Suite struct BuiltIn {
        /// What it prints on so many vCPUs with 512 MiB.
        private func expected(cpus: Int) -> [String] {
            // 16 rounds; to each other vCPU one message of its own kind and three to go on; four reports back.
            let ipis = 16 * cpus + (cpus > 1 ? 4 * (cpus - 1) + 4 : 0)
            return [
                "smp: \(cpus) vCPUs, 512 MiB at 40000000",
                "smp: \(cpus) of \(cpus) vCPUs are up",
                "smp: 16 rounds of IPIs",
                "smp: 10 timer interrupts on each vCPU",
                "smp: touched 1024 pages, 4 KiB apart",
                "smp: touched 64 pages, 2 MiB apart",
                "smp: PL011 b105f00d, PL031 b105f00d",
            ] + (cpus > 1 ? ["smp: all others went off, vCPU \(cpus - 1) came back"] : []) + [
                "smp: \(cpus) vCPUs, \(ipis) IPIs, \(10 * cpus) timer interrupts, 0 unexpected"
            ]
        }

        @Test(arguments: [1, 2, 4, 16])
        func runs(cpus: Int) async throws {
            let (code, run) = try await GuestRun.finish(["run", "-c", "\(cpus)", "-m", "512M", "--timeout", "120"])
            #expect(code == 0)
            #expect(run.lines("smp:") == expected(cpus: cpus))
            #expect(run.errors == "")
        }

        @Test(arguments: [1, 4])
        func isTheSameOnQEMU(cpus: Int) async throws {
            let (code, run) = try await GuestRun.finish(
                Tree.qemu(kernel: Tree.guest("smp.elf"), cpus: cpus), program: "qemu-system-aarch64")
            #expect(code == 0)
            #expect(run.lines("smp:") == expected(cpus: cpus))
        }

        @Test func isTheSameAsImage() async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-k", Tree.guest("smp"), "-c", "4", "-m", "512M", "--timeout", "120"])
            #expect(code == 0)
            #expect(run.lines("smp:") == expected(cpus: 4))
        }

        @Test(arguments: ["none", "same", "separate"], ["0", "200000"])
        func runsUnderEachPlacement(pin: String, haltPoll: String) async throws {
            let (code, run) = try await GuestRun.finish(
                ["run", "-c", "4", "-m", "512M", "--timeout", "120", "--pin", pin, "--halt-poll-ns", haltPoll])
            #expect(code == 0)
            #expect(run.lines("smp:") == expected(cpus: 4))
        }

        @Test func reportsEveryKindOfExit() async throws {
            let (code, run) = try await GuestRun.finish(["run", "-c", "2", "-m", "512M", "--timeout", "120", "--stats"])
            #expect(code == 0)
            for reason in ["HVC64", "WFx", "DABT_LOW"] { #expect(run.errors.contains(reason), "\(run.errors)") }
        }

        /// Each kernel's checksum, as computed by QEMU and by the same C code on the host.
        @Test(arguments: [
            ("sieve", "45c500214653f83a"), ("strhash", "d0195cb9bddde915"), ("matrix", "c231b9bdc2022e38"),
            ("crc", "000000004e152dae"), ("sort", "7c7cf1d9e9f9c20e"), ("records", "6666335dd960fd81"),
            ("hashtable", "16e362dc7d163645"),
        ])
        func kernelComputes(name: String, checksum: String) async throws {
            let (code, run) = try await GuestRun.finish(["run", "-k", Tree.guest(name), "--timeout", "200"])
            #expect(code == 0)
            #expect(run.lines("\(name): checksum") == ["\(name): checksum \(checksum)"])
        }

        /// What is not implemented is the guest's exception, and one row for us to paste.
        @Test func unimplementedIsUndefined() async throws {
            let (code, run) = try await GuestRun.finish(["run", "-k", Tree.guest("undef"), "--timeout", "60"])
            #expect(code == 0)
            #expect(
                run.lines("undef:") == [
                    "undef: UDF #0: ESR 02000000",
                    "undef: unallocated word: ESR 02000000",
                    "undef: MRS of an unallocated register: ESR 02000000",
                    "undef: MRS of an EL2 register: ESR 02000000",
                    "undef: HLT: ESR 02000000",
                    "undef: BRK, which is implemented: ESR f2000042",
                ])
        }
    }
}
