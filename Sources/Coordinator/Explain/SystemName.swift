import Shared

/// What the encoding of a system register or instruction is called.
enum SystemName: Equatable {
    /// A register that the PE has.
    case register(SystemRegister)
    /// A system instruction that it has.
    case instruction(SystemInstruction)
    /// The architecture has it, the PE has not.
    case foreign(ForeignSystemName)

    init?(_ encoding: SystemRegisterEncoding) {
        if let register = SystemRegister(encoding) {
            self = .register(register)
        } else if let instruction = SystemInstruction(encoding) {
            self = .instruction(instruction)
        } else if let foreign = ForeignSystemName(encoding) {
            self = .foreign(foreign)
        } else {
            return nil
        }
    }

    /// `text` in any case; a system instruction as "DC CIVAC", also with `-` or `_` for the space.
    init?(_ text: String) {
        guard let found = Self.byKey[Self.key(text)] else { return nil }
        self = found
    }

    var text: String {
        switch self {
        case .register(let register): register.name
        case .instruction(let instruction): instruction.name
        case .foreign(let foreign): foreign.name
        }
    }

    var encoding: SystemRegisterEncoding {
        switch self {
        case .register(let register): register.encoding
        case .instruction(let instruction): instruction.encoding
        case .foreign(let foreign): foreign.encoding
        }
    }

    static var all: [Self] {
        SystemRegister.allCases.map(Self.register) + SystemInstruction.allCases.map(Self.instruction)
            + ForeignSystemName.allCases.map(Self.foreign)
    }

    private static let byKey = Dictionary(all.map { (key($0.text), $0) }) { first, _ in first }

    /// The names nearest to one that nobody knows, at most three.
    static func near(_ text: String) -> [String] {
        let key = Array(key(text).utf8.prefix(32))
        let scored = all.map { (name: $0.text, distance: distance(key, Array(Self.key($0.text).utf8))) }
        return scored.filter { $0.distance <= 2 }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3).map(\.name)
    }

    private static func key(_ text: String) -> String {
        String(text.uppercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
    }

    /// How many letters must change, come or go.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (index, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in b.indices {
                let change = diagonal + (b[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, diagonal + 1, row[column] + 1)
            }
        }
        return row[b.count]
    }
}
