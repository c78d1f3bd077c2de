import Shared
import Testing

@testable import Coordinator

@Suite struct VGICRegisterTests {
    @Test func tablesAreInOrderAndDoNotOverlap() {
        for table in [VGICRegister.distributor, VGICRegister.redistributor] {
            for (row, next) in zip(table, table.dropFirst()) {
                #expect(row.end <= next.offset, "\(row.name) reaches into \(next.name)")
            }
        }
        #expect(VGICRegister.distributor.allSatisfy { $0.end <= 0x1_0000 })
        #expect(VGICRegister.redistributor.allSatisfy { $0.end <= 0x2_0000 })
    }

    @Test func identification() {
        let machine = VGICTestMachine(vcpus: 1, enabled: false)
        // 256 INTIDs in eights of 32, 10 bits of INTID, A3V, RSS.
        #expect(machine.read(0x0004) == 1 << 26 | 1 << 24 | 9 << 19 | 7)
        #expect(machine.read(0x0008) == 0x4B00_343B)
        #expect(machine.read(0xFFE8) == 0x3B)
        #expect(machine.read(0xFFE0) == 0)
        #expect(machine.readPrivate(0, 0x0004) == 0x4B00_343B)
        #expect(machine.readPrivate(0, 0xFFE8) == 0x3B)
        #expect(machine.logged.isEmpty)
    }

    @Test(arguments: [(0, 0, 0), (1, 32, 1), (224, 224, 7), (225, 256, 8), (5000, 960, 30)])
    func spiCountIsRoundedToWhatTheTypeRegisterCanSay(asked: Int, got: Int, lines: UInt64) {
        let machine = VGICTestMachine(vcpus: 1, spis: asked)
        #expect(machine.vgic.spiCount == got)
        #expect(machine.read(0x0004) & 0x1F == lines)
    }

    @Test func controlHasOneSecurityStateAndAffinityRouting() {
        let machine = VGICTestMachine(vcpus: 1, enabled: false)
        #expect(machine.read(0) == 0x50)
        machine.write(0, 0xFFFF_FFFF)
        #expect(machine.read(0) == 0x53)
        machine.write(0, 2)
        #expect(machine.read(0) == 0x52)
    }

    /// (set, clear) banks, each a bit for an interrupt.
    @Test(arguments: [(0x100, 0x180), (0x200, 0x280), (0x300, 0x380)] as [(UInt64, UInt64)])
    func setAndClearBanks(set: UInt64, clear: UInt64) {
        let machine = VGICTestMachine(vcpus: 1, enabled: false)
        machine.write(set + 4, 0x8000_0005)
        #expect(machine.read(set + 4) == 0x8000_0005)
        #expect(machine.read(clear + 4) == 0x8000_0005)
        machine.write(set + 4, 2)
        machine.write(clear + 4, 0x8000_0001)
        #expect(machine.read(set + 4) == 6)
        #expect(machine.read(set + 8) == 0)
        // SGIs and PPIs are not in the distributor, and beyond the last SPI there is nothing.
        machine.write(set, 0xFFFF_FFFF)
        machine.write(set + 0x20, 0xFFFF_FFFF)
        #expect(machine.read(set) == 0)
        #expect(machine.read(set + 0x20) == 0)
        #expect(machine.readPrivate(0, 0x1_0000 + set) == (set == 0x100 ? 0xFFFF : 0))
    }

    @Test(arguments: [(0x100, 0x180), (0x200, 0x280), (0x300, 0x380)] as [(UInt64, UInt64)])
    func privateBanksBelongToOneVCPU(set: UInt64, clear: UInt64) {
        let machine = VGICTestMachine(vcpus: 2, enabled: false)
        machine.writePrivate(0, 0x1_0000 + clear, 0xFFFF_FFFF)
        machine.writePrivate(1, 0x1_0000 + clear, 0xFFFF_FFFF)
        machine.writePrivate(1, 0x1_0000 + set, 0x0800_0001)
        #expect(machine.readPrivate(1, 0x1_0000 + set) == 0x0800_0001)
        #expect(machine.readPrivate(1, 0x1_0000 + clear) == 0x0800_0001)
        #expect(machine.readPrivate(0, 0x1_0000 + set) == 0)
    }

    @Test func groupsStartAsOneAndAreWritable() {
        let machine = VGICTestMachine(vcpus: 1)
        #expect(machine.read(0x84) == 0xFFFF_FFFF)
        machine.write(0x84, 0x1234)
        #expect(machine.read(0x84) == 0x1234)
        machine.writePrivate(0, 0x1_0080, 0xFF)
        #expect(machine.readPrivate(0, 0x1_0080) == 0xFF)
        // IGRPMODR: one security state.
        machine.write(0xD04, 0xFFFF_FFFF)
        machine.writePrivate(0, 0x1_0D00, 0xFFFF_FFFF)
        #expect(machine.read(0xD04) == 0)
        #expect(machine.readPrivate(0, 0x1_0D00) == 0)
    }

    @Test func prioritiesHaveFiveBitsInBytesAndWords() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.write(0x420, 0xFFA7_0807)
        #expect(machine.read(0x420) == 0xF8A0_0800)
        machine.write(0x421, 0x5F, 1)
        #expect(machine.read(0x420) == 0xF8A0_5800)
        #expect(machine.read(0x423, 1) == 0xF8)
        machine.writePrivate(0, 0x1_041B, 0xC3, 1)
        #expect(machine.readPrivate(0, 0x1_0418) == 0xC000_0000)
        machine.write(0x400, 0xFFFF_FFFF)
        #expect(machine.read(0x400) == 0)
    }

    @Test func configurationIsWritableForSPIsOnly() {
        let machine = VGICTestMachine(vcpus: 1)
        #expect(machine.read(0xC08) == 0)
        machine.write(0xC08, 0xFFFF_FFFF)
        #expect(machine.read(0xC08) == 0xAAAA_AAAA)
        machine.write(0xC08, 0x5555_5555)
        #expect(machine.read(0xC08) == 0)
        machine.writePrivate(0, 0x1_0C00, 0)
        machine.writePrivate(0, 0x1_0C04, 0xFFFF_FFFF)
        #expect(machine.readPrivate(0, 0x1_0C00) == 0xAAAA_AAAA)
        #expect(machine.readPrivate(0, 0x1_0C04) == 0)
    }

    @Test func routersInOneAccessAndInHalves() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.write(0x6108, UInt64.max, 8)
        #expect(machine.read(0x6108, 8) == 0xFF_80FF_FFFF)
        machine.write(0x6108, 0x0001_0203)
        #expect(machine.read(0x6108, 8) == 0xFF_0001_0203)
        machine.write(0x610C, 0x04)
        #expect(machine.read(0x6108) == 0x0001_0203)
        #expect(machine.read(0x610C) == 0x04)
        machine.write(0x6000, 1, 8)
        #expect(machine.read(0x6000, 8) == 0)
    }

    @Test func wrongSizesAndPlacesDoNothingAndAreToldOnce() {
        let machine = VGICTestMachine(vcpus: 1)
        machine.writeBit(0x100, 40)
        machine.write(0x184, 0xFF, 1)
        machine.write(0x184, 0xFFFF, 2)
        machine.write(0x180, UInt64.max, 8)
        machine.write(0x185, 0xFFFF_FFFF)
        machine.write(0x420, 0xFFFF, 2)
        #expect(machine.readBit(0x100, 40))
        #expect(machine.read(0x420) == 0)
        #expect(machine.read(0x104, 1) == 0)
        #expect(machine.read(0x3000) == 0)
        #expect(machine.readPrivate(0, 0x1_0104) == 0)
        let lines = machine.logged
        #expect(
            lines.contains { $0.contains("4-byte read at GICD + 0x3000") && $0.contains(".init(\"GICD_?\", 0x3000") })
        #expect(lines.contains { $0.contains("GICR + 0x10104") })
        _ = machine.read(0x3000)
        machine.write(0x3000, 1)
        #expect(machine.logged.count == lines.count)
    }

    @Test func redistributorTypeNamesTheVCPU() {
        let machine = VGICTestMachine(vcpus: 200, spis: 32)
        #expect(machine.readPrivate(17, 0x8, 8) == UInt64(0x0101) << 32 | 17 << 8)
        #expect(machine.readPrivate(17, 0x8) == 17 << 8)
        #expect(machine.readPrivate(17, 0xC) == 0x0101)
        // The last redistributor of each of the two regions.
        let last = (0..<200).filter { machine.readPrivate($0, 0x8) & 1 << 4 != 0 }
        #expect(last == [122, 199])
    }

    @Test func oneRegionServesManyRedistributors() {
        let machine = VGICTestMachine(vcpus: 3)
        let region = machine.vgic.redistributors(first: 1, count: 2)
        region.write(offset: 0x2_0000 + 0x1_0100, byteCount: 4, value: 1 << 27, vcpu: 0)
        #expect(machine.readPrivate(2, 0x1_0100) == 1 << 27 | 0xFFFF)
        #expect(machine.readPrivate(1, 0x1_0100) == 0xFFFF)
        #expect(region.read(offset: 0x4_0000 + 8, byteCount: 8, vcpu: 0) == 0)
    }

    @Test func wakerAnswersTheSleepHandshake() {
        let machine = VGICTestMachine(vcpus: 1)
        #expect(machine.readPrivate(0, 0x14) == 0)
        machine.writePrivate(0, 0x14, 2)
        #expect(machine.readPrivate(0, 0x14) == 6)
        machine.writePrivate(0, 0x14, 0)
        #expect(machine.readPrivate(0, 0x14) == 0)
    }

    @Test func registerWritesArePendingUntilTheHolderIsOut() {
        let machine = VGICTestMachine(vcpus: 2)
        machine.configure(40, isEdge: true, vcpu: 1)
        machine.pulse(40)
        machine.enter(1)
        machine.writeBit(0x180, 40)
        #expect(machine.kicks[1] == 1)
        #expect(machine.read(0) >> 31 == 1)
        #expect(machine.readPrivate(1, 0) == 8)
        #expect(machine.readPrivate(0, 0) == 0)
        machine.cycle(1)
        #expect(machine.read(0) >> 31 == 0)
        #expect(machine.readPrivate(1, 0) == 0)
        #expect(machine.cpus[1].acknowledge() == 1023)
        #expect(machine.readBit(0x200, 40))
    }
}
