import CHost
import Shared

/// What the host takes from one vCPU: the time that the vCPU wanted to run and did not. KVM's
/// `vcpu->arch.steal`.
///
/// Source: DEN 0057 "Paravirtualized Time for Arm-based Systems".
struct StolenTime: ~Copyable {
    /// The record is brought up to date at an exit, so many nanoseconds after the last time at the earliest.
    static let interval: UInt64 = 1_000_000
    /// The way from an Entry to the worker and back again takes less than this, unless somebody is kept from running.
    static let longestWay: UInt64 = 1_000_000

    private let process: ProcessTimes
    private(set) var account: StolenTimeAccount
    private var recorded: UInt64

    /// nil: the host does not tell. `guest` is the time in the guest so far.
    init?(of process: consuming ProcessTimes, guest: UInt64, at now: UInt64) {
        guard let reading = process.read() else { return nil }
        self.process = process
        account = StolenTimeAccount(reading, guest: guest)
        recorded = now
    }

    mutating func entered(at now: UInt64) { account.entered(at: now) }

    /// The vCPU has left the guest, in which it has been for `guest` nanoseconds so far. True: the record is to be written.
    mutating func exited(at now: UInt64, guest: UInt64) -> Bool {
        account.exited(at: now, guest: guest)
        guard now &- recorded >= Self.interval else { return false }
        recorded = now
        guard let reading = process.read() else { return false }
        return account.add(reading)
    }
}

/// The arithmetic of `StolenTime`; all times are nanoseconds.
///
/// Two things are known: how long the worker was ready to run and waited for a processor, and how much less it ran than it
/// was in the guest. The first is what KVM counts; the second is more when the worker was stopped, which is not waiting. It is less
/// where the worker also ran outside the guest, waiting for its Entry. So the larger one counts.
struct StolenTimeAccount {
    /// What the record says.
    private(set) var stolen: UInt64 = 0
    private var last: ProcessTimes.Reading
    /// Time in the guest, as the worker counts it: at the last exit, and when `last` was read.
    private var guest: UInt64
    private var lastGuest: UInt64
    private var enteredAt: UInt64?
    /// Since `last`: how long Entries were not taken up, or Exits not sent.
    private var underWay: UInt64 = 0

    init(_ reading: ProcessTimes.Reading, guest: UInt64) {
        last = reading
        self.guest = guest
        lastGuest = guest
    }

    mutating func entered(at now: UInt64) { enteredAt = now }

    mutating func exited(at now: UInt64, guest: UInt64) {
        let (inGuest, isWrong) = guest.subtractingReportingOverflow(self.guest)
        self.guest = guest
        guard let enteredAt, !isWrong else { return }
        let (way, isLess) = (now &- enteredAt).subtractingReportingOverflow(inGuest)
        if !isLess, way >= StolenTime.longestWay { underWay &+= way }
        self.enteredAt = nil
    }

    /// True: something was stolen since the last reading.
    mutating func add(_ reading: ProcessTimes.Reading) -> Bool {
        let waited = reading.runDelay.difference(to: last.runDelay)
        let ran = reading.processor.difference(to: last.processor)
        let missing = (guest.difference(to: lastGuest) &+ underWay).difference(to: ran)
        last = reading
        lastGuest = guest
        underWay = 0
        let more = max(waited, missing)
        stolen &+= more
        return more > 0
    }
}

extension UInt64 {
    /// 0 for a number that is larger.
    fileprivate func difference(to other: UInt64) -> UInt64 { self > other ? self &- other : 0 }
}

extension MemorySlot {
    /// The number of the slot that holds the records of stolen time: the last one, out of the way of others.
    static let stolenTimeID = MemorySlots.maximumCount - 1

    static func stolenTime(at output: HostOffset) -> MemorySlot {
        MemorySlot(
            id: stolenTimeID, base: PhysicalMap.pvTime, byteCount: PhysicalMap.pvTimeByteCount, output: output)
    }
}

// The record: revision and attributes, which are 0, 32 bits each; at byte 8 the stolen time in nanoseconds, 64 bits, little-endian;
// 64 bytes in all.
extension VirtualMachine {
    private static let recordByteCount: UInt64 = 64
    private static let stolenTimeOffset: UInt64 = 8

    private static func record(_ vcpu: VCPU) -> IPA { PhysicalMap.pvTime + recordByteCount * UInt64(vcpu.index) }

    /// The record in the RAM file; nil if somebody has taken its slot away.
    private func recordMemory(_ vcpu: VCPU) -> UnsafeMutableRawPointer? {
        let record = Self.record(vcpu)
        guard let slot = slots.index(of: record), slots[slot].id == MemorySlot.stolenTimeID else { return nil }
        return ram.base + Int(slots[slot].output(of: record).rawValue)
    }

    /// HV_PV_TIME_ST: KVM's `kvm_init_stolen_time`. Returns the address of the record, in which nothing is stolen yet; nil if
    /// there can be none.
    func beginStolenTime(_ vcpu: VCPU) -> IPA? {
        guard let memory = recordMemory(vcpu), let process = ProcessTimes(of: vcpu.channel.pid),
            let stolenTime = StolenTime(of: process, guest: vcpu.control.counter(.guestNanoseconds), at: clock.now)
        else { return nil }
        vcpu.stolenTime = consume stolenTime
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(Self.recordByteCount))
        markDirty(Self.record(vcpu), byteCount: Self.recordByteCount)
        return Self.record(vcpu)
    }

    /// KVM's `kvm_update_stolen_time`, at an exit.
    func accountStolenTime(_ vcpu: VCPU) {
        let guest = vcpu.control.counter(.guestNanoseconds)
        guard vcpu.stolenTime?.exited(at: lastArrival, guest: guest) == true, let memory = recordMemory(vcpu) else {
            return
        }
        let stolen = vcpu.stolenTime?.account.stolen ?? 0
        armada_store64(memory + Int(Self.stolenTimeOffset), stolen)
        markDirty(Self.record(vcpu) + Self.stolenTimeOffset, byteCount: 8)
    }
}
