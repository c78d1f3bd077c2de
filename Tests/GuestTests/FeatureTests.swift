import Foundation
import Testing

extension GuestTests {
    /// Features that are taken away, on the command line and before a paused VM runs.
    @Suite struct Features {
        private static let full = "0x0010100010211120"
        private static let withoutLSE = "0x0010100010011120"

        @discardableResult
        private func armada(_ words: String..., code expected: Int32 = 0) async throws -> GuestRun {
            let (code, command) = try await GuestRun.finish(words)
            #expect(code == expected, "\(words): \(command.output)\(command.errors)")
            return command
        }

        @Test func aPausedVMTakesRegistersUntilItRuns() async throws {
            let run = try GuestRun(["run", "-k", Tree.guest("hang"), "-c", "2", "--paused", "--timeout", "120"])
            let vm = "\(run.pid)"
            func register(_ name: String, vcpu: String) async throws -> String {
                try await armada("ctl", "reg", name, "--vcpu", vcpu, "--vm", vm).output
            }
            let isThere = try await eventually(seconds: 60) { run.workers.count == 2 && run.errors.contains("paused") }
            #expect(isThere, "\(run.errors)")
            #expect(try await register("ID_AA64ISAR0_EL1", vcpu: "1") == Self.full + "\n")
            try await armada("ctl", "reg", "ID_AA64ISAR0_EL1", Self.withoutLSE, "--vcpu", "1", "--vm", vm)
            for vcpu in ["0", "1"] {
                #expect(try await register("ID_AA64ISAR0_EL1", vcpu: vcpu) == Self.withoutLSE + "\n")
            }
            let refused = try await armada(
                "ctl", "reg", "ID_AA64ISAR0_EL1", "0x0010100010212120", "--vm", vm, code: 1)
            #expect(refused.errors.contains("its bits 0x2000 (SHA2)") && refused.errors.contains("(EINVAL)"))
            let masks = try await armada("ctl", "regs", "--writable", "--vm", vm).output
            #expect(
                masks.contains("ID_AA64ISAR0_EL1  0x603000000013c030  \(Self.withoutLSE)  0x00f0f000f0fffff0\n"),
                "\(masks)")
            #expect(run.output.isEmpty)

            try await armada("ctl", "resume", vm)
            #expect(try await run.waitForOutput("hang: spinning"), "\(run.errors)")
            try await armada("ctl", "pause", vm)
            let late = try await armada("ctl", "reg", "ID_AA64ISAR0_EL1", Self.full, "--vm", vm, code: 1)
            #expect(late.errors.contains("ID_AA64ISAR0_EL1 is fixed (EBUSY)"), "\(late.errors)")
            try await armada("ctl", "reg", "ID_AA64ISAR0_EL1", Self.withoutLSE, "--vm", vm)
            try await armada("ctl", "shutdown", vm)
            #expect(try await run.wait() == 39, "\(run.errors)")
        }

        /// Debian's kernel patches itself to LL/SC, and to whatever else it needs for want of all of them, and does its work
        /// all the same.
        @Test func linuxDoesWithoutAnyOfThem() async throws {
            let list =
                "aes=off,pmull=off,sha1=off,sha256=off,crc32=off,lse=off,rdm=off,pan=off,pan2=off,uao=off,fp16=off,dpb=off,"
                + "dotprod=off,lrcpc=off,flagm=off,e0pd=off,csv2=off,csv2_2=off,csv2_3=off,csv3=off"
            let (code, run) = try await GuestRun.finish(
                Linux.arguments(cpus: 2, test: "all") + ["--control", "none", "--cpu", list])
            #expect(code == 0, "\(run.errors) \(run.output.suffix(3000))")
            #expect(run.lines("cpuinfo:") == ["cpuinfo: Features\t: fp asimd evtstrm cpuid"])
            let lines = run.lines("armada:")
            #expect(lines.contains("armada: sha256 \(Linux.sha256)  -") && lines.last == "armada: done")
            // No worker has met an instruction that is not there.
            #expect(!run.errors.contains("armada-vcpu"), "\(run.errors)")
        }
    }
}
