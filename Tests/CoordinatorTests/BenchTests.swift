import ArgumentParser
import CHost
import Shared
import Testing

@testable import Coordinator

@Suite struct SweepGridTests {
    @Test func axesAreParsed() {
        #expect(SweepGrid.Axis("pin=none,separate") == .pin([.none, .separate]))
        #expect(SweepGrid.Axis("cpus=1,512") == .cpus([1, 512]))
        #expect(SweepGrid.Axis("world-switch=nvhe") == .worldSwitch([.nvhe]))
        #expect(
            SweepGrid.Axis("halt-poll-ns=0,fixed:7")
                == .haltPoll([HaltPoll(nanoseconds: 0), HaltPoll(nanoseconds: 7, isFixed: true)]))
        for text in [
            "", "pin", "pin=", "pin=none,", "cpus=0", "cpus=513", "cpus=two", "halt-poll-ns=-1",
            "halt-poll-ns=2000000000",
            "halt-poll-ns=fixed:", "world-switch=half", "size=1",
        ] { #expect(SweepGrid.Axis(text) == nil, "\(text)") }
    }

    @Test func configurationsAreEveryCombination() {
        let grid = SweepGrid([.pin([.none, .same]), .cpus([1, 2, 4]), .haltPoll([HaltPoll()]), .worldSwitch([.vhe])])
        #expect(grid.configurations.count == 6)
        #expect(Set(grid.configurations).count == 6)
        #expect(SweepGrid().configurations.count == 36)
    }
}

@Suite struct BenchSessionTests {
    private static func session(_ operations: [BenchOperation]) throws -> BenchSession {
        try BenchSession(
            operations, sampleCount: 10_000, limitNanoseconds: 8_000_000_000,
            configuration: VMConfiguration(kernelPath: ""))
    }

    /// An operation with an exit comes twice, with stamps and without; one without an exit once.
    @Test func passes() throws {
        let session = try Self.session([.hypCall, .eoi])
        var observed: [Bool] = []
        session.setObserved = { observed.append($0) }
        #expect(session.next() == 1)
        #expect(session.sampleCount == 8192 && session.limitNanoseconds == 2_000_000_000)
        session.begin()
        session.finish([5, 6])
        #expect(observed == [true, false])
        #expect(session.results.isEmpty)
        #expect(session.next() == 1)
        #expect(session.sampleCount == 10_000 && session.limitNanoseconds == 8_000_000_000)
        session.begin()
        session.finish([1, 2, 3])
        #expect(session.next() == 5)
        session.begin()
        session.finish([])
        #expect(session.next() == 0)
        #expect(observed == [true, false])
        #expect(session.results.map(\.name) == ["hyp_call", "eoi"])
        #expect(session.results[0].guest.count == 3 && session.results[0].observedGuest?.count == 2)
        #expect(session.results[1].note == "no samples")
    }

    /// A pass for figures that is cut off counts as far as it came, one with stamps does not.
    @Test func interruption() throws {
        let session = try Self.session([.hypCall])
        _ = session.next()
        session.begin()
        session.interrupt([1])
        #expect(session.results.isEmpty)
        session.finish([1])
        _ = session.next()
        session.begin()
        session.interrupt([4, 5])
        #expect(session.results.first?.guest.count == 2)
    }
}

@Suite struct ExitStampsTests {
    @Test func stagesSumToTheWhole() throws {
        let stamps = ExitStamps(
            trap: 10, send: 11, receive: 20, dispatch: 22, handled: 30, entrySend: 31, entryReceive: 50, resume: 57)
        let stages = try #require(stamps.stages)
        #expect(stages == [1, 9, 2, 8, 1, 19, 7])
        #expect(stages.reduce(0, +) == 47)
        #expect(stages.count == ExitStamps.stageNames.count)
    }

    /// A worker may write anything into its stamps.
    @Test func stampsOutOfOrderAreNone() {
        var stamps = ExitStamps()
        stamps.send = 7
        #expect(stamps.stages == nil)
        stamps = ExitStamps(
            trap: 10, send: 11, receive: 9, dispatch: 22, handled: 30, entrySend: 31, entryReceive: 50, resume: 57)
        #expect(stamps.stages == nil)
    }
}

@Suite struct BenchDeviceTests {
    private final class Calls { var lines: [Bool] = [], levels: [Int] = [], unmapped: [IPA] = [] }

    /// With 8 words of guest memory, the first of which says how many samples follow.
    private static func device(memory: [UInt64]) throws -> (BenchDevice, BenchSession, Calls) {
        let session = try BenchSession(
            [.eoi], sampleCount: 4, limitNanoseconds: 1, configuration: VMConfiguration(kernelPath: ""))
        let device = BenchDevice(session: session)
        let calls = Calls()
        let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: memory.count)
        _ = words.initialize(from: memory)
        device.machine = BenchDevice.Machine(
            setLine: { calls.lines.append($0) }, blockedCount: { 3 }, setBlockLevel: { calls.levels.append($0) },
            unmap: { ipa, _ in calls.unmapped.append(ipa) },
            words: { _, count in UnsafeBufferPointer(rebasing: words.prefix(count)) }, exitTime: { _ in 0 },
            counter: { $0 &- 1000 })
        return (device, session, calls)
    }

    @Test func samplesAreTakenFromMemory() throws {
        let (device, session, _) = try Self.device(memory: [3, 7, 8, 9, 10, 11, 12, 13])
        #expect(device.read(offset: 0x08, byteCount: 8, vcpu: 0) == 5)
        device.write(offset: 0x20, byteCount: 8, value: 0x4000_0000, vcpu: 0)
        device.write(offset: 0x28, byteCount: 8, value: 1, vcpu: 0)
        #expect(session.results.first?.guest.count == 3)
        #expect(session.results.first?.guest.minimum == 7 && session.results.first?.guest.maximum == 9)
        #expect(device.read(offset: 0x08, byteCount: 8, vcpu: 0) == 0)
    }

    /// The guest's number of samples is believed no further than they were asked for, and than memory goes.
    @Test func theGuestsCountIsBounded() throws {
        for (memory, count) in [([.max, 1, 2, 3, 4, 5, 6], 4), ([.max, 1, 2], 2), ([0], 0)] as [([UInt64], Int)] {
            let (device, _, _) = try Self.device(memory: memory)
            _ = device.read(offset: 0x08, byteCount: 8, vcpu: 0)
            device.write(offset: 0x20, byteCount: 8, value: 0x4000_0000, vcpu: 0)
            #expect(device.takeSamples().count == count)
        }
    }

    @Test func theLineRisesInTime() throws {
        let (device, _, calls) = try Self.device(memory: [0])
        #expect(device.deadline == .max)
        device.write(offset: 0x38, byteCount: 8, value: .max, vcpu: 0)
        #expect(device.deadline <= armada_monotonic() &+ 1_000_000_000)
        device.tick(at: 0)
        #expect(calls.lines.isEmpty)
        let now = armada_monotonic() &+ 2_000_000_000
        device.tick(at: now)
        #expect(calls.lines == [true] && device.deadline == .max)
        #expect(device.read(offset: 0x58, byteCount: 8, vcpu: 0) == now &- 1000)
        device.write(offset: 0x48, byteCount: 8, value: 0, vcpu: 0)
        #expect(calls.lines == [true, false])
    }

    @Test func nonsenseIsIgnored() throws {
        let (device, session, calls) = try Self.device(memory: [0])
        device.write(offset: 0x28, byteCount: 8, value: 1, vcpu: 0)
        for level: UInt64 in [0, 4, .max] { device.write(offset: 0x68, byteCount: 8, value: level, vcpu: 0) }
        device.write(offset: 0x68, byteCount: 8, value: 3, vcpu: 0)
        for offset: UInt64 in [0x00, 0x80, 0xFF8, .max] {
            device.write(offset: offset, byteCount: 8, value: .max, vcpu: 0)
        }
        #expect(device.read(offset: 0x80, byteCount: 8, vcpu: 0) == 0)
        #expect(calls.levels == [3] && session.results.isEmpty)
    }
}
