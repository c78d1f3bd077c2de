import Testing

extension GuestTests {
    /// Programs that say what the processor does, line by line as on QEMU. To add one: a program in `Guests/programs` that
    /// uses `lib/probe.h`, a row in `Transcript.all`, and a row in `TranscriptDifference.all` for each line that may differ.
    @Suite struct Transcripts {
        @Test(arguments: Transcript.all)
        func equalsQEMU(_ transcript: Transcript) async throws {
            let guest = transcript.guest
            let kernel = Tree.guest(guest + ".elf")
            let (code, armada) = try await GuestRun.finish(
                ["run", "-k", kernel, "-c", "\(transcript.cpus)", "-m", "512M", "--timeout", "60"])
            #expect(code == 0)
            let (qemuCode, qemu) = try await GuestRun.finish(
                Tree.qemu(kernel: kernel, cpus: transcript.cpus, model: transcript.model),
                program: "qemu-system-aarch64", seconds: 60)
            #expect(qemuCode == 0)
            // Neither may have ended early.
            #expect(armada.lines("\(guest): ").last == "\(guest): end", "\(armada.output.suffix(500))")
            #expect(qemu.lines("\(guest): ").last == "\(guest): end", "\(qemu.output.suffix(500))")

            let comparison = try TranscriptComparison(
                guest: guest, armada: armada.lines("\(guest): "), qemu: qemu.lines("\(guest): "),
                allowed: TranscriptDifference.all)
            #expect(comparison.unexplained.isEmpty, "\n\(comparison.unexplained.joined(separator: "\n"))\n")
            #expect(comparison.stale.isEmpty, "\n\(comparison.stale.joined(separator: "\n"))\n")
        }

        /// A difference that is not listed is found, one that is listed is not, and one that is listed in vain is.
        @Test func comparisonNoticesDifferences() throws {
            func compare(_ allowed: [TranscriptDifference]) throws -> TranscriptComparison {
                try TranscriptComparison(
                    guest: "g", armada: ["g: a", "g: x 1", "g: end"], qemu: ["g: a", "g: x 2", "g: y", "g: end"],
                    allowed: allowed)
            }
            let none = try compare([])
            #expect(none.unexplained == ["qemu    g: y", "qemu    g: x 2", "armada  g: x 1"])
            let rows = [
                TranscriptDifference("g", armada: "x 1", qemu: "x .", "why"),
                TranscriptDifference("g", qemu: "y", "why"),
            ]
            let both = try compare(rows)
            #expect(both.unexplained.isEmpty)
            #expect(both.stale.isEmpty)
            let stale = try compare(rows + [TranscriptDifference("g", armada: "z", "why")])
            #expect(stale.stale.count == 1)
            let other = try compare(rows.map { TranscriptDifference("h", armada: $0.armada, qemu: $0.qemu, "why") })
            #expect(other.unexplained.count == 3)
        }
    }
}
