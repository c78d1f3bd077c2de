import Glibc
import Shared

/// Writes events in the JSON form that ui.perfetto.dev and chrome://tracing read: slices, instants, arrows, names.
///
/// One line for each event. Times are nanoseconds since `start`; the file has microseconds.
///
/// Source: "Trace Event Format" (catapult).
struct TraceWriter {
    /// A row of the picture: a thread, to the viewers.
    struct Track: Equatable {
        let number: UInt32

        static let coordinator = Self(number: 1)
        static func vcpu(_ index: Int) -> Self { Self(number: UInt32(truncatingIfNeeded: index) &+ 2) }
    }

    /// What closes the list of events.
    static let tail: StaticString = "\n]}\n"
    /// More than the longest event.
    private static let lineByteCount = 1024

    let file: OutputFile
    private let process: UInt64
    private var clock = VMClock(isVirtual: false)
    /// What the clock said at time 0.
    private var start: UInt64 = 0

    /// Writes the head of the file.
    init(_ file: OutputFile) {
        self.file = file
        process = UInt64(getpid())
        file.append("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
        file.append("{\"ph\":\"M\",\"pid\":")
        file.append(decimal: process)
        file.append(",\"name\":\"process_name\",\"args\":{\"name\":\"armada run\"}}")
    }

    /// Nanoseconds since the start, of a clock's reading that may be older.
    func time(_ monotonic: UInt64) -> UInt64 { monotonic > start ? monotonic &- start : 0 }
    func now() -> UInt64 { time(clock.now) }

    /// From here on time is that of `clock`, and 0 is now.
    mutating func begin(_ clock: VMClock) {
        self.clock = clock
        start = clock.now
    }

    // MARK: Events

    func name(_ track: Track, _ name: String, order: UInt64) {
        begin("M", track)
        file.append(",\"name\":\"thread_name\",\"args\":{\"name\":\"")
        file.append(name)
        file.append("\"}}")
        begin("M", track)
        file.append(",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":")
        file.append(decimal: order)
        file.append("}}")
    }

    /// A slice without arguments; `end` not before `time`.
    func slice(_ track: Track, _ name: StaticString, from time: UInt64, to end: UInt64) {
        beginSlice(track, from: time, to: end)
        file.append(",\"name\":\"")
        file.append(name)
        file.append("\"}")
    }

    /// The slice of an exit, at the vCPU or at who handles it.
    func slice(_ track: Track, exit reason: ExitReason, vcpu: Int, sequence: UInt64, from time: UInt64, to end: UInt64)
    {
        beginSlice(track, from: time, to: end)
        file.append(track == .coordinator ? ",\"cat\":\"handle\",\"name\":\"" : ",\"cat\":\"exit\",\"name\":\"")
        file.append(reason.name)
        file.append("\",\"args\":{\"vcpu\":")
        file.append(decimal: UInt64(vcpu))
        file.append(",\"sequence\":")
        file.append(decimal: sequence)
        file.append("}}")
    }

    /// Both ends of an arrow, which viewers bind to the slices around them.
    func arrow(sgi intid: UInt32, id: UInt64, from: Track, at time: UInt64, to: Track, at delivery: UInt64) {
        arrowEnd("s", intid, id, from, time)
        file.append("}")
        arrowEnd("f", intid, id, to, delivery)
        file.append(",\"bp\":\"e\"}")
    }

    private func arrowEnd(_ phase: StaticString, _ intid: UInt32, _ id: UInt64, _ track: Track, _ time: UInt64) {
        begin(phase, track, at: time)
        file.append(",\"cat\":\"sgi\",\"name\":\"SGI ")
        file.append(decimal: UInt64(intid))
        file.append("\",\"id\":")
        file.append(decimal: id)
    }

    /// An instant: `arguments` writes what stands between the braces.
    @inline(__always)
    func instant(_ track: Track, _ name: StaticString, at time: UInt64, _ arguments: (OutputFile) -> Void) {
        begin("i", track, at: time)
        file.append(",\"s\":\"t\",\"name\":\"")
        file.append(name)
        file.append("\",\"args\":{")
        arguments(file)
        file.append("}}")
    }

    // MARK: Pieces

    private func beginSlice(_ track: Track, from time: UInt64, to end: UInt64) {
        begin("X", track, at: time)
        file.append(",\"dur\":")
        file.append(microsecondsOf: end > time ? end &- time : 0)
    }

    private func begin(_ phase: StaticString, _ track: Track, at time: UInt64) {
        begin(phase, track)
        file.append(",\"ts\":")
        file.append(microsecondsOf: time)
    }

    private func begin(_ phase: StaticString, _ track: Track) {
        file.reserve(Self.lineByteCount)
        file.append(",\n{\"ph\":\"")
        file.append(phase)
        file.append("\",\"pid\":")
        file.append(decimal: process)
        file.append(",\"tid\":")
        file.append(decimal: UInt64(track.number))
    }
}
