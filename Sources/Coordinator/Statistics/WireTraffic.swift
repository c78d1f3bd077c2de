/// What a vCPU's Exits and Entries have carried.
struct WireTraffic: Hashable, Sendable {
    /// Bytes of Exit frames, with their length words.
    var receivedByteCount: UInt64 = 0
    /// Bytes of Entry frames, with their length words.
    var sentByteCount: UInt64 = 0
    /// Guest registers in both, general registers not counted: see `CarriedState.registersMoved`.
    var registersMoved: UInt64 = 0

    func subtracting(_ earlier: WireTraffic) -> WireTraffic {
        WireTraffic(
            receivedByteCount: receivedByteCount &- earlier.receivedByteCount,
            sentByteCount: sentByteCount &- earlier.sentByteCount,
            registersMoved: registersMoved &- earlier.registersMoved)
    }

    mutating func add(_ other: WireTraffic) {
        receivedByteCount &+= other.receivedByteCount
        sentByteCount &+= other.sentByteCount
        registersMoved &+= other.registersMoved
    }
}
