import Shared
import Testing

@testable import Coordinator

@Suite struct VMPartsTests {
    @Test func `the bus finds the window that holds the whole access`() {
        var bus = MMIOBus()
        let device = RecordingDevice()
        func attach(_ base: UInt64, _ byteCount: UInt64, _ name: String, side: MMIOBus.Side = .user) -> Bool {
            bus.attach(device, at: IPA(base), byteCount: byteCount, side: side, name: name)
        }
        func window(_ address: UInt64, _ byteCount: Int) -> Int? { bus.window(at: IPA(address), byteCount: byteCount) }
        #expect(attach(0x2000, 0x1000, "b"))
        #expect(attach(0x1000, 0x800, "a", side: .kernel))
        #expect(!attach(0x17FF, 1, "overlap"))
        #expect(!attach(0x1F00, 0x200, "overlap"))
        #expect(!attach(.max, 2, "wraps"))
        #expect(!attach(0x9000, 0, "empty"))
        #expect(bus.windows.map(\.name) == ["a", "b"])
        #expect(window(0x1000, 8) == 0)
        #expect(window(0x17F8, 8) == 0)
        #expect(window(0x17FC, 8) == nil)
        #expect(window(0x1800, 1) == nil)
        #expect(window(0x2FFF, 1) == 1)
        #expect(window(0x0FFF, 1) == nil)
        #expect(window(0x3000, 1) == nil)
    }

    @Test func `memory slots don't overlap and are found`() throws {
        var slots = MemorySlots(Stage2Geometry())
        try slots.insert(MemorySlot(base: IPA(0x4000_0000), byteCount: 0x2000, output: HostOffset(0)))
        try slots.insert(MemorySlot(base: IPA(0x1000), byteCount: 0x1000, output: HostOffset(0x2000), isReadOnly: true))
        #expect(throws: MemorySlots.Failure.overlaps) {
            try slots.insert(MemorySlot(base: IPA(0x4000_1000), byteCount: 0x1000, output: HostOffset(0)))
        }
        #expect(throws: MemorySlots.Failure.unaligned) {
            try slots.insert(MemorySlot(base: IPA(0x800), byteCount: 0x1000, output: HostOffset(0)))
        }
        #expect(throws: MemorySlots.Failure.outsideAddressSpace) {
            try slots.insert(MemorySlot(base: IPA(0xFF_FFFF_F000), byteCount: 0x2000, output: HostOffset(0)))
        }
        #expect(slots.index(of: IPA(0x1FFF)) == 0)
        #expect(slots.index(of: IPA(0x2000)) == nil)
        #expect(slots.index(of: IPA(0x4000_1FFF)) == 1)
        #expect(slots[1].output(of: IPA(0x4000_1234)).rawValue == 0x1234)
    }

    @Test func `the deadline queue agrees with a plain search`() {
        var generator = SystemRandomNumberGenerator()
        var queue = DeadlineQueue(count: 40)
        var plain: [Int: UInt64] = [:]
        for _ in 0..<5000 {
            let vcpu = Int.random(in: 0..<40, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                queue.remove(vcpu)
                plain[vcpu] = nil
            case 1:
                let now = UInt64.random(in: 0..<1000, using: &generator)
                if let found = queue.popExpired(at: now) {
                    #expect(plain[found] == plain.values.min())
                    #expect((plain[found] ?? .max) <= now)
                    plain[found] = nil
                } else {
                    #expect(plain.values.allSatisfy { $0 > now })
                }
            default:
                let deadline = UInt64.random(in: 0..<1000, using: &generator)
                queue.set(vcpu, deadline)
                plain[vcpu] = deadline
            }
            #expect(queue.earliest == plain.values.min() ?? .max)
        }
    }

    @Test func `impossible configurations are refused`() {
        for change: (inout VMConfiguration) -> Void in [
            { $0.vcpuCount = 0 }, { $0.vcpuCount = 513 }, { $0.memoryByteCount = 0 }, { $0.memoryByteCount = 1 },
            { $0.memoryByteCount = 1 << 50 }, { $0.listRegisterCount = 0 }, { $0.listRegisterCount = 17 },
        ] {
            var configuration = VMConfiguration(kernelPath: "")
            change(&configuration)
            #expect(throws: VMError.self) { try configuration.check() }
        }
    }

    @Test func `pinning spreads the workers`() {
        #expect((0..<4).map { PinPolicy.separate.workerProcessor($0, of: 3) } == [1, 2, 1, 2])
        #expect(PinPolicy.separate.workerProcessor(5, of: 1) == 0)
        #expect(PinPolicy.same.workerProcessor(3, of: 8) == 0)
        #expect(PinPolicy.none.workerProcessor(3, of: 8) == -1)
    }
}
