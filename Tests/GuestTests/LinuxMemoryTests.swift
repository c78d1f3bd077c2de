import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Debian's kernel works through its checks while its memory is logged, aged, split and merged under it.
    @Suite struct LinuxMemory {
        private static let ram: UInt64 = 0x4000_0000
        private static let byteCount = 256 << 20

        /// The VM's RAM file, seen from outside.
        private static func guestMemory(of pid: pid_t) throws -> UnsafeRawPointer {
            let directory = "/proc/\(pid)/fd"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: directory).first {
                    try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/" + $0).contains(
                        "memfd:armada-ram")
                })
            let file = open(directory + "/" + name, O_RDONLY)
            defer { close(file) }
            let memory = mmap(nil, byteCount, PROT_READ, MAP_SHARED, file, 0)
            return UnsafeRawPointer(try #require(memory == MAP_FAILED ? nil : memory))
        }

        /// The pages that `armada ctl slot dirty` prints.
        private static func pages(_ output: String) -> Set<Int> {
            var pages: Set<Int> = []
            for line in output.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let count = Int(words[1]),
                    let first = UInt64(words[0].split(separator: "-")[0].dropFirst(2), radix: 16)
                else { continue }
                let start = Int((first - ram) / 4096)
                pages.formUnion(start..<start + count)
            }
            return pages
        }

        @Test func everyChangedPageIsInTheLog() async throws {
            let run = try GuestRun([
                "run", "-k", Tree.kernel, "-i", Tree.initrd, "-c", "2", "-m", "256M", "--timeout", "200",
                "-p", "console=ttyAMA0 panic=-1 armada.test=all",
            ])
            #expect(try await run.waitForOutput("armada: init"), "\(run.errors)")
            let memory = try Self.guestMemory(of: run.pid)
            let before = UnsafeMutableRawPointer.allocate(byteCount: Self.byteCount, alignment: 4096)
            defer {
                munmap(UnsafeMutableRawPointer(mutating: memory), Self.byteCount)
                before.deallocate()
            }
            // nil: the VM has ended.
            func ctl(_ words: String...) async throws -> String? {
                let (code, ctl) = try await GuestRun.finish(["ctl"] + words + ["\(run.pid)"])
                if code == 0 { return ctl.output }
                #expect(try await eventually(seconds: 5) { run.poll() != nil }, "\(words): \(ctl.errors)")
                return nil
            }
            /// One round: what changed while the guest ran, and what the log says.
            func round(_ number: Int) async throws -> (changed: Set<Int>, logged: Set<Int>)? {
                guard try await ctl("pause") != nil, try await ctl("slot", "log", "0", "on") != nil,
                    try await ctl("slot", "dirty", "0") != nil
                else { return nil }
                before.copyMemory(from: memory, byteCount: Self.byteCount)
                guard try await ctl("resume") != nil else { return nil }
                try await Task.sleep(for: .milliseconds(100))
                guard try await ctl("slot", number % 2 == 0 ? "age" : "split", "0") != nil else { return nil }
                try await Task.sleep(for: .milliseconds(100))
                guard try await ctl("pause") != nil, let log = try await ctl("slot", "dirty", "0") else { return nil }
                let changed = (0..<Self.byteCount / 4096).filter { page in
                    memcmp(memory + page * 4096, before + page * 4096, 4096) != 0
                }
                if number % 3 == 2 {
                    guard try await ctl("slot", "log", "0", "off") != nil,
                        try await ctl("slot", "merge", "0") != nil
                    else { return nil }
                }
                return try await ctl("resume") == nil ? nil : (Set(changed), Self.pages(log))
            }
            var rounds = 0
            while rounds < 12, run.poll() == nil, let (changed, logged) = try await round(rounds) {
                #expect(changed.subtracting(logged).isEmpty, "round \(rounds)")
                #expect(!changed.isEmpty || rounds > 3)
                rounds += 1
            }
            #expect(rounds >= 6)
            #expect(try await run.wait() == 0, "\(run.errors) \(run.output.suffix(2000))")
            #expect(run.lines("armada: sha256").first == "armada: sha256 \(Linux.sha256)  -")
            #expect(run.lines("armada:").last == "armada: done")
            for trouble in ["Call trace", "BUG:", "Oops", "unexpected", "WARNING:"] {
                #expect(!run.output.contains(trouble), "\(run.output)")
            }
        }
    }
}
