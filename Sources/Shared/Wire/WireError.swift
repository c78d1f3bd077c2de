/// What is wrong with something that came over the wire, or with the wire itself. The description is a sentence
/// for the person who runs the VM.
package enum WireError: Error, Equatable, Sendable {
    // MARK: The stream

    /// The length word asks for more than the cap.
    case oversized(byteCount: UInt32)
    /// The stream ended within a frame.
    case truncated(byteCount: Int, of: Int)
    /// A system call on the socket failed with this errno.
    case socketFailed(CInt)
    /// The peer does not read what it is sent: the socket is full.
    case peerNotReading

    // MARK: The frame

    /// The bytes are no Frame message.
    case malformed
    /// The frame needs more memory than a legitimate one can.
    case exceedsArena
    /// A message holds fields that this version does not have.
    case unknownFields
    /// The frame has no body.
    case missingBody
    /// A frame that this peer may not send.
    case wrongSender(StaticString)
    /// A frame that may not come now.
    case unexpected(StaticString, when: StaticString)

    // MARK: Values

    case protocolVersion(UInt32)
    case exitSequence(UInt64, expected: UInt64)
    case entrySequence(UInt64, expected: UInt64)
    case exitCode(UInt32)
    case listRegisterCount(Int)
    case registerCount(Int)
    case registerNumber(UInt32)
    /// As many register numbers as values must come.
    case registerWrites(numbers: Int, values: Int)
    case timerControl(UInt32)
    case injectedKind(Int)
    /// A field is outside its range.
    case outOfRange(StaticString, UInt64)
    case descriptorCount(Int)
    case contextRegisterCount(Int)
    case identificationCount(Int)
    /// No PE can have such identification registers.
    case identification(IDRegisterProblem)
    /// Something that the world switch nvhe always carries is not there.
    case missing(StaticString)
    /// Something that only the world switch nvhe carries.
    case needless(StaticString)
}

extension WireError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .oversized(let byteCount):
            "a frame of \(byteCount) bytes is larger than the cap of \(WireProtocol.maximumFrameByteCount)"
        case .truncated(let byteCount, let whole): "the stream ended after \(byteCount) of a frame's \(whole) bytes"
        case .socketFailed(let code): "the socket failed: \(SystemError.message(of: code))"
        case .peerNotReading: "the peer does not read its socket"
        case .malformed: "the bytes of a frame are no Frame message"
        case .exceedsArena: "decoding a frame needs more memory than any valid frame does"
        case .unknownFields: "a frame holds fields that protocol version \(WireProtocol.version) does not have"
        case .missingBody: "a frame has no body"
        case .wrongSender(let name): "the peer may not send \(name)"
        case .unexpected(let name, let when): "\(name) came \(when)"
        case .protocolVersion(let version):
            "the peer speaks protocol version \(version), this program version \(WireProtocol.version)"
        case .exitSequence(let number, let expected): "Exit has sequence number \(number) instead of \(expected)"
        case .entrySequence(let number, let expected): "Entry answers exit \(number) instead of \(expected)"
        case .exitCode(let code): "exit code 0x\(String(code, radix: 16)) is unknown"
        case .listRegisterCount(let count): "\(count) list registers are more than 16"
        case .registerCount(let count): "\(count) registers are more than 8"
        case .registerNumber(let number): "there is no register X\(number) to write"
        case .registerWrites(let numbers, let values): "\(numbers) register numbers came with \(values) values"
        case .timerControl(let value): "timer control 0x\(String(value, radix: 16)) has more than ENABLE and IMASK"
        case .injectedKind(let kind): "exception kind \(kind) is unknown"
        case .outOfRange(let name, let value): "\(name) 0x\(String(value, radix: 16)) is out of range"
        case .descriptorCount(let count):
            "\(count) descriptors came with Welcome instead of \(WireProtocol.welcomeDescriptorCount)"
        case .contextRegisterCount(let count):
            "\(count) registers are no context, which has \(RegisterContext.count)"
        case .identificationCount(let count):
            "\(count) registers are no identification, which has \(IDRegister.allCases.count)"
        case .identification(let problem): "\(problem)"
        case .missing(let name): "a frame has no \(name), which always comes with the world switch nvhe"
        case .needless(let name): "a frame has a \(name), which comes with the world switch nvhe only"
        }
    }

    // StaticString has no == of its own; two errors are the same if they say the same.
    package static func == (a: WireError, b: WireError) -> Bool { a.description == b.description }
}
