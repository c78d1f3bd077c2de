import CHost
import Shared
import Testing

@testable import Coordinator

/// Slots that change while a VM runs, with scripted workers: what the tables say, and what is broadcast.
@Suite struct MemoryRegionTests {
    private func dataAbort(_ status: FaultStatus, write: Bool) -> ExceptionSyndrome {
        ExceptionSyndrome(.dabtLow, iss: 1 << 24 | 3 << 22 | 1 << 15 | (write ? 1 << 6 : 0) | UInt32(status.rawValue))
    }

    private func touch(_ machine: TestMachine, _ ipa: UInt64, write: Bool = true, _ status: FaultStatus? = nil) {
        machine.exit(dataAbort(status ?? .translation(level: 3), write: write), far: ipa, ipa: ipa)
    }

    private func permissions(_ machine: TestMachine, _ ipa: UInt64) -> Stage2Permissions? {
        machine.leaf(IPA(ipa)).map { Stage2Permissions($0.descriptor) }
    }

    @Test func `a slot comes with zeros of its own, and goes`() throws {
        let machine = try TestMachine()
        machine.boot()
        touch(machine, 0x8000_0000)
        #expect(machine.workers[0].entry.injected.kind == .dataAbort)
        machine.vm.ram.base.storeBytes(of: 7, toByteOffset: 16 << 20, as: UInt64.self)
        let create = SlotChange.create(base: IPA(0x8000_0000), byteCount: 4 << 20, output: nil, isReadOnly: false)
        #expect(try machine.vm.change(slot: 1, create) == nil)
        #expect(try machine.vm.slot(1).output.rawValue == 16 << 20)
        #expect(machine.vm.ram.base.load(fromByteOffset: 16 << 20, as: UInt64.self) == 0)
        touch(machine, 0x8020_1000)
        #expect(machine.leaf(IPA(0x8020_0000))?.level == 2)
        let broadcasts = machine.vm.dvm.invalidationCount
        let ticket = try #require(try machine.vm.change(slot: 1, .delete))
        #expect(machine.vm.dvm.invalidationCount == broadcasts + 1)
        #expect(machine.leaf(IPA(0x8020_0000)) == nil)
        touch(machine, 0x8020_1000)
        #expect(machine.workers[0].entry.injected.kind == .dataAbort)
        // Until every vCPU has forgotten the old translation nobody else gets that memory.
        let control = machine.vm.vcpus[0].control
        armada_store32(control.dvmActive, 1)
        armada_store32(control.dvmAcknowledged, UInt32(truncatingIfNeeded: ticket))
        #expect(!machine.vm.dvm.isComplete(ticket))
        _ = try machine.vm.change(slot: 2, create)
        #expect(try machine.vm.slot(2).output.rawValue == 20 << 20)
        armada_store32(control.dvmAcknowledged, UInt32(truncatingIfNeeded: ticket + 1))
        _ = try machine.vm.change(slot: 2, .delete)
        _ = try machine.vm.change(slot: 3, .create(base: IPA(0), byteCount: 4096, output: nil, isReadOnly: true))
        #expect(try machine.vm.slot(3).output.rawValue == 16 << 20)
    }

    @Test func `a moved slot keeps its memory`() throws {
        let machine = try TestMachine()
        machine.boot()
        touch(machine, 0x4000_0000)
        #expect(try machine.vm.change(slot: 0, .move(to: IPA(0x1_4000_0000))) != nil)
        #expect(machine.leaf(IPA(0x4000_0000)) == nil)
        touch(machine, 0x1_4000_0000)
        let leaf = try #require(machine.leaf(IPA(0x1_4000_0000)))
        #expect(leaf.descriptor & Stage2Descriptor.addressMask == 0 && leaf.level == 2)
        #expect(throws: MemorySlots.Failure.unaligned(pageByteCount: 4096)) {
            try machine.vm.change(slot: 0, .move(to: IPA(1)))
        }
    }

    @Test func `a log notes each page once until it is taken, and blocks come back after it`() throws {
        let machine = try TestMachine()
        machine.boot()
        touch(machine, 0x4000_0000)
        #expect(try machine.vm.change(slot: 0, .logDirtyPages(true)) != nil)
        #expect(permissions(machine, 0x4000_0000) == [.read, .execute])
        #expect(try machine.vm.change(slot: 0, .logDirtyPages(true)) == nil)
        for page: UInt64 in [3, 200, 511, 512] {
            touch(machine, 0x4000_0000 + page << 12, .permission(level: 2))
            #expect(permissions(machine, 0x4000_0000 + page << 12) == .all)
        }
        touch(machine, 0x4000_4000, write: false)
        #expect(permissions(machine, 0x4000_4000) == [.read, .execute])
        let (pages, ticket) = try machine.vm.takeDirtyPages(slot: 0)
        #expect(pages.ranges == [3..<4, 200..<201, 511..<513] && ticket != nil)
        for page: UInt64 in [3, 200, 511, 512] {
            #expect(permissions(machine, 0x4000_0000 + page << 12) == [.read, .execute])
        }
        #expect(try machine.vm.takeDirtyPages(slot: 0) == (DirtyPages(pageCount: 4096), nil))
        touch(machine, 0x4000_3000, .permission(level: 3))
        machine.vm.slots.restore(pages, slot: 0)
        machine.vm.markDirty(IPA(0x4000_5FFF), byteCount: 2)
        machine.vm.markDirty(IPA(0x40FF_FFFF), byteCount: .max)
        machine.vm.markDirty(IPA(0x5000_0000), byteCount: 1)
        #expect(
            try machine.vm.takeDirtyPages(slot: 0).pages.ranges == [3..<4, 5..<7, 200..<201, 511..<513, 4095..<4096])

        #expect(throws: MemorySlots.Failure.logged) { try machine.vm.change(pagesOf: 0, .merge) }
        _ = try machine.vm.change(slot: 0, .logDirtyPages(false))
        #expect(throws: MemorySlots.Failure.notLogged) { try machine.vm.takeDirtyPages(slot: 0) }
        touch(machine, 0x4000_3000, .permission(level: 3))
        #expect(machine.leaf(IPA(0x4000_3000))?.level == 2)
        #expect(machine.leaf(IPA(0x4020_0000))?.level == 3)
        #expect(try machine.vm.change(pagesOf: 0, .merge).visit == Stage2.Visit(leaves: 8, changed: 1))
        #expect(machine.leaf(IPA(0x4020_0000))?.level == 2)
        #expect(permissions(machine, 0x4020_0000) == .all)
    }

    @Test func `ageing finds what was used, splitting keeps it`() throws {
        let machine = try TestMachine()
        machine.boot()
        for block: UInt64 in 0..<3 { touch(machine, 0x4000_0000 + block << 21) }
        #expect(try machine.vm.change(pagesOf: 0, .age).visit == Stage2.Visit(leaves: 3, changed: 3))
        #expect(try machine.vm.change(pagesOf: 0, .age) == (Stage2.Visit(leaves: 3, changed: 0), nil))
        touch(machine, 0x4020_0000, .accessFlag(level: 2))
        #expect(try machine.vm.change(pagesOf: 0, .age).visit == Stage2.Visit(leaves: 3, changed: 1))
        touch(machine, 0x4000_0000, .accessFlag(level: 2))
        #expect(try machine.vm.change(pagesOf: 0, .split).visit == Stage2.Visit(leaves: 3, changed: 3))
        #expect(try machine.vm.change(pagesOf: 0, .split).visit == Stage2.Visit(leaves: 1536, changed: 0))
        #expect(try machine.vm.change(pagesOf: 0, .age).visit == Stage2.Visit(leaves: 1536, changed: 512))
        #expect(throws: MemorySlots.Failure.missing) { try machine.vm.change(pagesOf: 1, .age) }
    }

    @Test func `with 1 GiB blocks a split goes down to pages`() throws {
        let machine = try TestMachine(memoryByteCount: 1 << 30)
        machine.vm.stage2BlockLevel = 1
        machine.boot()
        touch(machine, 0x4000_0000)
        #expect(machine.leaf(IPA(0x7FFF_F000))?.level == 1)
        #expect(try machine.vm.change(pagesOf: 0, .split).visit == Stage2.Visit(leaves: 1, changed: 513))
        #expect(machine.leaf(IPA(0x7FFF_F000))?.level == 3)
        #expect(try machine.vm.change(pagesOf: 0, .merge).visit == Stage2.Visit(leaves: 1, changed: 1))
        #expect(machine.leaf(IPA(0x7FFF_F000))?.level == 1)
    }
}
