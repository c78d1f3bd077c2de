/// A small generator whose whole state is its seed: the same numbers everywhere.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
@frozen public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    @inlinable public init(seed: UInt64) { state = seed }

    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number below `bound`, which is not 0.
    ///
    /// The library's own way is not part of its promises, and a run must be the same with any release of it.
    @inlinable public mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number of 1 to `bitCount` bits, each length as likely as any other.
    @inlinable public mutating func logarithmic(bitCount: Int) -> UInt64 {
        let top = UInt64(1) << UInt64(below(bitCount))
        return top | next() & (top &- 1)
    }
}
