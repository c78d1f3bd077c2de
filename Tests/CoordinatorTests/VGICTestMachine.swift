import Shared

@testable import Coordinator

/// What a worker's CPU interface does with list registers, as short as the architecture allows: acknowledge, end, and
/// the maintenance conditions on which a guest is left.
struct TestCPUInterface {
    var state = CPUInterfaceState()
    let listRegisterCount: Int

    init(listRegisterCount: Int) {
        self.listRegisterCount = listRegisterCount
        state.vmcr = ICH_VMCR.reset | ICH_VMCR.veng1 | 0xF0 << ICH_VMCR.vpmrShift
    }

    var runningPriority: Int {
        let active = state.ap0r0 | state.ap1r0
        return active == 0 ? 256 : active.trailingZeroBitCount * 8
    }

    func register(_ place: Int) -> ListRegister { ListRegister(rawValue: state.listRegisters[place]) }

    var valid: [ListRegister] { (0..<listRegisterCount).map(register).filter { !$0.isInvalid } }

    /// The place of the list register that is signalled to the PE.
    var signalled: Int? {
        var best: Int?
        for place in 0..<listRegisterCount {
            let candidate = register(place)
            let enable = candidate.isGroup1 ? ICH_VMCR.veng1 : ICH_VMCR.veng0
            guard candidate.isPending, !candidate.isActive, state.vmcr & enable != 0,
                UInt64(candidate.priority) < state.vmcr >> ICH_VMCR.vpmrShift & 0xFF,
                Int(candidate.priority) < runningPriority
            else { continue }
            if best.map({ register($0).priority > candidate.priority }) ?? true { best = place }
        }
        return best
    }

    /// ICC_IAR: 1023 when nothing is signalled.
    mutating func acknowledge() -> UInt32 {
        guard let place = signalled else { return 1023 }
        var taken = register(place)
        taken.isPending = false
        taken.isActive = true
        state.listRegisters[place] = taken.rawValue
        if taken.isGroup1 {
            state.ap1r0 |= 1 << UInt32(taken.priority >> 3)
        } else {
            state.ap0r0 |= 1 << UInt32(taken.priority >> 3)
        }
        return taken.virtualINTID
    }

    /// ICC_EOIR with EOImode 0: priority drop and deactivation.
    mutating func end(_ intid: UInt32) {
        dropPriority()
        for place in 0..<listRegisterCount {
            var ended = register(place)
            guard ended.virtualINTID == intid, ended.isActive else { continue }
            ended.isActive = false
            state.listRegisters[place] = ended.rawValue
            return
        }
        state.hcr += 1 << ICH_HCR.eoiCountShift
    }

    mutating func dropPriority() {
        let lowest0 = state.ap0r0.trailingZeroBitCount
        if lowest0 < state.ap1r0.trailingZeroBitCount {
            state.ap0r0 &= state.ap0r0 &- 1
        } else if state.ap1r0 != 0 {
            state.ap1r0 &= state.ap1r0 &- 1
        }
    }

    /// Whether the maintenance interrupt is asserted (ICH_MISR is not zero).
    var wantsMaintenance: Bool {
        let registers = (0..<listRegisterCount).map(register)
        if registers.contains(where: { $0.isInvalid && $0.wantsEOIMaintenance && !$0.isHardware }) { return true }
        if state.hcr & ICH_HCR.uie != 0, valid.count <= 1 { return true }
        if state.hcr & ICH_HCR.npie != 0, !registers.contains(where: { $0.isPending && !$0.isActive }) { return true }
        return state.hcr & ICH_HCR.lrenpie != 0 && state.hcr & ICH_HCR.eoiCountMask != 0
    }
}

/// A vGIC with vCPUs that enter and leave the guest when it says so.
final class VGICTestMachine {
    let vgic: VGIC
    var cpus: [TestCPUInterface]
    var inGuest: [Bool]
    var kicks: [Int]
    var logged: [String] = []
    /// Exits that a maintenance condition caused.
    var maintenanceExits = 0

    init(vcpus: Int, listRegisters: Int = 4, spis: Int = 224, enabled: Bool = true) {
        vgic = VGIC(vcpuCount: vcpus, listRegisterCount: listRegisters, spiCount: spis)
        cpus = Array(repeating: TestCPUInterface(listRegisterCount: listRegisters), count: vcpus)
        inGuest = Array(repeating: false, count: vcpus)
        kicks = Array(repeating: 0, count: vcpus)
        vgic.kick = { [unowned self] in kicks[$0] += 1 }
        vgic.log = { [unowned self] in logged.append($0) }
        if enabled {
            write(0, 3)
            for vcpu in 0..<vcpus { vgic.sync(vcpu: vcpu, from: &cpus[vcpu].state) }
        }
    }

    func enter(_ vcpu: Int) {
        guard !inGuest[vcpu] else { return }
        kicks[vcpu] = 0
        vgic.flush(vcpu: vcpu, into: &cpus[vcpu].state)
        inGuest[vcpu] = true
    }

    func exit(_ vcpu: Int) {
        guard inGuest[vcpu] else { return }
        vgic.sync(vcpu: vcpu, from: &cpus[vcpu].state)
        inGuest[vcpu] = false
    }

    func cycle(_ vcpu: Int) {
        exit(vcpu)
        enter(vcpu)
    }

    /// Lets every kick and maintenance condition take effect. Returns false if that never ends.
    @discardableResult
    func settle() -> Bool {
        for _ in 0..<64 {
            var quiet = true
            for vcpu in cpus.indices where inGuest[vcpu] {
                let maintenance = cpus[vcpu].wantsMaintenance
                guard maintenance || kicks[vcpu] > 0 else { continue }
                if maintenance { maintenanceExits += 1 }
                quiet = false
                cycle(vcpu)
            }
            if quiet { return true }
        }
        return false
    }

    /// Takes and ends whatever is signalled, in order, letting the worker's maintenance exits happen.
    func takeAll(_ vcpu: Int, limit: Int = 1000) -> [UInt32] {
        var taken: [UInt32] = []
        enter(vcpu)
        settle()
        while taken.count < limit {
            let intid = cpus[vcpu].acknowledge()
            if intid == 1023 { break }
            taken.append(intid)
            settle()
            cpus[vcpu].end(intid)
            settle()
        }
        return taken
    }

    // MARK: Registers

    func read(_ offset: UInt64, _ byteCount: Int = 4) -> UInt64 {
        vgic.distributor.read(offset: offset, byteCount: byteCount, vcpu: 0)
    }

    func write(_ offset: UInt64, _ value: UInt64, _ byteCount: Int = 4) {
        vgic.distributor.write(offset: offset, byteCount: byteCount, value: value, vcpu: 0)
    }

    /// Offsets from 0x1_0000 are in SGI_base.
    func readPrivate(_ vcpu: Int, _ offset: UInt64, _ byteCount: Int = 4) -> UInt64 {
        vgic.redistributor(vcpu: vcpu).read(offset: offset, byteCount: byteCount, vcpu: 0)
    }

    func writePrivate(_ vcpu: Int, _ offset: UInt64, _ value: UInt64, _ byteCount: Int = 4) {
        vgic.redistributor(vcpu: vcpu).write(offset: offset, byteCount: byteCount, value: value, vcpu: 0)
    }

    /// Writes one interrupt's bit in a bank of the distributor such as 0x100, GICD_ISENABLER.
    func writeBit(_ bank: UInt64, _ intid: UInt32) {
        write(bank + UInt64(intid / 32) * 4, 1 << UInt64(intid % 32))
    }

    func readBit(_ bank: UInt64, _ intid: UInt32) -> Bool {
        read(bank + UInt64(intid / 32) * 4) >> UInt64(intid % 32) & 1 != 0
    }

    /// Enables an SPI, edge-triggered or not, at a priority, routed to a vCPU.
    func configure(_ intid: UInt32, isEdge: Bool, priority: UInt64 = 0xA0, vcpu: Int = 0) {
        let field = UInt64(intid % 16) * 2
        let old = read(0xC00 + UInt64(intid / 16) * 4) & ~(3 << field)
        write(0xC00 + UInt64(intid / 16) * 4, old | (isEdge ? 2 : 0) << field)
        write(0x400 + UInt64(intid), priority, 1)
        write(0x6000 + UInt64(intid) * 8, MPIDR(vcpuIndex: vcpu).rawValue, 8)
        writeBit(0x100, intid)
    }

    /// One edge on an SPI.
    func pulse(_ intid: UInt32) {
        vgic.setSPI(intid, level: true)
        vgic.setSPI(intid, level: false)
    }
}
