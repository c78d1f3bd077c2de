import Testing

@testable import VCPUWorker

@Suite struct MMUTLBTests {
    private func entry(
        _ page: UInt64, asid: UInt16 = 1, global: Bool = false, blockBits: UInt8 = 12
    ) -> TLB.Entry {
        TLB.Entry(
            page: page, offset: 0, asid: asid, rights: .all, blockBits: blockBits,
            flags: global ? TLB.Entry.global : 0)
    }

    private func holds(_ tlb: borrowing TLB, _ page: UInt64, asid: UInt16 = 1) -> Bool {
        tlb.find(page, asid: asid) != nil
    }

    private func remove(_ tlb: inout TLB, _ scope: TLB.Scope) -> Set<UInt64> {
        var pages: Set<UInt64> = []
        tlb.remove(scope) { pages.insert($0.page) }
        return pages
    }

    @Test func entriesAreFoundByPageAndASID() {
        var tlb = TLB()
        tlb.insert(entry(0x1000, asid: 1)) { _ in }
        tlb.insert(entry(0x1000, asid: 2)) { _ in }
        tlb.insert(entry(0x2000, global: true)) { _ in }
        let found = [
            holds(tlb, 0x1000, asid: 1), holds(tlb, 0x1000, asid: 2), holds(tlb, 0x1000, asid: 3),
            holds(tlb, 0x2000, asid: 9), holds(tlb, 0x3000),
        ]
        #expect(found == [true, true, false, true, false])
    }

    @Test func aNewEntrySupersedesWhatItOverlaps() {
        var tlb = TLB()
        var removed = 0
        tlb.insert(entry(0x1000, asid: 1)) { _ in removed += 1 }
        tlb.insert(entry(0x1000, asid: 1)) { _ in removed += 1 }
        #expect(removed == 1)
        tlb.insert(entry(0x1000, asid: 2)) { _ in removed += 1 }
        #expect(removed == 1)
        tlb.insert(entry(0x1000, global: true)) { _ in removed += 1 }
        #expect(removed == 3)
    }

    @Test func replacementTellsWhatWent() {
        var tlb = TLB()
        var present: Set<UInt64> = []
        for number in 1...20_000 as ClosedRange<UInt64> {
            let page = number << 12
            tlb.insert(entry(page)) { present.remove($0.page) }
            present.insert(page)
        }
        #expect(present.count <= TLB.entryCount)
        #expect(present.count > TLB.entryCount / 2)
        for number in 1...20_000 as ClosedRange<UInt64> {
            let isHeld = holds(tlb, number << 12)
            #expect(isHeld == present.contains(number << 12))
        }
    }

    @Test func pageScopeMindsTheASID() {
        var tlb = TLB()
        tlb.insert(entry(0x1000, asid: 1)) { _ in }
        tlb.insert(entry(0x1000, asid: 2)) { _ in }
        tlb.insert(entry(0x2000, asid: 1, global: true)) { _ in }
        #expect(remove(&tlb, .page(0x1000, asid: 1)) == [0x1000])
        let left = [holds(tlb, 0x1000, asid: 1), holds(tlb, 0x1000, asid: 2)]
        #expect(left == [false, true])
        // Global entries belong to every ASID.
        #expect(remove(&tlb, .page(0x2000, asid: 7)) == [0x2000])
        #expect(remove(&tlb, .pageOfAllASIDs(0x1000)) == [0x1000])
        #expect(remove(&tlb, .pageOfAllASIDs(0x1000)) == [])
    }

    @Test func asidScopeSparesGlobals() {
        var tlb = TLB()
        tlb.insert(entry(0x1000, asid: 1)) { _ in }
        tlb.insert(entry(0x2000, asid: 1, global: true)) { _ in }
        tlb.insert(entry(0x3000, asid: 2)) { _ in }
        #expect(remove(&tlb, .asid(1)) == [0x1000])
        let left = [holds(tlb, 0x2000, asid: 1), holds(tlb, 0x3000, asid: 2)]
        #expect(left == [true, true])
    }

    @Test(arguments: [12, 14, 16, 21, 25, 29, 30] as [UInt8])
    func aBlockGoesAsAWhole(_ bits: UInt8) {
        var tlb = TLB()
        let base: UInt64 = 0xFFFF_8000_C000_0000
        let byteCount = UInt64(1) << UInt64(bits)
        let inside = Set([0, byteCount / 2, byteCount - 0x1000].map { base + $0 & ~0xFFF })
        for page in inside { tlb.insert(entry(page, blockBits: bits)) { _ in } }
        tlb.insert(entry(base + byteCount, blockBits: bits)) { _ in }
        tlb.insert(entry(base - 0x1000)) { _ in }
        #expect(remove(&tlb, .page(base &+ byteCount &+ byteCount, asid: 1)) == [])
        #expect(remove(&tlb, .page(base + byteCount / 4 & ~0xFFF, asid: 1)) == inside)
        let left = [holds(tlb, base), holds(tlb, base + byteCount), holds(tlb, base - 0x1000)]
        #expect(left == [false, true, true])
        #expect(remove(&tlb, .page(base + byteCount, asid: 1)) == [base + byteCount])
    }

    @Test func removeAllLeavesNothing() {
        var tlb = TLB()
        for number in 1...100 as ClosedRange<UInt64> { tlb.insert(entry(number << 12, global: true)) { _ in } }
        tlb.removeAll()
        for number in 1...100 as ClosedRange<UInt64> {
            let isHeld = holds(tlb, number << 12)
            #expect(!isHeld)
        }
    }
}
