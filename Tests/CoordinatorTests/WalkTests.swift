import Foundation
import Shared
import Testing

@testable import Coordinator
@testable import VCPUWorker

/// `armada explain walk` against the walker of the worker, and its words.
@Suite struct WalkTests {
    private static let ramByteCount = 256 << 10
    private static let stage2ByteCount = 256 << 10
    private static let pageCount = UInt64(64)

    /// RAM and stage-2 tables.
    private final class Memory {
        let ram = UnsafeMutableRawBufferPointer.allocate(byteCount: WalkTests.ramByteCount, alignment: 4096)
        let stage2 = UnsafeMutableRawBufferPointer.allocate(byteCount: WalkTests.stage2ByteCount, alignment: 4096)

        init() {
            ram.initializeMemory(as: UInt8.self, repeating: 0)
            stage2.initializeMemory(as: UInt8.self, repeating: 0)
        }

        deinit {
            ram.deallocate()
            stage2.deallocate()
        }

        var walked: WalkMemory {
            WalkMemory(ram: UnsafeRawBufferPointer(ram), stage2Tables: UnsafeRawBufferPointer(stage2))
        }

        func worker() throws -> PhysicalMemory {
            PhysicalMemory(
                ram: try #require(ram.baseAddress), ramByteCount: UInt64(ram.count),
                stage2Tables: UnsafeRawPointer(try #require(stage2.baseAddress)), stage2ByteCount: UInt64(stage2.count))
        }
    }

    /// What the worker makes of it.
    private func walk(_ access: WalkedAccess, _ registers: WalkRegisters, _ memory: PhysicalMemory) -> Result<
        UInt64, WalkFault
    > {
        let regime = TranslationRegime(
            stage1: Stage1Regime(
                sctlr: registers.sctlr_EL1, tcr: registers.tcr_EL1, ttbr0: registers.ttbr0_EL1,
                ttbr1: registers.ttbr1_EL1, mair: registers.mair_EL1),
            stage2: Stage2Regime(vtcr: registers.vtcr_EL2, vttbr: registers.vttbr_EL2))
        let kind: MemoryAccess.Kind =
            switch access.kind {
            case .read: .read
            case .write: .write
            case .fetch: .fetch
            }
        let request = WalkRequest(
            access: MemoryAccess(kind: kind, unprivileged: access.isUnprivileged),
            isPrivilegedAccessNever: registers.isPAN && !access.isUnprivileged)
        return Result { () throws(WalkFault) in
            let first = try regime.stage1.walk(
                access.address, unprivileged: access.isUnprivileged, stage2: regime.stage2, in: memory)
            return try regime.complete(first, request, in: memory).offset
        }
    }

    private func agrees(_ result: Result<UInt64, WalkProblem>, with worker: Result<UInt64, WalkFault>) -> Bool {
        switch (result, worker) {
        case (.success(let offset), .success(let expected)): offset == expected
        case (.failure(let problem), .failure(let fault)):
            problem.status == fault.status && problem.isStage2 == fault.isStage2
                && problem.isStage1Walk == fault.isStage1Walk && problem.ipa == fault.ipa
        default: false
        }
    }

    // MARK: At random

    /// A descriptor that often leads on: to a table or page within `pages` of 4 KiB from `base` on.
    private static func descriptor(
        _ base: UInt64, _ pages: UInt64, _ dice: inout SplitMix64, keeping attributes: UInt64
    ) -> UInt64 {
        let kind: UInt64 = [3, 3, 3, 3, 3, 1, 1, 0, 2][Int.random(in: 0..<9, using: &dice)]
        var value = base + UInt64.random(in: 0..<pages, using: &dice) << 12 | kind
        // The access flag mostly; the rest as it comes.
        if Int.random(in: 0..<8, using: &dice) != 0 { value |= 1 << 10 }
        value |= UInt64.random(in: 0...UInt64.max, using: &dice) & attributes
        if Int.random(in: 0..<15, using: &dice) == 0 { value |= 1 << UInt64.random(in: 36..<48, using: &dice) }
        return value
    }

    private static func registers(_ dice: inout SplitMix64) -> WalkRegisters {
        func any<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &dice)] }
        func flag(_ bit: UInt64, oneIn: Int) -> UInt64 { Int.random(in: 0..<oneIn, using: &dice) == 0 ? 1 << bit : 0 }
        var registers = WalkRegisters()
        registers.sctlr_EL1 = (flag(0, oneIn: 20) ^ 1) | flag(19, oneIn: 4)
        let sizes: [UInt64] = [16, 16, 16, 25, 28, 33, 33, 34, 35, 36, 39, 15, 40]
        registers.tcr_EL1 = any(sizes) | any(sizes) << 16 | any([0, 1, 2, 3]) << 14 | any([0, 1, 2, 3]) << 30
        registers.tcr_EL1 |= any([2, 2, 2, 0, 1, 5, 7]) << 32
        for bit: UInt64 in [7, 23, 55, 56] { registers.tcr_EL1 |= flag(bit, oneIn: 30) }
        registers.tcr_EL1 |= flag(37, oneIn: 3) | flag(38, oneIn: 3)
        registers.ttbr0_EL1 = UInt64.random(in: 0..<pageCount, using: &dice) << 12 | 7 << 48
        registers.ttbr1_EL1 = UInt64.random(in: 0..<pageCount, using: &dice) << 12 | flag(41, oneIn: 30)
        registers.mair_EL1 = UInt64.random(in: 0...UInt64.max, using: &dice)
        registers.isPAN = flag(0, oneIn: 3) != 0
        // Shapes that fit together, but for one in eight.
        let t0sz = any([24, 24, 28, 32] as [UInt64])
        registers.vtcr_EL2 = t0sz | 1 << 6 | any([0, 0, 0, 1, 2]) << 14
        if flag(0, oneIn: 8) != 0 { registers.vtcr_EL2 = any([16, 24, 39, 12]) | any([0, 1, 2, 3]) << 6 }
        registers.vtcr_EL2 |= (t0sz == 32 ? any([0, 0, 2]) : any([2, 2, 5])) << 16
        registers.vttbr_EL2 = 1 << 48 | any([0, 0, 0x1_0000])
        return registers
    }

    /// Eight thousand walks through tables of noise end as the worker's do: at the same byte, or with the same fault.
    @Test func endsAsTheWorkersWalkDoes() throws {
        var dice = SplitMix64(seed: 20_261_126)
        let memory = Memory()
        let worker = try memory.worker()
        var ends: [String: Int] = [:]
        let attributes: UInt64 = 0x0060_0000_0000_0BFC
        for _ in 0..<4 {
            for offset in stride(from: 0, to: Self.ramByteCount, by: 8) {
                let descriptor = Self.descriptor(0, Self.pageCount, &dice, keeping: attributes | 0xF800_0000_0000_0000)
                memory.ram.storeBytes(of: descriptor, toByteOffset: offset, as: UInt64.self)
                let second = Self.descriptor(0, Self.pageCount, &dice, keeping: 0x0040_0000_0000_033C)
                // Mostly permitted, so that stage 1 gets on.
                memory.stage2.storeBytes(
                    of: Int.random(in: 0..<6, using: &dice) == 0 ? second : second | 0xC0, toByteOffset: offset,
                    as: UInt64.self)
            }
            for _ in 0..<2_000 {
                let registers = Self.registers(&dice)
                var va = UInt64.random(in: 0...UInt64.max, using: &dice)
                let width = UInt64.random(in: 12...30, using: &dice)
                va &= 1 << width - 1
                if Bool.random(using: &dice) { va |= ~0 << width }
                if Int.random(in: 0..<4, using: &dice) == 0 { va ^= 0x5A << 56 }
                let access = WalkedAccess(
                    address: va & ~7, kind: [.read, .write, .fetch][Int.random(in: 0..<3, using: &dice)],
                    isUnprivileged: Bool.random(using: &dice))
                let explanation = WalkExplanation(access, registers, memory.walked)
                let expected = walk(access, registers, worker)
                if !agrees(explanation.result, with: expected) {
                    Issue.record("\(access), \(registers): \(explanation.text) but the worker: \(expected)")
                    return
                }
                let end =
                    switch expected {
                    case .success: "translation"
                    case .failure(let fault):
                        "\(fault.status.rawValue & 0x3C) \(fault.isStage2 ? 2 : 1)\(fault.isStage1Walk ? " walk" : "")"
                    }
                ends[end, default: 0] += 1
            }
        }
        // Every kind of end was among them.
        for end in [
            "translation", "0 1", "4 1", "8 1", "12 1", "0 2", "4 2", "8 2", "12 2", "0 2 walk", "4 2 walk", "8 2 walk",
            "12 2 walk",
        ] { #expect(ends[end, default: 0] > 0, "\(end): \(ends)") }
    }

    // MARK: Words

    /// Stage 2 maps 1 MiB flat in 4 KiB pages as Armada does, and stage 1 is empty.
    private func flat(_ memory: Memory) -> WalkRegisters {
        func second(_ offset: Int, _ value: UInt64) {
            memory.stage2.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
        }
        second(0, 0x2000 | 3)
        second(0x2000, 0x3000 | 3)
        for page in 0..<256 { second(0x3000 + page * 8, UInt64(page) << 12 | 0x7FF) }
        var registers = WalkRegisters()
        registers.vtcr_EL2 = Stage2Geometry().vtcr
        registers.vttbr_EL2 = 1 << 48
        registers.tcr_EL1 = 25 | 25 << 16 | 2 << 30 | 2 << 32
        registers.mair_EL1 = 0x04FF
        registers.sctlr_EL1 = 1
        registers.ttbr0_EL1 = 0x1_0000
        return registers
    }

    private func first(_ memory: Memory, _ offset: Int, _ value: UInt64) {
        memory.ram.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
    }

    @Test func aTranslationIsToldDescriptorByDescriptor() throws {
        let memory = Memory()
        let registers = flat(memory)
        first(memory, 0x1_0000, 0x1_1003)
        first(memory, 0x1_1000, 0x1_2003 | 1 << 60)
        first(memory, 0x1_2028, 0x3_0743)
        let text = WalkExplanation(WalkedAccess(address: 0x5010), registers, memory.walked).text
        #expect(
            text == """
                VA 0x5010, read at EL1
                stage 1: TTBR0_EL1 0x10000, 4 KiB granule, 39 bits, from level 1
                  level 1  table 0x10000 [0]          0x0000000000011003  table at 0x11000
                  level 2  table 0x11000 [0]          0x1000000000012003  table at 0x12000, UXN
                  level 3  table 0x12000 [5]          0x0000000000030743  page of 4K at IPA 0x30000: EL1 RW- EL0 RW- AF ISH AttrIndx 0 (Normal, 0xff)
                IPA 0x30010
                stage 2: VTTBR_EL2 0x1000000000000, 4 KiB granule, 40 bits, from level 1
                  level 1  table 0x0 [0]              0x0000000000002003  table at 0x2000
                  level 2  table 0x2000 [0]           0x0000000000003003  table at 0x3000
                  level 3  table 0x3000 [48]          0x00000000000307ff  page of 4K at RAM 0x30000: RWX AF Normal
                permitted: offset 0x30010 of guest RAM

                """)
    }

    @Test func faultsAreToldWithTheirReason() throws {
        let memory = Memory()
        var registers = flat(memory)
        func last(_ access: WalkedAccess) -> [String] {
            Array(WalkExplanation(access, registers, memory.walked).lines.suffix(2))
        }
        first(memory, 0x1_0000, 0x1_1003)
        #expect(
            last(WalkedAccess(address: 0x5000)) == [
                "translation fault, level 2, stage 1: its valid bit is 0",
                "fault status 0x06, taken to the guest's EL1",
            ])
        first(memory, 0x1_1000, 0x1_2003)
        first(memory, 0x1_2028, 0x3_0343)
        #expect(last(WalkedAccess(address: 0x5000))[0] == "access flag fault, level 3, stage 1: its access flag is 0")
        first(memory, 0x1_2028, 0x3_07C3)
        #expect(
            last(WalkedAccess(address: 0x5000, kind: .write))[0]
                == "permission fault, level 3, stage 1: AP makes it read-only")
        registers.isPAN = true
        #expect(last(WalkedAccess(address: 0x5000))[0].hasSuffix("PSTATE.PAN keeps EL1 off what EL0 may access"))
        // The page is there, what it leads to is not.
        first(memory, 0x1_2028, 0x4000_0703)
        #expect(
            last(WalkedAccess(address: 0x5000)) == [
                "translation fault, level 1, stage 2: its valid bit is 0",
                "fault status 0x05, taken to the hypervisor (HPFAR_EL2 names IPA 0x40000000)",
            ])
        registers.ttbr0_EL1 = 0x4000_0000
        let text = WalkExplanation(WalkedAccess(address: 0), registers, memory.walked).text
        #expect(text.contains("the descriptor at IPA 0x40000000 cannot be read:\n"))
        #expect(
            text.contains("translation fault, level 1, stage 2, on the walk of stage 1 (S1PTW): its valid bit is 0\n"))
        #expect(last(WalkedAccess(address: 1 << 40))[0].hasSuffix("the address has more than 39 bits"))
    }
}
