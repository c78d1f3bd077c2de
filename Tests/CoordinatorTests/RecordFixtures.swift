import Foundation
import Glibc
import Shared

@testable import Coordinator

/// A path for a file of a test's own, removed with the object.
final class ScratchFile {
    let path = FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/armada-test-\(UUID().uuidString)"

    deinit { unlink(path) }

    var bytes: [UInt8] {
        get { Array(FileManager.default.contents(atPath: path) ?? Data()) }
        set { _ = FileManager.default.createFile(atPath: path, contents: Data(newValue)) }
    }
}

/// What a reader finds in a recording: one line for each record, and why it ended.
struct ReadRecording {
    var frames: [String] = []
    var lines: [String] = []
    var badCount = 0
    var error: RecordingError?

    init(_ path: String, json: Bool = false) {
        do throws(RecordingError) { try read(path, json: json) } catch { self.error = error }
    }

    private mutating func read(_ path: String, json: Bool) throws(RecordingError) {
        var reader = try RecordingReader(path: path)
        var decoder = RecordingDecoder(vcpuCount: Int(reader.header.vcpuCount))
        let decoded = DecodedLines(header: reader.header, json: json)
        while let (record, bytes) = try reader.next() {
            do throws(WireError) {
                let frame = try decoder.decode(record, bytes)
                frames.append("\(frame.name) \(record.vcpu)")
                lines.append(decoded.line(record, frame, decoder))
            } catch {
                badCount += 1
                lines.append(decoded.line(record, error, byteCount: bytes.count))
            }
        }
    }
}
