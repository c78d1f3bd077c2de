import Shared
import Testing

@testable import Coordinator

@Suite struct PSCITests {
    private struct Power: PSCI.Machine {
        var off: [Bool]
        var psciVersion = PSCI.Version.v1_1
        var vcpuCount: Int { off.count }
        var countsStolenTime = true
        var lost: Set<Int> = []
        func isPoweredOff(_ vcpu: Int) -> Bool { off[vcpu] || isLost(vcpu) }
        func isLost(_ vcpu: Int) -> Bool { lost.contains(vcpu) }
    }

    private func call(
        _ function: UInt32, _ x1: UInt64 = 0, _ x2: UInt64 = 0, _ x3: UInt64 = 0, off: [Bool] = [false, true]
    )
        -> PSCI.Action
    {
        var registers: InlineArray<8, UInt64> = InlineArray(repeating: 0)
        registers[0] = UInt64(function)
        registers[1] = x1
        registers[2] = x2
        registers[3] = x3
        return Hypercall.call(registers, Power(off: off))
    }

    private let notSupported = PSCI.Action.result(UInt64(bitPattern: -1))
    private let invalid = PSCI.Action.result(UInt64(bitPattern: -2))

    @Test func `versions`() {
        #expect(call(0x8400_0000) == .result(0x1_0001))
        #expect(call(0x8000_0000) == .result(0x1_0001))
        #expect(call(0x8400_0006) == .result(2))
    }

    @Test func `unknown functions are not supported`() {
        for function: UInt32 in [
            0, 0x8400_0005, 0xC400_0000, 0xC400_0002, 0xC400_0006, 0xC400_0008, 0x8400_000B, 0x8400_001F, 0x8400_0020,
            0x8600_FF01, 0xC600_0000, 0x8500_0000, 0x0400_0000,
        ] { #expect(call(function) == notSupported) }
    }

    @Test func `stolen time is found, where it is counted`() {
        let success = PSCI.Action.result(0)
        // Linux asks in this order.
        #expect(call(0x8000_0001, 0xC500_0020) == success)
        #expect(call(0xC500_0020, 0xC500_0021) == success)
        #expect(call(0xC500_0020, 0xC500_0020) == success)
        #expect(call(0xC500_0021) == .stolenTime)
        #expect(call(0xC500_0020, 0xC500_0022) == notSupported)
        #expect(call(0xC500_0022) == notSupported)
        #expect(call(0x8000_0001, 0xC500_0021) == notSupported)

        var registers: InlineArray<8, UInt64> = InlineArray(repeating: 0)
        let machine = Power(off: [false], countsStolenTime: false)
        let calls: [(function: UInt64, argument: UInt64)] = [
            (0x8000_0001, 0xC500_0020), (0xC500_0020, 0xC500_0021), (0xC500_0021, 0),
        ]
        for call in calls {
            registers[0] = call.function
            registers[1] = call.argument
            #expect(Hypercall.call(registers, machine) == notSupported)
        }
    }

    @Test func `CPU_ON by affinity`() {
        #expect(call(0xC400_0003, 1, 0x4000_0000_1000, 9) == .on(vcpu: 1, ResetState(pc: 0x4000_0000_1000, x0: 9)))
        #expect(call(0x8400_0003, 1, 0x1_4000_1000, 0x1_0000_0009) == .on(vcpu: 1, ResetState(pc: 0x4000_1000, x0: 9)))
        #expect(call(0xC400_0003, 0, 0) == .result(UInt64(bitPattern: -4)))
        #expect(call(0xC400_0003, 2, 0) == invalid)
        #expect(call(0xC400_0003, 0x10, 0) == invalid)
        #expect(call(0xC400_0003, 1 << 31 | 1, 0) == invalid)
        #expect(call(0xC400_0003, 1 << 40 | 1, 0) == invalid)
        let many = Array(repeating: true, count: 40)
        #expect(call(0xC400_0003, 0x0205, 0, off: many) == .on(vcpu: 37, ResetState(pc: 0, x0: 0)))
        #expect(call(0xC400_0003, 0x0208, 0, off: many) == invalid)
    }

    @Test func `AFFINITY_INFO by level`() {
        #expect(call(0xC400_0004, 0, 0) == .result(0))
        #expect(call(0xC400_0004, 1, 0) == .result(1))
        #expect(call(0xC400_0004, 2, 0) == invalid)
        #expect(call(0xC400_0004, 1, 1) == .result(0))
        #expect(call(0xC400_0004, 0x100, 1) == invalid)
        #expect(call(0xC400_0004, 0x100, 2) == .result(0))
        #expect(call(0xC400_0004, 0, 3) == .result(0))
        #expect(call(0xC400_0004, 0, 4) == invalid)
        #expect(call(0xC400_0004, 0x100, 1, off: [false] + Array(repeating: true, count: 19)) == .result(1))
    }

    @Test func `a lost vCPU is off, and cannot be switched on`() {
        let power = Power(off: [false, false], lost: [1])
        #expect(PSCI.call(SMCCCFunction(0xC400_0003), 1, 0, 0, power) == .result(UInt64(bitPattern: -6)))
        #expect(PSCI.call(SMCCCFunction(0xC400_0004), 1, 0, 0, power) == .result(1))
        #expect(PSCI.call(SMCCCFunction(0xC400_0004), 0, 1, 0, power) == .result(0))
    }

    @Test func `FEATURES names exactly what is answered`() {
        for function: UInt32 in [
            0x8400_0000, 0x8400_0001, 0xC400_0001, 0x8400_0002, 0x8400_0003, 0xC400_0003, 0x8400_0004, 0xC400_0004,
            0x8400_0006, 0x8400_0008, 0x8400_0009, 0x8400_000A, 0x8400_0012, 0xC400_0012, 0x8000_0000,
        ] { #expect(call(0x8400_000A, UInt64(function)) == .result(0)) }
        for function: UInt32 in [0xC400_0002, 0xC400_0008, 0x8400_0005, 0x8400_000E, 0xC400_000E, 1] {
            #expect(call(0x8400_000A, UInt64(function)) == notSupported)
        }
    }

    @Test func `SYSTEM_RESET2 knows the warm reset alone`() {
        #expect(call(0xC400_0012, 0) == .systemReset)
        #expect(call(0xC400_0012, 1) == invalid)
    }

    @Test func `workarounds are not required`() {
        #expect(call(0x8000_0001, 0x8000_8000) == .result(1))
        #expect(call(0x8000_0001, 0x8000_7FFF) == .result(UInt64(bitPattern: -2)))
        #expect(call(0x8000_0001, 0x8000_3FFF) == .result(1))
        #expect(call(0x8000_0001, 0x8000_0002) == notSupported)
    }
}
