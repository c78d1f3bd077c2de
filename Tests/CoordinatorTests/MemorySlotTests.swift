import Shared
import Testing

@testable import Coordinator

@Suite struct MemorySlotTests {
    private func slot(_ id: Int, _ base: UInt64, _ byteCount: UInt64, _ output: UInt64 = 0) -> MemorySlot {
        MemorySlot(id: id, base: IPA(base), byteCount: byteCount, output: HostOffset(output))
    }

    @Test func `slots don't overlap and are found`() throws {
        var slots = MemorySlots(Stage2Geometry(), fileByteCount: 0x1_0000)
        try slots.insert(slot(0, 0x4000_0000, 0x2000))
        try slots.insert(slot(7, 0x1000, 0x1000, 0x2000))
        try slots.insert(slot(3, 0x3000, 0x1000, 0x2000))
        #expect(slots.slots.map(\.id) == [7, 3, 0])
        for (ipa, id) in [(0xFFF, nil), (0x1000, 7), (0x1FFF, 7), (0x2000, nil), (0x3ABC, 3), (0x4000_1FFF, 0)] {
            #expect(slots.index(of: IPA(UInt64(ipa))).map { slots[$0].id } == id, "\(ipa)")
        }
        #expect(slots.index(of: IPA(0x4000_2000)) == nil)
        #expect(slots.index(of: IPA(.max)) == nil)
        #expect(slots[2].output(of: IPA(0x4000_1234)).rawValue == 0x1234)
    }

    @Test func `what cannot be a slot changes nothing`() throws {
        var slots = MemorySlots(Stage2Geometry(), fileByteCount: 0x1_0000)
        try slots.insert(slot(0, 0x4000_0000, 0x2000))
        let before = slots.slots
        let overlap = MemorySlots.Failure.overlaps(slot: 0, IPA(0x4000_0000), IPA(0x4000_1FFF))
        for (bad, failure) in [
            (slot(0, 0x1000, 0x1000), .exists), (slot(512, 0x1000, 0x1000), .badNumber),
            (slot(-1, 0x1000, 0x1000), .badNumber), (slot(1, 0x1000, 0), .empty),
            (slot(1, 0x800, 0x1000), .unaligned(pageByteCount: 4096)),
            (slot(1, 0x1000, 0x1800), .unaligned(pageByteCount: 4096)),
            (slot(1, 0x1000, 0x1000, 4), .unaligned(pageByteCount: 4096)),
            (slot(1, 0x4000_1000, 0x1000), overlap), (slot(1, 0x3FFF_F000, 0x4000), overlap),
            (slot(1, 0x3FFF_F000, 0x2000), overlap), (slot(1, 0xFF_FFFF_F000, 0x2000), .outsideAddressSpace(bits: 40)),
            (slot(1, ~0xFFF, 0x2000), .outsideAddressSpace(bits: 40)),
            (slot(1, 0x1000, 0x2000, 0xF000), .outsideFile(byteCount: 0x1_0000)),
            (slot(1, 0x1000, 0x2000, ~0xFFF), .outsideFile(byteCount: 0x1_0000)),
        ] as [(MemorySlot, MemorySlots.Failure)] {
            #expect(throws: failure, "\(bad)") { try slots.insert(bad) }
            #expect(!failure.description.isEmpty && !failure.description.contains("\n"))
        }
        #expect(throws: MemorySlots.Failure.missing) { try slots.remove(id: 1) }
        #expect(throws: MemorySlots.Failure.missing) { try slots.move(id: 1, to: IPA(0)) }
        try slots.insert(slot(1, 0x1000, 0x1000))
        #expect(throws: MemorySlots.Failure.overlaps(slot: 1, IPA(0x1000), IPA(0x1FFF))) {
            try slots.move(id: 0, to: IPA(0x1000))
        }
        try slots.remove(id: 1)
        #expect(slots.slots == before)
    }

    @Test func `a slot may move to where it overlaps itself, and takes its log along empty`() throws {
        var slots = MemorySlots(Stage2Geometry(), fileByteCount: 0x1_0000)
        try slots.insert(slot(2, 0x4000_0000, 0x4000))
        slots.startLogging(slot: 0)
        slots.markDirty(slot: 0, IPA(0x4000_3FFF))
        try slots.move(id: 2, to: IPA(0x4000_2000))
        #expect(slots[0].base == IPA(0x4000_2000) && slots[0].dirtyPages == DirtyPages(pageCount: 4))
    }

    @Test func `free memory is what no slot shows, aligned as the address is`() throws {
        var slots = MemorySlots(Stage2Geometry(), fileByteCount: 64 << 20)
        func free(_ base: UInt64, _ byteCount: UInt64, _ others: [Range<UInt64>] = []) -> UInt64? {
            slots.freeOutput(base: IPA(base), byteCount: byteCount, avoiding: others)?.rawValue
        }
        #expect(free(0x4000_0000, 64 << 20) == 0)
        #expect(free(0x4000_0000, 65 << 20) == nil)
        try slots.insert(slot(0, 0x4000_0000, 32 << 20))
        #expect(free(0x8000_0000, 0x1000) == 32 << 20)
        #expect(free(0x8000_1000, 0x1000) == 32 << 20)
        #expect(free(0x8000_1000, 2 << 20) == 32 << 20 | 0x1000)
        #expect(free(0x8000_0000, 32 << 20) == 32 << 20)
        #expect(free(0x8000_0000, 33 << 20) == nil)
        #expect(free(0x8000_0000, 0x1000, [32 << 20..<(32 << 20) + 1]) == 32 << 20 | 0x1000)
        #expect(free(0x8000_0000, 2 << 20, [32 << 20..<(32 << 20) + 1]) == 34 << 20)
        #expect(free(0x8000_0000, .max) == nil)
        // A hole before the first slot.
        slots = MemorySlots(Stage2Geometry(), fileByteCount: 64 << 20)
        try slots.insert(slot(0, 0x4000_0000, 32 << 20, 4 << 20))
        #expect(free(0x8000_0000, 4 << 20) == 0)
        #expect(free(0x8000_0000, 5 << 20) == 36 << 20)
    }

    @Test func `dirty pages as ranges agree with the bits`() {
        var random = SplitMix64(seed: 9)
        for pageCount in [0, 1, 63, 64, 65, 128, 200] {
            for density in [1, 2, 7] {
                var pages = DirtyPages(pageCount: pageCount)
                var expected: [Int] = []
                for page in 0..<pageCount where Int.random(in: 0..<8, using: &random) < density {
                    pages.insert(page)
                    expected.append(page)
                }
                #expect(pages.ranges.flatMap { Array($0) } == expected)
                #expect(zip(pages.ranges, pages.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
                #expect(pages.count == expected.count)
                #expect(DirtyPages(pageCount: pageCount, words: pages.words) == pages)
                var all = pages
                #expect(all.takeAll() == pages)
                #expect(all.count == 0)
                all.formUnion(pages)
                #expect(all == pages)
                all.formUnion(DirtyPages(pageCount: 300))
                #expect(all == pages)
            }
        }
        let full = DirtyPages(pageCount: 128, words: [.max, .max])
        #expect(full?.ranges == [0..<128])
    }
}
