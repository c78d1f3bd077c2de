import Shared

/// The beginning of a recording: docs/tracing.md draws the file. All numbers are little-endian.
struct RecordingHeader: Equatable {
    /// Ctrl-z and newline: a transfer as text destroys it.
    static let magic: [UInt8] = Array("ARMADA\u{1A}\n".utf8)
    static let formatVersion: UInt32 = 1
    static let byteCount = 64

    var protocolVersion = WireProtocol.version
    var vcpuCount: UInt32 = 0
    var listRegisterCount: UInt32 = 0
    var pin = PinPolicy.none
    var ramByteCount: UInt64 = 0
    var haltPollNanoseconds: UInt64 = 0
    /// CLOCK_MONOTONIC at the VM's start, in nanoseconds.
    var monotonicStart: UInt64 = 0
    /// CLOCK_REALTIME at the same time, in nanoseconds.
    var wallClockStart: UInt64 = 0

    private static let pins: [PinPolicy] = [.none, .same, .separate]

    func write(to file: OutputFile) {
        Self.magic.withUnsafeBytes { file.append($0) }
        for word in [
            Self.formatVersion, protocolVersion, UInt32(Self.byteCount), vcpuCount, listRegisterCount,
            UInt32(Self.pins.firstIndex(of: pin) ?? 0),
        ] { file.append(littleEndian: word) }
        for value in [ramByteCount, haltPollNanoseconds, monotonicStart, wallClockStart] {
            file.append(littleEndian: value)
        }
    }

    /// Takes apart the `byteCount` bytes at the beginning of a file.
    init(_ bytes: UnsafeRawBufferPointer) throws(RecordingError) {
        guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic) else { throw .foreign }
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        func value(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard word(8) == Self.formatVersion else { throw .formatVersion(word(8)) }
        guard word(12) == WireProtocol.version else { throw .protocolVersion(word(12)) }
        guard word(16) == UInt32(Self.byteCount) else { throw .header("a header of \(word(16)) bytes", offset: 16) }
        guard 1...UInt32(WireProtocol.maximumVCPUCount) ~= word(20) else {
            throw .header("\(word(20)) vCPUs", offset: 20)
        }
        guard Int(word(28)) < Self.pins.count else { throw .header("placement \(word(28))", offset: 28) }
        vcpuCount = word(20)
        listRegisterCount = word(24)
        pin = Self.pins[Int(word(28))]
        ramByteCount = value(32)
        haltPollNanoseconds = value(40)
        monotonicStart = value(48)
        wallClockStart = value(56)
    }

    init() {}
}

/// Who sent a frame.
enum RecordedDirection: UInt8 {
    case fromWorker = 0
    case fromCoordinator = 1
}

/// What stands before each frame of a recording.
struct RecordedFrame {
    /// Time, vCPU, direction, a zero byte; the frame follows as on the wire, its length word first.
    static let prefixByteCount = 12

    /// CLOCK_MONOTONIC nanoseconds when the coordinator had received or sent it.
    var timestamp: UInt64
    var vcpu: Int
    var direction: RecordedDirection
    /// Where it begins in the file.
    var offset: UInt64
}

/// Why a recording, or the rest of it, cannot be read. The description is the line that the user reads, less the path.
enum RecordingError: Error, Equatable, CustomStringConvertible {
    case foreign
    case formatVersion(UInt32)
    case protocolVersion(UInt32)
    case header(String, offset: Int)
    /// The file ends at `offset`, within what begins at `start`.
    case truncated(offset: UInt64, start: UInt64)
    case damaged(String, offset: UInt64)
    case host(SystemError)

    var description: String {
        switch self {
        case .foreign: "no recording at offset 0: it does not begin as armada run --record writes it"
        case .formatVersion(let version):
            "its format at offset 8 is version \(version), this program reads version \(RecordingHeader.formatVersion)"
        case .protocolVersion(let version):
            "its frames (offset 12) are of protocol version \(version), this program reads version "
                + "\(WireProtocol.version); decode it with the program that recorded it"
        case .header(let what, let offset): "damaged at offset \(offset): \(what) in the header"
        case .truncated(let offset, let start):
            "truncated: it ends at offset \(offset), within what begins at offset \(start)"
        case .damaged(let what, let offset): "damaged at offset \(offset): \(what); what follows cannot be read"
        case .host(let error): error.description
        }
    }
}
