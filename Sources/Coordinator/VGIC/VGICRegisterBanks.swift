// Registers with a field for each interrupt: the same in the distributor and in the redistributors.

extension VGIC {
    /// Whose interrupts a frame shows: the SPIs (GICD) or one vCPU's SGIs and PPIs (GICR).
    enum Frame {
        case distributor
        case redistributor(vcpu: Int)
    }

    /// With affinity routing GICD shows no private interrupts.
    private func index(_ intid: UInt32, in frame: Frame) -> Int? {
        switch frame {
        case .distributor: spiIndex(intid)
        case .redistributor(let vcpu): privateIndex(intid, vcpu: vcpu)
        }
    }

    func readBank(_ row: VGICRegister, offset: UInt64, byteCount: Int, in frame: Frame) -> UInt64 {
        let byte = offset &- row.offset
        if row.kind == .router { return readRouter(byte, byteCount: byteCount) }
        let bits = row.bitsPerInterrupt
        let first = UInt32(truncatingIfNeeded: Int(byte) &* 8 / bits)
        var value: UInt64 = 0
        for field in 0..<byteCount &* 8 / bits {
            guard let index = index(first &+ UInt32(field), in: frame) else { continue }
            value |= readField(row.kind, interrupts[index]) << UInt64(field &* bits)
        }
        return value
    }

    func writeBank(_ row: VGICRegister, offset: UInt64, byteCount: Int, value: UInt64, in frame: Frame) {
        let byte = offset &- row.offset
        if row.kind == .router { return writeRouter(byte, byteCount: byteCount, value: value) }
        let bits = row.bitsPerInterrupt
        let first = UInt32(truncatingIfNeeded: Int(byte) &* 8 / bits)
        for field in 0..<byteCount &* 8 / bits {
            guard let index = index(first &+ UInt32(field), in: frame) else { continue }
            writeField(row.kind, index, value >> UInt64(field &* bits) & (1 << UInt64(bits) &- 1))
        }
    }

    private func readField(_ kind: VGICRegister.Kind, _ interrupt: VGICInterrupt) -> UInt64 {
        switch kind {
        case .group: interrupt.isGroup1 ? 1 : 0
        case .setEnable, .clearEnable: interrupt.isEnabled ? 1 : 0
        case .setPending, .clearPending: interrupt.readsAsPending ? 1 : 0
        case .setActive, .clearActive: interrupt.readsAsActive ? 1 : 0
        case .priority: UInt64(interrupt.priority)
        case .configuration: interrupt.isEdge ? 2 : 0
        default: 0
        }
    }

    private func writeField(_ kind: VGICRegister.Kind, _ index: Int, _ field: UInt64) {
        switch kind {
        case .group: setGroup(index, isGroup1: field != 0)
        case .setEnable: if field != 0 { setEnabled(index, true) }
        case .clearEnable: if field != 0 { setEnabled(index, false) }
        case .setPending: if field != 0 { setPending(index) }
        case .clearPending: if field != 0 { clearPending(index) }
        case .setActive: if field != 0 { setActive(index, true) }
        case .clearActive: if field != 0 { setActive(index, false) }
        case .priority: setPriority(index, UInt8(truncatingIfNeeded: field))
        case .configuration: setConfiguration(index, isEdge: field & 2 != 0)
        default: break
        }
    }

    private func readRouter(_ byte: UInt64, byteCount: Int) -> UInt64 {
        guard let index = spiIndex(UInt32(truncatingIfNeeded: byte / 8)) else { return 0 }
        let route = routes[index &- vcpuCount &* Self.privateCount]
        if byteCount == 8 { return route }
        return byte & 4 == 0 ? route & 0xFFFF_FFFF : route >> 32
    }

    private func writeRouter(_ byte: UInt64, byteCount: Int, value: UInt64) {
        guard let index = spiIndex(UInt32(truncatingIfNeeded: byte / 8)) else { return }
        let old = routes[index &- vcpuCount &* Self.privateCount]
        if byteCount == 8 {
            setRoute(index, value)
        } else if byte & 4 == 0 {
            setRoute(index, old & ~0xFFFF_FFFF | value & 0xFFFF_FFFF)
        } else {
            setRoute(index, old & 0xFFFF_FFFF | value << 32)
        }
    }
}
