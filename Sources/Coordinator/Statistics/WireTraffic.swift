/// What a vCPU's Exits and Entries have carried.
struct WireTraffic: Hashable {
    /// Bytes of Exit frames, with their length words.
    var receivedByteCount: UInt64 = 0
    /// Bytes of Entry frames, with their length words.
    var sentByteCount: UInt64 = 0
    /// Guest registers in both, general registers not counted: see `CarriedState.registersMoved`.
    var registersMoved: UInt64 = 0

    mutating func add(_ other: WireTraffic) {
        receivedByteCount &+= other.receivedByteCount
        sentByteCount &+= other.sentByteCount
        registersMoved &+= other.registersMoved
    }
}
