/// The results of a stress test, as text and as JSON.
struct StressReport {
    var results: [StressResult] = []
    /// The command that repeats a scenario.
    var command: (StressResult) -> String = { _ in "" }

    /// A rule was broken.
    static let violatedCode: Int32 = 2

    /// 0 clean, 2 a rule was broken, 1 it did not come to its end.
    var exitCode: Int32 {
        if results.contains(where: { $0.verdict == .violated }) { return Self.violatedCode }
        return results.contains { $0.verdict == .interrupted } ? 1 : 0
    }

    private static let columns: [(title: String, width: Int, text: @Sendable (StressResult) -> String)] = [
        ("rounds", 8, { "\($0.rounds)" }), ("raised", 12, { "\($0.totals.raised)" }),
        ("delivered", 12, { "\($0.totals.delivered)" }), ("coalesced", 11, { "\($0.totals.coalesced)" }),
        ("cleared", 9, { "\($0.totals.cleared)" }), ("spurious", 9, { "\($0.totals.spurious)" }),
        ("per second", 12, { decimal($0.perSecond, digits: 0) }),
        ("p50", 11, { time($0, 0.5) }), ("p99", 11, { time($0, 0.99) }), ("max", 11, { time($0, 1) }),
        ("p50/raw", 9, { $0.latencyOverRawSocket.map { decimal($0, digits: 1) } ?? "-" }),
    ]

    private static func time(_ result: StressResult, _ fraction: Double) -> String {
        guard result.latency.count > 0 else { return "-" }
        return readableTime(result.latency.quantile(fraction))
    }

    var text: String {
        var out = "scenario".left(13) + "vCPUs".right(6)
        for column in Self.columns { out += column.title.right(column.width) }
        out += "  verdict\n"
        for result in results {
            out += result.scenario.rawValue.left(13) + "\(result.vcpuCount)".right(6)
            for column in Self.columns { out += column.text(result).right(column.width) }
            out += "  " + result.verdict.rawValue + "\n"
        }
        let rawSockets = results.compactMap(\.rawSocket)
        if let fastest = rawSockets.map(\.p50).min(), let slowest = rawSockets.map(\.p50).max() {
            out += "\nraw: the raw socket's round trip, with the placement of the scenario, before and after it: p50 "
            out += readableTime(fastest) + " to " + readableTime(slowest) + ", "
            out += rawSockets[0].polls ? "polling\n" : "blocking, since the vCPUs leave no processor to poll on\n"
        }
        for result in results where !result.violations.isEmpty {
            out += "\n\(result.scenario.rawValue): broken rules\n"
            for violation in result.violations { out += "  \(violation.rule.rawValue): \(violation.text)\n" }
            if let dump = result.dump { out += "\n" + dump }
            out += "\nThe same again: \(command(result))\n"
        }
        let faults = results.compactMap { result in result.faults.map { "\(result.scenario.rawValue): \($0)\n" } }
        if !faults.isEmpty { out += "\n" + faults.joined() }
        let hashes = results.compactMap { result in
            result.traceHash.map { "\(result.scenario.rawValue): trace hash \($0)\n" }
        }
        if !hashes.isEmpty { out += "\n" + hashes.joined() }
        return out
    }

    // MARK: JSON

    /// One object on one line; times are in nanoseconds.
    var json: String {
        "{\"version\":1,\"clean\":\(exitCode == 0),\"results\":[" + results.map(Self.json).joined(separator: ",")
            + "]}\n"
    }

    static func json(_ result: StressResult) -> String {
        let totals = result.totals
        var out = "{\"scenario\":\(quotedJSON(result.scenario.rawValue)),\"vcpus\":\(result.vcpuCount)"
        out += ",\"seed\":\(result.seed),\"rounds\":\(result.rounds),\"ns\":\(result.nanoseconds)"
        out += ",\"raised\":\(totals.raised),\"delivered\":\(totals.delivered),\"coalesced\":\(totals.coalesced)"
        out += ",\"cleared\":\(totals.cleared),\"spurious\":\(totals.spurious)"
        out += ",\"per_second\":\(decimal(result.perSecond, digits: 1)),\"latency_ns\":" + json(result.latency)
        out += ",\"raw_socket\":"
        out += result.rawSocket.map { "{\"p50_ns\":\($0.p50),\"polls\":\($0.polls)}" } ?? "null"
        out += ",\"verdict\":\(quotedJSON(result.verdict.rawValue)),\"violations\":["
        out += result.violations.map {
            "{\"rule\":\(quotedJSON($0.rule.rawValue)),\"text\":\(quotedJSON($0.text))}"
        }.joined(separator: ",")
        out += "],\"failure\":" + (result.failure.map(quotedJSON) ?? "null")
        out += ",\"faults\":" + (result.faults.map(quotedJSON) ?? "null")
        out += ",\"trace_hash\":" + (result.traceHash.map(quotedJSON) ?? "null")
        return out + ",\"dump\":" + (result.dump.map(quotedJSON) ?? "null") + "}"
    }

    /// null without samples.
    private static func json(_ latency: HistogramSnapshot) -> String {
        guard latency.count > 0 else { return "null" }
        return "{\"count\":\(latency.count),\"min\":\(latency.minimum),\"mean\":\(decimal(latency.mean, digits: 1))"
            + ",\"p50\":\(latency.quantile(0.5)),\"p90\":\(latency.quantile(0.9)),\"p99\":\(latency.quantile(0.99))"
            + ",\"max\":\(latency.maximum)}"
    }
}
