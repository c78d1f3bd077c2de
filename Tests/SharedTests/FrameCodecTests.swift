import Testing

@testable import Shared

@Suite("Frames survive the wire")
struct FrameCodecTests {
    @Test func exit() throws {
        var decoder = FrameDecoder()
        var frame = ExitFrame()
        guard case .exit = try decoder.fromWorker(Encoded.exit, exit: &frame) else {
            Issue.record("not an Exit")
            return
        }
        #expect(frame == WireSamples.exit)
    }

    @Test func zerosAreSuppliedByTheDecoder() throws {
        var sent = ExitFrame()
        sent.sequence = 1
        sent.pstate = 5
        sent.registers[2] = 7
        let bytes = Encoded.payload { $0.encodeAll(&sent) }
        // Far below the size of all registers and list registers.
        #expect(bytes.count < 64)
        var decoder = FrameDecoder()
        // What an earlier frame left must not shine through.
        var frame = WireSamples.exit
        _ = try decoder.fromWorker(bytes, exit: &frame)
        #expect(frame == sent)
    }

    @Test func entry() throws {
        var decoder = FrameDecoder()
        var frame = EntryFrame()
        guard case .entry = try decoder.fromCoordinator(Encoded.entry, entry: &frame) else {
            Issue.record("not an Entry")
            return
        }
        #expect(frame == WireSamples.entry)
    }

    @Test func emptyEntryClearsWhatAnEarlierOneLeft() throws {
        var sent = EntryFrame()
        let bytes = Encoded.payload { $0.encodeAll(&sent) }
        var decoder = FrameDecoder()
        var frame = WireSamples.entry
        _ = try decoder.fromCoordinator(bytes, entry: &frame)
        #expect(frame == sent)
        #expect(frame.reset == nil)
        #expect(frame.injected.kind == .none)
    }

    @Test func encoderForgetsTheFrameBefore() throws {
        var encoder = FrameEncoder()
        var full = WireSamples.entry
        _ = encoder.encodeAll(&full)
        var empty = EntryFrame()
        let bytes = Array(encoder.encodeAll(&empty).dropFirst(4))
        var decoder = FrameDecoder()
        var frame = EntryFrame()
        _ = try decoder.fromCoordinator(bytes, entry: &frame)
        #expect(frame == empty)
    }

    /// The states are left out while they do not change, in both directions, and come back when they do.
    @Test func unchangedStateIsLeftOut() throws {
        var encoder = FrameEncoder()
        var decoder = FrameDecoder()
        var worker = CarriedState()
        var coordinator = CarriedState()
        var exit = WireSamples.exit
        var entry = WireSamples.entry
        var receivedExit = ExitFrame()
        var receivedEntry = EntryFrame()
        func sendExit() throws -> Int {
            let bytes = encoder.encode(&exit, carried: &worker)
            receivedExit = ExitFrame()
            _ = try decoder.decodeFromWorker(
                UnsafeRawBufferPointer(rebasing: bytes[4...]), exit: &receivedExit, carried: &coordinator)
            #expect(receivedExit == exit)
            return bytes.count
        }
        func sendEntry() throws -> Int {
            let bytes = encoder.encode(&entry, carried: &coordinator)
            receivedEntry = EntryFrame()
            _ = try decoder.decodeFromCoordinator(
                UnsafeRawBufferPointer(rebasing: bytes[4...]), entry: &receivedEntry, carried: &worker)
            #expect(receivedEntry == entry)
            return bytes.count
        }
        let fullExit = try sendExit()
        // The coordinator sends back what it has just received.
        let shortEntry = try sendEntry()
        let shortExit = try sendExit()
        #expect(shortExit < fullExit - 150)

        entry.cpuInterface.listRegisters[0] = 42
        let fullEntry = try sendEntry()
        #expect(fullEntry > shortEntry + 100)
        #expect(try sendEntry() == shortEntry)
        // The worker's own, older state is a change again.
        #expect(try sendExit() > shortExit + 100)

        exit.timer.virtualCompare += 1
        let timerExit = try sendExit()
        #expect(timerExit > shortExit && timerExit < fullExit)
        exit.timer = TimerState()
        #expect(try sendExit() > shortExit)
        #expect(try sendExit() == shortExit)
    }

    @Test(arguments: [InjectedException.Kind.undefined, .dataAbort, .instructionAbort, .serror])
    func injectedKinds(kind: InjectedException.Kind) throws {
        var sent = EntryFrame()
        sent.injected = InjectedException(kind, address: 1, syndrome: 2)
        let bytes = Encoded.payload { $0.encodeAll(&sent) }
        var decoder = FrameDecoder()
        var frame = EntryFrame()
        _ = try decoder.fromCoordinator(bytes, entry: &frame)
        #expect(frame.injected == sent.injected)
    }

    @Test(arguments: [nil, 0, 511]) func hello(wanted: Int?) throws {
        var sent = WireSamples.hello
        sent.wantedVCPU = wanted
        let bytes = Encoded.payload { $0.encode(sent) }
        var decoder = FrameDecoder()
        var exit = ExitFrame()
        guard case .hello(let frame) = try decoder.fromWorker(bytes, exit: &exit) else {
            Issue.record("not a Hello")
            return
        }
        #expect(frame == sent)
    }

    @Test func welcome() throws {
        var decoder = FrameDecoder()
        var entry = EntryFrame()
        guard case .welcome = try decoder.fromCoordinator(Encoded.welcome, entry: &entry) else {
            Issue.record("not a Welcome")
            return
        }
        #expect(decoder.welcome == WireSamples.welcome)
    }

    @Test func sgi() throws {
        let sent = SGIFrame(value: 0x00FF_0001_0203_FFFF, group: 1, timestamp: 42)
        let bytes = Encoded.payload { $0.encode(sent) }
        var decoder = FrameDecoder()
        var exit = ExitFrame()
        guard case .sgi(let frame) = try decoder.fromWorker(bytes, exit: &exit) else {
            Issue.record("not an SGI")
            return
        }
        #expect(frame == sent)
    }

    @Test func stop() throws {
        var decoder = FrameDecoder()
        var entry = EntryFrame()
        guard case .stop = try decoder.fromCoordinator(Encoded.stop, entry: &entry) else {
            Issue.record("not a Stop")
            return
        }
    }

    @Test func lengthComesFirstLittleEndian() {
        var encoder = FrameEncoder()
        let bytes = Array(encoder.encode(WireSamples.hello))
        #expect(Int(bytes[0]) == bytes.count - 4)
        #expect(bytes[1...3] == [0, 0, 0])
    }
}
