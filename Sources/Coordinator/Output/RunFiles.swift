import Logging
import Shared

/// The files that a run writes beside the guest: the trace and the recording, if they were asked for.
struct RunFiles {
    let trace: TraceWriter?
    let recorder: Recorder?

    /// Opens them. Nothing has been started yet.
    init(_ configuration: VMConfiguration, logger: Logger) throws(VMError) {
        let traceFile = try Self.open(configuration.tracePath, "trace", tail: TraceWriter.tail, logger)
        let recordFile = try Self.open(configuration.recordPath, "recording", tail: "", logger)
        if let traceFile, let recordFile, traceFile.isSame(as: recordFile) {
            throw .configuration("the trace and the recording are both to go to \(traceFile.path): give two files")
        }
        trace = traceFile.map { TraceWriter($0) }
        recorder = recordFile.map { Recorder($0) }
    }

    private static func open(
        _ path: String?, _ name: String, tail: StaticString, _ logger: Logger
    ) throws(VMError) -> OutputFile? {
        guard let path else { return nil }
        do throws(SystemError) {
            let file = try OutputFile(path: path, name: name, tail: tail)
            file.onFailure = { error in
                logger.error("\(error); the \(name) stops here, and the guest runs on")
            }
            return file
        } catch { throw .host(error) }
    }

    /// Something that was asked for is not complete.
    var hasFailed: Bool { trace?.file.failure != nil || recorder?.file.failure != nil }

    /// Writes what waits: there is time for it.
    func flush() {
        if let trace { trace.file.flush() }
        if let recorder { recorder.file.flush() }
    }
}

extension VirtualMachine {
    /// The vCPUs are there and the guest is about to start: trace and recording begin.
    func beginFiles() {
        if let recorder = files.recorder {
            recorder.begin(RecordingHeader(configuration, start: startTime, clock: clock))
            for vcpu in vcpus { vcpu.channel.record(with: recorder) }
        }
        if let writer = files.trace {
            tracer = Tracer(writer, vcpus, clock: clock)
            vgic.tracer = tracer
        }
    }

    /// The run is over, however it ended.
    func finishFiles() {
        if let tracer { tracer.finish(vcpus) } else { files.trace?.file.finish() }
        if let recorder = files.recorder {
            // Of a guest that never started there is nothing but that.
            recorder.begin(RecordingHeader(configuration, start: clock.now, clock: clock))
            recorder.file.finish()
        }
    }
}
