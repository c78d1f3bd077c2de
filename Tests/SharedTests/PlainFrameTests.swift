import CWire
import Testing

@testable import Shared

/// Frames without messages within them are coded without protobuf-c: the bytes must be its own, and so must be what is
/// read from any bytes.
@Suite("Plain frames")
struct PlainFrameTests {
    private static func pick(_ random: inout SystemRandomNumberGenerator) -> UInt64 {
        switch random.next() % 4 {
        case 0: 0
        case 1: random.next() & 0xFF
        case 2: random.next() & 0xFFFF_FFFF
        default: random.next()
        }
    }

    private static func randomExit(_ random: inout SystemRandomNumberGenerator) -> ExitFrame {
        var exit = ExitFrame()
        exit.sequence = pick(&random)
        exit.code = ExitCode(rawValue: UInt32(random.next() % 4) | (random.next() & 1 == 0 ? 1 << 31 : 0))
        exit.esr = ExceptionSyndrome(rawValue: UInt32(truncatingIfNeeded: pick(&random)))
        exit.far = pick(&random)
        exit.hpfar = pick(&random) & 0xFFFF_FFFF_FFF0
        exit.pc = pick(&random)
        exit.pstate = [0, 4, 5][Int(random.next() % 3)] | pick(&random) & 0xF000_0000
        exit.instruction = UInt32(truncatingIfNeeded: pick(&random))
        for index in 0..<Int(random.next() % 9) { exit.registers[index] = pick(&random) }
        exit.timestamp = pick(&random)
        exit.givesWay = random.next() & 1 == 0
        exit.isSErrorPending = random.next() & 1 == 0
        return exit
    }

    /// What protobuf-c makes of the same Exit.
    private static func packed(_ exit: ExitFrame) -> [UInt8] {
        var message = Armada__Wire__Exit()
        armada__wire__exit__init(&message)
        var values = (0..<8).map { exit.registers[$0] }
        message.sequence = exit.sequence
        message.code = exit.code.rawValue
        message.esr = exit.esr.rawValue
        message.far = exit.far
        message.hpfar = exit.hpfar
        message.pc = exit.pc
        message.pstate = exit.pstate
        message.instruction = exit.instruction
        message.timestamp = exit.timestamp
        message.gives_way = exit.givesWay ? 1 : 0
        message.serror_pending = exit.isSErrorPending ? 1 : 0
        message.n_registers = (values.lastIndex { $0 != 0 } ?? -1) + 1
        return values.withUnsafeMutableBufferPointer { buffer in
            message.registers = buffer.baseAddress
            return withUnsafeMutablePointer(to: &message) { body in
                var frame = Armada__Wire__Frame()
                armada__wire__frame__init(&frame)
                frame.body_case = ARMADA__WIRE__FRAME__BODY_EXIT
                frame.exit = body
                return pack(&frame)
            }
        }
    }

    private static func packed(_ entry: EntryFrame) -> [UInt8] {
        var message = Armada__Wire__Entry()
        armada__wire__entry__init(&message)
        var numbers = (0..<entry.writeCount).map { UInt32(entry.writeRegisters[$0]) }
        var values = (0..<entry.writeCount).map { entry.writeValues[$0] }
        message.sequence = entry.sequence
        message.advance_pc = entry.advancePC ? 1 : 0
        message.time = entry.time
        message.budget = entry.budget
        message.n_write_registers = numbers.count
        message.n_write_values = values.count
        return numbers.withUnsafeMutableBufferPointer { numberBuffer in
            values.withUnsafeMutableBufferPointer { valueBuffer in
                message.write_registers = numberBuffer.baseAddress
                message.write_values = valueBuffer.baseAddress
                return withUnsafeMutablePointer(to: &message) { body in
                    var frame = Armada__Wire__Frame()
                    armada__wire__frame__init(&frame)
                    frame.body_case = ARMADA__WIRE__FRAME__BODY_ENTRY
                    frame.entry = body
                    return pack(&frame)
                }
            }
        }
    }

    private static func pack(_ frame: inout Armada__Wire__Frame) -> [UInt8] {
        let count = armada__wire__frame__get_packed_size(&frame)
        let payload = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = armada__wire__frame__pack(&frame, buffer.baseAddress)
        }
        return withUnsafeBytes(of: UInt32(count).littleEndian) { Array($0) } + payload
    }

    @Test func exitsAreProtobufsBytes() throws {
        var random = SystemRandomNumberGenerator()
        var encoder = FrameEncoder()
        var decoder = FrameDecoder()
        for _ in 0..<20_000 {
            var exit = Self.randomExit(&random)
            var sent = CarriedState()
            var received = CarriedState()
            let bytes = Array(encoder.encode(&exit, carried: &sent))
            #expect(bytes == Self.packed(exit))
            var back = ExitFrame()
            let kind = try bytes.dropFirst(4).withUnsafeBytes { payload in
                try decoder.decodeFromWorker(payload, exit: &back, carried: &received)
            }
            guard case .exit = kind else {
                Issue.record("no Exit")
                continue
            }
            #expect(encoder.encode(&back, carried: &received).elementsEqual(bytes))
        }
    }

    @Test func entriesAreProtobufsBytes() throws {
        var random = SystemRandomNumberGenerator()
        var encoder = FrameEncoder()
        var decoder = FrameDecoder()
        for _ in 0..<20_000 {
            var entry = EntryFrame()
            entry.sequence = Self.pick(&random)
            entry.advancePC = random.next() & 1 == 0
            entry.time = Self.pick(&random)
            entry.budget = Self.pick(&random)
            for _ in 0..<random.next() % 9 { entry.write(register: Int(random.next() % 31), value: Self.pick(&random)) }
            var sent = CarriedState()
            var received = CarriedState()
            let bytes = Array(encoder.encode(&entry, carried: &sent))
            #expect(bytes == Self.packed(entry))
            var back = EntryFrame()
            let kind = try bytes.dropFirst(4).withUnsafeBytes { payload in
                try decoder.decodeFromCoordinator(payload, entry: &back, carried: &received)
            }
            guard case .entry = kind else {
                Issue.record("no Entry")
                continue
            }
            #expect(encoder.encode(&back, carried: &received).elementsEqual(bytes))
        }
    }

    /// Whatever the plain reader accepts, protobuf-c accepts as the same frame; so a mutated frame cannot slip in by it.
    @Test func acceptsNothingOfItsOwn() {
        var random = SystemRandomNumberGenerator()
        var accepted = 0
        for _ in 0..<50_000 {
            var payload = Array(Self.packed(Self.randomExit(&random)).dropFirst(4))
            for _ in 0..<random.next() % 3 {
                payload[Int(random.next() % UInt64(payload.count))] = UInt8.random(in: 0...255)
            }
            if random.next() % 4 == 0 { payload.removeLast(Int(random.next() % UInt64(payload.count))) }
            var decoder = FrameDecoder()
            var carried = CarriedState()
            var exit = ExitFrame()
            guard
                case .exit = try? payload.withUnsafeBytes({
                    try decoder.decodeFromWorker($0, exit: &exit, carried: &carried)
                })
            else { continue }
            let frame = payload.withUnsafeBufferPointer {
                armada__wire__frame__unpack(nil, payload.count, $0.baseAddress)
            }
            guard let frame, frame.pointee.body_case == ARMADA__WIRE__FRAME__BODY_EXIT, let body = frame.pointee.exit
            else {
                Issue.record("protobuf-c sees no Exit in \(payload)")
                continue
            }
            accepted += 1
            let message = body.pointee
            #expect(message.sequence == exit.sequence && message.code == exit.code.rawValue)
            #expect(message.esr == exit.esr.rawValue && message.far == exit.far && message.hpfar == exit.hpfar)
            #expect(message.pc == exit.pc && message.pstate == exit.pstate)
            #expect(message.instruction == exit.instruction && message.timestamp == exit.timestamp)
            #expect((message.gives_way != 0) == exit.givesWay)
            #expect((message.serror_pending != 0) == exit.isSErrorPending)
            #expect((0..<message.n_registers).allSatisfy { message.registers[$0] == exit.registers[$0] })
            armada__wire__frame__free_unpacked(frame, nil)
        }
        #expect(accepted > 5_000)
    }
}
