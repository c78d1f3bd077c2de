import CHost
import Glibc
import Shared

/// The file of `armada stat record`: a header, and then replies of the control socket, each with its length before it: the
/// VM's description and one snapshot after another. Each is written with one call, so that what was measured stays
/// whatever ends the recording.
enum StatisticsFile {
    static let magic = Array("ARMSTAT\n".utf8)
    /// Of the file; that of the messages is the control protocol's.
    static let version: UInt32 = 1
    static let headerByteCount = 12

    static var header: [UInt8] {
        magic + withUnsafeBytes(of: version.littleEndian) { Array($0) }
    }
}

/// Writes such a file.
final class StatisticsFileWriter {
    private let file: OwnedDescriptor
    private let path: String
    /// Of what has been written completely.
    private var byteCount = 0

    /// Replaces a file of that name.
    init(path: String) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("write \(path)") }
        file = OwnedDescriptor(descriptor)
        self.path = path
        try write(StatisticsFile.header)
    }

    /// Appends a reply as it came. After an error the file ends with the reply before.
    func append(_ payload: [UInt8]) throws(SystemError) { try write(ControlProtocol.delimited(payload)) }

    private func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = SystemError("write \(path)")
                _ = ftruncate(file.rawValue, byteCount)
                throw error
            }
            rest = rest.dropFirst(count)
        }
        byteCount += bytes.count
    }
}

/// What was read of such a file.
struct StatisticsRecording {
    var description: VMDescription?
    var first: StatisticsSnapshot?
    var last: StatisticsSnapshot?
    var snapshotCount = 0
    /// Why reading ended before the end of the file: "at offset 1234: …".
    var problem: String?

    init(path: String) throws(SystemError) {
        let file = OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC))
        guard file.rawValue >= 0 else { throw SystemError("read \(path)") }
        let input = Input(file: file, path: path)
        let header = try input.read(StatisticsFile.headerByteCount)
        guard header.starts(with: StatisticsFile.magic), header.count == StatisticsFile.headerByteCount else {
            problem = "at offset 0: no file of armada stat record"
            return
        }
        let version = ControlProtocol.length(header.dropFirst(StatisticsFile.magic.count))
        guard version == Int(StatisticsFile.version) else {
            problem =
                "at offset \(StatisticsFile.magic.count): file version \(version), this program reads version "
                + "\(StatisticsFile.version)"
            return
        }
        var offset = StatisticsFile.headerByteCount
        while problem == nil {
            let lengthBytes = try input.read(ControlProtocol.lengthByteCount)
            if lengthBytes.isEmpty { break }
            let length = ControlProtocol.length(lengthBytes)
            guard lengthBytes.count == ControlProtocol.lengthByteCount else {
                problem = "at offset \(offset): the file ends within a length"
                return
            }
            guard length <= ControlProtocol.maximumReplyByteCount else {
                problem =
                    "at offset \(offset): "
                    + "\(ControlError.oversized(byteCount: length, limit: ControlProtocol.maximumReplyByteCount))"
                return
            }
            let payload = try input.read(length)
            guard payload.count == length else {
                problem = "at offset \(offset): the file ends after \(payload.count) of \(length) bytes of a message"
                return
            }
            do throws(ControlError) {
                try take(try ControlDecoder.reply(payload))
            } catch { problem = "at offset \(offset): \(error)" }
            offset += ControlProtocol.lengthByteCount + length
        }
    }

    private mutating func take(_ reply: ControlReply) throws(ControlError) {
        switch reply {
        case .failure(let text): throw .inconsistent("a refusal: \(text)")
        case .text, .done, .dirtyPages, .pageVisit, .registers, .memory, .counterOffset, .mpState:
            throw .inconsistent("an answer to something else")
        case .description(let value):
            guard description == nil else { throw .inconsistent("a second description") }
            description = value
        case .snapshot(let snapshot):
            guard last.map({ snapshot.follows($0) }) ?? true else {
                throw .inconsistent("a snapshot that does not follow the one before")
            }
            if first == nil { first = snapshot }
            last = snapshot
            snapshotCount += 1
        }
    }

    private final class Input {
        private let file: OwnedDescriptor
        private let path: String

        init(file: consuming OwnedDescriptor, path: String) {
            self.file = file
            self.path = path
        }

        /// Fewer bytes at the end of the file.
        func read(_ byteCount: Int) throws(SystemError) -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: min(max(1, byteCount), 64 << 10))
            while bytes.count < byteCount {
                let count = Glibc.read(file.rawValue, &buffer, min(buffer.count, byteCount - bytes.count))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw SystemError("read \(path)") }
                if count == 0 { break }
                bytes.append(contentsOf: buffer[..<count])
            }
            return bytes
        }
    }
}
