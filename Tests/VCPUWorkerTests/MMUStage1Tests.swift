import Shared
import Testing

@testable import VCPUWorker

/// A granule with its levels, as the walker tests go through them.
struct GranuleCase: CustomTestStringConvertible, Sendable {
    let pageBits: Int
    let leafLevels: [Int]
    let startLevel: Int

    static let all = [
        Self(pageBits: 12, leafLevels: [1, 2, 3], startLevel: 0),
        Self(pageBits: 14, leafLevels: [2, 3], startLevel: 0),
        Self(pageBits: 16, leafLevels: [2, 3], startLevel: 1),
    ]

    var testDescription: String { "\(1 << (pageBits - 10)) KiB granule" }
}

@Suite struct MMUStage1Tests {
    static let lowVA: UInt64 = 0x0000_5A5A_4000_0000
    static let highVA: UInt64 = 0xFFFF_A5A5_4000_0000

    @Test(arguments: GranuleCase.all)
    func leavesOfEveryLevelTranslate(_ granule: GranuleCase) {
        for level in granule.leafLevels {
            for va in [Self.lowVA, Self.highVA] {
                let fixture = MMUFixture()
                let tables = Stage1Tables(fixture, granule: granule.pageBits)
                // A page is mapped away from RAM's start; blocks cover RAM from its start, and more.
                let target: UInt64 = level == 3 ? 0x12_0000 : 0
                let blockMask = UInt64(1) << UInt64(tables.blockBits(level)) - 1
                let base = va & ~blockMask
                tables.map(base, to: MMUFixture.ramIPA + target, level: level)
                let regime = tables.regime()
                for inside in [0, 1, 0xFFF, 0x1234, 0x3FFF, 0xFFFF, 0x1F_FFFF, 0xFF_FFFF] as [UInt64]
                where inside <= blockMask {
                    #expect(regime.walk(base + inside, in: fixture) == .offset(target + inside))
                }
                let after = regime.walk(base &+ blockMask &+ 1, in: fixture)
                #expect(after != .offset(target + blockMask + 1))
            }
        }
    }

    @Test(arguments: GranuleCase.all)
    func everyInputSizeStartsAtItsLevel(_ granule: GranuleCase) {
        for inputBits in 25...48 {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture, granule: granule.pageBits, inputBits: inputBits)
            let top = UInt64(1) << UInt64(inputBits)
            // The last pages of both halves.
            let low = top - (1 << UInt64(granule.pageBits))
            tables.map(low, to: MMUFixture.ramIPA + 0x10_0000)
            let regime = tables.regime()
            #expect(regime.walk(low + 0x123, in: fixture) == .offset(0x10_0123), "\(inputBits) bits")
            let high = ~(top - 1) | low
            #expect(regime.walk(high + 0x456, in: fixture) == .offset(0x10_0456), "\(inputBits) bits")
            #expect(regime.walk(top, in: fixture) == .stage1(.translation(level: 0)))
            #expect(regime.walk(~top, in: fixture) == .stage1(.translation(level: 0)))
            #expect(regime.walk(0, in: fixture) == .stage1(.translation(level: missLevel(tables, 0, low))))
        }
    }

    /// The level at which `va` misses when only `mapped` has tables: where their indices part.
    private func missLevel(_ tables: Stage1Tables, _ va: UInt64, _ mapped: UInt64) -> Int {
        for level in tables.startLevel...3
        where va >> UInt64(tables.blockBits(level)) != mapped >> UInt64(tables.blockBits(level)) {
            return level
        }
        return 3
    }

    @Test(arguments: GranuleCase.all)
    func invalidDescriptorFaultsAtItsLevel(_ granule: GranuleCase) {
        for level in granule.startLevel...3 {
            for invalid in [0, 2, ~UInt64(1)] as [UInt64] {
                let fixture = MMUFixture()
                let tables = Stage1Tables(fixture, granule: granule.pageBits)
                tables.write(Self.lowVA, level: level, invalid)
                #expect(
                    tables.regime().walk(Self.lowVA, in: fixture) == .stage1(.translation(level: level)))
            }
        }
    }

    @Test(arguments: GranuleCase.all)
    func reservedEncodingFaultsAtItsLevel(_ granule: GranuleCase) {
        // 01 where no block may be, and at level 3.
        for level in granule.startLevel...3 where level == 3 || !granule.leafLevels.contains(level) {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture, granule: granule.pageBits)
            tables.write(Self.lowVA, level: level, MMUFixture.ramIPA | Stage1Tables.accessFlag | 1)
            #expect(tables.regime().walk(Self.lowVA, in: fixture) == .stage1(.translation(level: level)))
        }
    }

    @Test(arguments: GranuleCase.all)
    func accessFlagFaultsAtEachLeaf(_ granule: GranuleCase) {
        for level in granule.leafLevels {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture, granule: granule.pageBits)
            tables.write(Self.lowVA, level: level, MMUFixture.ramIPA | (level == 3 ? 3 : 1) | Stage1Tables.readOnly)
            let regime = tables.regime()
            #expect(regime.walk(Self.lowVA, in: fixture) == .stage1(.accessFlag(level: level)))
            // It comes before permission.
            #expect(regime.walk(Self.lowVA, .write, in: fixture) == .stage1(.accessFlag(level: level)))
        }
    }

    @Test(arguments: GranuleCase.all)
    func permissionFaultsAtEachLeaf(_ granule: GranuleCase) {
        for level in granule.leafLevels {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture, granule: granule.pageBits)
            let base = Self.lowVA & ~(UInt64(1) << UInt64(tables.blockBits(level)) - 1)
            tables.map(base, to: MMUFixture.ramIPA, level: level, Stage1Tables.readOnly)
            let regime = tables.regime()
            #expect(regime.walk(base, .read, in: fixture) == .offset(0))
            #expect(regime.walk(base, .write, in: fixture) == .stage1(.permission(level: level)))
            #expect(regime.walk(base, .read, unprivileged: true, in: fixture) == .stage1(.permission(level: level)))
        }
    }

    @Test(arguments: GranuleCase.all)
    func addressBeyondOutputSizeFaultsAtEachLevel(_ granule: GranuleCase) {
        for level in granule.startLevel...3 {
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture, granule: granule.pageBits)
            let isLeaf = level == 3 || (granule.leafLevels.contains(level))
            // 40 bits with IPS = 2, and with IPS = 5, as the machine has no more; 36 with IPS = 1.
            for (ips, bit) in [(2, 40), (5, 40), (2, 47), (1, 36), (0, 32)] as [(UInt64, UInt64)] {
                let tcr = tables.tcr & ~(7 << 32) | ips << 32
                // As a table, and where allowed as a leaf without the access flag, which would come later.
                tables.write(Self.lowVA, level: level, 1 << bit | 3)
                #expect(
                    tables.regime(tcr: tcr).walk(Self.lowVA, in: fixture) == .stage1(.addressSize(level: level)),
                    "table at level \(level), IPS \(ips)")
                if isLeaf {
                    tables.write(Self.lowVA, level: level, 1 << bit | (level == 3 ? 3 : 1))
                    #expect(
                        tables.regime(tcr: tcr).walk(Self.lowVA, in: fixture) == .stage1(.addressSize(level: level)),
                        "leaf at level \(level), IPS \(ips)")
                }
            }
        }
    }

    @Test func tableBaseBeyondOutputSizeIsALevel0Fault() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture, inputBits: 39)
        let regime = tables.regime(ttbr0: tables.root | 1 << 40)
        #expect(regime.walk(0x1000, in: fixture) == .stage1(.addressSize(level: 0)))
    }

    @Test func asidAndCommonBitsOfTTBRAreNoAddress() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA + 0x5000)
        #expect(
            tables.regime(ttbr0: tables.root | 0xABCD << 48 | 1).walk(Self.lowVA, in: fixture) == .offset(0x5000))
    }

    @Test func sizesOutOfRangeFault() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        for txsz in [0, 15, 40, 63] as [UInt64] {
            let tcr = tables.tcr & ~0x3F | txsz
            #expect(tables.regime(tcr: tcr).walk(0x1000, in: fixture) == .stage1(.translation(level: 0)))
        }
    }

    @Test func walkDisableBitsAreForTheirOwnHalf() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA)
        tables.map(Self.highVA, to: MMUFixture.ramIPA + 0x1000)
        let epd0 = tables.regime(tcr: tables.tcr | 1 << 7)
        #expect(epd0.walk(Self.lowVA, in: fixture) == .stage1(.translation(level: 0)))
        #expect(epd0.walk(Self.highVA, in: fixture) == .offset(0x1000))
        let epd1 = tables.regime(tcr: tables.tcr | 1 << 23)
        #expect(epd1.walk(Self.lowVA, in: fixture) == .offset(0))
        #expect(epd1.walk(Self.highVA, in: fixture) == .stage1(.translation(level: 0)))
    }

    @Test func halvesHaveGranulesOfTheirOwn() {
        let fixture = MMUFixture()
        let small = Stage1Tables(fixture, granule: 12, inputBits: 39)
        let large = Stage1Tables(fixture, granule: 16, inputBits: 48)
        small.map(0x7F_0000_1000, to: MMUFixture.ramIPA + 0x1000)
        large.map(Self.highVA, to: MMUFixture.ramIPA + 0x1_0000)
        let tcr = small.tcr & 0xFFFF | large.tcr & ~0xFFFF
        let regime = small.regime(tcr: tcr, ttbr1: large.root)
        #expect(regime.walk(0x7F_0000_1234, in: fixture) == .offset(0x1234))
        #expect(regime.walk(Self.highVA + 0xF00D, in: fixture) == .offset(0x1_F00D))
    }

    @Test func unprivilegedAccessIsPreventedWhereE0PDSaysSo() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA, Stage1Tables.user)
        tables.map(Self.highVA, to: MMUFixture.ramIPA + 0x1000, Stage1Tables.user)
        let e0pd1 = tables.regime(tcr: tables.tcr | 1 << 56)
        #expect(e0pd1.walk(Self.highVA, unprivileged: true, in: fixture) == .stage1(.translation(level: 0)))
        #expect(e0pd1.walk(Self.highVA, in: fixture) == .offset(0x1000))
        #expect(e0pd1.walk(Self.lowVA, unprivileged: true, in: fixture) == .offset(0))
        let e0pd0 = tables.regime(tcr: tables.tcr | 1 << 55)
        #expect(e0pd0.walk(Self.lowVA, .fetch, unprivileged: true, in: fixture) == .stage1(.translation(level: 0)))
        #expect(e0pd0.walk(Self.highVA, unprivileged: true, in: fixture) == .offset(0x1000))
    }

    @Test func tagsAreIgnoredWhereTBISaysSo() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA + 0x2000)
        tables.map(Self.highVA, to: MMUFixture.ramIPA + 0x3000)
        let lowTagged = Self.lowVA | 0xA7 << 56
        let highTagged = Self.highVA & ~(0xFF << 56) | 0x12 << 56
        let none = tables.regime()
        #expect(none.walk(lowTagged, in: fixture) == .stage1(.translation(level: 0)))
        #expect(none.walk(highTagged, in: fixture) == .stage1(.translation(level: 0)))
        let tbi0 = tables.regime(tcr: tables.tcr | 1 << 37)
        #expect(tbi0.walk(lowTagged, in: fixture) == .offset(0x2000))
        #expect(tbi0.walk(highTagged, in: fixture) == .stage1(.translation(level: 0)))
        let tbi1 = tables.regime(tcr: tables.tcr | 1 << 38)
        #expect(tbi1.walk(highTagged, in: fixture) == .offset(0x3000))
        #expect(tbi1.walk(lowTagged, in: fixture) == .stage1(.translation(level: 0)))
        // Bits 55:48 are still address.
        #expect(tbi0.walk(Self.lowVA | 1 << 50, in: fixture) == .stage1(.translation(level: 0)))
    }

    /// The table of the manual: which accesses each AP, UXN and PXN permits.
    @Test func permissionsFollowTheAttributes() {
        for bits in 0..<32 {
            let isUser = bits & 1 != 0
            let isReadOnly = bits & 2 != 0
            let isUXN = bits & 4 != 0
            let isPXN = bits & 8 != 0
            let isWXN = bits & 16 != 0
            let fixture = MMUFixture()
            let tables = Stage1Tables(fixture)
            let attributes =
                (isUser ? Stage1Tables.user : 0) | (isReadOnly ? Stage1Tables.readOnly : 0)
                | (isUXN ? Stage1Tables.uxn : 0) | (isPXN ? Stage1Tables.pxn : 0)
            tables.map(Self.lowVA, to: MMUFixture.ramIPA, attributes)
            let regime = tables.regime(sctlr: isWXN ? 1 | 1 << 19 : 1)
            let isUserWritable = isUser && !isReadOnly
            let expected: [(MemoryAccess.Kind, Bool, Bool)] = [
                (.read, false, true), (.write, false, !isReadOnly),
                (.fetch, false, !isPXN && !isUserWritable && !(isWXN && !isReadOnly)),
                (.read, true, isUser), (.write, true, isUserWritable),
                (.fetch, true, !isUXN && !(isWXN && isUserWritable)),
            ]
            for (kind, unprivileged, isPermitted) in expected {
                let outcome = regime.walk(Self.lowVA, kind, unprivileged: unprivileged, in: fixture)
                let wanted: WalkOutcome = isPermitted ? .offset(0) : .stage1(.permission(level: 3))
                #expect(outcome == wanted, "attributes \(bits), \(kind), unprivileged \(unprivileged)")
            }
        }
    }

    @Test func tablesLimitWhatIsBelow() {
        /// The limit, the access it takes away, and one it leaves.
        let cases: [(UInt64, MemoryAccess.Kind, Bool, MemoryAccess.Kind, Bool)] = [
            (1 << 61, .read, true, .write, false),  // APTable[0]: no EL0
            (1 << 62, .write, false, .read, true),  // APTable[1]: no writing
            (1 << 62, .write, true, .read, false),
            (1 << 60, .fetch, true, .read, true),  // UXNTable
            (1 << 59, .fetch, false, .read, false),  // PXNTable
        ]
        for (limit, lost, lostUnprivileged, left, leftUnprivileged) in cases {
            for level in 0...2 {
                let fixture = MMUFixture()
                let tables = Stage1Tables(fixture)
                // For a privileged fetch the page must not be writable by EL0.
                let attributes =
                    lost == .fetch && !lostUnprivileged ? Stage1Tables.readOnly : Stage1Tables.user
                tables.map(Self.lowVA, to: MMUFixture.ramIPA, attributes)
                let slot = tables.slot(Self.lowVA, level: level)
                let regime = tables.regime()
                #expect(regime.walk(Self.lowVA, lost, unprivileged: lostUnprivileged, in: fixture) == .offset(0))
                slot.storeBytes(of: slot.load(as: UInt64.self) | limit, as: UInt64.self)
                #expect(
                    regime.walk(Self.lowVA, lost, unprivileged: lostUnprivileged, in: fixture)
                        == .stage1(.permission(level: 3)), "limit \(limit) at level \(level)")
                #expect(regime.walk(Self.lowVA, left, unprivileged: leftUnprivileged, in: fixture) == .offset(0))
            }
        }
    }

    @Test func panTakesUserPagesFromEL1() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA, Stage1Tables.user)
        tables.map(Self.highVA, to: MMUFixture.ramIPA)
        let regime = tables.regime()
        #expect(regime.walk(Self.lowVA, .read, pan: true, in: fixture) == .stage1(.permission(level: 3)))
        #expect(regime.walk(Self.lowVA, .write, pan: true, in: fixture) == .stage1(.permission(level: 3)))
        #expect(regime.walk(Self.highVA, .write, pan: true, in: fixture) == .offset(0))
        #expect(regime.walk(Self.lowVA, .read, pan: false, in: fixture) == .offset(0))
    }

    @Test func deviceMemoryWantsAlignment() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        tables.map(Self.lowVA, to: MMUFixture.ramIPA, Stage1Tables.device | Stage1Tables.readOnly)
        let regime = tables.regime()
        #expect(regime.walk(Self.lowVA, .read, in: fixture) == .offset(0))
        #expect(regime.walk(Self.lowVA + 1, .read, unaligned: true, in: fixture) == .stage1(.alignment))
        // Before permission, after the access flag.
        #expect(regime.walk(Self.lowVA + 1, .write, unaligned: true, in: fixture) == .stage1(.alignment))
        tables.write(Self.lowVA, level: 3, MMUFixture.ramIPA | 3 | Stage1Tables.device)
        #expect(regime.walk(Self.lowVA + 1, unaligned: true, in: fixture) == .stage1(.accessFlag(level: 3)))
    }

    @Test func mmuOffIsFlat() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        let regime = tables.regime(sctlr: 0)
        let va = MMUFixture.ramIPA + 0x1234
        for kind in [.read, .write, .fetch] as [MemoryAccess.Kind] {
            #expect(regime.walk(va, kind, in: fixture) == .offset(0x1234))
            #expect(regime.walk(va, kind, unprivileged: true, pan: true, in: fixture) == .offset(0x1234))
        }
        #expect(regime.walk(va + 1, unaligned: true, in: fixture) == .stage1(.alignment))
        #expect(regime.walk(va + 1, .fetch, unaligned: true, in: fixture) == .offset(0x1235))
        #expect(regime.walk(1 << 40, in: fixture) == .stage1(.addressSize(level: 0)))
        #expect(regime.walk(1 << 63, in: fixture) == .stage1(.addressSize(level: 0)))
        let tagged = tables.regime(sctlr: 0, tcr: tables.tcr | 1 << 37)
        #expect(tagged.walk(0x5A << 56 | va, in: fixture) == .offset(0x1234))
    }

    @Test func contiguousHintIsHarmless() {
        let fixture = MMUFixture()
        let tables = Stage1Tables(fixture)
        for page in 0..<16 as Range<UInt64> {
            tables.map(Self.lowVA + page << 12, to: MMUFixture.ramIPA + 0x1_0000 + page << 12, 1 << 52)
        }
        let regime = tables.regime()
        for page in 0..<16 as Range<UInt64> {
            #expect(regime.walk(Self.lowVA + page << 12, in: fixture) == .offset(0x1_0000 + page << 12))
        }
    }
}
