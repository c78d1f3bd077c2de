import CHost
import Foundation
import Shared
import Testing

@testable import Coordinator

/// A trace as a viewer takes it.
struct ReadTrace {
    struct Slice: Equatable {
        var thread: Int
        var name: String
        var category: String
        /// Nanoseconds.
        var start: Int
        var end: Int
    }

    let events: [[String: Any]]

    init(_ bytes: [UInt8]) throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        events = try #require(object["traceEvents"] as? [[String: Any]])
    }

    static func nanoseconds(_ value: Any?) -> Int { Int((((value as? Double) ?? -1) * 1000).rounded()) }

    func events(_ phase: String, named name: String? = nil) -> [[String: Any]] {
        events.filter { $0["ph"] as? String == phase && (name == nil || $0["name"] as? String == name) }
    }

    var slices: [Slice] {
        events("X").map {
            let start = Self.nanoseconds($0["ts"])
            return Slice(
                thread: $0["tid"] as? Int ?? -1, name: $0["name"] as? String ?? "",
                category: $0["cat"] as? String ?? "",
                start: start, end: start + Self.nanoseconds($0["dur"]))
        }
    }

    func argument(_ name: String, of event: [String: Any]) -> String {
        ((event["args"] as? [String: Any])?[name]).map { "\($0)" } ?? ""
    }
}

@Suite struct TraceTests {
    private let file = ScratchFile()

    private func trace(_ machine: TestMachine) throws -> ReadTrace {
        machine.vm.finishFiles()
        return try ReadTrace(file.bytes)
    }

    @Test func slicesOfAVCPUAreAChain() throws {
        let machine = try TestMachine(tracePath: file.path)
        machine.boot()
        _ = machine.call(0x8400_0000)
        _ = machine.exit(ExceptionSyndrome(.wfx))
        machine.vm.kick(machine.vm.vcpus[0], .unblock)
        machine.vm.wakeKicked()
        let trace = try trace(machine)
        let track = trace.slices.filter { $0.thread == 2 }
        #expect(track.map(\.name) == ["off", "guest", "HVC64", "guest", "blocked", "WFx wfi", "guest"])
        let chain = track.filter { $0.name != "blocked" }
        for (slice, next) in zip(chain, chain.dropFirst()) { #expect(slice.end == next.start) }
        #expect(track[4].start >= track[5].start && track[4].end <= track[5].end)
        let handled = trace.slices.filter { $0.category == "handle" }
        #expect(handled.map(\.name) == ["HVC64", "WFx wfi"])
        #expect(handled.allSatisfy { $0.thread == 1 })
    }

    @Test func tracepointsHaveTheirArguments() throws {
        let machine = try TestMachine(tracePath: file.path)
        machine.boot()
        _ = machine.call(0x8400_0000)
        let fault = ExceptionSyndrome(.dabtLow, iss: 1 << 6 | 5)
        _ = machine.exit(fault, far: 0x1234, ipa: PhysicalMap.ram.rawValue)
        let store = ExceptionSyndrome(.dabtLow, iss: 1 << 24 | 2 << 22 | 3 << 16 | 1 << 6 | 4)
        _ = machine.exit(store, ipa: PhysicalMap.pl031.rawValue, registers: [0x77])
        _ = machine.exit(ExceptionSyndrome(.wfx, iss: 1))
        machine.workers[0].exit.timer.virtualLine = true
        _ = machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq)
        machine.vm.vgic.setSPI(33, level: true)
        let trace = try trace(machine)
        func only(_ name: String) throws -> [String: Any] { try #require(trace.events("i", named: name).first) }

        let exits = trace.events("i", named: "kvm_exit")
        #expect(exits.map { trace.argument("ret", of: $0) } == ["TRAP", "TRAP", "TRAP", "TRAP", "IRQ"])
        #expect(exits.map { trace.argument("esr_ec", of: $0) } == ["HVC64", "DABT_LOW", "DABT_LOW", "WFx", "0x0"])
        #expect(exits.allSatisfy { trace.argument("vcpu_pc", of: $0) == "0x40081000" })
        let entries = trace.events("i", named: "kvm_entry").map { trace.argument("vcpu_pc", of: $0) }
        #expect(entries == ["0x40080000", "0x40081000", "0x40081000", "0x40081004", "0x40081004", "0x40081000"])
        #expect(trace.argument("r0", of: try only("kvm_hvc_arm64")) == "0x84000000")
        #expect(trace.argument("ipa", of: try only("kvm_guest_fault")) == "0x40000234")
        #expect(trace.argument("hxfar", of: try only("kvm_guest_fault")) == "0x1234")
        let access = try only("kvm_mmio")
        #expect(trace.argument("type", of: access) == "write" && trace.argument("val", of: access) == "0x77")
        #expect(trace.argument("len", of: access) == "4" && trace.argument("gpa", of: access) == "0x9010000")
        #expect(trace.argument("is_wfe", of: try only("kvm_wfx_arm64")) == "1")
        for name in ["kvm_timer_update_irq", "vgic_update_irq_pending"] {
            let event = try only(name)
            #expect(trace.argument("irq", of: event) == "27" && trace.argument("level", of: event) == "1")
        }
        let line = try only("kvm_irq_line")
        #expect(trace.argument("irq_num", of: line) == "33" && trace.argument("type", of: line) == "1")
    }

    /// An arrow from the write, by the frame's own time, to the Entry that carries the interrupt; none for what was not
    /// delivered.
    @Test func arrowsHaveBothEnds() throws {
        let machine = try TestMachine(vcpuCount: 2, tracePath: file.path)
        let vm = machine.vm
        machine.boot()
        _ = machine.call(0xC400_0003, 1, 0x4010_0000, 7)
        _ = machine.workers[1].next()
        vm.vgic.groupEnables = 3
        func send(_ intid: UInt64) throws {
            vm.tracer?.sgiWritten(
                vm.vcpus[0], SGIFrame(value: intid << 24 | 2, group: 1, timestamp: armada_monotonic()))
            vm.vgic.sendSGI(from: 0, value: intid << 24 | 2, group: 1)
            vm.tracer?.sgiHandled()
        }
        for index in 0..<16 { vm.vgic.interrupts[32 + index].isGroup1 = true }
        try send(3)
        try send(3)
        _ = machine.exit(ExceptionSyndrome(rawValue: 0), code: .irq, vcpu: 1)
        try send(4)
        let trace = try trace(machine)
        let starts = trace.events("s")
        let ends = trace.events("f")
        try #require(starts.count == 1 && ends.count == 1)
        #expect(starts[0]["name"] as? String == "SGI 3")
        #expect(starts[0]["id"] as? Int == ends[0]["id"] as? Int)
        #expect(starts[0]["tid"] as? Int == 2 && ends[0]["tid"] as? Int == 3)
        for end in [starts[0], ends[0]] {
            let time = ReadTrace.nanoseconds(end["ts"])
            #expect(
                trace.slices.contains {
                    $0.thread == end["tid"] as? Int && $0.name == "guest" && $0.start < time && time <= $0.end
                })
        }
    }

    /// A timestamp of a worker is a claim: whatever it is, the write lies where the guest ran.
    @Test(arguments: [0, UInt64.max]) func timestampsAreNotBelieved(timestamp: UInt64) throws {
        let machine = try TestMachine(tracePath: file.path)
        machine.boot()
        machine.vm.tracer?.sgiWritten(machine.vm.vcpus[0], SGIFrame(value: 0, group: 1, timestamp: timestamp))
        machine.vm.tracer?.sgiHandled()
        let trace = try trace(machine)
        let time = ReadTrace.nanoseconds(try #require(trace.events("i", named: "sgi").first)["ts"])
        let guest = try #require(trace.slices.last { $0.name == "guest" })
        #expect(guest.start < time && time <= guest.end)
    }

    @Test func emptyRunIsJSON() throws {
        var configuration = VMConfiguration(kernelPath: "/nonexistent")
        configuration.memoryByteCount = 16 << 20
        configuration.tracePath = file.path
        let vm = try VirtualMachine(configuration: configuration, console: TerminalConsole(input: -1, output: -1))
        vm.finishFiles()
        #expect(try ReadTrace(file.bytes).events.count == 1)
    }
}
