import Shared

/// A frame's fields by name, for the text and the JSON of `armada decode`.
struct FrameFields {
    enum Value {
        /// A register's content or an address.
        case hex(UInt64, digits: Int = 1)
        case number(Int64)
        case text(String)
        case flag(Bool)
        case list([Value])
        /// Fields of a message in the frame.
        case message(FrameFields)
    }

    struct Field {
        var name: String
        var value: Value
        /// What `value` means, in words; JSON has it as a field of its own, `detailName`.
        var detail: String?
        var detailName = ""
    }

    private(set) var fields: [Field] = []

    mutating func add(_ name: String, _ value: Value) { fields.append(Field(name: name, value: value)) }

    mutating func add(_ name: String, _ value: Value, _ detailName: String, _ detail: String) {
        fields.append(Field(name: name, value: value, detail: detail, detailName: detailName))
    }

    // MARK: Text

    /// `name=value (detail)` on one line; each message in the frame on a line of its own.
    func text(indentation: Int) -> String {
        var line = ""
        var more = ""
        for field in fields {
            if case .message(let message) = field.value {
                more += "\n" + String(repeating: " ", count: indentation) + field.name + message.line
            } else {
                line += " " + Self.text(field)
            }
        }
        return line + more
    }

    private var line: String { fields.map { " " + Self.text($0) }.joined() }

    private static func text(_ field: Field) -> String {
        "\(field.name)=\(text(field.value))" + (field.detail.map { " (\($0))" } ?? "")
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .hex(let value, let digits): hexadecimal(value, digits: digits)
        case .number(let value): String(value)
        case .text(let text): text
        case .flag(let flag): flag ? "1" : "0"
        case .list(let values): values.isEmpty ? "none" : values.map(text).joined(separator: ",")
        case .message(let message): "{\(message.line) }"
        }
    }

    // MARK: JSON

    /// The fields as they stand between the braces of an object. Registers and addresses are strings: they don't fit into
    /// the numbers of JSON.
    var json: String { fields.map(Self.json).joined(separator: ",") }

    private static func json(_ field: Field) -> String {
        let pair = "\"\(field.name)\":\(json(field.value))"
        guard let detail = field.detail else { return pair }
        return pair + ",\"\(field.detailName)\":\(quotedJSON(detail))"
    }

    private static func json(_ value: Value) -> String {
        switch value {
        case .hex(let value, let digits): "\"\(hexadecimal(value, digits: digits))\""
        case .number(let value): String(value)
        case .text(let text): quotedJSON(text)
        case .flag(let flag): flag ? "true" : "false"
        case .list(let values): "[" + values.map(json).joined(separator: ",") + "]"
        case .message(let message): "{\(message.json)}"
        }
    }
}
