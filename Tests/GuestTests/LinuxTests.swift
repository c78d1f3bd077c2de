import Foundation
import Testing

extension GuestTests {
    /// Debian's kernel with `deploy/initramfs/init`.
    @Suite struct Linux {
        static let sha256 = "5af7b95208fdcff454bab3f5eddf567a688a3796c703d4fef91072e38645c062"

        static func arguments(cpus: Int, test: String) -> [String] {
            [
                "run", "-k", Tree.kernel, "-i", Tree.initrd, "-c", "\(cpus)", "-m", "512M", "--timeout", "200",
                "-p", "console=ttyAMA0 panic=-1 armada.test=\(test)",
            ]
        }

        @Test(arguments: [1, 2, 4, 8])
        func bootsToPowerOff(cpus: Int) async throws {
            let (code, run) = try await GuestRun.finish(Self.arguments(cpus: cpus, test: "all"))
            #expect(code == 0, "\(run.errors) \(run.output.suffix(3000))")
            let lines = run.lines("armada:")
            let online = cpus == 1 ? "0" : "0-\(cpus - 1)"
            #expect(lines.first == "armada: init")
            #expect(lines.contains("armada: nproc \(cpus)"))
            #expect(lines.contains("armada: cpuinfo \(cpus)"))
            #expect(lines.contains("armada: online \(online)"))
            #expect(lines.contains("armada: sha256 \(Self.sha256)  -"))
            #expect(lines.contains("armada: timer interrupts on \(cpus) processors"))
            #expect(lines.contains("armada: ptrace: steps to the end of the loop 300"))
            #expect(lines.contains("armada: ptrace: end 42"))
            #expect(lines.last == "armada: done")
            if cpus > 1 {
                #expect(lines.contains("armada: offline \(cpus - 1)"))
                #expect(lines.filter { $0 == "armada: online \(online)" }.count == 2)
                #expect(lines.contains("armada: on again 1"))
                #expect(lines.contains("armada: function call interrupts on \(cpus) processors"))
            }
            let features =
                "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp flagm"
            #expect(run.lines("cpuinfo:") == ["cpuinfo: Features\t: \(features)"])
            // The table in /proc/interrupts: the timer's line has a count for each CPU.
            let timer = try #require(run.lines("interrupts:").first { $0.contains("arch_timer") })
            #expect(timer.split(separator: " ").dropFirst(2).prefix(cpus).allSatisfy { (UInt64($0) ?? 0) > 0 })
            for trouble in ["Call trace", "BUG:", "rcu: INFO", "Oops", "unexpected", "WARNING:"] {
                #expect(!run.output.contains(trouble), "\(run.output)")
            }
        }

        @Test(arguments: [1, 4])
        func isTheSameOnQEMU(cpus: Int) async throws {
            let (code, run) = try await GuestRun.finish(Self.arguments(cpus: cpus, test: "all"))
            #expect(code == 0)
            let (otherCode, other) = try await GuestRun.finish(
                Tree.qemu(
                    kernel: Tree.kernel, cpus: cpus,
                    arguments: ["-initrd", Tree.initrd, "-append", "console=ttyAMA0 panic=-1 armada.test=all"]),
                program: "qemu-system-aarch64")
            #expect(otherCode == 0)
            #expect(run.lines("armada:") == other.lines("armada:"))
        }

        /// `ARMADA_LINUX_BOOTS` says how often.
        @Test func bootsManyTimesInARow() async throws {
            let count = ProcessInfo.processInfo.environment["ARMADA_LINUX_BOOTS"].flatMap { Int($0) } ?? 5
            for boot in 1...max(count, 1) {
                let (code, run) = try await GuestRun.finish(Self.arguments(cpus: 2, test: "init"))
                try #require(code == 0, "boot \(boot): \(run.errors) \(run.output.suffix(3000))")
                #expect(run.lines("armada: init").count == 1)
            }
        }

        @Test func gzippedKernelBoots() async throws {
            let path =
                FileManager.default.temporaryDirectory.path(percentEncoded: false)
                + "/armada-test-\(getpid())-vmlinuz.gz"
            defer { unlink(path) }
            let (zipCode, _) = try await GuestRun.finish(
                ["-c", "gzip -1c \"$0\" >\"$1\"", Tree.kernel, path], program: "sh")
            #expect(zipCode == 0)
            var arguments = Self.arguments(cpus: 1, test: "init")
            arguments[2] = path
            let (code, run) = try await GuestRun.finish(arguments)
            #expect(code == 0, "\(run.errors)")
            #expect(run.lines("armada: init").count == 1)
        }
    }
}
