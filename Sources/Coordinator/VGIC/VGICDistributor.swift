/// The distributor's 64 KiB frame. One security state (DS), affinity routing always on.
///
/// Source: GICv3 "The GIC Distributor register descriptions".
final class VGICDistributor: MMIODevice {
    private unowned let vgic: VGIC
    private var unknown = UnknownRegisterLog(byteCount: VGIC.distributorByteCount)

    init(_ vgic: VGIC) { self.vgic = vgic }

    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64 {
        guard let row = VGICRegister.row(in: VGICRegister.distributor, offset: offset, byteCount: byteCount) else {
            unknown.note("GICD", "read", offset: offset, byteCount: byteCount, to: vgic.log)
            return 0
        }
        switch row.kind {
        case .reserved: return 0
        case .distributorControl: return UInt64(vgic.distributorControl)
        case .distributorType: return vgic.distributorType
        case .implementer: return VGIC.implementer
        case .architecture: return VGIC.architecture
        default: return vgic.readBank(row, offset: offset, byteCount: byteCount, in: .distributor)
        }
    }

    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int) {
        guard let row = VGICRegister.row(in: VGICRegister.distributor, offset: offset, byteCount: byteCount) else {
            unknown.note("GICD", "write", offset: offset, byteCount: byteCount, to: vgic.log)
            return
        }
        switch row.kind {
        case .reserved, .distributorType, .implementer, .architecture: break
        case .distributorControl: vgic.setGroupEnables(UInt32(truncatingIfNeeded: value) & 3)
        default: vgic.writeBank(row, offset: offset, byteCount: byteCount, value: value, in: .distributor)
        }
    }
}

extension VGIC {
    /// GICD_IIDR and GICR_IIDR as KVM's: product K, revision 3, implementer Arm.
    static let implementer: UInt64 = 0x4B00_343B
    /// GICD_PIDR2 and GICR_PIDR2: ArchRev 3, GICv3.
    static let architecture: UInt64 = 0x3B

    /// GICD_CTLR: RWP, DS, ARE and the group enables.
    var distributorControl: UInt32 {
        let registerWritePending: UInt32 = withdrawingCount > 0 ? 1 << 31 : 0
        return registerWritePending | 1 << 6 | 1 << 4 | groupEnables
    }

    /// GICD_TYPER: RSS, A3V, 10 bits of INTID, no LPIs, no message-based SPIs, 1 of N supported.
    var distributorType: UInt64 {
        let lines = UInt64((Self.privateCount + spiCount) / 32 - 1)
        return 1 << 26 | 1 << 24 | 9 << 19 | lines
    }

    func setGroupEnables(_ enables: UInt32) {
        guard enables != groupEnables else { return }
        groupEnables = enables
        reconsiderAll()
    }
}
