import Histogram

/// What `armada bench exits` has measured, for every form of report. All times are in nanoseconds.
struct BenchReport {
    var facts: [Fact] = []
    /// One for each configuration that was measured: one without `--sweep`.
    var runs: [Run] = []
    /// Why it is not complete, if it is not: the user's wish, a guest that failed.
    var interruption: String?

    /// Something about the host, the build or the configuration that all runs share: "processor" is "AMD EPYC".
    struct Fact {
        var name: String
        var value: String
    }

    struct Run {
        var configuration: Configuration
        var operations: [Operation] = []
    }

    /// A point of the grid.
    struct Configuration: Hashable {
        var vcpuCount: Int
        var pin: PinPolicy
        var haltPoll: HaltPoll
        var worldSwitch: String
    }

    struct Operation {
        /// The field's name: "hyp_call".
        var name: String
        /// What the guest saw.
        var guest: Distribution
        /// The same while each exit was stamped: what the stamps cost is the difference.
        var observedGuest: Distribution?
        /// The way of the operation's exit, stage by stage; empty for an operation without one.
        var stages: [Stage] = []
        /// The raw socket with as many bytes in each direction, under the same placement and in the same run.
        var floor: Distribution?
        var exitByteCount = 0
        var entryByteCount = 0
        /// Guest registers that the frames of one exit and its entry carried beside the operation's own.
        var registersMoved = 0
        /// Why there are no samples: "needs 2 vCPUs".
        var note: String?
    }

    /// One part of an exit's way; the parts of one exit sum to the whole.
    struct Stage {
        /// "trap", "exit wire", …
        var name: String
        var time: Distribution
    }

    /// A distribution of times.
    struct Distribution {
        let histogram: Histogram<UInt64>
        let minimum: UInt64
        let maximum: UInt64
        let mean: Double
        let count: UInt64

        init(_ samples: some Collection<UInt64>) {
            var minimum = UInt64.max
            var maximum: UInt64 = 0
            var sum = 0.0
            for sample in samples {
                minimum = min(minimum, sample)
                maximum = max(maximum, sample)
                sum += Double(sample)
            }
            // No larger than the samples need: a sweep holds thousands of distributions.
            var histogram = Histogram<UInt64>(
                highestTrackableValue: min(max(maximum, 2), Self.limit), numberOfSignificantValueDigits: .three)
            for sample in samples { histogram.record(min(sample, Self.limit)) }
            self.histogram = histogram
            self.minimum = samples.isEmpty ? 0 : minimum
            self.maximum = maximum
            count = UInt64(samples.count)
            mean = samples.isEmpty ? 0 : sum / Double(samples.count)
        }

        /// A minute: what takes longer counts as that in the percentiles.
        private static let limit: UInt64 = 60_000_000_000

        /// In percent, 0…100.
        func percentile(_ percent: Double) -> UInt64 {
            count == 0 ? 0 : min(max(histogram.valueAtPercentile(percent), minimum), maximum)
        }
    }
}
