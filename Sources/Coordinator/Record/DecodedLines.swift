import Shared

/// The lines of `armada decode`: text or JSON.
struct DecodedLines {
    private let start: UInt64
    private let recording: RecordingHeader
    private let json: Bool

    init(header: RecordingHeader, json: Bool) {
        start = header.monotonicStart
        recording = header
        self.json = json
    }

    /// What the recording is.
    func header() -> String {
        var fields = FrameFields()
        fields.add("format", .number(Int64(RecordingHeader.formatVersion)))
        fields.add("protocol_version", .number(Int64(recording.protocolVersion)))
        fields.add("vcpus", .number(Int64(recording.vcpuCount)))
        fields.add("ram_bytes", .number(Int64(clamping: recording.ramByteCount)))
        fields.add("list_registers", .number(Int64(recording.listRegisterCount)))
        fields.add("halt_poll_ns", .number(Int64(clamping: recording.haltPollNanoseconds)))
        fields.add("pin", .text(recording.pin.rawValue))
        fields.add("monotonic_start_ns", .number(Int64(clamping: recording.monotonicStart)))
        fields.add("wall_clock_start_ns", .number(Int64(clamping: recording.wallClockStart)))
        return json ? "{\"recording\":{\(fields.json)}}" : "recording" + fields.text(indentation: 0)
    }

    func line(_ record: RecordedFrame, _ frame: RecordingDecoder.Frame, _ decoder: borrowing RecordingDecoder) -> String
    {
        let fields = decoder.fields(of: frame, start: start)
        if json {
            return "{\(prefix(record)),\"frame\":\"\(frame.name)\"\(fields.json.isEmpty ? "" : ",")\(fields.json)}"
        }
        return prefix(record) + frame.name + fields.text(indentation: Self.indentation)
    }

    /// A frame that is none.
    func line(_ record: RecordedFrame, _ error: WireError, byteCount: Int) -> String {
        let text = "skipped \(byteCount) bytes at offset \(record.offset): \(error)"
        return json ? "{\(prefix(record)),\"error\":\(quotedJSON(text))}" : prefix(record) + text
    }

    private static let indentation = 30

    private func prefix(_ record: RecordedFrame) -> String {
        let time = Int64(truncatingIfNeeded: record.timestamp &- start)
        if json {
            let sender = record.direction == .fromWorker ? "worker" : "coordinator"
            return "\"time_ns\":\(time),\"vcpu\":\(record.vcpu),\"from\":\"\(sender)\""
        }
        let fraction = String(time.magnitude % 1_000_000_000)
        let seconds =
            (time < 0 ? "-" : "") + String(time.magnitude / 1_000_000_000) + "."
            + String(repeating: "0", count: 9 - fraction.count) + fraction
        let arrow = record.direction == .fromWorker ? "worker → " : "       ← "
        return seconds.right(14) + " vCPU \(record.vcpu) " + arrow
    }
}

extension RecordingDecoder.Frame {
    /// As vcpu.proto names it.
    var name: String {
        switch self {
        case .hello: "Hello"
        case .welcome: "Welcome"
        case .exit: "Exit"
        case .sgi: "SGI"
        case .entry: "Entry"
        case .stop: "Stop"
        case .registerAccess: "RegisterAccess"
        case .identification: "Identification"
        case .registerAnswer: "RegisterAnswer"
        }
    }
}
