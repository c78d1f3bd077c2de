import Shared

/// Writes each frame of each wire to a file, as it was on the wire: `armada run --record`.
final class Recorder {
    let file: OutputFile
    private var hasBegun = false

    init(_ file: OutputFile) { self.file = file }

    /// Writes the header; frames come after it.
    func begin(_ header: RecordingHeader) {
        guard !hasBegun else { return }
        hasBegun = true
        header.write(to: file)
    }

    /// Takes a frame, its length word left out, that a worker sent; `time` is the VM's.
    func received(_ payload: UnsafeRawBufferPointer, vcpu: Int, at time: UInt64) {
        appendPrefix(vcpu, .fromWorker, time, byteCount: payload.count &+ WireProtocol.lengthByteCount)
        file.append(littleEndian: UInt32(truncatingIfNeeded: payload.count))
        file.append(payload)
    }

    /// Takes a frame, length word included, that has been sent to a worker.
    func sent(_ frame: UnsafeRawBufferPointer, vcpu: Int, at time: UInt64) {
        appendPrefix(vcpu, .fromCoordinator, time, byteCount: frame.count)
        file.append(frame)
    }

    private func appendPrefix(_ vcpu: Int, _ direction: RecordedDirection, _ time: UInt64, byteCount: Int) {
        file.reserve(RecordedFrame.prefixByteCount &+ byteCount)
        file.append(littleEndian: time)
        file.append(littleEndian: UInt16(truncatingIfNeeded: vcpu))
        file.append(byte: direction.rawValue)
        file.append(byte: 0)
    }
}

extension RecordingHeader {
    /// The header of a run of `configuration` that starts at `start` of `clock`.
    init(_ configuration: VMConfiguration, start: UInt64, clock: VMClock) {
        vcpuCount = UInt32(truncatingIfNeeded: configuration.vcpuCount)
        listRegisterCount = UInt32(truncatingIfNeeded: configuration.listRegisterCount)
        pin = configuration.pin
        ramByteCount = configuration.memoryByteCount
        haltPollNanoseconds = configuration.haltPoll.nanoseconds
        monotonicStart = start
        wallClockStart = clock.sinceEpoch &- (clock.now &- start)
    }
}
