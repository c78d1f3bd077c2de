import Shared

/// The configurations of `armada bench exits --sweep`: every combination of the values of the axes.
struct SweepGrid: Equatable {
    /// An axis and its values, as the user writes them: `pin=none,separate`.
    enum Axis: Equatable {
        case pin([PinPolicy])
        case haltPoll([HaltPoll])
        case cpus([Int])
        case worldSwitch([WorldSwitch])

        static let names =
            "pin=none,same,separate; halt-poll-ns=0,200000,fixed:200000; cpus=1,2; world-switch=vhe,nvhe"

        /// nil: there is no such axis, or a value that it cannot have, or none.
        init?(_ text: String) {
            guard let equals = text.firstIndex(of: "=") else { return nil }
            let values = text[text.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
            func all<Value>(_ parse: (String) -> Value?) -> [Value]? {
                let parsed = values.compactMap { parse(String($0)) }
                return parsed.count == values.count && !parsed.isEmpty ? parsed : nil
            }
            switch text[..<equals] {
            case "pin":
                guard let values = all({ PinPolicy(rawValue: $0) }) else { return nil }
                self = .pin(values)
            case "halt-poll-ns":
                guard let values = all({ HaltPoll(argument: $0) }), values.allSatisfy({ $0.problem == nil }) else {
                    return nil
                }
                self = .haltPoll(values)
            case "cpus":
                guard let values = all({ Int($0) }), values.allSatisfy({ 1...512 ~= $0 }) else { return nil }
                self = .cpus(values)
            case "world-switch":
                guard let values = all({ WorldSwitch(rawValue: $0) }) else { return nil }
                self = .worldSwitch(values)
            default: return nil
            }
        }
    }

    private var pins = PinPolicy.allCases
    private var haltPolls = [HaltPoll(nanoseconds: 0), HaltPoll(), HaltPoll(isFixed: true)]
    private var vcpuCounts = [1, 2]
    private var worldSwitches = WorldSwitch.allCases

    /// All axes in full, but for those that are given.
    init(_ axes: [Axis] = []) {
        for axis in axes {
            switch axis {
            case .pin(let values): pins = values
            case .haltPoll(let values): haltPolls = values
            case .cpus(let values): vcpuCounts = values
            case .worldSwitch(let values): worldSwitches = values
            }
        }
    }

    var configurations: [BenchReport.Configuration] {
        vcpuCounts.flatMap { count in
            pins.flatMap { pin in
                haltPolls.flatMap { haltPoll in
                    worldSwitches.map {
                        BenchReport.Configuration(
                            vcpuCount: count, pin: pin, haltPoll: haltPoll, worldSwitch: $0.rawValue)
                    }
                }
            }
        }
    }
}
