import CAllocationCount
import Shared
import Testing

@testable import Shared

@Suite("Random damage to frames", .serialized)
struct FrameMutationTests {
    private static func damaged(_ bytes: [UInt8], using damage: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &damage) {
            let place = Int.random(in: 0...bytes.count, using: &damage)
            switch Int.random(in: 0..<5, using: &damage) {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &damage)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &damage)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &damage), at: place)
            case 3 where place < bytes.count: bytes.remove(at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    @Test func whatIsAcceptedMakesSense() {
        var damage = SplitMix64(seed: 20_240_601)
        var decoder = FrameDecoder()
        let samples = [
            Encoded.exit, Encoded.entry, Encoded.hello, Encoded.welcome, Encoded.sgi, Encoded.stop,
            Encoded.identification,
        ]
        var accepted = 0
        var refused = 0
        for round in 0..<100_000 {
            let bytes = Self.damaged(samples[round % samples.count], using: &damage)
            var exit = ExitFrame()
            var entry = EntryFrame()
            do {
                switch try decoder.fromWorker(bytes, exit: &exit) {
                case .exit: #expect(Self.makesSense(exit))
                case .hello(let hello):
                    #expect(hello.pid > 0 && hello.pid < 1 << 31)
                    #expect(hello.protocolVersion == WireProtocol.version && hello.features < 16)
                    #expect((0..<512).contains(hello.wantedVCPU ?? 0))
                case .sgi(let sgi): #expect(sgi.group < 2)
                case .registerAnswer: #expect(decoder.answer.ids.count == decoder.answer.values.count)
                }
                accepted += 1
            } catch { refused += 1 }
            do {
                switch try decoder.fromCoordinator(bytes, entry: &entry) {
                case .entry: #expect(Self.makesSense(entry))
                case .welcome: #expect(Self.makesSense(decoder.welcome))
                case .registerAccess: #expect(decoder.access.ids.count == decoder.access.values.count)
                case .identification: #expect(decoder.identification.problem == nil)
                case .stop: break
                }
                accepted += 1
            } catch { refused += 1 }
        }
        // Both ways must have been taken often, or this proves nothing.
        #expect(accepted > 5_000)
        #expect(refused > 100_000)
    }

    private static func makesSense(_ exit: ExitFrame) -> Bool {
        exit.code.rawValue & 0x7FFF_FFFF <= 3 && [0, 4, 5].contains(exit.pstate & 0x1F) && exit.pstate < 1 << 32
            && exit.hpfar & 0xF == 0 && exit.hpfar < 1 << 48 && exit.timer.virtualControl < 4
            && exit.timer.physicalControl < 4 && exit.cpuInterface.hcr < 1 << 32 && exit.cpuInterface.vmcr < 1 << 32
    }

    private static func makesSense(_ entry: EntryFrame) -> Bool {
        guard (0...8).contains(entry.writeCount) else { return false }
        for index in 0..<entry.writeCount where entry.writeRegisters[index] > 30 { return false }
        return entry.cpuInterface.hcr < 1 << 32 && entry.cpuInterface.vmcr < 1 << 32
    }

    private static func makesSense(_ welcome: WelcomeFrame) -> Bool {
        welcome.vcpuIndex < welcome.vcpuCount && welcome.vcpuCount <= 512 && welcome.ramByteCount % 4096 == 0
            && welcome.ramByteCount > 0 && welcome.vttbr & 0xFFFF_FFFF_FFFE < welcome.stage2ByteCount
            && (1...16).contains(welcome.listRegisterCount) && welcome.haltPollNanoseconds <= 1_000_000_000
            && welcome.identification.problem == nil
            && welcome.controlByteCount == UInt64(ControlPage.byteCount(vcpuCount: Int(welcome.vcpuCount)))
    }

    @Test func steadyStateDoesNotAllocate() throws {
        var encoder = FrameEncoder()
        var decoder = FrameDecoder()
        var exit = WireSamples.exit
        var entry = WireSamples.entry
        var received = ExitFrame()
        var receivedEntry = EntryFrame()
        var near = CarriedState()
        var far = CarriedState()
        var changes: UInt64 = 0
        func round() throws(WireError) {
            // Now with and now without the parts that are left out when unchanged.
            changes += 1
            exit.cpuInterface.listRegisters[3] = changes / 2
            exit.timer.virtualCompare = changes / 2
            let exitBytes = encoder.encode(&exit, carried: &near)
            _ = try decoder.decodeFromWorker(
                UnsafeRawBufferPointer(rebasing: exitBytes[4...]), exit: &received, carried: &far)
            let entryBytes = encoder.encode(&entry, carried: &far)
            _ = try decoder.decodeFromCoordinator(
                UnsafeRawBufferPointer(rebasing: entryBytes[4...]), entry: &receivedEntry, carried: &near)
            let sgiBytes = encoder.encode(SGIFrame(value: 1, group: 1, timestamp: 1))
            _ = try decoder.decodeFromWorker(
                UnsafeRawBufferPointer(rebasing: sgiBytes[4...]), exit: &received, carried: &far)
        }
        try round()
        let before = armada_allocation_count()
        for _ in 0..<10_000 { try round() }
        #expect(armada_allocation_count() == before)
        #expect(received == exit)
        #expect(receivedEntry == entry)

        // The counter does count.
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8).deallocate()
        #expect(armada_allocation_count() > before)
    }
}
