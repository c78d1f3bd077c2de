/// The times of one kind of exit at a moment, or between two moments.
struct HistogramSnapshot: Equatable, Sendable {
    var count: UInt64 = 0
    var sum: UInt64 = 0
    var minimum = UInt64.max
    var maximum: UInt64 = 0
    /// `LatencyHistogram.bucketCount` of them.
    var buckets = Array(repeating: UInt32(0), count: LatencyHistogram.bucketCount)

    var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

    /// The value that `fraction` (0…1) of the samples do not exceed, up to the width of a bucket; 0 without samples.
    func quantile(_ fraction: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = max(1, UInt64((fraction * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            seen &+= UInt64(bucket)
            if seen >= rank { return min(max(LatencyHistogram.upperBound(ofBucket: index), minimum), maximum) }
        }
        return maximum
    }

    mutating func add(_ other: Self) {
        count &+= other.count
        sum &+= other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        for (index, bucket) in other.buckets.enumerated() { buckets[index] &+= bucket }
    }

    /// What came after `earlier`, an older snapshot of the same histogram.
    ///
    /// The extremes of the samples in between are exact if they are extremes of the whole run, because then the later
    /// snapshot has them. Otherwise they are the edges of the outermost buckets that have grown: the minimum is at most an
    /// eighth too low, the maximum at most an eighth too high.
    func subtracting(_ earlier: Self) -> Self {
        guard count != earlier.count else { return Self() }
        var difference = Self()
        difference.count = count &- earlier.count
        difference.sum = sum &- earlier.sum
        for index in buckets.indices { difference.buckets[index] = buckets[index] &- earlier.buckets[index] }
        if minimum < earlier.minimum {
            difference.minimum = minimum
        } else {
            let first = difference.buckets.firstIndex { $0 != 0 }
            difference.minimum = max(minimum, first.map(LatencyHistogram.lowerBound) ?? 0)
        }
        if maximum > earlier.maximum {
            difference.maximum = maximum
        } else {
            let last = difference.buckets.lastIndex { $0 != 0 }
            difference.maximum = min(maximum, last.map(LatencyHistogram.upperBound) ?? .max)
        }
        return difference
    }
}
