import Shared
import Testing

@testable import Coordinator

@Suite struct LockstepTests {
    /// The published generator's first numbers for this seed.
    @Test func generatorIsSplitMix64() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func budgetsHaveEveryLengthUpToTheLongest() {
        var random = SplitMix64(seed: 1)
        var lengths: [Int: Int] = [:]
        for _ in 0..<15_000 {
            let budget = random.logarithmic(bitCount: 15)
            #expect((1..<32_768).contains(budget))
            lengths[64 - budget.leadingZeroBitCount, default: 0] += 1
        }
        #expect(lengths.count == 15)
        #expect(lengths.values.allSatisfy { (800...1200).contains($0) }, "\(lengths)")
    }

    @Test func numbersBelowABoundReachAllOfThem() {
        var random = SplitMix64(seed: 2)
        #expect(Set((0..<200).map { _ in random.below(7) }) == Set(0..<7))
        #expect(random.below(1) == 0)
    }

    /// FNV-1a of "a" preceded by eight zero bytes, and of nothing.
    @Test func hashIsFNV1a() {
        let hash = TraceHash()
        #expect(hash.value == 0xCBF2_9CE4_8422_2325)
        hash.add(console: UInt8(ascii: "a"), at: 0)
        var expected: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in [0, 0, 0, 0, 0, 0, 0, 0, 0x61] as [UInt64] { expected = (expected ^ byte) &* 0x100_0000_01B3 }
        #expect(hash.value == expected)
    }

    @Test func hashTellsEverythingApart() {
        func value(_ bytes: [UInt8], vcpu: Int = 0, _ direction: RecordedDirection = .fromWorker, at time: UInt64 = 1)
            -> UInt64
        {
            let hash = TraceHash()
            bytes.withUnsafeBytes { hash.add($0, vcpu: vcpu, direction, at: time) }
            #expect(hash.frameCount == 1)
            return hash.value
        }
        let values = [
            value([1, 2]), value([2, 1]), value([1, 2], vcpu: 1), value([1, 2], .fromCoordinator),
            value([1, 2], at: 2), value([1]), value([1, 2, 0]),
        ]
        #expect(Set(values).count == values.count)
    }

    /// A worker cannot turn the clock back, or further than it was allowed to run.
    @Test func workerCannotForgeTheTime() throws {
        let clock = VMClock(isVirtual: true)
        #expect(clock.now == Lockstep.start)
        clock.allow(100)
        try clock.follow(Lockstep.start + 40)
        #expect(clock.now == Lockstep.start + 40)
        #expect(throws: WireError.self) { try clock.follow(Lockstep.start + 39) }
        #expect(throws: WireError.self) { try clock.follow(Lockstep.start + 102) }
        try clock.follow(Lockstep.start + 101)
        clock.skip(to: Lockstep.start)
        #expect(clock.now == Lockstep.start + 101)
        clock.skip(to: Lockstep.start + 5_000_000_000)
        #expect(clock.sinceEpoch == Lockstep.wallClock + 5_000_000_000)
    }

    @Test func seedsOfTheDeviceTreeComeFromTheSeed() throws {
        func tree(_ seed: UInt64?) throws -> [UInt8] {
            var configuration = VMConfiguration(kernelPath: "")
            configuration.lockstep = seed.map { Lockstep(seed: $0) }
            return try DeviceTree.make(
                configuration: configuration, ram: PhysicalMap.ram..<PhysicalMap.ram + (512 << 20), initrd: nil)
        }
        #expect(try tree(1) == tree(1))
        #expect(try tree(1) != tree(2))
        #expect(try tree(nil) != tree(nil))
    }

    @Test func seedNeedsLockstep() throws {
        #expect(throws: (any Error).self) { try RunCommand.parse(["--seed", "3"]) }
        let seeded = try RunCommand.parse(["--lockstep", "--seed", "3"]).configuration(kernel: "")
        #expect(seeded.lockstep == Lockstep(seed: 3))
        #expect(try RunCommand.parse(["--lockstep"]).configuration(kernel: "").lockstep == Lockstep(seed: 1))
        #expect(try RunCommand.parse([]).configuration(kernel: "").lockstep == nil)
    }
}
