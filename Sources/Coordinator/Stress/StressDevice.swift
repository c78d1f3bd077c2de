import Shared

/// The device of the stress test's guest: it says what to do and for how long, raises lines, and takes the round's ledger.
///
/// ```
///  08  SCENARIO   RO   its number
///  10  COUNT      RO   pieces of work of each vCPU in a round
///  18  LEDGER     WO   the address of the guest's ledger
///  20  ROUND      RO   the seed of the next round; 0: no more
///  28  VERDICT    RO   the round is over and nothing is under way: 1 to go on, 0 to end
///  30  DRAIN      RO   interrupts that are pending, active or on their way, and strikes that are to come
///  38  PULSE      WO   an edge of a line
///  40  RAISE      WO   raises a level line, unless it is high
///  48  LOWER      WO   lowers it
///  50  STORM      WO   strikes of random lines that are to come, by 32 bits, and a seed
///  58  REMAINING  RO   of which so many are still to come
///  60  BOUND      RO   nanoseconds after which whoever waits is starved
/// ```
final class StressDevice: MMIODevice {
    struct Machine {
        var setLine: (_ line: Int, _ level: Bool) -> Void
        /// Interrupts that are pending, active, or held back by a fault.
        var unfinishedCount: () -> Int
        var now: () -> UInt64
    }

    static let address = IPA(0x0B01_0000)
    static let byteCount: UInt64 = 0x1000
    static let firstINTID: UInt32 = 160
    static let lineCount = 32
    /// A storm strikes each time after up to so many nanoseconds.
    private static let longestCalm: UInt64 = 20_000

    var machine: Machine?
    /// Edges so far.
    private(set) var strikeCount: UInt64 = 0
    /// Level lines: how often each was raised, and whether it is high.
    private(set) var assertions = [UInt64](repeating: 0, count: lineCount)
    private var isHigh = [Bool](repeating: false, count: lineCount)
    /// A line was lowered that was not high: an interrupt was taken once too often.
    private(set) var needlessLowerings: UInt64 = 0
    private let session: StressSession
    private var remaining: UInt64 = 0
    private var random = SplitMix64(seed: 0)
    /// When the storm strikes next, by the VM's clock.
    private(set) var deadline = UInt64.max

    init(session: StressSession) { self.session = session }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        switch offset {
        case 0x08: session.scenario.number
        case 0x10: session.scenario.workCount
        case 0x20: session.nextRound()
        case 0x28: session.judge() ? 1 : 0
        case 0x30: UInt64(machine?.unfinishedCount() ?? 0) &+ remaining
        case 0x58: remaining
        case 0x60: session.bound
        default: 0
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        let line = Int(value & UInt64(Self.lineCount - 1))
        switch offset {
        case 0x18: session.ledgerAddress = IPA(value)
        case 0x38: strike(line)
        case 0x40: raise(line)
        case 0x48: lower(line)
        case 0x50: begin(count: value >> 32, seed: value & 0xFFFF_FFFF)
        default: break
        }
    }

    private func strike(_ line: Int) {
        strikeCount &+= 1
        machine?.setLine(line, true)
        machine?.setLine(line, false)
    }

    private func raise(_ line: Int) {
        guard !isHigh[line] else { return }
        isHigh[line] = true
        assertions[line] &+= 1
        machine?.setLine(line, true)
    }

    private func lower(_ line: Int) {
        guard isHigh[line] else {
            needlessLowerings &+= 1
            return
        }
        isHigh[line] = false
        machine?.setLine(line, false)
    }

    // MARK: Storms

    private func begin(count: UInt64, seed: UInt64) {
        remaining = count
        random = SplitMix64(seed: seed)
        plan()
    }

    private func plan() {
        guard remaining > 0, let machine else {
            deadline = .max
            return
        }
        deadline = machine.now() &+ random.next() % Self.longestCalm
    }

    /// Strikes if it is time.
    func tick(at now: UInt64) {
        guard deadline <= now else { return }
        remaining &-= 1
        let line = Int(random.next() % UInt64(Self.lineCount))
        if session.scenario.usesLevels { raise(line) } else { strike(line) }
        plan()
    }
}
