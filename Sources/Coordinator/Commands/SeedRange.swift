import ArgumentParser

/// What `--seeds A..B` gives: both ends are included.
struct SeedRange {
    let range: ClosedRange<UInt64>

    static func parse(_ text: String) throws -> Self {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last - first < .max else {
            throw ValidationError("--seeds \(text) is not possible: give two numbers, as 1..1000")
        }
        return Self(range: first...last)
    }
}
