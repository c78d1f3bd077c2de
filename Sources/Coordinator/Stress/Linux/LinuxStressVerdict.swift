/// What a round of Linux comes to: the program's books, and each CPU's count of each IPI beside the vGIC's.
///
/// IPI n of Linux is SGI n. The guest counts while the machine goes on, so that the vGIC's books are kept twice: before the
/// guest looked, and after it. A count that is below what had been taken before has missed an interrupt; one that is above what
/// can have been taken afterwards counts one that nobody sent. A CPU that sleeps between both has one number, and must have it.
struct LinuxStressVerdict {
    /// A line for each number of the guest's.
    struct Round {
        var did: [(kind: String, began: UInt64, ended: UInt64)] = []
        var settled: SGIBooks?
        var read: SGIBooks?
        /// Of each IPI the counts of all CPUs that are on.
        var counts: [Int: [UInt32]] = [:]

        /// No line is missing.
        var isWhole: Bool {
            did.count == LinuxStressVerdict.kindCount && settled != nil && read != nil && !counts.isEmpty
        }
    }

    /// Kinds of work that the guest does.
    static let kindCount = 6

    /// No more of them than anyone would read.
    private static let limit = 32
    private(set) var violations: [StressVerdict.Violation] = []
    /// Interrupts that the guest has counted.
    private(set) var delivered: UInt64 = 0

    init(_ round: Round, number: UInt64) {
        for (kind, began, ended) in round.did where began != ended {
            add(ended < began ? .lost : .duplicated, "\(kind): \(began) began, \(ended) ended until round \(number)")
        }
        guard let settled = round.settled, let read = round.read else { return }
        for (sgi, counts) in round.counts.sorted(by: { $0.key < $1.key }) {
            guard counts.count == settled.vcpuCount else {
                add(.hang, "\(counts.count) of \(settled.vcpuCount) CPUs are on after round \(number)")
                return
            }
            for (vcpu, count) in counts.enumerated() {
                delivered &+= UInt64(count)
                check(count, least: settled[vcpu, sgi], most: read[vcpu, sgi], "SGI \(sgi) of vCPU \(vcpu)")
            }
        }
        addUnraised(read)
    }

    /// What can be said of a guest that does not say anything more.
    init(hanging books: SGIBooks) { addUnraised(books) }

    private mutating func add(_ rule: StressVerdict.Violation.Rule, _ text: String) {
        if violations.count < Self.limit { violations.append(.init(rule: rule, text: text)) }
    }

    /// Linux counts in 32 bits.
    private mutating func check(_ count: UInt32, least: SGIBooks.Entry, most: SGIBooks.Entry, _ name: String) {
        if Int32(bitPattern: count &- UInt32(truncatingIfNeeded: least.leastTaken)) < 0 {
            add(.lost, "\(name): at least \(least.leastTaken) were taken, Linux counts \(count)")
        }
        if Int32(bitPattern: count &- UInt32(truncatingIfNeeded: most.mostTaken)) > 0 {
            add(.duplicated, "\(name): at most \(most.mostTaken) were taken, Linux counts \(count)")
        }
    }

    /// What was sent has been raised, or is held back.
    private mutating func addUnraised(_ books: SGIBooks) {
        for vcpu in 0..<books.vcpuCount {
            for sgi in 0..<SGIBooks.sgiCount {
                let entry = books[vcpu, sgi]
                let arrived = entry.raised &+ entry.held
                guard arrived != entry.sent else { continue }
                add(
                    arrived < entry.sent ? .lost : .duplicated,
                    "SGI \(sgi) of vCPU \(vcpu): \(entry.sent) were sent, the vGIC counts \(entry.raised)"
                        + (entry.held == 0 ? "" : ", and \(entry.held) are on their way"))
            }
        }
    }
}
