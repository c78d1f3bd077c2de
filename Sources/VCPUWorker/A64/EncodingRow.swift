import Shared

/// One row of the instruction set: a drawn bit pattern and the function that lowers a word of it to an `Op`.
///
/// The pattern has 32 characters, spaces aside, from bit 31 down: `0` and `1` are fixed, a letter is a bit of the field of
/// that letter. The rows stand in files named after the manual's encoding groups, and drive the decoder, the names in the
/// log, the random-word tests and docs/coverage.md. No two rows may overlap; a test holds that.
struct EncodingRow: Sendable {
    /// The manual's name of the instruction and its variant, for example "ADD (immediate)".
    let name: StaticString
    /// The drawn bits.
    let pattern: StaticString
    /// What the row belongs to.
    let feature: ArchitectureFeature
    /// False for an encoding of a feature that the ID registers never announce: it has a name, and is UNDEFINED.
    let isImplemented: Bool
    /// `feature`, if a VM can do without it; the row is UNDEFINED then.
    let requirement: CPUFeatureSet
    /// The file of the row's encoding group.
    let file: StaticString
    /// Lowers a word that matches. It returns `.undefined` for what the manual calls unallocated within the row.
    let lower: @Sendable (Word) -> Op

    init(
        _ name: StaticString, _ pattern: StaticString, feature: ArchitectureFeature = .baseline,
        file: StaticString = #fileID, _ lower: @escaping @Sendable (Word) -> Op
    ) {
        self.name = name
        self.pattern = pattern
        self.feature = feature
        self.file = file
        self.lower = lower
        isImplemented = true
        requirement = CPUFeature(name: feature.rawValue).map { CPUFeatureSet($0) } ?? []
    }

    private init(
        absent name: StaticString, _ pattern: StaticString, _ feature: ArchitectureFeature, _ file: StaticString
    ) {
        self.name = name
        self.pattern = pattern
        self.feature = feature
        self.file = file
        lower = { .undefined($0.raw) }
        isImplemented = false
        requirement = []
    }

    /// A row that stands in its place but is not implemented, because `feature` is not announced.
    static func absent(
        _ name: StaticString, _ pattern: StaticString, _ feature: ArchitectureFeature, file: StaticString = #fileID
    ) -> EncodingRow {
        EncodingRow(absent: name, pattern, feature, file)
    }

    /// The encoding group: the name of the row's file.
    var group: String {
        let path = file.description
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return String(path[start...].prefix { $0 != "." })
    }

    /// The bits that are fixed, and their values.
    var maskAndValue: (mask: UInt32, value: UInt32) {
        var mask: UInt32 = 0
        var value: UInt32 = 0
        pattern.withUTF8Buffer { characters in
            for character in characters where character != UInt8(ascii: " ") {
                mask <<= 1
                value <<= 1
                switch character {
                case UInt8(ascii: "0"): mask |= 1
                case UInt8(ascii: "1"):
                    mask |= 1
                    value |= 1
                default: break
                }
            }
        }
        return (mask, value)
    }
}
