import Foundation
import Shared
import Testing

@testable import Coordinator

@Suite struct RecordingTests {
    /// Two vCPUs: vCPU 0 boots, starts vCPU 1, reads and writes a device, sends an SGI and waits.
    private static func record(to path: String) throws {
        let machine = try TestMachine(vcpuCount: 2, recordPath: path)
        machine.boot()
        machine.workers[0].exit.pstate = 0x3C5
        machine.workers[0].exit.timer.virtualControl = 1
        machine.workers[0].exit.timer.virtualCompare = 1 << 60
        _ = machine.call(0xC400_0003, 1, 0x4010_0000, 7)
        _ = machine.workers[1].next()
        machine.workers[0].send(SGIFrame(value: 1 << 24 | 2, group: 1, timestamp: 5))
        guard case .sgi = machine.vm.vcpus[0].channel.receive() else { throw TestProblem() }
        let load = ExceptionSyndrome(.dabtLow, iss: 1 << 24 | 2 << 22 | 3 << 16 | 4)
        _ = machine.exit(load, far: 0xFFFF_0000_0000_0018, ipa: PhysicalMap.pl011.rawValue)
        _ = machine.exit(ExceptionSyndrome(.wfx))
        WorkerPool.end(machine.vm.vcpus.map(\.channel))
        machine.vm.finishFiles()
    }

    struct TestProblem: Error {}

    private static let frames = [
        "Hello 0", "Hello 1", "Welcome 0", "Welcome 1", "Entry 0", "Exit 0", "Entry 0", "Entry 1", "SGI 0", "Exit 0",
        "Entry 0", "Exit 0", "Stop 0", "Stop 1",
    ]

    @Test func everyFrameIsThereInItsOrder() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let all = ReadRecording(file.path)
        #expect(all.error == nil)
        #expect(all.badCount == 0)
        #expect(all.frames == Self.frames)
    }

    @Test func fieldsHaveTheirNames() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let lines = ReadRecording(file.path).lines
        try #require(lines.count == Self.frames.count)
        for words in ["protocol_version=\(WireProtocol.version)", "pid=\(getpid())", "wanted_vcpu=any"] {
            #expect(lines[0].contains(words))
        }
        for words in ["vcpu_index=1", "vcpu_count=2", "ram_byte_count=33619968"] { #expect(lines[3].contains(words)) }
        for words in ["sequence=0", "reset_pc=0x40080000", "reset_x0=0x44000000"] { #expect(lines[4].contains(words)) }
        for words in [
            "sequence=1", "code=TRAP", "ESR_EL2=0x5a000000 (HVC64 #0x0)", "PC=0x40081000",
            "SPSR_EL2=0x3c5 (EL1h DAIF)", "instruction=0xd4000002 (hvc #0x0)", "X0=0xc4000003", "X3=0x7",
            "CNTV_CTL_EL0=0x1 CNTV_CVAL_EL0=0x1000000000000000",
        ] { #expect(lines[5].contains(words), "\(lines[5])") }
        #expect(lines[8].contains("group=1 value=0x1000002 (INTID 1 to Aff3.2.1 0.0.0, Aff0 1)"))
        for words in [
            "ESR_EL2=0x93830004 (DABT_LOW read translation fault, level 0 ISV 4 bytes W3)",
            "FAR_EL2=0xffff000000000018",
            "(IPA 0x9000018)", "instruction=0xf9400020 (ldr x0, [x1])",
        ] { #expect(lines[9].contains(words), "\(lines[9])") }
        #expect(lines[10].contains("X3=0x") && lines[10].contains("advance_pc=1"), "\(lines[10])")
        #expect(lines[11].contains("WFx WFI"))
    }

    /// A later Exit without a timer on the wire has the one of before.
    @Test func whatIsLeftOutIsFollowed() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let lines = ReadRecording(file.path).lines
        try #require(lines.count == Self.frames.count)
        #expect(lines[5].contains("timer changed=1 CNTV_CTL_EL0=0x1 CNTV_CVAL_EL0=0x1000000000000000"))
        #expect(lines[11].contains("timer changed=0 CNTV_CTL_EL0=0x1 CNTV_CVAL_EL0=0x1000000000000000"))
    }

    @Test func jsonParses() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let lines = ReadRecording(file.path, json: true).lines
        let objects = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { "\($0["frame"] ?? "") \($0["vcpu"] ?? "")" } == Self.frames)
        #expect(objects[5]["ESR_EL2"] as? String == "0x5a000000")
        #expect(objects[5]["disassembly"] as? String == "hvc #0x0")
        #expect((objects[11]["timer"] as? [String: Any])?["changed"] as? Bool == false)
    }

    // MARK: Bad files

    @Test func cutAnywhere() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let bytes = file.bytes
        let whole = ReadRecording(file.path)
        let part = ScratchFile()
        var cleanEnds = 0
        for count in 0..<bytes.count {
            part.bytes = Array(bytes[..<count])
            let read = ReadRecording(part.path)
            #expect(read.lines == Array(whole.lines.prefix(read.lines.count)))
            switch read.error {
            case nil: cleanEnds += 1
            case .foreign?: #expect(count == 0)
            case .truncated(let offset, let start)?: #expect(offset == UInt64(count) && start < offset)
            case let error?: Issue.record("\(count): \(error)")
            }
        }
        // After the header, and after each record but the last.
        #expect(cleanEnds == whole.lines.count)
    }

    @Test func foreignAndOtherVersions() throws {
        let file = ScratchFile()
        file.bytes = Array(repeating: 0x41, count: 500)
        #expect(ReadRecording(file.path).error == .foreign)
        file.bytes = []
        #expect(ReadRecording(file.path).error == .foreign)
        #expect(ReadRecording("/nonexistent").error == .host(SystemError("read /nonexistent", code: ENOENT)))
        #expect(ReadRecording("/").error == .host(SystemError("read the recording", code: EISDIR)))

        try Self.record(to: file.path)
        let bytes = file.bytes
        func error(_ offset: Int, _ byte: UInt8) -> RecordingError? {
            var changed = bytes
            changed[offset] = byte
            file.bytes = changed
            return ReadRecording(file.path).error
        }
        #expect(error(0, 0x61) == .foreign)
        #expect(error(8, 2) == .formatVersion(2))
        #expect(error(12, 9) == .protocolVersion(9))
        #expect(error(16, 65) == .header("a header of 65 bytes", offset: 16))
        #expect(error(20, 0) == .header("0 vCPUs", offset: 20))
        #expect(error(28, 3) == .header("placement 3", offset: 28))
        #expect(error(64 + 8, 2) == .damaged("vCPU 2 of 2", offset: 72))
        #expect(error(64 + 10, 2) == .damaged("direction 2", offset: 74))
        #expect(error(64 + 11, 1) == .damaged("1 in a byte that is 0", offset: 75))
        #expect(error(64 + 15, 1)?.description.contains("offset 76") == true)
    }

    /// A frame that is garbage is told and skipped; those behind it are there.
    @Test func garbageWithinAFrame() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        var bytes = file.bytes
        for index in 0..<8 { bytes[64 + 16 + index] = 0xFF }
        file.bytes = bytes
        let read = ReadRecording(file.path)
        #expect(read.error == nil)
        #expect(read.badCount == 1)
        #expect(read.lines[0].contains("skipped") && read.lines[0].contains("offset 64"))
        #expect(read.frames == Array(Self.frames.dropFirst()))
    }

    /// Whatever is in it, a recording is read to an end, and what is printed is JSON.
    @Test func mutations() throws {
        let file = ScratchFile()
        try Self.record(to: file.path)
        let bytes = file.bytes
        var generator = SystemRandomNumberGenerator()
        var bad = 0
        for _ in 0..<1500 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: 64..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            file.bytes = changed
            let read = ReadRecording(file.path, json: true)
            bad += read.badCount + (read.error == nil ? 0 : 1)
            for line in read.lines {
                #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
            }
        }
        #expect(bad > 0)
    }
}
