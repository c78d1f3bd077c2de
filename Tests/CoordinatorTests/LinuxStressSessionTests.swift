import Testing

@testable import Coordinator

/// A machine of two vCPUs whose guest says what the test says.
private final class LinuxOnPaper {
    let session = LinuxStressSession(roundLimit: 9, durationLimit: .max, limits: .free)
    var now: UInt64 = 1_000_000_000
    var books = SGIBooks(vcpuCount: 2)
    var oversleeping: [Int] = []
    var hasEnded = false

    init() {
        books[1, 1] = .init(sent: 12, raised: 12, coalesced: 2, leastTaken: 10, mostTaken: 10)
        books[0, 0] = .init(sent: 3, raised: 3, leastTaken: 3, mostTaken: 3)
        session.machine = .init(
            now: { [unowned self] in now }, books: { [unowned self] in books },
            oversleeping: { [unowned self] in oversleeping }, dump: { "the machine\n" },
            end: { [unowned self] in hasEnded = true })
    }

    func say(_ lines: String...) { for line in lines { for byte in (line + "\n").utf8 { session.take(byte) } } }
    func tell(_ lines: String...) { for line in lines { say(LinuxStressLine.prefix + line) } }

    func did(_ kinds: [String] = ["membarrier", "ping", "pong", "timer", "migration", "hotplug"]) {
        for kind in kinds { tell("did \(kind) 7 7 1000") }
    }
    func count(_ first: [Int] = [3, 0], _ second: [Int] = [0, 10]) {
        for (ipi, counts) in [first, second].enumerated() {
            tell("count IPI\(ipi) " + counts.map(String.init).joined(separator: " "))
        }
    }
    /// A round whose books are clean unless the test has changed them.
    func round(
        between: () -> Void = {}, counts first: [Int] = [3, 0], _ second: [Int] = [0, 10]
    ) {
        did()
        tell("settled 1")
        between()
        tell("read 1")
        count(first, second)
        tell("counted 1")
    }

    /// Lets so many seconds pass, with a look every 100 ms.
    func wait(seconds: UInt64) {
        for _ in 0..<seconds * 10 where !hasEnded {
            now += 100_000_000
            session.tick(at: now)
        }
    }

    func expect(
        _ rule: StressVerdict.Violation.Rule, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let violations = session.violations
        #expect(violations.count == 1, "\(violations)", sourceLocation: sourceLocation)
        let violation = try #require(violations.first, sourceLocation: sourceLocation)
        #expect(violation.rule == rule, sourceLocation: sourceLocation)
        #expect(violation.text.contains(words), "\(violation.text)", sourceLocation: sourceLocation)
        #expect(session.dump == "the machine\n", sourceLocation: sourceLocation)
        #expect(hasEnded, sourceLocation: sourceLocation)
    }
}

/// Rounds of a Linux guest: clean ones, and each way in which one breaks a rule.
@Suite struct LinuxStressSessionTests {
    private let linux = LinuxOnPaper()

    init() { linux.tell("begin 2") }

    @Test func aCleanRoundIsCounted() {
        linux.now += 5_000_000
        linux.tell("late 100 2 2000 1")
        linux.round()
        #expect(linux.session.violations == [] && !linux.hasEnded)
        #expect(linux.session.rounds == 1 && linux.session.elapsed == 5_000_000)
        #expect(linux.session.totals == .init(raised: 15, delivered: 13, coalesced: 2))
        #expect(linux.session.latency.count == 3 && linux.session.latency.maximum == 2000)
        linux.round()
        #expect(linux.session.rounds == 2)
        linux.tell("end")
        #expect(linux.session.hasEnded)
    }

    /// While the guest looked, vCPU 1 may have taken one or two more.
    @Test(arguments: [(9, StressVerdict.Violation.Rule?.some(.lost)), (10, nil), (12, nil), (13, .duplicated)])
    func aCountIsBetweenBothBooks(count: Int, rule: StressVerdict.Violation.Rule?) throws {
        linux.round(
            between: { linux.books[1, 1] = .init(sent: 14, raised: 14, coalesced: 2, leastTaken: 11, mostTaken: 12) },
            counts: [3, 0], [0, count])
        #expect(linux.session.rounds == 1)
        guard let rule else { return #expect(linux.session.violations == []) }
        try linux.expect(rule, "SGI 1 of vCPU 1")
    }

    @Test func anInterruptThatLinuxCountsAndNobodySentIsFound() throws {
        linux.round(counts: [3, 1], [0, 10])
        try linux.expect(.duplicated, "SGI 0 of vCPU 1: at most 0 were taken, Linux counts 1")
    }

    @Test func countsGoRoundAt32Bits() {
        let taken = UInt64(UInt32.max) + 6
        linux.books[1, 1] = .init(sent: taken, raised: taken, leastTaken: taken, mostTaken: taken)
        linux.round(counts: [3, 0], [0, 5])
        #expect(linux.session.violations == [])
    }

    @Test func whatWasSentAndNotRaisedIsFound() throws {
        linux.books[1, 1].sent = 13
        linux.round()
        try linux.expect(.lost, "SGI 1 of vCPU 1: 13 were sent, the vGIC counts 12")
    }

    @Test func whatIsHeldBackIsNotLost() {
        linux.books[1, 1].sent = 13
        linux.books[1, 1].held = 1
        linux.round()
        #expect(linux.session.violations == [])
    }

    @Test func whatWasRaisedAndNotSentIsFound() throws {
        linux.books[0, 0].sent = 2
        linux.round()
        try linux.expect(.duplicated, "SGI 0 of vCPU 0: 2 were sent, the vGIC counts 3")
    }

    @Test func workThatDidNotEndIsFound() throws {
        linux.did(["ping", "pong", "timer", "migration", "hotplug"])
        linux.tell("did membarrier 8 7 1000", "settled 1", "read 1")
        linux.count()
        linux.tell("counted 1")
        try linux.expect(.lost, "membarrier: 8 began, 7 ended")
    }

    @Test func aCPUThatIsMissingIsFound() throws {
        linux.round(counts: [3], [0])
        try linux.expect(.hang, "1 of 2 CPUs are on after round 1")
    }

    @Test func aGarbledRoundIsNotJudged() {
        linux.did()
        linux.tell("settled 1")
        linux.say("armada-stress: re[    9.9] random: crng init done", "ad 1")
        linux.count([99, 99], [99, 99])
        linux.tell("counted 1")
        #expect(linux.session.rounds == 0 && linux.session.violations == [])
        linux.round()
        #expect(linux.session.rounds == 1 && linux.session.violations == [])
    }

    @Test func anEarlyTimerIsFound() throws {
        linux.tell("early timer 1 250")
        try linux.expect(.early, "the timer of CPU 1 struck 250 ns before its time")
        #expect(linux.session.isWithinRound)
    }

    @Test func whoWaitsTooLongIsStarved() throws {
        linux.tell("starved ping 0 5100000000")
        try linux.expect(.starved, "the ping of CPU 0 has taken 5100 ms")
    }

    /// A complaint names what happened, the books what may have been the reason.
    @Test func aComplaintEndsTheRunAfterItsCallTrace() {
        linux.books[1, 1].sent = 13
        linux.wait(seconds: 1)
        linux.say("[   30.1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:")
        #expect(!linux.hasEnded)
        linux.say("[   30.1] Call trace:")
        linux.tell("early timer 1 250")
        linux.wait(seconds: 1)
        #expect(linux.hasEnded)
        #expect(linux.session.violations.map(\.rule) == [.hang, .lost])
        #expect(linux.session.consoleText.hasSuffix("Call trace:\narmada-stress: early timer 1 250\n"))
    }

    @Test func silenceIsAHang() throws {
        linux.wait(seconds: 19)
        #expect(!linux.hasEnded)
        linux.say("[   12.3] random: crng init done")
        linux.wait(seconds: 19)
        #expect(!linux.hasEnded)
        linux.wait(seconds: 2)
        try linux.expect(.hang, "no line on the console for 20 s, in round 1")
    }

    /// A coordinator that was stopped itself cannot say that its guest did nothing.
    @Test func timeInWhichNobodyLookedIsNoSilence() {
        linux.wait(seconds: 1)
        linux.now += 100_000_000_000
        linux.session.tick(at: linux.now)
        #expect(!linux.hasEnded && linux.session.violations == [])
    }

    /// Nor is its guest's clock an argument, for a while.
    @Test func aMachineThatWasStoppedMayFindThatTimeHasPassed() {
        let stall = "[  130.1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:"
        linux.wait(seconds: 1)
        linux.now += 100_000_000_000
        linux.session.tick(at: linux.now)
        linux.say(stall)
        #expect(linux.session.violations == [])
        linux.wait(seconds: 9)
        linux.say("[  140.0] random: crng init done")
        linux.wait(seconds: 2)
        linux.say(stall)
        #expect(linux.session.violations.map(\.rule) == [.hang])
    }

    @Test func aMachineThatWasStoppedMayNotGoWrong() {
        linux.wait(seconds: 1)
        linux.now += 100_000_000_000
        linux.session.tick(at: linux.now)
        linux.say("[  130.1] Kernel panic - not syncing: Attempted to kill init!")
        #expect(linux.session.violations.map(\.rule) == [.complaint])
    }

    @Test func aSleeperThatNobodyWakesIsFound() throws {
        linux.wait(seconds: 1)
        linux.oversleeping = [1]
        linux.wait(seconds: 1)
        try linux.expect(.starved, "vCPU 1 sleeps though an interrupt waits for it")
    }
}
