/// A time for the eye, with its unit and three significant digits: "306 ns", "5.15 µs".
func readableTime(_ nanoseconds: Double) -> String {
    guard nanoseconds.isFinite, nanoseconds >= 0 else { return "-" }
    var value = nanoseconds
    var units = ["ns", "µs", "ms"][...]
    while value >= 999.5, !units.isEmpty {
        value /= 1000
        units.removeFirst()
    }
    let isWhole = value == value.rounded() && units.first == "ns"
    let digits = isWhole || value >= 99.95 ? 0 : value >= 9.995 || units.first == "ns" ? 1 : 2
    return decimal(value, digits: digits) + " " + (units.first ?? "s")
}

func readableTime(_ nanoseconds: UInt64) -> String { readableTime(Double(nanoseconds)) }

/// `count` with thin groups of three digits: "65 536".
func grouped(_ count: UInt64, separator: String = " ") -> String {
    let digits = Array(String(count))
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += separator }
        text.append(digit)
    }
    return text
}

extension BenchReport {
    /// The percentiles that every form of report has, with their names.
    static let percentiles: [(percent: Double, name: String)] = [
        (50, "50"), (75, "75"), (90, "90"), (95, "95"), (99, "99"), (99.9, "99.9"), (99.99, "99.99"),
    ]

    /// The names of the stages of all operations of `run`, in the order of an exit's way.
    static func stageNames(_ run: Run) -> [String] {
        var names: [String] = []
        for operation in run.operations {
            for stage in operation.stages where !names.contains(stage.name) { names.append(stage.name) }
        }
        return names
    }

    /// The names of all runs' operations, each once, in the order of their appearance.
    var operationNames: [String] {
        var names: [String] = []
        for run in runs {
            for operation in run.operations where !names.contains(operation.name) { names.append(operation.name) }
        }
        return names
    }
}

extension BenchReport.Operation {
    var hasSamples: Bool { guest.count > 0 }

    /// The floor, if it was measured.
    var measuredFloor: BenchReport.Distribution? {
        guard let floor, floor.count > 0 else { return nil }
        return floor
    }

    /// How many times as long as the floor the operation takes, p50 over p50; nil without a floor.
    var floorRatio: Double? {
        guard hasSamples, let floor = measuredFloor?.percentile(50), floor > 0 else { return nil }
        return Double(guest.percentile(50)) / Double(floor)
    }

    /// The sum of the stages' medians.
    var stageSum: UInt64 { stages.reduce(0) { $0 &+ $1.time.percentile(50) } }

    /// What stands in the place of figures.
    var missing: String { note ?? "no samples" }
}

extension BenchReport.Configuration {
    /// "4 vCPUs, pin separate, halt-poll-ns 200000, world switch full"
    var text: String {
        let parts = [
            "\(vcpuCount) vCPU\(vcpuCount == 1 ? "" : "s")", "pin \(pin.rawValue)",
            "halt-poll-ns \(haltPoll)", worldSwitch.isEmpty ? "" : "world switch \(worldSwitch)",
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: ", ")
    }
}
