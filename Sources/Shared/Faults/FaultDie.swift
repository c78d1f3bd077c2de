/// Decides at each opportunity of one fault on one vCPU whether it strikes. A stream of its own: what another fault or
/// another vCPU draws changes nothing here.
package struct FaultDie: Sendable {
    private let interval: UInt32
    private var random: SplitMix64

    /// - Parameter interval: strikes at one of so many opportunities; 0 never.
    package init(_ fault: Fault, vcpu: Int, interval: UInt32, seed: UInt64) {
        self.interval = interval
        // Neighbouring seeds give streams that have nothing in common.
        var mixer = SplitMix64(seed: seed)
        let base = mixer.next()
        mixer = SplitMix64(
            seed: base ^ UInt64(truncatingIfNeeded: vcpu) << 8 ^ UInt64(truncatingIfNeeded: fault.number))
        random = SplitMix64(seed: mixer.next())
    }

    package var isOn: Bool { interval != 0 }

    /// Whether the fault strikes this time.
    package mutating func strikes() -> Bool { interval != 0 && below(UInt64(interval)) == 0 }

    /// A number from 0 to `limit` − 1, each as likely as the others; 0 if `limit` is.
    package mutating func below(_ limit: UInt64) -> UInt64 { random.next().multipliedFullWidth(by: limit).high }

    /// A duration in nanoseconds up to `limit`: short ones are more frequent, each octave as likely as the others.
    package mutating func duration(upTo limit: UInt64) -> UInt64 {
        let octaves = UInt64(max(64 - limit.leadingZeroBitCount, 1))
        let bits = below(min(octaves, 10))
        return min(limit, max(1, below(max(limit >> bits, 1))))
    }
}
