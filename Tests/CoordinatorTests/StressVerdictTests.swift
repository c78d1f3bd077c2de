import Testing

@testable import Coordinator

/// Two vCPUs and what both sides have written down after a clean round, to be falsified.
private final class Books {
    static let accountWordCount = 1168
    static let raisedOffset = 8 + StressLedger.maximumVCPUCount * accountWordCount
    static let seenOffset = raisedOffset + StressLedger.maximumVCPUCount * StressLedger.maximumVCPUCount
    static let endedOffset = StressLedger.slotCount

    private let words: UnsafeMutableBufferPointer<UInt64>
    var sgis: [[InterruptLedger.Account]] = Array(repeating: Array(repeating: .init(), count: 16), count: 2)
    var lines: [InterruptLedger.Account] = Array(repeating: .init(), count: StressDevice.lineCount)
    var received: [UInt64] = [10, 3]
    var assertions: [UInt64]?
    var strikeCount: UInt64 = 5
    var needlessLowerings: UInt64 = 0
    var leftovers: [String] = []
    var countsTimers = true

    init() {
        words = .allocate(capacity: StressLedger.wordCount)
        words.initialize(repeating: 0)
        words[0] = 2
        // vCPU 0 has sent ten to vCPU 1, two of which merged. The SGI between them is number 1.
        self[raised: 0, 1] = 10
        self[seen: 0, 1] = 10
        sgis[1][1] = .init(raised: 10, coalesced: 2)
        take(8, slot: 1, vcpu: 1)
        self[0, 140] = 10
        // vCPU 1 has sent three to itself, number 2, and none merged.
        self[raised: 1, 1] = 3
        self[seen: 1, 1] = 3
        sgis[1][2] = .init(raised: 3)
        take(3, slot: 2, vcpu: 1)
        self[1, 140] = 3
        // The device has struck line 7 five times, and vCPU 1 has set it pending once; one merged, one was cleared.
        lines[7] = .init(raised: 6, coalesced: 1, cleared: 1)
        self[1, 141] = 1
        take(4, slot: 32 + 7, vcpu: 0)
        // Six timers.
        self[0, 139] = 6
        take(6, slot: 27, vcpu: 0)
    }

    deinit { words.deallocate() }

    subscript(vcpu: Int, offset: Int) -> UInt64 {
        get { words[8 + vcpu * Self.accountWordCount + offset] }
        set { words[8 + vcpu * Self.accountWordCount + offset] = newValue }
    }
    subscript(raised sender: Int, target: Int) -> UInt64 {
        get { words[Self.raisedOffset + sender * StressLedger.maximumVCPUCount + target] }
        set { words[Self.raisedOffset + sender * StressLedger.maximumVCPUCount + target] = newValue }
    }
    subscript(seen sender: Int, target: Int) -> UInt64 {
        get { words[Self.seenOffset + sender * StressLedger.maximumVCPUCount + target] }
        set { words[Self.seenOffset + sender * StressLedger.maximumVCPUCount + target] = newValue }
    }

    /// So many more were taken and ended.
    func take(_ count: UInt64, slot: Int, vcpu: Int) {
        self[vcpu, slot] &+= count
        self[vcpu, Self.endedOffset + slot] &+= count
    }

    /// A complaint of the guest's own.
    func complain(_ complaint: StressComplaint, vcpu: Int, detail: UInt64, count: UInt64 = 1) {
        self[vcpu, 129 + 2 * complaint.rawValue] = count
        self[vcpu, 130 + 2 * complaint.rawValue] = detail
    }

    func violations() throws -> [StressVerdict.Violation] {
        let ledger = try #require(StressLedger(UnsafeBufferPointer(words), vcpuCount: 2))
        let coordinator = StressVerdict.Coordinator(
            sgi: { self.sgis[$0][$1] }, line: { self.lines[$0] }, assertions: assertions,
            needlessLowerings: needlessLowerings, sgisReceived: { self.received[$0] }, strikeCount: strikeCount,
            leftovers: leftovers, countsTimers: countsTimers)
        return StressVerdict(ledger, coordinator).violations
    }

    /// The only violation, which names all of `words`.
    func expect(
        _ rule: StressVerdict.Violation.Rule, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let violations = try violations()
        #expect(violations.count == 1, "\(violations)", sourceLocation: sourceLocation)
        let violation = try #require(violations.first, sourceLocation: sourceLocation)
        #expect(violation.rule == rule, sourceLocation: sourceLocation)
        for word in words {
            #expect(violation.text.contains(word), "\(violation.text)", sourceLocation: sourceLocation)
        }
    }
}

/// Each rule of the stress test's verdict, with books in which it alone is broken.
@Suite struct StressVerdictTests {
    private let books = Books()

    @Test func cleanBooksHaveNoViolation() throws { #expect(try books.violations() == []) }

    @Test func aLostSGIIsFound() throws {
        books[1, 1] = 7
        books[1, Books.endedOffset + 1] = 7
        try books.expect(.lost, "SGI 1 of vCPU 1", "8 to be taken, 7 were")
    }

    /// The one that was lost was the last, and it is what nobody saw.
    @Test func anUnseenNumberIsFound() throws {
        books[seen: 0, 1] = 9
        try books.expect(.lost, "from vCPU 0 to vCPU 1", "number 10 was sent, 9 was seen last")
    }

    /// A vGIC that counts as merged what never was pending would otherwise balance.
    @Test func anSGIThatTheVGICNeverCountedIsFound() throws {
        sgi(raisedBy: -1)
        books[1, 1] = 7
        books[1, Books.endedOffset + 1] = 7
        try books.expect(.lost, "SGI 1 of vCPU 1", "10 were sent, the vGIC counts 9")
    }

    @Test func anSGIThatNobodySentIsFound() throws {
        sgi(raisedBy: 1)
        books.take(1, slot: 1, vcpu: 1)
        try books.expect(.duplicated, "SGI 1 of vCPU 1", "10 were sent, the vGIC counts 11")
    }

    private func sgi(raisedBy difference: Int64) {
        books.sgis[1][1].raised &+= UInt64(bitPattern: difference)
    }

    @Test func oneThatIsTakenTwiceIsFound() throws {
        books.take(1, slot: 1, vcpu: 1)
        try books.expect(.duplicated, "SGI 1 of vCPU 1", "8 to be taken, 9 were")
    }

    @Test func anSGIThatIsLostOnTheWireIsFound() throws {
        books.received[0] = 9
        try books.expect(.lost, "vCPU 0 wrote ICC_SGI1R_EL1 10 times, 9 SGIs came")
    }

    @Test func anSGIThatTheWorkerInventsIsFound() throws {
        books.received[1] = 4
        try books.expect(.duplicated, "vCPU 1 wrote ICC_SGI1R_EL1 3 times, 4 SGIs came")
    }

    @Test func aLostEdgeOfALineIsFound() throws {
        books[0, 32 + 7] = 3
        books[0, Books.endedOffset + 32 + 7] = 3
        try books.expect(.lost, "SPI 167", "4 to be taken, 3 were")
    }

    /// On another vCPU: with routing it counts who took it, not where.
    @Test func aLineThatMovedBalances() throws {
        books[0, 32 + 7] = 3
        books[0, Books.endedOffset + 32 + 7] = 3
        books.take(1, slot: 32 + 7, vcpu: 1)
        #expect(try books.violations() == [])
    }

    @Test func aStrikeThatNeverReachedTheVGICIsFound() throws {
        books.strikeCount = 6
        try books.expect(.lost, "struck or set pending 7 times, the vGIC counts 6")
    }

    @Test func anEdgeThatNobodyStruckIsFound() throws {
        books.strikeCount = 4
        try books.expect(.duplicated, "struck or set pending 5 times, the vGIC counts 6")
    }

    /// With level lines, the device's own count is what must be taken.
    @Test(arguments: [
        (UInt64(4), StressVerdict.Violation.Rule?.none), (UInt64(5), .some(.lost)), (UInt64(3), .some(.duplicated)),
    ])
    func assertedLevelsAreTaken(assertions: UInt64, rule: StressVerdict.Violation.Rule?) throws {
        books.assertions = Array(repeating: 0, count: StressDevice.lineCount)
        books.assertions?[7] = assertions
        if let rule {
            try books.expect(rule, "SPI 167", "\(assertions) to be taken, 4 were")
        } else {
            #expect(try books.violations() == [])
        }
    }

    @Test func aLevelThatIsTakenWhileItsLineIsLowIsFound() throws {
        books.needlessLowerings = 2
        try books.expect(.duplicated, "2 level interrupts taken while their line was low")
    }

    @Test(arguments: [(UInt64(7), StressVerdict.Violation.Rule.lost), (5, .duplicated)])
    func timersStrikeOnceEach(armed: UInt64, rule: StressVerdict.Violation.Rule) throws {
        books[0, 139] = armed
        try books.expect(rule, "PPI 27 of vCPU 0", "\(armed) to be taken, 6 were")
    }

    /// Where timers may be switched off before their time, nothing follows from their number.
    @Test func timersCountOnlyWhereEachMustStrike() throws {
        books[0, 139] = 7
        books.countsTimers = false
        #expect(try books.violations() == [])
    }

    @Test func oneThatIsNeverEndedIsFound() throws {
        books[0, Books.endedOffset + 32 + 7] = 3
        try books.expect(.active, "INTID 167 on vCPU 0", "taken 4 times, ended 3 times")
    }

    @Test func whatStaysActiveOrPendingIsFound() throws {
        books.leftovers = ["INTID 167 active"]
        try books.expect(.active, "INTID 167 active")
        books.leftovers = ["INTID 3 of vCPU 1 pending"]
        try books.expect(.lost, "INTID 3 of vCPU 1 pending")
    }

    @Test(arguments: [
        Complaint(.order, 0x100006000000009, "INTID 9 at priority 0x60 preempted one"),
        Complaint(.order, 0x200008000000008, "INTID 8 at priority 0x80 was taken though ICC_PMR_EL1 masks it"),
        Complaint(.order, 0x30000000000000A, "less urgent was taken in the handler of INTID 10"),
        Complaint(.order, 0x400000B00000008, "ICC_HPPIR1_EL1 had INTID 11 where INTID 8 was to come"),
        Complaint(.active, 0x1000000000000A1, "INTID 161 was taken while it was active"),
        Complaint(.active, 0x200000000000005, "INTID 5 did not read as active in its handler"),
        Complaint(.active, 0x300000000000005, "INTID 5 was active after the round"),
        Complaint(.starved, 0x100000300000004, "SGI 4 to vCPU 3 was not seen"),
        Complaint(.starved, 0x30000000000001E, "nothing but the rescuing timer, INTID 30, ended a WFI"),
        Complaint(.early, 0x1E240, "due when CNTVCT_EL0 was 123456"),
        Complaint(.stale, 0xE01, "move 7 of the page was done, and the content of place 1 was read"),
    ])
    func theGuestIsBelievedWhenItComplains(row: Complaint) throws {
        books.complain(row.complaint, vcpu: 1, detail: row.detail, count: 3)
        try books.expect(row.complaint.rule, "vCPU 1: ", row.text, "and 2 times more")
    }

    /// A guest whose memory is overwritten at random must not end the coordinator, and is read as far as anyone would.
    @Test func nonsenseIsViolationsOnly() throws {
        for vcpu in 0..<2 { for offset in 0..<Books.accountWordCount { books[vcpu, offset] = .max - UInt64(offset) } }
        for sender in 0..<2 { books[raised: sender, 1] = .max }
        let violations = try books.violations()
        #expect(violations.count == 32)
    }

    @Test func whatIsNoLedgerIsRefused() {
        let words = [UInt64](repeating: 0, count: StressLedger.wordCount)
        words.withUnsafeBufferPointer {
            #expect(StressLedger($0, vcpuCount: 2) == nil)
            #expect(StressLedger(UnsafeBufferPointer(rebasing: $0.dropLast()), vcpuCount: 0) == nil)
            #expect(StressLedger($0, vcpuCount: 65) == nil)
        }
    }
}

/// A detail, in hexadecimal: what happened in bits 63:56, a value in 55:32, an INTID in 31:0. And what is said of it.
struct Complaint: Sendable {
    let complaint: StressComplaint
    let detail: UInt64
    let text: String

    init(_ complaint: StressComplaint, _ detail: UInt64, _ text: String) {
        self.complaint = complaint
        self.detail = detail
        self.text = text
    }
}
