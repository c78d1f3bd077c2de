import Testing

@testable import Shared

@Suite struct FaultPlanTests {
    @Test(arguments: Fault.allCases) func aNameAloneHasTheUsualInterval(_ fault: Fault) throws {
        var plan = FaultPlan()
        plan.add(try FaultArgument(fault.rawValue))
        #expect(plan[fault] == fault.usualInterval)
        #expect(plan.intervals.count == 1)
        #expect(plan.isLegal == fault.isLegal)
    }

    @Test func anIntervalIsTaken() throws {
        var plan = FaultPlan(seed: 7)
        #expect(plan.isEmpty)
        plan.add(try FaultArgument("drop-kick=1/1"))
        plan.add(try FaultArgument("delay=1/4294967295"))
        #expect(plan.description == "delay=1/4294967295 drop-kick=1/1")
        #expect(!plan.isLegal)
        plan.add(try FaultArgument("drop-kick"))
        #expect(plan[.dropKick] == Fault.dropKick.usualInterval)
        plan[.dropKick] = 0
        #expect(plan.isLegal)
        #expect(plan.seed == 7)
    }

    @Test func legalStandsForAllThatAre() throws {
        var plan = FaultPlan()
        plan.add(try FaultArgument("legal=1/3"))
        #expect(plan.intervals == Dictionary(uniqueKeysWithValues: Fault.legal.map { ($0, 3) }))
        #expect(plan.isLegal)
        #expect(Set(Fault.legal).isDisjoint(with: Fault.illegal))
        #expect(Fault.legal.count + Fault.illegal.count == Fault.allCases.count)
    }

    @Test(arguments: ["", "dropkick", "Delay", "delay ", "illegal", "=1/2"])
    func anUnknownNameIsRefusedWithThoseThatAreKnown(_ text: String) {
        let failure = #expect(throws: FaultArgument.Failure.self) { try FaultArgument(text) }
        for fault in Fault.allCases { #expect(failure?.description.contains(fault.rawValue) == true) }
    }

    @Test(arguments: ["=", "=1", "=2/3", "=1/0", "=1/", "=1/-1", "=1/4294967296", "=1/8=1/8", "=0.5", "=1/x"])
    func anImpossibleIntervalIsRefused(_ text: String) {
        let failure = #expect(throws: FaultArgument.Failure.self) { try FaultArgument("stop" + text) }
        #expect(failure == .interval(name: "stop", String(text.dropFirst())))
    }
}

@Suite struct FaultDieTests {
    private func draws(_ fault: Fault, vcpu: Int, seed: UInt64, interval: UInt32 = 5) -> [Bool] {
        var die = FaultDie(fault, vcpu: vcpu, interval: interval, seed: seed)
        return (0..<1000).map { _ in die.strikes() }
    }

    @Test func sameSeedSameDraws() {
        #expect(draws(.delay, vcpu: 3, seed: 9) == draws(.delay, vcpu: 3, seed: 9))
    }

    @Test func anotherFaultVCPUOrSeedDrawsOtherwise() {
        let first = draws(.delay, vcpu: 3, seed: 9)
        #expect(first != draws(.reorder, vcpu: 3, seed: 9))
        #expect(first != draws(.delay, vcpu: 4, seed: 9))
        #expect(first != draws(.delay, vcpu: 3, seed: 10))
    }

    @Test(arguments: [1, 2, 5, 64] as [UInt32]) func strikesAsOftenAsItSays(_ interval: UInt32) {
        var die = FaultDie(.stop, vcpu: 0, interval: interval, seed: 1)
        let count = (0..<100_000).count { _ in die.strikes() }
        let expected = 100_000.0 / Double(interval)
        #expect(abs(Double(count) - expected) < 0.1 * expected + 1)
    }

    @Test func offNeverStrikes() {
        var die = FaultDie(.stop, vcpu: 0, interval: 0, seed: 1)
        #expect(!die.isOn)
        #expect((0..<1000).allSatisfy { _ in !die.strikes() })
    }

    @Test(arguments: [0, 1, 2, 1000, UInt64.max]) func aDurationStaysWithinItsLimit(_ limit: UInt64) {
        var die = FaultDie(.delay, vcpu: 0, interval: 1, seed: 1)
        for _ in 0..<1000 { #expect(die.duration(upTo: limit) <= limit) }
    }

    /// Reference values of the published algorithm with seed 0.
    @Test func splitMix64IsItself() {
        var random = SplitMix64(seed: 0)
        let first = (0..<3).map { _ in random.next() }
        #expect(first == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    }
}
