import ArgumentParser
import Shared

/// `armada decode`.
struct DecodeCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Print a recording of armada run --record.",
        discussion: """
            One paragraph for each frame: seconds since the VM's start, the vCPU, who sent it, its kind and all its \
            fields, also those that were not on the wire because they had not changed. Exits show the instruction that \
            trapped.

            Exit codes: 0 all was decoded, 64 wrong usage, 1 the file, or a part of it, cannot be decoded; what stands \
            before is printed.

            Example: armada run --record run.rec; armada decode run.rec --vcpu 0
            """)

    @Argument(help: ArgumentHelp("The recording.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Print the frames of this vCPU only.", valueName: "index"))
    var vcpu: Int?

    @Flag(help: "Print one JSON object for each frame, on a line.")
    var json = false

    func validate() throws {
        guard let vcpu, !(0..<WireProtocol.maximumVCPUCount ~= vcpu) else { return }
        throw ValidationError("--vcpu \(vcpu) is not possible: give 0 to \(WireProtocol.maximumVCPUCount - 1)")
    }

    /// Prints the recording. Yields the process's exit code.
    func execute() -> Int32 {
        var output = StandardOutput()
        var problem: String?
        do throws(RecordingError) {
            problem = try print(to: &output)
        } catch {
            switch error {
            case .host(let error): problem = error.description
            default: problem = "\(file): \(error)"
            }
        }
        output.flush()
        if output.isClosed {
            guard output.errorCode != 0 else { return 0 }
            problem = "write standard output: \(SystemError.message(of: output.errorCode))"
        }
        guard let problem else { return 0 }
        StandardError.report(problem)
        return 1
    }

    /// Yields what is wrong though all was read.
    private func print(to output: inout StandardOutput) throws(RecordingError) -> String? {
        var reader = try RecordingReader(path: file)
        var decoder = RecordingDecoder(vcpuCount: Int(reader.header.vcpuCount))
        let lines = DecodedLines(header: reader.header, json: json)
        output.write(lines.header())
        if let vcpu, vcpu >= Int(reader.header.vcpuCount) {
            return "\(file): it has no vCPU \(vcpu): give 0 to \(reader.header.vcpuCount - 1) with --vcpu"
        }
        var bad = 0
        var firstBad: UInt64 = 0
        while !output.isClosed, let (record, bytes) = try reader.next() {
            do throws(WireError) {
                let frame = try decoder.decode(record, bytes)
                guard vcpu == nil || vcpu == record.vcpu else { continue }
                output.write(lines.line(record, frame, decoder))
            } catch {
                if bad == 0 { firstBad = record.offset }
                bad += 1
                guard vcpu == nil || vcpu == record.vcpu else { continue }
                output.write(lines.line(record, error, byteCount: bytes.count))
            }
        }
        guard bad > 0 else { return nil }
        return "\(file): \(bad) frame\(bad == 1 ? "" : "s") could not be decoded, the first at offset \(firstBad)"
    }
}
