import Glibc
import Shared

/// The result of one seed of a campaign, in a file that says itself whether it is whole: a line of JSON, and its hash.
///
/// ```
/// {"armada_stress":1,"configuration":"…","seed":7,"exit":0,"report":{…}}
/// fnv1a 0123456789abcdef
/// ```
struct StressResultFile {
    enum State: Equatable {
        case missing
        /// Whole, and of this campaign; the exit code of its run.
        case whole(exitCode: Int32)
        /// Half-written, changed, or of another version or campaign.
        case foreign(String)
    }

    let path: String
    let configuration: String
    let seed: UInt64

    init(directory: String, configuration: String, seed: UInt64) {
        path = directory + "/seed-\(seed).json"
        self.configuration = configuration
        self.seed = seed
    }

    private var head: String {
        "{\"armada_stress\":1,\"configuration\":\(quotedJSON(configuration)),\"seed\":\(seed),\"exit\":"
    }

    /// Writes the file as a whole or not at all.
    func write(_ report: StressReport) throws(ReportError) {
        let line = head + "\(report.exitCode),\"report\":" + report.json.dropLast() + "}"
        try ReportFile.write(line + "\n" + Self.seal(line) + "\n", to: path)
    }

    var state: State {
        guard let text = Self.read(path) else { return errno == ENOENT ? .missing : .foreign("it cannot be read") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, lines[2].isEmpty, lines[1] == Self.seal(lines[0]) else {
            return .foreign("it is not whole")
        }
        guard lines[0].hasPrefix(head) else { return .foreign("it is of another campaign or version") }
        guard let exitCode = Int32(lines[0].dropFirst(head.count).prefix { $0 != "," }) else {
            return .foreign("it has no verdict")
        }
        return .whole(exitCode: exitCode)
    }

    private static func seal(_ line: some StringProtocol) -> String {
        var hash = FNV1a()
        for byte in line.utf8 { hash.add(byte) }
        return "fnv1a " + hash.description
    }

    /// Nothing that a campaign has written is longer.
    private static let maximumByteCount = 16 << 20

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= maximumByteCount {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(validating: bytes, as: UTF8.self) ?? "" }
            bytes += chunk[..<count]
        }
        return ""
    }
}
