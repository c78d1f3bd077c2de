import Foundation
import Glibc
import Testing

extension GuestTests {
    /// Random words at EL0 and EL1, between random system-register writes, random accesses to devices and random page
    /// tables: the guest may break, and nothing else.
    ///
    /// `ARMADA_CHAOS_WORDS` says how many words are to be executed, `ARMADA_CHAOS_SEED` where to begin. With
    /// `ARMADA_CHAOS_IMAGES`, a directory, the images stay there and each seed's end is printed.
    @Suite struct Chaos {
        private static let environment = ProcessInfo.processInfo.environment
        private static let wordCount = environment["ARMADA_CHAOS_WORDS"].flatMap { UInt64($0) } ?? 1_000_000
        private static let firstSeed = environment["ARMADA_CHAOS_SEED"].flatMap { UInt64($0) } ?? 1
        private static let imageDirectory = environment["ARMADA_CHAOS_IMAGES"]
        /// The watchdog of a run. A guest that locks itself up waits for it.
        private static let timeoutSeconds = 3.0

        /// What stayed of one seed's run.
        struct Result {
            var code: Int32?
            /// Instruction words that were decoded, each because it was about to be executed.
            var decoded: UInt64 = 0
            var retired: UInt64 = 0
            var errors = ""
            var footprint = Footprint()
            var isLeftBehind = false

            /// Documented ends: power-off, reset, watchdog, and the load or store without a syndrome.
            var isExpected: Bool {
                switch code {
                case 0, 32, 36: !isLeftBehind
                case 1: !isLeftBehind && errors.contains("load/store instruction decoding not implemented")
                default: false
                }
            }
        }

        /// The most that a run's processes held at any time that was looked at.
        struct Footprint {
            var anonymousKilobytes = 0
            var descriptors = 0

            private static func runsOurProgram(_ process: pid_t) -> Bool {
                let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
                return program.map { $0.hasSuffix("/armada") || $0.hasSuffix("/armada-vcpu") } ?? false
            }

            mutating func look(at run: GuestRun) {
                // Between fork and exec a process is still a copy of this one.
                for process in run.processes where Self.runsOurProgram(process) {
                    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
                    if let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
                        let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }
                        )
                    {
                        anonymousKilobytes = max(anonymousKilobytes, kilobytes)
                    }
                    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
                    descriptors = max(descriptors, open.count)
                }
            }
        }

        @Test func randomWordsHurtTheGuestAlone() async throws {
            var decoded: UInt64 = 0
            var seed = Self.firstSeed
            var codes: [String: Int] = [:]
            var largest = Footprint()
            while decoded < Self.wordCount {
                let image = ChaosImage(seed: seed, chunksPerVCPU: 1024)
                let directory =
                    Self.imageDirectory ?? FileManager.default.temporaryDirectory.path(percentEncoded: false)
                let path = directory + "/armada-chaos-\(getpid())-\(seed)"
                try image.write(to: path, monitor: Tree.guest("chaos"))
                let result = try await run(image, path)
                decoded += result.decoded
                codes[result.code.map(String.init) ?? "hangs", default: 0] += 1
                largest.anonymousKilobytes = max(largest.anonymousKilobytes, result.footprint.anonymousKilobytes)
                largest.descriptors = max(largest.descriptors, result.footprint.descriptors)
                if Self.imageDirectory != nil {
                    let code = result.code.map(String.init) ?? "hangs"
                    print(
                        "chaos: \(Self.arguments(image, path)): \(code), \(result.decoded) of \(image.wordCount) words")
                }
                if result.isExpected {
                    if Self.imageDirectory == nil { unlink(path) }
                } else {
                    Issue.record(
                        """
                        seed \(seed) ended with \(result.code.map(String.init) ?? "nothing: it hangs"). Again: \
                        armada \(Self.arguments(image, path).joined(separator: " ")), \
                        or make chaos SEED=\(seed) WORDS=1. It said: \(result.errors.suffix(2000))
                        """)
                }
                #expect(result.decoded > 0 || result.code != 0, "seed \(seed) executed nothing")
                seed += 1
                // Nobody is helped by the same failure a hundred times.
                if codes.count > 12 { break }
            }
            // The decoded code of a worker is at most 18 MiB, its translations 6 MiB.
            #expect(largest.anonymousKilobytes < 96 << 10)
            #expect(largest.descriptors < 64)
            print(
                "chaos: \(decoded) words, seeds \(Self.firstSeed)..<\(seed), exit codes "
                    + codes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
                    + "; at most \(largest.anonymousKilobytes) KiB and \(largest.descriptors) descriptors a process")
        }

        private static func arguments(_ image: ChaosImage, _ path: String) -> [String] {
            [
                "run", "-k", path, "-c", "\(image.vcpuCount)", "-m", "64M", "--timeout", "\(timeoutSeconds)",
                "--stats=json",
            ]
        }

        private func run(_ image: ChaosImage, _ path: String) async throws -> Result {
            let run = try GuestRun(Self.arguments(image, path))
            var result = Result()
            let deadline = ContinuousClock.now + .seconds(Self.timeoutSeconds * 6)
            while run.poll() == nil, ContinuousClock.now < deadline {
                result.footprint.look(at: run)
                try await Task.sleep(for: .milliseconds(20))
            }
            result.code = run.poll()
            result.isLeftBehind = try await !eventually(seconds: 2) { run.processes.isEmpty }
            result.errors = run.errors
            for line in result.errors.split(separator: "\n") where line.hasPrefix("{\"wall_ns\"") {
                guard let report = try? JSONDecoder().decode(Report.self, from: Data(line.utf8)) else { continue }
                for vcpu in report.vcpus {
                    result.decoded += vcpu.counters.decodedInstructions
                    result.retired += vcpu.counters.retiredInstructions
                }
            }
            return result
        }

        private struct Report: Decodable {
            struct VCPU: Decodable { let counters: Counters }
            struct Counters: Decodable {
                let decodedInstructions: UInt64
                let retiredInstructions: UInt64
            }
            let vcpus: [VCPU]
        }
    }
}
