import Shared

/// What a client does to the wire of an interrupt: KVM_IRQ_LINE.
struct InterruptLine: Equatable, Sendable {
    enum Change: UInt32, CaseIterable, Sendable {
        /// Up and down again.
        case pulse = 0
        case lower = 1
        case raise = 2
    }

    var intid: UInt32
    /// Whose PPI; an SPI has none.
    var vcpu: Int?
    var change = Change.pulse
}

extension VirtualMachine {
    func change(_ line: InterruptLine) -> ControlAnswer {
        if let refusal = refusal(line.vcpu, "no interrupt can be raised from outside") ?? refusal(line) {
            return .now(.failure(refusal))
        }
        switch line.change {
        case .pulse:
            set(line, true)
            set(line, false)
        case .lower: set(line, false)
        case .raise: set(line, true)
        }
        if !wakes.isEmpty { wakeKicked() }
        return .now(.done)
    }

    private func set(_ line: InterruptLine, _ level: Bool) {
        if let vcpu = line.vcpu {
            vgic.setPPI(line.intid, vcpu: vcpu, level: level)
        } else {
            vgic.setSPI(line.intid, level: level)
        }
    }

    /// Why this wire is not the client's to move; nil: it is.
    private func refusal(_ line: InterruptLine) -> String? {
        let intid = line.intid
        if intid < 16 { return "INTID \(intid) is an SGI, which has no wire: guests send them with ICC_SGI1R_EL1" }
        let place: Int?
        if intid < 32 {
            guard let vcpu = line.vcpu else { return "INTID \(intid) is a PPI: say of which vCPU, with --vcpu" }
            place = vgic.privateIndex(intid, vcpu: vcpu)
        } else {
            guard line.vcpu == nil else { return "INTID \(intid) is an SPI, which is no vCPU's: leave --vcpu out" }
            place = vgic.spiIndex(intid)
        }
        guard let place else {
            return "there is no INTID \(intid): PPIs are 16 to 31, SPIs 32 to \(31 + vgic.spiCount)"
        }
        if let owner = wireOwner(intid) { return "INTID \(intid) is the wire of \(owner), which alone moves it" }
        guard line.change != .pulse || vgic.interrupts[place].isEdge else {
            return "INTID \(intid) is level-sensitive, a pulse would be lost: give --level 1, and 0 when it is handled"
        }
        return nil
    }

    /// The part of the machine that a wire comes from.
    private func wireOwner(_ intid: UInt32) -> String? {
        switch intid {
        case PhysicalMap.virtualTimerINTID: "the virtual timer"
        case PhysicalMap.physicalTimerINTID: "the physical timer"
        case PhysicalMap.pl011INTID: "the PL011"
        case PhysicalMap.pl031INTID: "the PL031"
        case BenchDevice.intid where benchDevice != nil: "the bench's device"
        case StressDevice.firstINTID..<StressDevice.firstINTID + UInt32(StressDevice.lineCount)
        where stressDevice != nil: "the stress test's device"
        default: nil
        }
    }
}
