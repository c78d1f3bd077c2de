import CHost
import Shared
import Testing

@testable import Coordinator

@Suite struct StolenTimeTests {
    private static let millisecond: UInt64 = 1_000_000

    private func reading(_ processor: UInt64, _ runDelay: UInt64) -> ProcessTimes.Reading {
        ProcessTimes.Reading(processor: processor, runDelay: runDelay)
    }

    @Test func `what runs loses nothing`() {
        var account = StolenTimeAccount(reading(100, 50), guest: 70)
        account.entered(at: 1000)
        account.exited(at: 5000, guest: 4070)
        let isMore = account.add(reading(4200, 50))
        #expect(!isMore)
        #expect(account.stolen == 0)
    }

    @Test func `waiting for a processor counts, as in KVM`() {
        var account = StolenTimeAccount(reading(0, 500), guest: 0)
        account.entered(at: 0)
        account.exited(at: 5000, guest: 5000)
        _ = account.add(reading(4000, 1500))
        #expect(account.stolen == 1000)
        // Even where the worker has also run outside the guest, so that nothing seems to be missing.
        account.entered(at: 5000)
        account.exited(at: 10000, guest: 10000)
        _ = account.add(reading(9500, 1700))
        #expect(account.stolen == 1200)
    }

    @Test func `a worker that was stopped in the guest`() {
        var account = StolenTimeAccount(reading(0, 0), guest: 0)
        account.entered(at: 0)
        account.exited(at: 1005, guest: 1000)
        _ = account.add(reading(10, 0))
        #expect(account.stolen == 990)
    }

    @Test func `a worker that was stopped while its Entry waited`() {
        let second: UInt64 = 1_000_000_000
        var account = StolenTimeAccount(reading(0, 0), guest: 0)
        account.entered(at: 0)
        account.exited(at: second, guest: Self.millisecond)
        _ = account.add(reading(Self.millisecond, 0))
        #expect(account.stolen == second - Self.millisecond)
        // The usual way of a frame is the exit's own price, not the host's.
        account.entered(at: second)
        account.exited(at: second + StolenTime.longestWay + 999, guest: Self.millisecond + 1000)
        _ = account.add(reading(Self.millisecond + 1000, 0))
        #expect(account.stolen == second - Self.millisecond)
    }

    @Test func `time outside the guest is nobody's`() {
        var account = StolenTimeAccount(reading(0, 0), guest: 0)
        account.entered(at: 0)
        account.exited(at: 1000, guest: 1000)
        // WFI for long.
        account.entered(at: 1_000_000_000_000)
        account.exited(at: 1_000_000_001_000, guest: 2000)
        _ = account.add(reading(2000, 0))
        #expect(account.stolen == 0)
    }

    @Test func `numbers that cannot be do no harm`() {
        var account = StolenTimeAccount(reading(1000, 1000), guest: 1000)
        account.exited(at: 5, guest: 0)
        account.entered(at: .max)
        account.exited(at: 0, guest: .max)
        account.entered(at: 0)
        account.exited(at: 0, guest: 7)
        _ = account.add(reading(0, 0))
        _ = account.add(reading(.max, .max))
        _ = account.add(reading(0, 0))
    }

    // MARK: The calls, and the record

    private static let record = PhysicalMap.pvTime

    /// HV_PV_TIME_ST of a vCPU: what it returns.
    private func begin(_ machine: TestMachine, vcpu: Int = 0) -> UInt64? {
        machine.call(0xC500_0021, vcpu: vcpu)
        return machine.x0(vcpu)
    }

    /// The worker says that it was in the guest for `nanoseconds`, and leaves it when the record may be written again.
    private func leave(_ machine: TestMachine, guest nanoseconds: UInt64) {
        machine.vm.vcpus[0].control.setCounter(.guestNanoseconds, nanoseconds)
        let deadline = armada_monotonic() + StolenTime.interval
        while armada_monotonic() < deadline {}
        machine.exit(ExceptionSyndrome(.hvc64), code: .irq)
    }

    private func stolen(_ machine: TestMachine, vcpu: Int = 0) -> UInt64? {
        let place = Self.record + UInt64(64 * vcpu + 8)
        guard let piece = machine.vm.slots.pieces(place, byteCount: 8)?.first else { return nil }
        return armada_load64(machine.vm.ram.base + Int(piece.offset.rawValue))
    }

    @Test func `each vCPU has its record`() throws {
        let machine = try TestMachine(vcpuCount: 2)
        machine.boot()
        #expect(begin(machine) == Self.record.rawValue)
        #expect(stolen(machine) == 0)
        machine.vm.powerOn(machine.vm.vcpus[1], ResetState(pc: 0, x0: 0))
        machine.vm.wakeKicked()
        try #require(machine.workers[1].next() == .entry)
        #expect(begin(machine, vcpu: 1) == Self.record.rawValue + 64)
    }

    @Test func `stolen time reaches the record and the dirty log`() throws {
        let machine = try TestMachine()
        machine.boot()
        _ = begin(machine)
        _ = try machine.vm.change(slot: MemorySlot.stolenTimeID, .logDirtyPages(true))
        // An hour; the worker is this process, which has not run for that long.
        let hour: UInt64 = 3_600_000_000_000
        leave(machine, guest: hour)
        let stolen = try #require(self.stolen(machine))
        #expect(stolen > hour - 60_000_000_000 && stolen <= hour, "\(stolen)")
        #expect(try machine.vm.takeDirtyPages(slot: MemorySlot.stolenTimeID).pages.count == 1)
        // Who asks again begins at 0.
        _ = begin(machine)
        #expect(self.stolen(machine) == 0)
    }

    @Test func `without its slot there is none`() throws {
        let machine = try TestMachine()
        machine.boot()
        _ = begin(machine)
        _ = try machine.vm.change(slot: MemorySlot.stolenTimeID, .delete)
        leave(machine, guest: 1 << 40)
        #expect(begin(machine) == UInt64(bitPattern: -1))
        #expect(machine.vm.outcome == nil)
    }
}
