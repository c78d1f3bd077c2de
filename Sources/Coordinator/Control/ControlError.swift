/// What is wrong with a control message. The description is a clause for the user.
enum ControlError: Error, Equatable, CustomStringConvertible {
    /// The length word asks for more than the cap.
    case oversized(byteCount: Int, limit: Int)
    /// The bytes are no message of the kind expected.
    case malformed
    /// Decoding needs more memory than any valid message does.
    case exceedsBudget
    case unknownFields
    case missingBody
    case version(UInt32)
    case outOfRange(String, UInt64)
    /// Fields that contradict each other.
    case inconsistent(String)

    var description: String {
        switch self {
        case .oversized(let byteCount, let limit):
            "a message of \(byteCount) bytes is larger than the cap of \(limit)"
        case .malformed: "the bytes are no control message"
        case .exceedsBudget: "decoding a message needs more memory than any valid one does"
        case .unknownFields: "a message holds fields that protocol version \(ControlProtocol.version) does not have"
        case .missingBody: "a message has no body"
        case .version(let version):
            "the peer speaks control protocol version \(version), this program version \(ControlProtocol.version)"
        case .outOfRange(let name, let value): "\(name) \(value) is out of range"
        case .inconsistent(let what): what
        }
    }
}
