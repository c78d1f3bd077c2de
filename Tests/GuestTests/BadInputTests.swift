import Foundation
import Glibc
import Testing

extension GuestTests {
    /// One clear line, the right exit code, nothing left.
    @Suite struct BadInput {
        /// A directory for made-up files, removed with the object.
        final class Scratch {
            let path =
                FileManager.default.temporaryDirectory.path(percentEncoded: false)
                + "/armada-bad-input-\(UUID().uuidString)"

            init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
            deinit { try? FileManager.default.removeItem(atPath: path) }

            func file(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws -> String {
                let file = path + "/" + name
                try Data(bytes).write(to: URL(filePath: file))
                chmod(file, mode)
                return file
            }

            /// Of a size that need not be on the disk.
            func hole(_ name: String, byteCount: Int) throws -> String {
                let file = try file(name, [])
                try #require(truncate(file, byteCount) == 0)
                return file
            }
        }

        private let scratch: Scratch

        init() throws { scratch = try Scratch() }

        private func expectFailure(
            _ arguments: [String], code expected: Int32, saying words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let (code, run) = try await GuestRun.finish(["run", "--timeout", "20"] + arguments, seconds: 40)
            #expect(code == expected, "\(run.errors)", sourceLocation: sourceLocation)
            #expect(run.errors.hasPrefix("armada: error: "), "\(run.errors)", sourceLocation: sourceLocation)
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)", sourceLocation: sourceLocation)
            for word in words {
                #expect(run.errors.contains(word), "\(run.errors)", sourceLocation: sourceLocation)
            }
        }

        // MARK: Kernel

        @Test func missingKernel() async throws {
            try await expectFailure(["-k", "/no/such/kernel"], code: 1, saying: "/no/such/kernel", "No such file")
        }

        @Test func kernelIsADirectory() async throws {
            try await expectFailure(["-k", scratch.path], code: 1, saying: "directory")
        }

        @Test func emptyKernel() async throws {
            try await expectFailure(["-k", scratch.file("kernel", [])], code: 1, saying: "empty")
        }

        @Test(arguments: [70, 4096, 1_000_000])
        func truncatedImage(byteCount: Int) async throws {
            // The header of an Image promises more than the file has.
            let image = try [UInt8](Data(contentsOf: URL(filePath: Tree.kernel)).prefix(byteCount))
            try await expectFailure(["-k", scratch.file("kernel", image)], code: 1, saying: "kernel")
        }

        @Test(arguments: [5, 60, 3000])
        func truncatedELF(byteCount: Int) async throws {
            let elf = try [UInt8](Data(contentsOf: URL(filePath: Tree.guest("smp.elf"))).prefix(byteCount))
            try await expectFailure(["-k", scratch.file("kernel", elf)], code: 1, saying: "kernel")
        }

        @Test func truncatedGzip() async throws {
            let kernel = scratch.path + "/kernel.gz"
            let (code, _) = try await GuestRun.finish(
                ["-c", "gzip -1c \"$0\" | head -c 1000000 >\"$1\"", Tree.kernel, kernel], program: "sh")
            #expect(code == 0)
            try await expectFailure(["-k", kernel], code: 1, saying: "kernel")
        }

        @Test func oversizedKernel() async throws {
            try await expectFailure(
                ["-k", scratch.hole("kernel", byteCount: 64 << 20), "-m", "32M"], code: 1, saying: "kernel", "--memory")
        }

        @Test func foreignKernel() async throws {
            // This very program: x86-64 or whatever the host is, unless that is AArch64.
            #if !arch(arm64)
                try await expectFailure(["-k", Tree.armada], code: 1, saying: "arm64")
            #endif
        }

        // MARK: Initrd and device tree

        @Test func missingInitrd() async throws {
            try await expectFailure(["-i", "/no/such/initrd"], code: 1, saying: "/no/such/initrd")
        }

        @Test func oversizedInitrd() async throws {
            try await expectFailure(
                ["-i", scratch.hole("initrd", byteCount: 600 << 20), "-m", "512M"], code: 1, saying: "initrd")
        }

        @Test(arguments: [
            [UInt8](repeating: 0x41, count: 4096),  // no magic
            [0xD0, 0x0D, 0xFE, 0xED],  // cut in the header
            [0xD0, 0x0D, 0xFE, 0xED, 0, 0, 0x10, 0] + [UInt8](repeating: 0xFF, count: 4088),  // offsets out of bounds
            [],
        ])
        func malformedDeviceTree(bytes: [UInt8]) async throws {
            try await expectFailure(["--dtb", scratch.file("dtb", bytes)], code: 1, saying: "device tree")
        }

        // MARK: Sizes

        @Test(arguments: ["0", "513", "-1", "many"])
        func vcpuCount(count: String) async throws {
            try await expectFailure(["--cpus=\(count)"], code: 64, saying: "cpus")
        }

        @Test(arguments: ["0", "1", "lots", "100000T", "1000G"])
        func memory(size: String) async throws {
            try await expectFailure(["--memory=\(size)"], code: 64, saying: "memory")
        }

        // MARK: Worker program

        @Test func missingWorker() async throws {
            try await expectFailure(["--worker", "/no/such/worker"], code: 1, saying: "/no/such/worker")
        }

        @Test func workerIsNoProgram() async throws {
            try await expectFailure(
                ["--worker", scratch.file("worker", Array("text".utf8))], code: 1, saying: "worker")
        }

        @Test func workerThatEnds() async throws {
            try await expectFailure(["--worker", "/bin/true"], code: 1, saying: "vCPU 0", "/bin/true")
        }

        @Test func workerOfAnotherVersion() async throws {
            // Hello with protocol version 99 and its own pid, as a variable-length number of three bytes.
            let program = """
                #!/bin/sh
                byte() { printf '%b' "\\\\0$(printf %o "$1")" >&0; }
                for b in 17 0 0 0 10 15 8 99 16; do byte $b; done
                byte $(($$ & 127 | 128)); byte $(($$ >> 7 & 127 | 128)); byte $(($$ >> 14 & 127))
                for b in 25 15 0 0 0 0 0 0 0; do byte $b; done
                exec sleep 30

                """
            let worker = try scratch.file("worker", Array(program.utf8), mode: 0o700)
            try await expectFailure(["--worker", worker], code: 1, saying: "99", "version")
        }

        /// Garbage from a worker ends the run, not the coordinator.
        @Test func workerThatTalksNonsense() async throws {
            let program = "#!/bin/sh\nhead -c 100000 /dev/urandom >&0\nexec sleep 30\n"
            let worker = try scratch.file("worker", Array(program.utf8), mode: 0o700)
            try await expectFailure(["--worker", worker], code: 1, saying: "vCPU 0")
        }
    }
}
