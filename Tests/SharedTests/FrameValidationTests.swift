import CWire
import Testing

@testable import Shared

/// Each frame here parses as protobuf, and means nonsense.
@Suite("Nonsense is refused, with a word for each kind")
struct FrameValidationTests {
    private func workerError(_ bytes: [UInt8]) -> WireError? {
        var decoder = FrameDecoder()
        var exit = ExitFrame()
        do {
            _ = try decoder.fromWorker(bytes, exit: &exit)
            return nil
        } catch {
            return error
        }
    }

    private func coordinatorError(_ bytes: [UInt8]) -> WireError? {
        var decoder = FrameDecoder()
        var entry = EntryFrame()
        do {
            _ = try decoder.fromCoordinator(bytes, entry: &entry)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Frames

    @Test func emptyFrameHasNoBody() {
        #expect(workerError([]) == .missingBody)
        #expect(coordinatorError([]) == .missingBody)
    }

    @Test func bytesThatAreNoMessage() {
        #expect(workerError([0x1A, 0x7F, 0x00]) == .malformed)
        #expect(workerError(Array(repeating: 0xFF, count: 100)) == .malformed)
    }

    @Test func aFrameCutShort() {
        let whole = Encoded.exit
        for count in 1..<whole.count {
            #expect(workerError(Array(whole.prefix(count))) != nil, "\(count) bytes of \(whole.count)")
        }
    }

    @Test func workersSendOnlyHelloExitSGI() {
        #expect(workerError(Encoded.welcome) == .wrongSender("Welcome"))
        #expect(workerError(Encoded.entry) == .wrongSender("Entry"))
        #expect(workerError(Encoded.stop) == .wrongSender("Stop"))
        #expect(workerError(Encoded.identification) == .wrongSender("Identification"))
    }

    @Test func coordinatorsSendOnlyWelcomeEntryStop() {
        #expect(coordinatorError(Encoded.hello) == .wrongSender("Hello"))
        #expect(coordinatorError(Encoded.exit) == .wrongSender("Exit"))
        #expect(coordinatorError(Encoded.sgi) == .wrongSender("SGI"))
    }

    @Test func unknownFields() {
        // Field 15, varint 1, after the body; and within a Stop.
        #expect(workerError(Encoded.sgi + [0x78, 0x01]) == .unknownFields)
        #expect(coordinatorError([0x32, 0x02, 0x78, 0x01]) == .unknownFields)
    }

    @Test func moreMemoryThanAnyFrameNeeds() {
        // An Exit of 60,000 bytes that is nothing but registers, unpacked: each takes memory to be decoded.
        var body: [UInt8] = []
        while body.count < 60_000 { body += [0x49, 1, 2, 3, 4, 5, 6, 7, 8] }
        #expect(workerError(message(3, body)) == .exceedsArena)
    }

    // MARK: Exit

    @Test func exitCode() {
        #expect(workerError(raw { $0.code = 4 }) == .exitCode(4))
        #expect(workerError(raw { $0.code = 0x8000_0004 }) == .exitCode(0x8000_0004))
        #expect(workerError(raw { $0.code = 0x4000_0002 }) == .exitCode(0x4000_0002))
        #expect(workerError(raw { $0.code = 0x8000_0003 }) == nil)
    }

    @Test func exitRanges() {
        #expect(workerError(raw { $0.hpfar = 1 }) == .outOfRange("HPFAR_EL2", 1))
        #expect(workerError(raw { $0.hpfar = 1 << 63 }) == .outOfRange("HPFAR_EL2", 1 << 63))
        #expect(workerError(raw { $0.pstate = 0x9 }) == .outOfRange("PSTATE", 0x9))
        #expect(workerError(raw { $0.pstate = 1 << 32 | 5 }) == .outOfRange("PSTATE", 1 << 32 | 5))
    }

    @Test func exitRegisterCount() {
        #expect(workerError(raw { $0.n_registers = 9 }) == .registerCount(9))
    }

    @Test func exitListRegisterCount() {
        #expect(workerError(raw { $0.cpu_interface.pointee.n_list_registers = 17 }) == .listRegisterCount(17))
    }

    @Test func exitTimerControl() {
        #expect(workerError(raw { $0.timer.pointee.virtual_control = 4 }) == .timerControl(4))
        #expect(workerError(raw { $0.timer.pointee.physical_control = 0xFF }) == .timerControl(0xFF))
    }

    @Test func exitCPUInterfaceRanges() {
        let high: UInt64 = 1 << 32
        #expect(workerError(raw { $0.cpu_interface.pointee.hcr = high }) == .outOfRange("ICH_HCR_EL2", high))
        #expect(workerError(raw { $0.cpu_interface.pointee.vmcr = high }) == .outOfRange("ICH_VMCR_EL2", high))
    }

    // MARK: Hello, SGI

    @Test func helloRanges() {
        func hello(_ change: (inout HelloFrame) -> Void) -> WireError? {
            var frame = WireSamples.hello
            change(&frame)
            return workerError(Encoded.payload { $0.encode(frame) })
        }
        #expect(hello { $0.protocolVersion = 1 } == .protocolVersion(1))
        #expect(hello { $0.pid = 0 } == .outOfRange("pid", 0))
        #expect(hello { $0.pid = 1 << 31 } == .outOfRange("pid", 1 << 31))
        #expect(hello { $0.features = 1 << 40 } == .outOfRange("features", 1 << 40))
        #expect(hello { $0.wantedVCPU = 512 } == .outOfRange("wanted vCPU", 513))
    }

    @Test func sgiGroup() {
        let bytes = Encoded.payload { $0.encode(SGIFrame(value: 0, group: 2, timestamp: 0)) }
        #expect(workerError(bytes) == .outOfRange("SGI group", 2))
    }

    // MARK: Entry

    @Test func entryRegisterWrites() {
        var frame = EntryFrame()
        frame.writeCount = 1
        frame.writeRegisters[0] = 31
        #expect(coordinatorError(Encoded.payload { $0.encodeAll(&frame) }) == .registerNumber(31))
        // Entry with empty CPU interface, nine numbers and nine values; then nine numbers and no value.
        let numbers: [UInt8] = [0x12, 9] + Array(repeating: 1, count: 9)
        let values: [UInt8] = [0x1A, 72] + Array(repeating: 0, count: 72)
        #expect(coordinatorError(message(4, numbers + values + [0x3A, 0])) == .registerCount(9))
        #expect(coordinatorError(message(4, numbers + [0x3A, 0])) == .registerWrites(numbers: 9, values: 0))
    }

    @Test func entryInjectedKind() {
        #expect(coordinatorError(message(4, [0x2A, 2, 0x08, 5, 0x3A, 0])) == .injectedKind(5))
        let minusOne: [UInt8] = [0x08] + Array(repeating: 0xFF, count: 9) + [0x01]
        #expect(coordinatorError(message(4, [0x2A, 11] + minusOne + [0x3A, 0])) == .injectedKind(-1))
    }

    // MARK: Identification

    @Test func impossibleIdentificationIsRefused() {
        #expect(coordinatorError(Encoded.identification) == nil)
        // Field 50 with a message of no, and of six registers.
        #expect(coordinatorError([0x92, 0x03, 0]) == .identificationCount(0))
        let six = [0x92, 0x03, 50, 0x0A, 48] + [UInt8](repeating: 0, count: 48)
        #expect(coordinatorError(six) == .identificationCount(6))
        for (register, value) in [(IDRegister.pfr0, 0), (.isar0, UInt64.max), (.isar1, 2), (.mmfr2, 1 << 60 | 1)] {
            var frame = WireSamples.welcome
            frame.identification[register] = value
            guard case .unsafe(register, value, let bits) = frame.identification.problem else {
                Issue.record("\(register) can be \(value)")
                continue
            }
            let error = WireError.identification(.unsafe(register, value: value, bits: bits))
            #expect(coordinatorError(Encoded.payload { $0.encode(frame) }) == error)
            #expect(coordinatorError(Encoded.payload { $0.encode(frame.identification) }) == error)
        }
        var frame = WireSamples.welcome
        frame.identification.remove(.CSV3)
        #expect(coordinatorError(Encoded.payload { $0.encode(frame) }) == .identification(.missing(.CSV3, for: .E0PD)))
    }

    // MARK: Welcome

    @Test func welcomeRanges() {
        func welcome(_ change: (inout WelcomeFrame) -> Void) -> WireError? {
            var frame = WireSamples.welcome
            change(&frame)
            return coordinatorError(Encoded.payload { $0.encode(frame) })
        }
        #expect(welcome { _ in } == nil)
        #expect(welcome { $0.protocolVersion = 0 } == .protocolVersion(0))
        #expect(welcome { $0.vcpuCount = 0 } == .outOfRange("vCPU count", 0))
        #expect(welcome { $0.vcpuCount = 513 } == .outOfRange("vCPU count", 513))
        #expect(welcome { $0.vcpuIndex = 33 } == .outOfRange("vCPU index", 33))
        #expect(welcome { $0.mpidr = 1 << 31 } == .outOfRange("MPIDR", 1 << 31))
        #expect(welcome { $0.ramByteCount = 0 } == .outOfRange("RAM size", 0))
        #expect(welcome { $0.ramByteCount = 4097 } == .outOfRange("RAM size", 4097))
        #expect(welcome { $0.ramByteCount = 1 << 60 } == .outOfRange("RAM size", 1 << 60))
        #expect(welcome { $0.stage2ByteCount = 1 } == .outOfRange("stage-2 table size", 1))
        #expect(welcome { $0.controlByteCount = 4096 } == .outOfRange("control page size", 4096))
        #expect(welcome { $0.vttbr = 4 << 20 } == .outOfRange("VTTBR_EL2", 4 << 20))
        #expect(welcome { $0.vtcr = 1 << 40 } == .outOfRange("VTCR_EL2", 1 << 40))
        #expect(welcome { $0.listRegisterCount = 0 } == .listRegisterCount(0))
        #expect(welcome { $0.listRegisterCount = 17 } == .listRegisterCount(17))
        #expect(welcome { $0.haltPollNanoseconds = 1 << 40 } == .outOfRange("polling window", 1 << 40))
        #expect(welcome { $0.processor = -2 } == .outOfRange("processor", UInt64.max - 1))
        #expect(welcome { $0.processor = 1 << 20 } == .outOfRange("processor", 1 << 20))
    }

    @Test func everyErrorIsASentenceOfItsOwn() {
        let errors: [WireError] = [
            .oversized(byteCount: 70_000), .truncated(byteCount: 1, of: 9), .socketFailed(104), .peerNotReading,
            .malformed, .exceedsArena, .unknownFields, .missingBody, .wrongSender("Stop"),
            .unexpected("Exit", when: "before Hello"), .protocolVersion(7), .exitSequence(5, expected: 4),
            .entrySequence(3, expected: 2), .exitCode(9), .listRegisterCount(17), .registerCount(9),
            .registerNumber(31), .registerWrites(numbers: 1, values: 2), .timerControl(4), .injectedKind(5),
            .outOfRange("pid", 0), .descriptorCount(2), .contextRegisterCount(3), .missing("context"),
            .needless("context"),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors { #expect(error.description.split(separator: " ").count >= 4, "\(error)") }
    }

    // MARK: Making frames

    /// A Frame whose body is field `field` with these bytes.
    private func message(_ field: UInt8, _ body: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = body.count
        repeat {
            length.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return [field << 3 | 2] + length + body
    }

    /// An Exit that is right but for `change`.
    private func raw(_ change: (inout Armada__Wire__Exit) -> Void) -> [UInt8] {
        let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: 32)
        numbers.initialize(repeating: 1, count: 32)
        defer { numbers.deallocate() }
        var cpuInterface = Armada__Wire__CPUInterface()
        armada__wire__cpuinterface__init(&cpuInterface)
        cpuInterface.list_registers = numbers
        var timer = Armada__Wire__Timer()
        armada__wire__timer__init(&timer)
        var exit = Armada__Wire__Exit()
        armada__wire__exit__init(&exit)
        exit.registers = numbers
        exit.pstate = 5
        return withUnsafeMutablePointer(to: &cpuInterface) { cpuInterface in
            withUnsafeMutablePointer(to: &timer) { timer in
                exit.cpu_interface = cpuInterface
                exit.timer = timer
                change(&exit)
                return withUnsafeMutablePointer(to: &exit) { exit in
                    var frame = Armada__Wire__Frame()
                    armada__wire__frame__init(&frame)
                    frame.body_case = ARMADA__WIRE__FRAME__BODY_EXIT
                    frame.exit = exit
                    var bytes = [UInt8](repeating: 0, count: armada__wire__frame__get_packed_size(&frame))
                    armada__wire__frame__pack(&frame, &bytes)
                    return bytes
                }
            }
        }
    }
}
