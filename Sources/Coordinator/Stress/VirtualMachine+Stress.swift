import CHost
import Shared

// What a virtual machine does for the stress test.
extension VirtualMachine {
    func attach(_ device: StressDevice, _ session: StressSession) {
        bus.attach(device, at: StressDevice.address, byteCount: StressDevice.byteCount, name: "stress")
        vgic.ledger = InterruptLedger(count: vgic.interruptCount)
        // Device and session live as long as this machine.
        device.machine = StressDevice.Machine(
            setLine: { [unowned self] line, level in
                vgic.setSPI(StressDevice.firstINTID + UInt32(line), level: level)
            },
            unfinishedCount: { [unowned self] in vgic.unfinishedCount + (faults?.held.count ?? 0) },
            now: { [unowned self] in clock.now })
        session.machine = StressSession.Machine(
            now: { [unowned self] in clock.now },
            ledger: { [unowned self] address in
                StressLedger(guestWords(address, StressLedger.wordCount), vcpuCount: vcpus.count)
            },
            coordinator: { [unowned self, unowned device] in coordinatorLedger(device, session.scenario) },
            activity: { [unowned self] in vcpus.reduce(0) { $0 &+ $1.statistics.exits &+ $1.statistics.sgis } },
            dump: { [unowned self] in stressDump })
    }

    /// When device or session have something to do; nil: this is no stress test.
    var stressDeadline: UInt64? {
        if let linuxStress { return linuxStress.deadline }
        guard let stress, let stressDevice else { return nil }
        return min(stress.deadline, stressDevice.deadline)
    }

    func tickStress(at now: UInt64) {
        if let linuxStress { return linuxStress.tick(at: now) }
        guard let stress, let stressDevice else { return }
        stressDevice.tick(at: now)
        if stress.tick(at: now) { end(.failed("the guest hangs")) }
    }

    private func coordinatorLedger(
        _ device: StressDevice, _ scenario: StressScenario
    ) -> StressVerdict.Coordinator {
        let none = InterruptLedger.Account()
        var result = StressVerdict.Coordinator(
            sgi: { [unowned self] vcpu, intid in
                vgic.privateIndex(UInt32(intid), vcpu: vcpu).flatMap { vgic.ledger?[$0] } ?? none
            },
            line: { [unowned self] line in
                vgic.spiIndex(StressDevice.firstINTID + UInt32(line)).flatMap { vgic.ledger?[$0] } ?? none
            },
            sgisReceived: { [unowned self] vcpu in vcpus[vcpu].statistics.sgis })
        result.strikeCount = device.strikeCount
        if scenario.usesLevels { result.assertions = device.assertions }
        result.needlessLowerings = device.needlessLowerings
        result.countsTimers = scenario == .timers
        for index in 0..<vgic.interruptCount {
            let interrupt = vgic.interrupts + index
            let owner = interrupt.pointee.intid < 32 ? " of vCPU \(interrupt.pointee.target)" : ""
            if interrupt.pointee.isPending {
                result.leftovers.append("INTID \(interrupt.pointee.intid)\(owner) pending")
            }
            if interrupt.pointee.readsAsActive {
                result.leftovers.append("INTID \(interrupt.pointee.intid)\(owner) active")
            }
        }
        return result
    }

    /// KVM's `vgic-state`, and where each vCPU is.
    var stressDump: String {
        var text = vgic.dump() + "\n"
        for vcpu in vcpus {
            let mode = VCPUMode(rawValue: armada_load32(vcpu.control.mode)).map { "\($0)" } ?? "?"
            let requests = hexadecimal(UInt64(armada_load32(vcpu.control.requests)))
            let doorbell = hexadecimal(UInt64(armada_load32(vcpu.control.doorbell)))
            let registers = (0..<configuration.listRegisterCount).map {
                hexadecimal(vcpu.entry.cpuInterface.listRegisters[$0])
            }
            text +=
                "vCPU \(vcpu.index): \(vcpu.state), mode \(mode), requests \(requests), doorbell \(doorbell), "
                + "\(vcpu.lastExitDescription); list registers at the last entry \(registers.joined(separator: " "))\n"
        }
        return text
    }
}

extension VGIC {
    /// Interrupts that are pending or active. Of one that a running vCPU holds, the state of its last entry counts.
    fileprivate var unfinishedCount: Int {
        var count = 0
        for index in 0..<interruptCount {
            let interrupt = interrupts + index
            if interrupt.pointee.readsAsPending || interrupt.pointee.readsAsActive
                || interrupt.pointee.pendingInListRegister
            {
                count &+= 1
            }
        }
        return count
    }
}
