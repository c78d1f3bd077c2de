/// The report as one JSON object on one line. The form is in docs/measuring.md.
extension BenchReport {
    /// With a final newline. Times are in nanoseconds.
    var json: String {
        var out = "{\"version\":1,\"complete\":\(interruption == nil)"
        out += ",\"interruption\":" + (interruption.map(quotedJSON) ?? "null")
        out +=
            ",\"facts\":{"
            + distinctFacts.map { quotedJSON($0.name) + ":" + quotedJSON($0.value) }.joined(separator: ",")
        out += "},\"runs\":[" + runs.map(Self.json).joined(separator: ",")
        out += "],\"published\":[" + PublishedFigure.all.map(Self.json).joined(separator: ",")
        return out + "]}\n"
    }

    /// A name has one value in an object: the last one counts.
    private var distinctFacts: [Fact] {
        facts.indices.filter { index in !facts[(index + 1)...].contains { $0.name == facts[index].name } }
            .map { facts[$0] }
    }

    private static func json(_ run: Run) -> String {
        let configuration = run.configuration
        return
            "{\"configuration\":{\"vcpus\":\(configuration.vcpuCount),\"pin\":\(quotedJSON(configuration.pin.rawValue))"
            + ",\"halt_poll_ns\":\(configuration.haltPoll.nanoseconds)"
            + ",\"halt_poll_fixed\":\(configuration.haltPoll.isFixed)"
            + ",\"world_switch\":\(quotedJSON(configuration.worldSwitch))},\"operations\":["
            + run.operations.map(json).joined(separator: ",") + "]}"
    }

    private static func json(_ operation: Operation) -> String {
        var out = "{\"name\":" + quotedJSON(operation.name) + ",\"note\":" + (operation.note.map(quotedJSON) ?? "null")
        out += ",\"guest\":" + json(operation.guest)
        out += ",\"guest_observed\":" + (operation.observedGuest.map(json) ?? "null")
        out += ",\"stages\":["
        out += operation.stages.map { "{\"name\":\(quotedJSON($0.name)),\"time\":\(json($0.time))}" }
            .joined(separator: ",")
        out += "],\"floor\":" + (operation.measuredFloor.map(json) ?? "null")
        out += ",\"ratio_to_floor\":" + (operation.floorRatio.map { decimal($0, digits: 3) } ?? "null")
        out += ",\"exit_bytes\":\(operation.exitByteCount),\"entry_bytes\":\(operation.entryByteCount)"
        return out + ",\"registers_moved\":\(operation.registersMoved)}"
    }

    /// null without samples: a zero would look like a time.
    private static func json(_ distribution: Distribution) -> String {
        guard distribution.count > 0 else { return "null" }
        let percentiles = BenchReport.percentiles.map { "\"\($0.name)\":\(distribution.percentile($0.percent))" }
        let mean = decimal(distribution.mean, digits: 1)
        return "{\"count\":\(distribution.count),\"min_ns\":\(distribution.minimum),\"max_ns\":\(distribution.maximum)"
            + ",\"mean_ns\":\(mean == "-" ? "null" : mean)"
            + ",\"percentiles_ns\":{" + percentiles.joined(separator: ",") + "}}"
    }

    private static func json(_ figure: PublishedFigure) -> String {
        "{\"operation\":\(quotedJSON(figure.operation)),\"value\":\(figure.value)"
            + ",\"unit\":\(quotedJSON(figure.source.unit.rawValue)),\"machine\":\(quotedJSON(figure.source.machine))"
            + ",\"source\":\(quotedJSON(figure.source.reference))}"
    }
}
