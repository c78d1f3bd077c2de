import CAllocationCount
import CWire
import Testing

@testable import Shared

/// The world switch nvhe on the wire.
@Suite("Frames with the register context") struct WorldSwitchTests {
    /// A context in which each register has a value of its own, with every bit in use that may be.
    static var context: RegisterContext {
        var context = RegisterContext()
        for (index, row) in RegisterContext.rows.enumerated() {
            let value = ~(UInt64(index) << 3)
            context[keyPath: row.path] = context[keyPath: row.path] & ~row.mask | value & row.mask
        }
        return context
    }

    static var exit: ExitFrame {
        var frame = WireSamples.exit
        frame.timer = TimerState()
        frame.timer.virtualLine = true
        frame.context = context
        frame.timer.virtualControl = UInt32(context.cntv_CTL_EL0)
        frame.timer.virtualCompare = context.cntv_CVAL_EL0
        return frame
    }

    static var entry: EntryFrame {
        var frame = WireSamples.entry
        frame.context = context
        return frame
    }

    private static func encoded(_ frame: ExitFrame, _ worldSwitch: WorldSwitch = .nvhe) -> [UInt8] {
        var frame = frame
        var carried = CarriedState(worldSwitch: worldSwitch)
        return Encoded.payload { $0.encode(&frame, carried: &carried) }
    }

    private static func encoded(_ frame: EntryFrame, _ worldSwitch: WorldSwitch = .nvhe) -> [UInt8] {
        var frame = frame
        var carried = CarriedState(worldSwitch: worldSwitch)
        return Encoded.payload { $0.encode(&frame, carried: &carried) }
    }

    private func exitError(_ bytes: [UInt8], _ worldSwitch: WorldSwitch = .nvhe) -> WireError? {
        var decoder = FrameDecoder()
        var exit = ExitFrame()
        var carried = CarriedState(worldSwitch: worldSwitch)
        return bytes.withUnsafeBytes { buffer -> WireError? in
            do throws(WireError) {
                _ = try decoder.decodeFromWorker(buffer, exit: &exit, carried: &carried)
                return nil
            } catch { return error }
        }
    }

    private func entryError(_ bytes: [UInt8], _ worldSwitch: WorldSwitch = .nvhe) -> WireError? {
        var decoder = FrameDecoder()
        var entry = EntryFrame()
        var carried = CarriedState(worldSwitch: worldSwitch)
        return bytes.withUnsafeBytes { buffer -> WireError? in
            do throws(WireError) {
                _ = try decoder.decodeFromCoordinator(buffer, entry: &entry, carried: &carried)
                return nil
            } catch { return error }
        }
    }

    // MARK: The table

    @Test func theTableIsTheOrderOfTheWire() {
        #expect(RegisterContext.count == 25)
        #expect(RegisterContext.rows.count == RegisterContext.count)
        for (index, row) in RegisterContext.rows.enumerated() {
            #expect(MemoryLayout<RegisterContext>.offset(of: row.path) == index * 8, "\(row.name)")
        }
        #expect(Set(RegisterContext.rows.map { "\($0.name)" }).count == RegisterContext.count)
    }

    @Test func bothHaveANumberOnTheWire() {
        for mode in WorldSwitch.allCases { #expect(WorldSwitch(wireValue: mode.wireValue) == mode) }
        #expect(WorldSwitch(wireValue: 2) == nil)
    }

    // MARK: Round trips

    @Test func framesCarryIt() throws {
        var decoder = FrameDecoder()
        var exit = ExitFrame()
        var carried = CarriedState(worldSwitch: .nvhe)
        try Self.encoded(Self.exit).withUnsafeBytes {
            _ = try decoder.decodeFromWorker($0, exit: &exit, carried: &carried)
        }
        #expect(exit == Self.exit)
        #expect(exit.context == Self.context)
        // PC, PSTATE, the context, 16 list registers and four beside them.
        #expect(carried.registersMoved == 2 + 25 + 16 + 4)

        var entry = EntryFrame()
        try Self.encoded(Self.entry).withUnsafeBytes {
            _ = try decoder.decodeFromCoordinator($0, entry: &entry, carried: &carried)
        }
        #expect(entry == Self.entry)
        #expect(entry.context == Self.context)
        #expect(carried.registersMoved == 2 * (25 + 16 + 4) + 2)
    }

    /// Nothing is left out because the other end knows it, and both ends count the same.
    @Test func everythingIsCarriedEachTime() {
        var encoder = FrameEncoder()
        var carried = CarriedState(worldSwitch: .nvhe)
        var exit = ExitFrame()
        exit.pstate = 5
        var entry = EntryFrame()
        var sizes: Set<Int> = []
        for round in UInt64(1)...3 {
            sizes.insert(encoder.encode(&exit, carried: &carried).count)
            #expect(carried.registersMoved == round * 60 - 29)
            sizes.insert(encoder.encode(&entry, carried: &carried).count)
            #expect(carried.registersMoved == round * 60)
        }
        #expect(sizes.count == 2 && (sizes.min() ?? 0) > 200)
    }

    /// The frames of vhe are as they would be if there were no other: no byte of the context.
    @Test func vheCarriesNothing() {
        var bare = Self.exit
        bare.context = RegisterContext()
        #expect(Self.encoded(Self.exit, .vhe) == Self.encoded(bare, .vhe))
        var bareEntry = Self.entry
        bareEntry.context = RegisterContext()
        #expect(Self.encoded(Self.entry, .vhe) == Self.encoded(bareEntry, .vhe))
        var encoder = FrameEncoder()
        var carried = CarriedState()
        var exit = ExitFrame()
        var entry = EntryFrame()
        _ = encoder.encode(&exit, carried: &carried)
        _ = encoder.encode(&entry, carried: &carried)
        #expect(carried.registersMoved == 2)
    }

    // MARK: Nonsense

    /// Each bit of each register that no worker and no coordinator can have set.
    @Test func everyReservedBitIsRefused() throws {
        var refused = 0
        for row in RegisterContext.rows {
            for bit in UInt64(0)..<64 {
                var exit = Self.exit
                exit.context[keyPath: row.path] ^= 1 << bit
                var entry = Self.entry
                entry.context[keyPath: row.path] ^= 1 << bit
                let error: WireError? =
                    row.mask & 1 << bit != 0 ? nil : .outOfRange(row.name, exit.context[keyPath: row.path])
                #expect(exitError(Self.encoded(exit)) == error, "\(row.name) \(bit)")
                #expect(entryError(Self.encoded(entry)) == error, "\(row.name) \(bit)")
                if error != nil { refused += 1 }
            }
        }
        #expect(refused > 300)
    }

    @Test func presenceFollowsTheMode() {
        #expect(exitError(Self.encoded(Self.exit), .vhe) == .needless("context"))
        #expect(entryError(Self.encoded(Self.entry), .vhe) == .needless("context"))
        #expect(exitError(Self.encoded(Self.exit, .vhe)) == .missing("context"))
        #expect(entryError(Self.encoded(Self.entry, .vhe)) == .missing("context"))
        // A vhe frame whose state the other end knows.
        var empty = ExitFrame()
        empty.pstate = 5
        #expect(exitError(Self.encoded(empty, .vhe)) == .missing("CPU interface"))
        var emptyEntry = EntryFrame()
        emptyEntry.advancePC = true
        #expect(entryError(Self.encoded(emptyEntry, .vhe)) == .missing("CPU interface"))
    }

    @Test(arguments: [0, 1, 24, 26, 64]) func theCountIsExact(count: Int) {
        #expect(exitError(raw { $0.context.pointee.n_registers = count }) == .contextRegisterCount(count))
        #expect(exitError(raw { _ in }) == nil)
    }

    @Test func timersStandInTheContextOnly() {
        let control = WireError.needless("timer control beside the context")
        let compare = WireError.needless("timer compare value beside the context")
        #expect(exitError(raw { $0.timer = nil }) == .missing("timer"))
        #expect(exitError(raw { $0.timer.pointee.virtual_control = 1 }) == control)
        #expect(exitError(raw { $0.timer.pointee.physical_control = 1 }) == control)
        #expect(exitError(raw { $0.timer.pointee.virtual_compare = 1 }) == compare)
        #expect(exitError(raw { $0.timer.pointee.physical_compare = 1 }) == compare)
        #expect(exitError(raw { $0.timer.pointee.physical_line = 1 }) == .needless("line of the physical timer"))
        #expect(exitError(raw { $0.timer.pointee.virtual_line = 1 }) == nil)
    }

    @Test func welcomeHasNoThirdMode() {
        var welcome = WireSamples.welcome
        welcome.worldSwitch = .vhe
        let vhe = Encoded.payload { $0.encode(welcome) }
        // Field 15, varint, behind the others of the message, whose length is at index 1.
        var bytes = vhe + [15 << 3, 2]
        bytes[1] += 2
        #expect(entryError(bytes) == .outOfRange("world switch", 2))
        bytes[bytes.count - 1] = 1
        #expect(entryError(bytes) == nil)
    }

    @Test func damagedFramesAreRefusedOrMakeSense() {
        var random = SplitMix64(seed: 20_251_125)
        let samples = [Self.encoded(Self.exit), Self.encoded(Self.entry)]
        var decoder = FrameDecoder()
        var refused = 0
        for round in 0..<20_000 {
            var bytes = samples[round & 1]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            var carried = CarriedState(worldSwitch: .nvhe)
            var exit = ExitFrame()
            var entry = EntryFrame()
            bytes.withUnsafeBytes { buffer in
                do {
                    if round & 1 == 0 {
                        _ = try decoder.decodeFromWorker(buffer, exit: &exit, carried: &carried)
                    } else {
                        _ = try decoder.decodeFromCoordinator(buffer, entry: &entry, carried: &carried)
                    }
                } catch { refused += 1 }
            }
            let context = round & 1 == 0 ? exit.context : entry.context
            for row in RegisterContext.rows {
                let reset = RegisterContext()[keyPath: row.path]
                #expect((context[keyPath: row.path] ^ reset) & ~row.mask == 0, "\(row.name) in \(bytes)")
            }
        }
        #expect(refused > 2000 && refused < 20_000)
    }

    @Test func steadyStateDoesNotAllocate() throws {
        var encoder = FrameEncoder()
        var decoder = FrameDecoder()
        var near = CarriedState(worldSwitch: .nvhe)
        var far = CarriedState(worldSwitch: .nvhe)
        var exit = Self.exit
        var entry = Self.entry
        var received = ExitFrame()
        var receivedEntry = EntryFrame()
        func round() throws(WireError) {
            exit.context.elr_EL1 &+= 4
            let exitBytes = encoder.encode(&exit, carried: &near)
            _ = try decoder.decodeFromWorker(
                UnsafeRawBufferPointer(rebasing: exitBytes[4...]), exit: &received, carried: &far)
            let entryBytes = encoder.encode(&entry, carried: &far)
            _ = try decoder.decodeFromCoordinator(
                UnsafeRawBufferPointer(rebasing: entryBytes[4...]), entry: &receivedEntry, carried: &near)
        }
        try round()
        let before = armada_allocation_count()
        for _ in 0..<10_000 { try round() }
        #expect(armada_allocation_count() == before)
        #expect(received.context == exit.context)
        #expect(near.registersMoved == far.registersMoved)
    }

    /// An Exit of nvhe that is right but for `change`.
    private func raw(_ change: (inout Armada__Wire__Exit) -> Void) -> [UInt8] {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 64)
        words.initialize(repeating: 0, count: 64)
        defer { words.deallocate() }
        var reset = RegisterContext()
        reset.put(into: words)
        let cpuInterface = UnsafeMutablePointer<Armada__Wire__CPUInterface>.allocate(capacity: 1)
        let timer = UnsafeMutablePointer<Armada__Wire__Timer>.allocate(capacity: 1)
        let context = UnsafeMutablePointer<Armada__Wire__Context>.allocate(capacity: 1)
        let exit = UnsafeMutablePointer<Armada__Wire__Exit>.allocate(capacity: 1)
        defer {
            cpuInterface.deallocate()
            timer.deallocate()
            context.deallocate()
            exit.deallocate()
        }
        armada__wire__cpuinterface__init(cpuInterface)
        armada__wire__timer__init(timer)
        armada__wire__context__init(context)
        context.pointee.registers = words
        context.pointee.n_registers = RegisterContext.count
        armada__wire__exit__init(exit)
        exit.pointee.pstate = 5
        exit.pointee.cpu_interface = cpuInterface
        exit.pointee.timer = timer
        exit.pointee.context = context
        change(&exit.pointee)
        var frame = Armada__Wire__Frame()
        armada__wire__frame__init(&frame)
        frame.body_case = ARMADA__WIRE__FRAME__BODY_EXIT
        frame.exit = exit
        var bytes = [UInt8](repeating: 0, count: armada__wire__frame__get_packed_size(&frame))
        armada__wire__frame__pack(&frame, &bytes)
        return bytes
    }
}
