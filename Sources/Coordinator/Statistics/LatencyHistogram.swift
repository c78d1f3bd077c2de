/// Times in nanoseconds: count, sum, extremes, and a distribution in logarithmic buckets, eight to a power of two (an error of at
/// most an eighth). Fixed size; recording is a few instructions.
struct LatencyHistogram: ~Copyable {
    /// Powers of two up to 2^36 ns (68 s); what is longer counts as that.
    static let bucketCount = 280

    private(set) var count: UInt64 = 0
    private(set) var sum: UInt64 = 0
    private(set) var minimum = UInt64.max
    private(set) var maximum: UInt64 = 0
    private let buckets: UnsafeMutablePointer<UInt32>

    init() {
        buckets = .allocate(capacity: Self.bucketCount)
        buckets.initialize(repeating: 0, count: Self.bucketCount)
    }

    deinit { buckets.deallocate() }

    mutating func record(_ nanoseconds: UInt64) {
        count &+= 1
        sum &+= nanoseconds
        if nanoseconds < minimum { minimum = nanoseconds }
        if nanoseconds > maximum { maximum = nanoseconds }
        buckets[Self.bucket(of: nanoseconds)] &+= 1
    }

    /// Records the same `count` times.
    mutating func record(_ nanoseconds: UInt64, count: UInt64) {
        guard count > 0 else { return }
        record(nanoseconds)
        self.count &+= count &- 1
        sum &+= nanoseconds &* (count &- 1)
        buckets[Self.bucket(of: nanoseconds)] &+= UInt32(truncatingIfNeeded: count &- 1)
    }

    /// A copy that can be sent, stored and subtracted.
    var snapshot: HistogramSnapshot {
        HistogramSnapshot(
            count: count, sum: sum, minimum: minimum, maximum: maximum,
            buckets: Array(UnsafeBufferPointer(start: buckets, count: Self.bucketCount)))
    }

    @inline(__always)
    static func bucket(of value: UInt64) -> Int {
        if value < 8 { return Int(truncatingIfNeeded: value) }
        let exponent = 63 &- value.leadingZeroBitCount
        if exponent > 36 { return bucketCount - 1 }
        return (exponent &- 2) &* 8 &+ Int(truncatingIfNeeded: value &>> UInt64(exponent &- 3) & 7)
    }

    /// The smallest value that falls into the bucket.
    static func lowerBound(ofBucket index: Int) -> UInt64 {
        index == 0 ? 0 : upperBound(ofBucket: index - 1) + 1
    }

    /// The largest value that falls into the bucket.
    static func upperBound(ofBucket index: Int) -> UInt64 {
        if index < 8 { return UInt64(index) }
        let shift = UInt64(index / 8 - 1)
        return (UInt64(8 + index % 8) + 1) << shift - 1
    }
}
