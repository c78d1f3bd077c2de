import Shared

/// Consecutive redistributors: for each vCPU a frame RD_base and a frame SGI_base of 64 KiB.
///
/// Source: GICv3 "The GIC Redistributor register descriptions".
final class VGICRedistributorRegion: MMIODevice {
    private unowned let vgic: VGIC
    private let firstVCPU: Int
    private let count: Int
    private var unknown = UnknownRegisterLog(byteCount: VGIC.redistributorByteCount)

    init(_ vgic: VGIC, firstVCPU: Int, count: Int) {
        self.vgic = vgic
        self.firstVCPU = firstVCPU
        self.count = count
    }

    /// The vCPU whose redistributor stands at `offset`.
    private func target(_ offset: UInt64) -> Int? {
        let place = offset / VGIC.redistributorByteCount
        guard place < UInt64(count) else { return nil }
        let vcpu = firstVCPU &+ Int(place)
        return vcpu >= 0 && vcpu < vgic.vcpuCount ? vcpu : nil
    }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        guard let target = target(offset) else { return 0 }
        let offset = offset % VGIC.redistributorByteCount
        guard let row = VGICRegister.row(in: VGICRegister.redistributor, offset: offset, byteCount: byteCount) else {
            unknown.note("GICR", "read", offset: offset, byteCount: byteCount, to: vgic.log)
            return 0
        }
        switch row.kind {
        case .reserved: return 0
        case .redistributorControl: return vgic.cpus[target].isWithdrawing ? 1 << 3 : 0
        case .implementer: return VGIC.implementer
        case .architecture: return VGIC.architecture
        case .redistributorType:
            let type = vgic.redistributorType(vcpu: target)
            if byteCount == 8 { return type }
            return offset & 4 == 0 ? type & 0xFFFF_FFFF : type >> 32
        case .waker: return vgic.cpus[target].isAsleep ? 6 : 0
        default: return vgic.readBank(row, offset: offset, byteCount: byteCount, in: .redistributor(vcpu: target))
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        guard let target = target(offset) else { return }
        let offset = offset % VGIC.redistributorByteCount
        guard let row = VGICRegister.row(in: VGICRegister.redistributor, offset: offset, byteCount: byteCount) else {
            unknown.note("GICR", "write", offset: offset, byteCount: byteCount, to: vgic.log)
            return
        }
        switch row.kind {
        case .reserved, .redistributorControl, .redistributorType, .implementer, .architecture: break
        // Nothing sleeps here, so nothing is kept from a redistributor that says it does: as in KVM it forwards always.
        case .waker: vgic.cpus[target].isAsleep = value & 2 != 0
        default:
            vgic.writeBank(
                row, offset: offset, byteCount: byteCount, value: value, in: .redistributor(vcpu: target))
        }
    }
}

extension VGIC {
    /// GICR_TYPER: affinity, processor number, Last.
    func redistributorType(vcpu: Int) -> UInt64 {
        let mpidr = MPIDR(vcpuIndex: vcpu)
        let affinity =
            UInt64(mpidr.aff3) << 24 | UInt64(mpidr.aff2) << 16 | UInt64(mpidr.aff1) << 8 | UInt64(mpidr.aff0)
        return affinity << 32 | UInt64(vcpu) << 8 | (isLastOfRegion(vcpu: vcpu) ? 1 << 4 : 0)
    }
}
