import CWire
import Shared
import Testing

@testable import Coordinator

@Suite struct ControlCodecTests {
    private let version = UInt8(ControlProtocol.version)

    @Test(arguments: [
        ControlRequest.describe, .statistics(atEnd: false), .statistics(atEnd: true), .inspect(.vgic),
        .inspect(.stage2), .pause(vcpu: nil),
        .pause(vcpu: 511), .resume(vcpu: 0),
    ])
    func `requests come out as they went in`(request: ControlRequest) throws {
        #expect(try ControlDecoder.request(ControlEncoder.encode(request)) == request)
    }

    @Test func `replies come out as they went in`() throws {
        let replies: [ControlReply] = [
            .failure("no"), .description(ControlSamples.description), .snapshot(ControlSamples.snapshot()),
            .text("one\ntwo\n"), .done,
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
        #expect(refusal([0xFF, 0xFF, 0xFF]) == .malformed)
        // Field 15, a varint.
        #expect(refusal(ControlEncoder.encode(.describe) + [0x78, 0x01]) == .unknownFields)
        // Describe with a field.
        #expect(refusal([0x08, version, 0x12, 0x02, 0x08, 0x01]) == .unknownFields)
        // 4094 bytes of empty unknown fields ask for a hundred kilobytes.
        let many = [UInt8]([0x08, version]) + Array(repeating: [0x7A, 0x00], count: 2047).flatMap { $0 }
        #expect([.exceedsBudget, .unknownFields].contains(refusal(many)))
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
                case .failure, .text, .done: break
                }
                accepted += 1
            } catch { refused += 1 }
        }
        #expect(accepted > 1_000 && refused > 5_000, "\(accepted), \(refused)")
    }
}
