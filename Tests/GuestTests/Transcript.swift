import Testing

/// A guest program whose output is a transcript: what it prints depends on the architecture alone, so that it prints the
/// same on another implementation. Its lines begin with its name; the last one is "NAME: end".
struct Transcript: CustomTestStringConvertible {
    let guest: String
    var cpus = 1
    /// The processor of QEMU's that has the features the program looks at.
    var model = "cortex-a57"

    var testDescription: String { "\(guest), \(cpus) vCPUs, \(model)" }

    // swift-format-ignore
    static let all = [
        Transcript(guest: "exceptions", model: "cortex-a76"),
        Transcript(guest: "alignment", model: "cortex-a76"),
        Transcript(guest: "sysregs", model: "cortex-a76"),
        Transcript(guest: "debug"),
        Transcript(guest: "timers"),
        Transcript(guest: "gic", cpus: 4),
        Transcript(guest: "stage1", model: "cortex-a76"),
        Transcript(guest: "permissions", model: "cortex-a76"),
        Transcript(guest: "at", model: "cortex-a76"),
        Transcript(guest: "tlbi", cpus: 4, model: "cortex-a76"),
        Transcript(guest: "selfmodify", cpus: 4, model: "cortex-a76"),
        Transcript(guest: "contention", cpus: 4, model: "cortex-a76"),
        Transcript(guest: "litmus", cpus: 2, model: "cortex-a76"),
        Transcript(guest: "litmus", cpus: 4, model: "cortex-a76"),
    ]
}

/// Lines in which a transcript may differ. `armada` and `qemu` are regular expressions for whole lines without the program's
/// name in front; nil where that side has no line of its own. Each must match a line that differs, unless the difference is one
/// that time brings about.
struct TranscriptDifference {
    let guest: String
    let armada: String?
    let qemu: String?
    let reason: String
    /// Found in each run.
    let isConstant: Bool

    init(_ guest: String, armada: String? = nil, qemu: String? = nil, isConstant: Bool = true, _ reason: String) {
        self.guest = guest
        self.armada = armada
        self.qemu = qemu
        self.isConstant = isConstant
        self.reason = reason
    }
}

/// What two transcripts have that the other has not.
struct TranscriptComparison {
    /// Lines that differ without being listed, as a diff shows them.
    private(set) var unexplained: [String] = []
    /// Listed differences that do not occur.
    private(set) var stale: [String] = []

    init(guest: String, armada: [String], qemu: [String], allowed: [TranscriptDifference]) throws {
        let allowed = try allowed.filter { $0.guest == guest }.map {
            (entry: $0, armada: try $0.armada.map { try Regex($0) }, qemu: try $0.qemu.map { try Regex($0) })
        }
        var used = allowed.map { ($0.armada == nil, $0.qemu == nil) }
        for change in armada.difference(from: qemu) {
            switch change {
            case .insert(_, let line, _):
                let text = line.dropFirst(guest.count + 2)
                let found = allowed.indices.filter { (try? allowed[$0].armada?.wholeMatch(in: text)) != nil }
                found.forEach { used[$0].0 = true }
                if found.isEmpty { unexplained.append("armada  \(line)") }
            case .remove(_, let line, _):
                let text = line.dropFirst(guest.count + 2)
                let found = allowed.indices.filter { (try? allowed[$0].qemu?.wholeMatch(in: text)) != nil }
                found.forEach { used[$0].1 = true }
                if found.isEmpty { unexplained.append("qemu    \(line)") }
            }
        }
        for (index, sides) in used.enumerated() where allowed[index].entry.isConstant && !(sides.0 && sides.1) {
            let entry = allowed[index].entry
            stale.append("\(entry.guest): armada \(entry.armada ?? "-") qemu \(entry.qemu ?? "-") (\(entry.reason))")
        }
    }
}
