import Logging

/// Log messages as plain lines on standard error: `armada: warning: MESSAGE`.
struct LineLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let level = event.level == .info ? "" : "\(event.level): "
        StandardError.write("armada: \(level)\(event.message)\n")
    }
}
