import ArgumentParser

/// `200000`, or `fixed:200000`.
extension HaltPoll: ExpressibleByArgument, CustomStringConvertible {
    private static let fixed = "fixed:"

    init?(argument: String) {
        isFixed = argument.hasPrefix(Self.fixed)
        guard let value = UInt64(argument.dropFirst(isFixed ? Self.fixed.count : 0)) else { return nil }
        nanoseconds = value
    }

    var description: String { (isFixed ? Self.fixed : "") + String(nanoseconds) }
    var defaultValueDescription: String { description }

    /// Why nobody polls for so long; nil: it is possible.
    var problem: String? {
        nanoseconds > 1_000_000_000
            ? "--halt-poll-ns \(description) is more than a second: give 0 to 1000000000" : nil
    }
}
