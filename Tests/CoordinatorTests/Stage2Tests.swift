import Shared
import Testing

@testable import Coordinator

@Suite struct Stage2Tests {
    private final class Log: Stage2Broadcast {
        var invalidated: [(ipa: UInt64, byteCount: UInt64)] = []
        var isOpen = true
        func invalidate(_ ipa: IPA, byteCount: UInt64) -> UInt64 {
            invalidated.append((ipa.rawValue, byteCount))
            return UInt64(invalidated.count)
        }
        func isComplete(_ ticket: UInt64) -> Bool { isOpen }
    }

    /// Tables in memory of the test's own.
    private final class Fixture {
        let base: UnsafeMutableRawPointer
        let log = Log()
        var stage2: Stage2

        init(tables: Int = 16) {
            let byteCount = UInt64(tables + 2) * 4096
            base = .allocate(byteCount: Int(byteCount), alignment: 4096)
            base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(byteCount))
            stage2 = Stage2(
                memory: Stage2TableMemory(Stage2Geometry(), base: base, byteCount: byteCount), broadcast: log)
        }
        deinit { base.deallocate() }

        var tableCount: Int { stage2.tableCount }
        func map(_ ipa: IPA, to output: HostOffset, level: Int, _ permissions: Stage2Permissions) -> Stage2.MapResult {
            stage2.map(ipa, to: output, level: level, permissions)
        }
        func lookUp(_ ipa: IPA) -> (descriptor: UInt64, level: Int)? { stage2.lookUp(ipa) }
        func unmap(_ ipa: IPA, byteCount: UInt64) -> Bool { stage2.unmap(ipa, byteCount: byteCount) != nil }
        func makeYoung(_ ipa: IPA) -> Bool { stage2.makeYoung(ipa) }

        /// An independent walk, as the architecture describes it.
        func walk(_ ipa: UInt64) -> UInt64? {
            var table: UInt64 = 0
            for (level, shift) in [(1, UInt64(30)), (2, 21), (3, 12)] {
                let index = ipa >> shift & (level == 1 ? 0x3FF : 0x1FF)
                let descriptor = base.load(fromByteOffset: Int(table + index * 8), as: UInt64.self)
                if descriptor & 1 == 0 { return nil }
                let isLeaf = level == 3 || descriptor & 2 == 0
                if level == 3, descriptor & 2 == 0 { return nil }
                if isLeaf { return descriptor & 0xFFFF_FFFF_F000 & ~(1 << shift - 1) | ipa & (1 << shift - 1) }
                table = descriptor & 0xFFFF_FFFF_F000
            }
            return nil
        }
    }

    @Test func `the dump has a line for each piece of memory`() {
        let fixture = Fixture()
        _ = fixture.map(IPA(0x4000_0000), to: HostOffset(0), level: 2, .all)
        _ = fixture.map(IPA(0x4020_0000), to: HostOffset(0x20_0000), level: 2, .all)
        // Elsewhere in the file, and smaller; then one that must not be written.
        _ = fixture.map(IPA(0x4040_0000), to: HostOffset(0x80_0000), level: 3, .all)
        _ = fixture.map(IPA(0x4040_1000), to: HostOffset(0x80_1000), level: 3, [.read, .execute])
        let lines = fixture.stage2.dump().split(separator: "\n").dropFirst()
        #expect(
            lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                "0x40000000-0x403fffff 4M 2 x 2M 0x0 RWX AF Normal",
                "0x40400000-0x40400fff 4K 1 x 4K 0x800000 RWX AF Normal",
                "0x40401000-0x40401fff 4K 1 x 4K 0x801000 R-X AF Normal", "2 tables beside the root's 2",
            ])
    }

    @Test func `VTCR says what the tables are`() {
        let vtcr = Stage2Geometry().vtcr
        #expect(vtcr & 0x3F == 24)  // T0SZ
        #expect(vtcr >> 6 & 3 == 1)  // SL0: level 1
        #expect(vtcr >> 14 & 3 == 0)  // TG0: 4 KiB
        #expect(vtcr >> 16 & 7 == 2)  // PS: 40 bits
    }

    @Test(arguments: [1, 2, 3]) func `a mapping translates its whole block and nothing beside it`(level: Int) {
        let fixture = Fixture()
        let size = Stage2Geometry().blockByteCount(level: level)
        let ipa: UInt64 = 0xC0_4000_0000 + size
        #expect(fixture.map(IPA(ipa + 0x777), to: HostOffset(size * 5 + 0x777), level: level, .all) == .mapped)
        #expect(fixture.walk(ipa) == size * 5)
        #expect(fixture.walk(ipa + size - 1) == size * 6 - 1)
        #expect(fixture.walk(ipa - 1) == nil)
        #expect(fixture.walk(ipa + size) == nil)
        #expect(fixture.tableCount == level - 1)
        #expect(fixture.log.invalidated.isEmpty)
        #expect(fixture.map(IPA(ipa), to: HostOffset(size * 5), level: level, .all) == .unchanged)
    }

    @Test func `more permissions are given in place, another output breaks first`() throws {
        let fixture = Fixture()
        let ipa = IPA(0x4000_0000)
        _ = fixture.map(ipa, to: HostOffset(0), level: 3, [.read])
        #expect(fixture.map(ipa, to: HostOffset(0), level: 3, [.read, .write]) == .mapped)
        #expect(Stage2Permissions(try #require(fixture.lookUp(ipa)).descriptor) == [.read, .write])
        #expect(fixture.log.invalidated.isEmpty)
        #expect(fixture.map(ipa, to: HostOffset(0x9000), level: 3, .all) == .mapped)
        #expect(fixture.log.invalidated.count == 1)
        #expect(fixture.walk(0x4000_0000) == 0x9000)
    }

    @Test func `a block splits for a page of other permissions and the rest stays as it was`() throws {
        let fixture = Fixture()
        let block = IPA(0x4020_0000)
        _ = fixture.map(block, to: HostOffset(0x20_0000), level: 2, [.read, .execute])
        #expect(fixture.map(IPA(0x4020_3000), to: HostOffset(0x20_3000), level: 3, .all) == .mapped)
        for page in UInt64(0)..<512 {
            let ipa = IPA(block.rawValue + (page << 12))
            #expect(fixture.walk(ipa.rawValue) == 0x20_0000 + (page << 12))
            let leaf = try #require(fixture.lookUp(ipa))
            #expect(leaf.level == 3)
            #expect(Stage2Permissions(leaf.descriptor) == (page == 3 ? .all : [.read, .execute]))
        }
        #expect(fixture.log.invalidated.first.map { $0.ipa == 0x4020_0000 && $0.byteCount == 2 << 20 } == true)
    }

    @Test func `pages collapse into a block and their table waits for the vCPUs`() {
        let fixture = Fixture(tables: 3)
        for page in UInt64(0)..<4 {
            _ = fixture.map(IPA(0x4000_0000 + (page << 12)), to: HostOffset((page << 12)), level: 3, .all)
        }
        #expect(fixture.tableCount == 2)
        fixture.log.isOpen = false
        #expect(fixture.map(IPA(0x4000_0000), to: HostOffset(0), level: 2, .all) == .mapped)
        #expect(fixture.lookUp(IPA(0x4000_0000))?.level == 2)
        #expect(fixture.tableCount == 1)
        // One table is left; the retired one may not be used while somebody may be walking it.
        #expect(fixture.map(IPA(0x4020_0000), to: HostOffset(0x20_0000), level: 3, .all) == .mapped)
        #expect(fixture.map(IPA(0x4040_0000), to: HostOffset(0x40_0000), level: 3, .all) == .outOfTables)
        fixture.log.isOpen = true
        #expect(fixture.map(IPA(0x4040_0000), to: HostOffset(0x40_0000), level: 3, .all) == .mapped)
        #expect(fixture.walk(0x4040_1000) == nil)
    }

    @Test func `unmap takes the range and no more`() {
        let fixture = Fixture()
        for block in UInt64(0)..<3 {
            _ = fixture.map(IPA(0x4000_0000 + (block << 21)), to: HostOffset((block << 21)), level: 2, .all)
        }
        // The end of the first block, all of the second, the start of the third.
        #expect(fixture.unmap(IPA(0x401F_F000), byteCount: 0x20_2000))
        #expect(fixture.walk(0x401F_E000) == 0x1F_E000)
        for ipa: UInt64 in [0x401F_F000, 0x4020_0000, 0x403F_F000, 0x4040_0000] { #expect(fixture.walk(ipa) == nil) }
        #expect(fixture.walk(0x4040_1000) == 0x40_1000)
        #expect(fixture.log.invalidated.last.map { $0.ipa == 0x401F_F000 && $0.byteCount == 0x20_2000 } == true)
    }

    @Test func `unmapping a whole table's range gives the table back`() {
        let fixture = Fixture()
        _ = fixture.map(IPA(0x4000_5000), to: HostOffset(0x5000), level: 3, .all)
        #expect(fixture.tableCount == 2)
        #expect(fixture.unmap(IPA(0x4000_0000), byteCount: 1 << 30))
        #expect(fixture.tableCount == 0)
        #expect(fixture.walk(0x4000_5000) == nil)
    }

    @Test func `write protection keeps the rest, making young sets the access flag`() throws {
        let fixture = Fixture()
        let ipa = IPA(0x4000_0000)
        _ = fixture.map(ipa, to: HostOffset(0), level: 2, .all)
        #expect(fixture.stage2.writeProtect(0x4000_0000..<0x4000_1000) == 1)
        #expect(fixture.stage2.writeProtect(0x4000_0000..<0x4000_1000) == nil)
        let leaf = try #require(fixture.lookUp(ipa))
        #expect(leaf.level == 2)
        #expect(Stage2Permissions(leaf.descriptor) == [.read, .execute])
        #expect(leaf.descriptor & Stage2Descriptor.accessFlag != 0)
        #expect(!fixture.makeYoung(IPA(0x8000_0000)))
        #expect(fixture.makeYoung(ipa))
    }

    @Test func `the file holds the worst case`() {
        for mebibytes: UInt64 in [1, 2, 512, 1024, 4096] {
            let byteCount = Stage2Geometry().fileByteCount(memoryByteCount: (mebibytes << 20))
            let fixture = Fixture(tables: Int(byteCount / 4096) - 2)
            var ipa = PhysicalMap.ram.rawValue
            while ipa < PhysicalMap.ram.rawValue + (mebibytes << 20) {
                #expect(fixture.map(IPA(ipa), to: HostOffset(0), level: 3, .all) == .mapped)
                ipa += 2 << 20
            }
        }
    }
}
