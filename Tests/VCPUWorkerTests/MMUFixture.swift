import CHost
import Glibc
import Shared

@testable import VCPUWorker

/// Guest RAM, stage-2 tables and a control page in real memory, with the tables built descriptor by descriptor.
///
/// The memory stays mapped when the fixture goes: vCPUs and rings point into it. The host backs only what is touched.
final class MMUFixture: @unchecked Sendable {
    static let ramByteCount = 16 << 20
    static let stage2ByteCount = 4 << 20
    /// Where RAM begins in the guest's physical addresses.
    static let ramIPA: UInt64 = 0x4000_0000

    let ram: UnsafeMutableRawPointer
    let stage2: UnsafeMutableRawPointer
    let controlPage: UnsafeMutableRawPointer
    let vcpuCount: Int

    /// Stage 2 as the coordinator sets it up: 40 bits of IPA, 4 KiB granules, two concatenated tables at level 1.
    var vtcr: UInt64 = 24 | 1 << 6 | 2 << 16
    var vttbr: UInt64 = 0

    /// The next free IPA for stage-1 tables, from the top of RAM down so that low RAM stays for data.
    private var tableTop = ramIPA + UInt64(ramByteCount)
    private var stage2Top: UInt64 = 0x1_0000

    /// With `isStage2Flat`, RAM is mapped by 2 MiB blocks, everything allowed.
    init(vcpuCount: Int = 1, isStage2Flat: Bool = true) {
        func map(_ byteCount: Int) -> UnsafeMutableRawPointer {
            mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        }
        ram = map(Self.ramByteCount)
        stage2 = map(Self.stage2ByteCount)
        self.vcpuCount = vcpuCount
        controlPage = map(ControlPage.byteCount(vcpuCount: vcpuCount))
        guard isStage2Flat else { return }
        for offset in stride(from: 0, to: UInt64(Self.ramByteCount), by: 1 << 21) {
            mapStage2(ipa: Self.ramIPA + offset, level: 2, offset | Self.stage2Leaf(level: 2))
        }
    }

    /// Unmaps the memory, when nothing points into it any more.
    func unmap() {
        munmap(ram, Self.ramByteCount)
        munmap(stage2, Self.stage2ByteCount)
        munmap(controlPage, ControlPage.byteCount(vcpuCount: vcpuCount))
    }

    var memory: PhysicalMemory {
        PhysicalMemory(
            ram: ram, ramByteCount: UInt64(Self.ramByteCount), stage2Tables: stage2,
            stage2ByteCount: UInt64(Self.stage2ByteCount))
    }

    /// A vCPU on this memory, its MMU off.
    func makeVCPU(index: Int = 0, worldSwitch: WorldSwitch = .vhe, faults: FaultPlan = FaultPlan()) -> VCPU {
        var welcome = WelcomeFrame()
        welcome.vcpuIndex = UInt32(index)
        welcome.vcpuCount = UInt32(vcpuCount)
        welcome.ramByteCount = UInt64(Self.ramByteCount)
        welcome.stage2ByteCount = UInt64(Self.stage2ByteCount)
        welcome.vtcr = vtcr
        welcome.vttbr = vttbr
        welcome.worldSwitch = worldSwitch
        welcome.faultSeed = faults.seed
        welcome.dropDVMAckInterval = faults[.dropDVMAck]
        welcome.skipInvalidateInterval = faults[.skipInvalidate]
        var vcpu = VCPU(welcome: welcome, ram: ram, stage2Tables: stage2, controlPage: controlPage)
        vcpu.mmu.vtcr_EL2 = vtcr
        vcpu.mmu.vttbr_EL2 = vttbr
        vcpu.translationRegimeChanged()
        return vcpu
    }

    // MARK: Stage 2

    static func stage2Leaf(level: Int, device: Bool = false) -> UInt64 {
        let attributes = device ? Stage2Descriptor.memAttrDeviceNGnRE : Stage2Descriptor.memAttrNormalWriteBack
        return attributes | Stage2Descriptor.read | Stage2Descriptor.write | Stage2Descriptor.innerShareable
            | Stage2Descriptor.accessFlag | (level == 3 ? 3 : 1)
    }

    /// The address of the stage-2 descriptor for `ipa` at `level`, with tables on the way.
    func stage2Slot(
        ipa: UInt64, level: Int, granule: Int = 12, startLevel: Int = 1, inputBits: Int = 40
    ) -> UnsafeMutableRawPointer {
        var table = vttbr & 0x0000_FFFF_FFFF_F000
        var current = startLevel
        while true {
            let below = granule + (3 - current) * (granule - 3)
            let bits = current == startLevel ? inputBits - below : granule - 3
            let slot = stage2 + Int(table + (ipa >> UInt64(below) & (1 << UInt64(bits) - 1)) * 8)
            if current == level { return slot }
            if slot.load(as: UInt64.self) & 3 != 3 {
                slot.storeBytes(of: allocateStage2(byteCount: 1 << granule) | 3, as: UInt64.self)
            }
            table = slot.load(as: UInt64.self) & 0x0000_FFFF_FFFF_F000
            current += 1
        }
    }

    func mapStage2(ipa: UInt64, level: Int, _ descriptor: UInt64) {
        stage2Slot(ipa: ipa, level: level).storeBytes(of: descriptor, as: UInt64.self)
    }

    func allocateStage2(byteCount: UInt64) -> UInt64 {
        stage2Top = (stage2Top + byteCount - 1) & ~(byteCount - 1)
        defer { stage2Top += byteCount }
        return stage2Top
    }

    // MARK: Stage 1

    /// Allocates an aligned block of RAM for a table; returns its IPA.
    func allocateTable(byteCount: UInt64) -> UInt64 {
        tableTop = (tableTop - byteCount) & ~(byteCount - 1)
        memset(pointer(tableTop), 0, Int(byteCount))
        return tableTop
    }

    func pointer(_ ipa: UInt64) -> UnsafeMutableRawPointer { ram + Int(ipa - Self.ramIPA) }
}

/// A tree of stage-1 tables in a fixture's RAM.
final class Stage1Tables: Sendable {
    let fixture: MMUFixture
    /// Page bits of the granule: 12, 14 or 16.
    let granule: Int
    let inputBits: Int
    let root: UInt64

    init(_ fixture: MMUFixture, granule: Int = 12, inputBits: Int = 48) {
        self.fixture = fixture
        self.granule = granule
        self.inputBits = inputBits
        root = fixture.allocateTable(byteCount: 1 << UInt64(granule))
    }

    static let valid: UInt64 = 1
    static let accessFlag: UInt64 = 1 << 10
    static let nonGlobal: UInt64 = 1 << 11
    static let user: UInt64 = 1 << 6
    static let readOnly: UInt64 = 1 << 7
    static let pxn: UInt64 = 1 << 53
    static let uxn: UInt64 = 1 << 54
    /// AttrIndx 1, which `mair` makes Device-nGnRE.
    static let device: UInt64 = 1 << 2
    /// Attribute 0 Normal write-back, 1 Device-nGnRE.
    static let mair: UInt64 = 0x04FF

    var startLevel: Int { 4 - (inputBits - granule + granule - 4) / (granule - 3) }

    func blockBits(_ level: Int) -> Int { granule + (3 - level) * (granule - 3) }

    /// The descriptor for `va` at `level`; tables on the way are made, with `tableBits` set in the new ones.
    func slot(_ va: UInt64, level: Int, tableBits: UInt64 = 0) -> UnsafeMutableRawPointer {
        var table = root
        var current = startLevel
        while true {
            let below = blockBits(current)
            let bits = current == startLevel ? inputBits - below : granule - 3
            let slot = fixture.pointer(table + (va >> UInt64(below) & (1 << UInt64(bits) - 1)) * 8)
            if current == level { return slot }
            if slot.load(as: UInt64.self) & 3 != 3 {
                let next = fixture.allocateTable(byteCount: 1 << UInt64(granule))
                slot.storeBytes(of: next | 3 | tableBits, as: UInt64.self)
            }
            table = slot.load(as: UInt64.self) & 0x0000_FFFF_FFFF_F000 & ~(1 << UInt64(granule) - 1)
            current += 1
        }
    }

    func write(_ va: UInt64, level: Int, _ descriptor: UInt64, tableBits: UInt64 = 0) {
        slot(va, level: level, tableBits: tableBits).storeBytes(of: descriptor, as: UInt64.self)
    }

    /// Maps the block or page at `level` that holds `va` to `ipa`.
    func map(_ va: UInt64, to ipa: UInt64, level: Int = 3, _ attributes: UInt64 = 0, tableBits: UInt64 = 0) {
        write(va, level: level, ipa | Self.accessFlag | attributes | (level == 3 ? 3 : 1), tableBits: tableBits)
    }

    /// TCR_EL1 with this tree under both TTBRs, 40 bits of output, 16-bit ASIDs.
    var tcr: UInt64 {
        let size = UInt64(64 - inputBits)
        let tg0: UInt64 = granule == 12 ? 0 : granule == 14 ? 2 : 1
        let tg1: UInt64 = granule == 12 ? 2 : granule == 14 ? 1 : 3
        return size | size << 16 | tg0 << 14 | tg1 << 30 | 2 << 32 | 1 << 36
    }

    func regime(
        sctlr: UInt64 = 1, tcr: UInt64? = nil, ttbr0: UInt64? = nil, ttbr1: UInt64? = nil
    ) -> TranslationRegime {
        TranslationRegime(
            stage1: Stage1Regime(
                sctlr: sctlr, tcr: tcr ?? self.tcr, ttbr0: ttbr0 ?? root, ttbr1: ttbr1 ?? root, mair: Self.mair),
            stage2: Stage2Regime(vtcr: fixture.vtcr, vttbr: fixture.vttbr))
    }
}

/// What a walk came to, in a form that compares.
enum WalkOutcome: Equatable {
    case offset(UInt64)
    case fault(WalkFault)

    static func stage1(_ status: FaultStatus) -> Self { .fault(WalkFault(status: status)) }
    static func stage2(_ status: FaultStatus, ipa: UInt64) -> Self {
        .fault(WalkFault(status: status, isStage2: true, ipa: ipa))
    }
    static func stage1Walk(_ status: FaultStatus, ipa: UInt64) -> Self {
        .fault(WalkFault(status: status, isStage2: true, isStage1Walk: true, ipa: ipa))
    }
}

extension TranslationRegime {
    func translate(_ va: UInt64, _ request: WalkRequest, in memory: PhysicalMemory) throws(WalkFault) -> Translation {
        try complete(
            stage1.walk(va, unprivileged: request.access.unprivileged, stage2: stage2, in: memory), request, in: memory)
    }

    func walk(
        _ va: UInt64, _ kind: MemoryAccess.Kind = .read, unprivileged: Bool = false, pan: Bool = false,
        unaligned: Bool = false, in fixture: MMUFixture
    ) -> WalkOutcome {
        let request = WalkRequest(
            access: MemoryAccess(kind: kind, unprivileged: unprivileged), isPrivilegedAccessNever: pan,
            isUnaligned: unaligned)
        do throws(WalkFault) {
            return .offset(try translate(va, request, in: fixture.memory).offset)
        } catch {
            return .fault(error)
        }
    }
}
