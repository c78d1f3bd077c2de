/// The numbers on which a VM and those who ask it agree. See docs/control.md.
enum ControlProtocol {
    /// Both must speak the same version; there is no negotiation.
    static let version: UInt32 = 4
    /// A message's length comes first, as 32 bits, little-endian, and does not count itself.
    static let lengthByteCount = 4
    static let maximumRequestByteCount = 4 << 10
    static let maximumReplyByteCount = 16 << 20
    /// Of guest memory in one reply, and in one request.
    static let maximumMemoryReadByteCount = 1 << 20
    static let maximumMemoryWriteByteCount = 2 << 10
    /// Clients at a time.
    static let maximumClientCount = 16
    /// How long a client may take over the rest of a request, or to read a reply.
    static let stallNanoseconds: UInt64 = 5_000_000_000

    /// `payload` with its length before it.
    static func delimited(_ payload: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: payload.count).littleEndian) { Array($0) } + payload
    }

    /// The length that four bytes say.
    static func length(_ bytes: some Collection<UInt8>) -> Int {
        bytes.prefix(lengthByteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
