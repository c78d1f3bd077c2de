import CWire
import Shared
import Testing

@testable import Coordinator

@Suite struct ControlCodecTests {
    private let version = UInt8(ControlProtocol.version)

    @Test(arguments: [
        ControlRequest.describe, .statistics(atEnd: false), .statistics(atEnd: true), .inspect(.vgic),
        .inspect(.stage2), .pause(vcpu: nil),
        .changeSlot(
            511, .create(base: IPA(.max), byteCount: .max, output: HostOffset(.max), isReadOnly: true)),
        .changeSlot(0, .create(base: IPA(1), byteCount: 2, output: nil, isReadOnly: false)),
        .changeSlot(1, .delete), .changeSlot(2, .move(to: IPA(0))), .changeSlot(3, .logDirtyPages(true)),
        .changeSlot(3, .logDirtyPages(false)), .dirtyLog(slot: 511), .slotPages(7, .age), .slotPages(0, .merge),
        .pause(vcpu: 511), .resume(vcpu: 0), .kick(vcpu: nil), .kick(vcpu: 3), .shutdown,
        .inject(.serror(iss: nil), vcpu: 0), .inject(.serror(iss: 0), vcpu: 1),
        .inject(.serror(iss: 0x1FF_FFFF), vcpu: 511), .inject(.dataAbort(.max), vcpu: 2),
        .inject(.dataAbort(0), vcpu: 2), .inject(.instructionAbort(4), vcpu: 0), .inject(.undefined, vcpu: 0),
        .irq(InterruptLine(intid: 40)), .irq(InterruptLine(intid: 16, vcpu: 0, change: .raise)),
        .irq(InterruptLine(intid: .max, vcpu: 511, change: .lower)),
        .readRegisters(vcpu: 511, ids: []),
        .readRegisters(vcpu: 0, ids: [1, .max]),
        .writeRegisters(vcpu: 3, [RegisterValue(id: 5, value: .max), RegisterValue(id: 6, value: 0)]),
        .readMemory(IPA(.max), byteCount: 1 << 20),
        .writeMemory(IPA(0x4000_0000), bytes: Array(repeating: 0xA5, count: 2048), wholeByteCount: .max),
        .walk(vcpu: 1, WalkedAccess(address: .max, kind: .fetch, isUnprivileged: true)),
        .counterOffset(nil), .counterOffset(0), .counterOffset(.max), .mpState(vcpu: 511, nil),
        .mpState(vcpu: 0, .runnable), .mpState(vcpu: 1, .stopped), .mpState(vcpu: 2, .suspended),
    ])
    func `requests come out as they went in`(request: ControlRequest) throws {
        #expect(try ControlDecoder.request(ControlEncoder.encode(request)) == request)
    }

    @Test func `replies come out as they went in`() throws {
        let replies: [ControlReply] = [
            .failure("no"), .description(ControlSamples.description), .snapshot(ControlSamples.snapshot()),
            .text("one\ntwo\n"), .done, .dirtyPages(ControlSamples.dirtyLog),
            .dirtyPages(DirtyLog(base: IPA(0), pageByteCount: 65536, pages: DirtyPages(pageCount: 0))),
            .pageVisit(Stage2.Visit(leaves: 3, changed: 2)),
            .text("one\ntwo\n"), .done, .memory([]), .memory(Array(repeating: 7, count: 1 << 20)),
            .registers(RegisterState()), .registers(ControlSamples.registers),
            .counterOffset(0), .counterOffset(.max), .mpState(.runnable), .mpState(.stopped), .mpState(.suspended),
        ]
        for reply in replies { #expect(try ControlDecoder.reply(ControlEncoder.encode(reply)) == reply) }
    }

    @Test func `a snapshot of 512 busy vCPUs fits into a reply`() throws {
        let times = (0..<37).map { UInt64(1) << UInt64($0) }
        let samples = (0..<20).map { (ExitReason(rawValue: UInt8($0)), times) }
        let reply = ControlReply.snapshot(ControlSamples.snapshot(vcpuCount: 512, samples))
        #expect(try ControlDecoder.reply(ControlEncoder.encode(reply)) == reply)
    }

    @Test func `a reply that would be too large says so`() throws {
        let text = String(repeating: "x", count: ControlProtocol.maximumReplyByteCount)
        guard case .failure(let said) = try ControlDecoder.reply(ControlEncoder.encode(.failure(text))) else {
            return #expect(Bool(false))
        }
        #expect(said.contains("larger than the cap"))
    }

    // MARK: What is refused

    private func error(_ body: () throws(ControlError) -> Void) -> ControlError? {
        do throws(ControlError) { try body() } catch { return error }
        return nil
    }

    @Test func `bad requests`() {
        func refusal(_ bytes: [UInt8]) -> ControlError? {
            error { () throws(ControlError) in _ = try ControlDecoder.request(bytes) }
        }
        #expect(refusal([]) == .version(0))
        #expect(refusal(ControlEncoder.encode(.describe, version: 1)) == .version(1))
        #expect(refusal([0x08, version]) == .missingBody)
        // Pause vCPU 512, and vCPU 1 beside all.
        #expect(refusal([0x08, version, 0x2A, 0x03, 0x10, 0x80, 0x04]) == .outOfRange("vCPU", 512))
        #expect(refusal([0x08, version, 0x2A, 0x04, 0x08, 0x01, 0x10, 0x01]) == .outOfRange("vCPU beside all", 1))
        // Inspect a fifth part.
        #expect(refusal([0x08, version, 0x22, 0x02, 0x08, 0x04]) == .outOfRange("part", 4))
        // Slots: number 512, no change, an offset beside none; a fourth page operation.
        #expect(refusal(ControlEncoder.encode(.dirtyLog(slot: 512))) == .outOfRange("slot", 512))
        #expect(refusal([0x08, version, 0xC2, 0x02, 0x02, 0x08, 0x01]) == .missingBody)
        let offset = [UInt8]([0x08, version, 0xC2, 0x02, 0x0B, 0x12, 0x09, 0x29, 0, 0x10, 0, 0, 0, 0, 0, 0])
        #expect(refusal(offset) == .outOfRange("offset", 0x1000))
        #expect(refusal([0x08, version, 0xD2, 0x02, 0x02, 0x10, 0x03]) == .outOfRange("page operation", 3))
        // Change 3 of a wire, a wire of vCPU 512, a vCPU of no PPI.
        #expect(refusal(interrupt([0x20, 0x03])) == .outOfRange("change of a wire", 3))
        #expect(refusal(interrupt([0x10, 0x01, 0x18, 0x80, 0x04])) == .outOfRange("vCPU", 512))
        #expect(refusal(interrupt([0x18, 0x01])) == .outOfRange("vCPU of no PPI", 1))
        #expect(refusal(interrupt([0x28, 0x01])) == .unknownFields)
        // Shutdown with a field.
        #expect(refusal([0x08, version, 0x8A, 0x02, 0x02, 0x08, 0x01]) == .unknownFields)
        #expect(refusal([0xFF, 0xFF, 0xFF]) == .malformed)
        func encoded(_ request: ControlRequest) -> ControlError? { refusal(ControlEncoder.encode(request)) }
        #expect(encoded(.readRegisters(vcpu: 512, ids: [])) == .outOfRange("vCPU", 512))
        #expect(
            encoded(.readRegisters(vcpu: 0, ids: Array(repeating: 1, count: 257))) == .outOfRange("register count", 257)
        )
        #expect(encoded(.writeRegisters(vcpu: 0, [])) == .inconsistent("there is no register to write"))
        #expect(encoded(.readMemory(IPA(0), byteCount: 0)) == .outOfRange("byte count", 0))
        #expect(encoded(.readMemory(IPA(0), byteCount: 1 << 20 + 1)) == .outOfRange("byte count", 1 << 20 + 1))
        let tooMuch = Array(repeating: UInt8(0), count: 2049)
        #expect(encoded(.writeMemory(IPA(0), bytes: tooMuch, wholeByteCount: 2049)) == .outOfRange("byte count", 2049))
        #expect(encoded(.writeMemory(IPA(0), bytes: [], wholeByteCount: 0)) == .outOfRange("byte count", 0))
        #expect(encoded(.writeMemory(IPA(0), bytes: [1, 2], wholeByteCount: 1)) != nil)
        #expect(encoded(.mpState(vcpu: 512, .stopped)) == .outOfRange("vCPU", 512))
        // A fourth MP state, a state to be read, an offset to be read: fields 61 and 60.
        #expect(refusal([0x08, version, 0xEA, 0x03, 0x04, 0x10, 0x01, 0x18, 0x03]) == .outOfRange("MP state", 3))
        #expect(
            refusal([0x08, version, 0xEA, 0x03, 0x02, 0x18, 0x01])
                == .inconsistent("an MP state came with a question for it"))
        #expect(
            refusal([0x08, version, 0xE2, 0x03, 0x09, 0x11] + Array(repeating: 1, count: 8))
                == .inconsistent("a counter offset came with a question for it"))
        #expect(encoded(.walk(vcpu: 512, WalkedAccess(address: 0))) == .outOfRange("vCPU", 512))
        // A walk for a fourth kind of access: field 23 holds field 3 = 3.
        #expect(refusal([0x08, version, 0xBA, 0x01, 0x02, 0x18, 0x03]) == .outOfRange("access", 3))
        // Registers to read with a value: field 20 holds a list of 8 bytes as field 4.
        #expect(
            refusal([0x08, version, 0xA2, 0x01, 0x0A, 0x22, 0x08] + Array(repeating: 1, count: 8))
                == .inconsistent("registers to read came with values"))
        // One id, and one word of value.
        let id = [0x1A, 0x08] + Array(repeating: UInt8(1), count: 8)
        let half = [0x22, 0x08] + Array(repeating: UInt8(1), count: 8)
        #expect(
            refusal([0x08, version, 0xA2, 0x01, 0x16, 0x10, 0x01] + id + half)
                == .inconsistent("1 registers came with 1 words of values"))
        // Field 15, a varint.
        #expect(refusal(ControlEncoder.encode(.describe) + [0x78, 0x01]) == .unknownFields)
        // Describe with a field.
        #expect(refusal([0x08, version, 0x12, 0x02, 0x08, 0x01]) == .unknownFields)
        // 4094 bytes of empty unknown fields ask for a hundred kilobytes.
        let many = [UInt8]([0x08, version]) + Array(repeating: [0x7A, 0x00], count: 2047).flatMap { $0 }
        #expect([.exceedsBudget, .unknownFields].contains(refusal(many)))
    }

    @Test func `bad dirty logs`() {
        func refusal(_ pageCount: UInt64, _ words: [UInt64], base: UInt64 = 0, pageByteCount: UInt32 = 4096)
            -> ControlError?
        {
            // The encoder can only say what is sound.
            var bytes: [UInt8] = [0x09] + withUnsafeBytes(of: base.littleEndian, Array.init) + [0x10]
            var rest = pageByteCount
            while rest > 127 {
                bytes.append(UInt8(truncatingIfNeeded: rest & 0x7F | 0x80))
                rest >>= 7
            }
            bytes += [UInt8(rest), 0x19] + withUnsafeBytes(of: pageCount.littleEndian, Array.init)
            for word in words { bytes += [0x21] + withUnsafeBytes(of: word.littleEndian, Array.init) }
            return error { () throws(ControlError) in
                _ = try ControlDecoder.reply([0xC2, 0x02, UInt8(bytes.count)] + bytes)
            }
        }
        #expect(refusal(65, [1, 1]) == nil)
        #expect(refusal(65, [1]) == .outOfRange("dirty bitmap's words", 1))
        #expect(refusal(64, [1, 1]) == .outOfRange("dirty bitmap's words", 2))
        #expect(refusal(65, [1, 2]) == .outOfRange("dirty bitmap's words", 2))
        #expect(refusal(1, [1], pageByteCount: 6000) == .outOfRange("page size", 6000))
        #expect(refusal(1, [1], pageByteCount: 2048) == .outOfRange("page size", 2048))
        #expect(refusal(1, [1], base: .max - 4095) == .outOfRange("page count", 1))
        #expect(refusal(1 << 52, []) == .outOfRange("page count", 1 << 52))
        #expect(refusal(.max, []) == .outOfRange("page count", .max))
    }

    /// A request of field 32.
    private func interrupt(_ fields: [UInt8]) -> [UInt8] { [0x08, version, 0x82, 0x02, UInt8(fields.count)] + fields }

    @Test func `bad injections`() {
        /// A request of field 31.
        func refusal(_ fields: [UInt8]) -> ControlError? {
            error { () throws(ControlError) in
                _ = try ControlDecoder.request([0x08, version, 0xFA, 0x01, UInt8(fields.count)] + fields)
            }
        }
        let serror: [UInt8] = [0x10, 0x01]
        let address: [UInt8] = [0x41, 0, 0, 0, 0, 0, 0, 0, 1]
        #expect(refusal(serror) == nil)
        #expect(refusal([0x08, 0x80, 0x04] + serror) == .outOfRange("vCPU", 512))
        #expect(
            refusal(serror + [0x28, 0x01])
                == .inconsistent("an SError and an external data abort at once: inject one, and then the other"))
        // Nothing, SError and UNDEF, both aborts.
        for fields in [[], serror + [0x38, 0x01], [0x28, 0x01, 0x30, 0x01]] {
            guard case .inconsistent = refusal(fields) else {
                Issue.record("\(fields)")
                continue
            }
        }
        // An ISS of 26 bits; an ISS without has_esr; has_esr of UNDEF.
        #expect(refusal(serror + [0x18, 0x01, 0x20, 0x80, 0x80, 0x80, 0x10]) == .outOfRange("ISS", 1 << 25))
        #expect(refusal(serror + [0x18, 0x01, 0x20, 0xFF, 0xFF, 0xFF, 0x0F]) == nil)
        #expect(refusal(serror + [0x20, 0x01]) == .outOfRange("ISS", 1))
        #expect(refusal([0x18, 0x01, 0x38, 0x01]) == .inconsistent("only an SError has an ESR of its own"))
        #expect(refusal(serror + address) == .inconsistent("only an abort has an address"))
        #expect(refusal([0x28, 0x01] + address) == nil)
        #expect(refusal(serror + [0x48, 0x01]) == .unknownFields)
    }

    @Test func `bad descriptions`() {
        func refusal(_ change: (inout VMDescription) -> Void) -> ControlError? {
            var value = ControlSamples.description
            change(&value)
            return error { () throws(ControlError) in
                _ = try ControlDecoder.reply(ControlEncoder.encode(.description(value)))
            }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.protocolVersion = 9 } == .version(9))
        #expect(refusal { $0.vcpus = [] } == .outOfRange("vCPU count", 0))
        #expect(refusal { $0.vcpus[1].index = 0 } == .outOfRange("vCPU", 0))
        #expect(refusal { $0.vcpus[1].workerPID = 0 } == .outOfRange("pid", 0))
        #expect(refusal { $0.pid = 1 << 31 } == .outOfRange("pid", 1 << 31))
        #expect(refusal { $0.listRegisterCount = 17 } == .outOfRange("list register count", 17))
    }

    @Test func `bad snapshots`() {
        func refusal(_ change: (inout StatisticsSnapshot) -> Void) -> ControlError? {
            var value = ControlSamples.snapshot()
            change(&value)
            return error { () throws(ControlError) in
                _ = try ControlDecoder.reply(ControlEncoder.encode(.snapshot(value)))
            }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.nanoseconds = 1 } != nil)
        #expect(refusal { $0.vcpus = [] } == .outOfRange("vCPU count", 0))
        #expect(refusal { $0.vcpus.swapAt(0, 1) } == .outOfRange("vCPU", 1))
        #expect(refusal { $0.vcpus[0].counters.removeLast() } == .outOfRange("counter count", 15))
        #expect(refusal { $0.vcpus[0].rows.swapAt(0, 1) } == .inconsistent("the exit reasons do not rise"))
        #expect(refusal { $0.vcpus[0].rows[0].reason = ExitReason(rawValue: 80) } == .outOfRange("exit reason", 80))
        #expect(refusal { $0.vcpus[0].rows[0].histogram.count += 1 } != nil)
        #expect(refusal { $0.vcpus[0].rows[0].histogram.buckets[9] += 1 } != nil)
        #expect(refusal { $0.vcpus[0].rows[0].histogram.minimum = .max } != nil)
        #expect(refusal { $0.vcpus[0].rows[0].histogram = HistogramSnapshot() } != nil)
        #expect(refusal { $0.vcpus[0].rows[0].histogram.buckets.append(0) } == nil)
        #expect(
            refusal {
                $0.vcpus[0].rows[0].histogram.count += 1
                $0.vcpus[0].rows[0].histogram.buckets.append(1)
            } == .outOfRange("bucket", 280))
    }

    @Test func `many empty messages do not eat the memory`() {
        // Snapshot with millions of empty vCPUs: field 3 of field 3.
        let inner = Array(repeating: [UInt8]([0x1A, 0x00]), count: 4 << 20).flatMap { $0 }
        var length = inner.count
        var prefix: [UInt8] = [0x1A]
        while length > 127 {
            prefix.append(UInt8(length & 0x7F | 0x80))
            length >>= 7
        }
        prefix.append(UInt8(length))
        let found = error { () throws(ControlError) in _ = try ControlDecoder.reply(prefix + inner) }
        #expect(found == .exceedsBudget)
    }

    // MARK: Damage

    @Test func `what is accepted of damaged replies makes sense`() {
        var damage = SplitMix64(seed: 20_261_125)
        let samples = [
            ControlEncoder.encode(.description(ControlSamples.description)),
            ControlEncoder.encode(.snapshot(ControlSamples.snapshot())), ControlEncoder.encode(.describe),
            ControlEncoder.encode(.dirtyPages(ControlSamples.dirtyLog)),
            ControlEncoder.encode(
                .changeSlot(1, .create(base: IPA(0), byteCount: 1, output: HostOffset(1), isReadOnly: true))),
            ControlEncoder.encode(.registers(ControlSamples.registers)),
            ControlEncoder.encode(.writeMemory(IPA(1), bytes: [1, 2, 3], wholeByteCount: 3)),
            ControlEncoder.encode(.counterOffset(1 << 40)), ControlEncoder.encode(.mpState(vcpu: 1, .suspended)),
        ]
        var accepted = 0
        var refused = 0
        for round in 0..<20_000 {
            var bytes = samples[round % samples.count]
            for _ in 0..<Int.random(in: 1...3, using: &damage) {
                let place = Int.random(in: 0..<bytes.count, using: &damage)
                switch Int.random(in: 0..<4, using: &damage) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &damage)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &damage)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &damage), at: place)
                default: bytes.removeSubrange(max(1, place)...)
                }
            }
            if (try? ControlDecoder.request(bytes)) != nil { accepted += 1 }
            do throws(ControlError) {
                switch try ControlDecoder.reply(bytes) {
                case .snapshot(let snapshot):
                    #expect(snapshot.nanoseconds >= snapshot.started && snapshot.vcpus.count <= 512)
                    for vcpu in snapshot.vcpus {
                        #expect(vcpu.counters.count == VCPUCounter.allCases.count)
                        #expect(vcpu.rows.allSatisfy { $0.histogram.buckets.count == LatencyHistogram.bucketCount })
                    }
                    _ = StatisticsReport(snapshot.subtracting(snapshot)).text + StatisticsReport(snapshot).text
                case .description(let value): #expect(value.pid > 0 && !value.vcpus.isEmpty)
                case .dirtyPages(let log): #expect(log.pages.words.count == (log.pages.pageCount + 63) / 64)
                case .registers(let state): #expect(state.values.count <= 256)
                case .failure, .text, .done, .memory, .pageVisit, .counterOffset, .mpState: break
                }
                accepted += 1
            } catch { refused += 1 }
        }
        #expect(accepted > 1_000 && refused > 5_000, "\(accepted), \(refused)")
    }
}
