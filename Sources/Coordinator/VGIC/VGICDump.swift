import Shared

extension VGIC {
    /// The whole state in the form of KVM's debugfs file `vgic-state`.
    func dump() -> String {
        var text = """
            Distributor
            ===========
            vgic_model:\tGICv3
            nr_spis:\t\(spiCount)
            nr_lpis:\t0
            enabled:\t\(groupEnables != 0 ? 1 : 0)

            P=pending_latch, L=line_level, A=active
            E=enabled, H=hw, C=config (level=1, edge=0)
            G=group

            """
        for index in 0..<interruptCount {
            let isPrivate = index < vcpuCount * Self.privateCount
            if isPrivate ? index % Self.privateCount == 0 : index == vcpuCount * Self.privateCount {
                text += "\n\(isPrivate ? "VCPU" : "SPI ")"
                text += padded(isPrivate ? index / Self.privateCount : 0, 2)
                text += " TYP   ID TGT_ID PLAEHCG     HWID   TARGET SRC PRI VCPU_ID\n"
                text += String(repeating: "-", count: 63) + "\n"
            }
            text += line(index, isPrivate: isPrivate)
        }
        return text
    }

    private func line(_ index: Int, isPrivate: Bool) -> String {
        let interrupt = interrupts[index]
        let type = interrupt.intid < 16 ? "SGI" : isPrivate ? "PPI" : "SPI"
        // H: no interrupt here has a physical one behind it.
        let flags: [Bool] = [
            interrupt.pendingLatch || interrupt.latchInListRegister, interrupt.lineLevel, interrupt.isActive,
            interrupt.isEnabled, false, !interrupt.isEdge, interrupt.isGroup1,
        ]
        let affinity =
            isPrivate
            ? MPIDR(vcpuIndex: Int(interrupt.target)).rawValue
            : routes[index - vcpuCount * Self.privateCount]
        let target = interrupt.target >= 0 ? Int(interrupt.target) : -1
        var text = "       \(type) \(padded(Int(interrupt.intid), 4))     \(padded(target, 2)) "
        for flag in flags { text += flag ? "1" : "0" }
        text += " \(padded(0, 8)) \(padded(String(affinity & 0xFFFF_FFFF, radix: 16), 8))  \(padded(0, 2)) "
        text += "\(padded(Int(interrupt.priority), 3))      \(padded(Int(interrupt.queuedOn), 2)) \n"
        return text
    }

    private func padded(_ value: Int, _ width: Int) -> String { padded(String(value), width) }

    private func padded(_ value: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - value.utf8.count, 0)) + value
    }
}
